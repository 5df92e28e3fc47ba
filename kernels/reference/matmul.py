"""Matrix products, and the three products of a linear layer."""

import math

from ..registry import array_module, kernel
from . import activation as activations
from .fused import IDENTITY, RELU, SIGMOID, TANH

SUMS = {"sums": True}
SLOPES = {RELU: "relu_vjp", TANH: "tanh_vjp", SIGMOID: "sigmoid_vjp"}
ACTIVATIONS = {
    IDENTITY: lambda x: x,
    RELU: activations.relu,
    TANH: activations.tanh,
    SIGMOID: activations.sigmoid,
}


def rows_of(x):
    """x (..., n) as a matrix with n columns, also where x is empty"""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _factors(make, shape):
    return make.normal(shape), make.normal((*shape[:-2], shape[-1], 4))


@kernel(_factors, min_ndim=2, notes=SUMS)
def matmul(a, b):
    """a b, batched over leading axes; a 1-D operand is a row on the left, a column on the right"""
    return array_module(a).matmul(a, b)


def _linear(make, shape):
    return make.normal(shape), make.normal((6, shape[-1])), make.normal((6,)), TANH


@kernel(_linear, min_ndim=1, notes=SUMS)
def linear(x, weight, bias, activation=IDENTITY):
    """f(x Wᵀ + b) for x (..., in), W (out, in) and b (out,) or None"""
    y = array_module(x).matmul(x, weight.T)
    if bias is not None:
        y = y + bias
    return ACTIVATIONS[activation](y)


def _linear_vjp(make, shape):
    g, y = make.normal((*shape[:-1], 6)), make.uniform((*shape[:-1], 6), -1, 1)
    return g, make.normal(shape), make.normal((6, shape[-1])), y, TANH, (True, True, True)


@kernel(_linear_vjp, min_ndim=1, notes=SUMS)
def linear_vjp(g, x, weight, y, activation, needs):
    """The gradients of linear for x, W and b; None where not needed.

    With g′ = g · f′(from the output y): g′ W, g′ᵀ x and Σ g′ over rows.
    """
    if activation != IDENTITY:
        g = getattr(activations, SLOPES[activation])(g, y)
    return (
        linear_input_grad(g, weight) if needs[0] else None,
        linear_weight_grad(g, x) if needs[1] else None,
        rows_of(g).sum(axis=0) if needs[2] else None,
    )


def _layers(make, shape):
    """The parameters of three layers, one without bias, for inputs of a shape."""
    sizes = (shape[-1], 6, 5, 4)
    weights = [make.normal((m, n)) for n, m in zip(sizes, sizes[1:], strict=False)]
    return weights[0], make.normal((6,)), weights[1], None, weights[2], make.normal((4,))


_CODES = TANH, RELU, IDENTITY


def _chain(make, shape):
    return _CODES, make.normal(shape), *_layers(make, shape)


@kernel(_chain, min_ndim=2, notes=SUMS)
def linear_chain(activations, x, *parameters):
    """The outputs of linear layers in a row; ``parameters`` are W and b (or None) of each"""
    return outputs_by(linear, activations, x, parameters)


def outputs_by(layer, activations, x, parameters):
    """As :func:`linear_chain`, one layer being computed by ``layer``"""
    outputs = []
    for i, activation in enumerate(activations):
        x = layer(x, parameters[2 * i], parameters[2 * i + 1], activation)
        outputs.append(x)
    return tuple(outputs)


def _chain_vjp(make, shape):
    outputs = [make.uniform((*shape[:-1], n), -1, 1) for n in (6, 5, 4)]
    g, needs = make.normal((*shape[:-1], 4)), (True,) * 3 + (False,) + (True,) * 3
    return _CODES, needs, g, make.normal(shape), *_layers(make, shape), *outputs


@kernel(_chain_vjp, min_ndim=2, notes=SUMS)
def linear_chain_vjp(activations, needs, g, x, *rest):
    """The gradients of linear_chain for x and all parameters; None where not needed.

    ``rest`` are the parameters and then the outputs of all layers.
    """
    return gradients_by(linear_vjp, activations, needs, g, x, rest)


def gradients_by(layer_vjp, activations, needs, g, x, rest):
    """As :func:`linear_chain_vjp`, the gradients of one layer being computed by ``layer_vjp``"""
    layers = len(activations)
    inputs, found = (x, *rest[2 * layers :]), []
    for i in reversed(range(layers)):
        wanted = (i > 0 or needs[0], needs[2 * i + 1], needs[2 * i + 2])
        y = inputs[i + 1]
        g, dweight, dbias = layer_vjp(g, inputs[i], rest[2 * i], y, activations[i], wanted)
        found += (dbias, dweight)
    found.append(g)
    return tuple(reversed(found))


def _product(make, shape):
    return make.normal(shape), make.normal((shape[-1], 6))


@kernel(_product, min_ndim=1, notes=SUMS)
def linear_input_grad(g, weight):
    """g W for g (..., out) and W (out, in)"""
    return array_module(g).matmul(g, weight)


def _same_rows(make, shape):
    return make.normal(shape), make.normal((*shape[:-1], 6))


@kernel(_same_rows, min_ndim=1, notes=SUMS)
def linear_weight_grad(g, x):
    """Σ gᵀ x over all leading axes, for g (..., out) and x (..., in)"""
    return rows_of(g).T @ rows_of(x)
