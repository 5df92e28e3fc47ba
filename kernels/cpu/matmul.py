"""Matrix products by NumPy's BLAS, called by its cheapest door and into buffers of our own.

Those of many rows, and those of few numbers, go by tiles where that is faster (see
:mod:`kernels.cpu.large_linear` and :mod:`kernels.cpu.tiny_linear`).

``np.dot(out=)`` costs 0.4 µs less than ``np.matmul``. Where we use several threads, they share out
the longer side of a large product, or the batch, and each of them calls BLAS on one thread (see
:mod:`kernels.blas`).
"""

import contextlib
import functools
import math

import numpy as np

from .. import blas, launch
from ..floating import QUIET, quiet, reset_warnings, set_warnings
from ..memory import SMALL, empty
from ..reference import matmul as reference
from ..reference.fused import IDENTITY
from ..reference.matmul import SLOPES, rows_of
from ..registry import CPU

FEW_ROWS = 64  # up to here OpenBLAS computes x Wᵀ slower than W xᵀ
LONG_ROWS = 512  # from this length on that pays for transposing the result
MANY_ROWS = 64  # from here on tiles may be faster than BLAS
BLAS_ALONE = 1 << 18  # multiplications up to which BLAS keeps to one thread by itself
FEW = SMALL // 8  # elements that malloc finds room for quickly

_FLOATS = (np.dtype("float32"), np.dtype("float64"))
_contiguous = np.ascontiguousarray  # what goes to a loop: another layout would compile it anew


def _is_alone(multiplications):
    """Whether BLAS uses one thread for such a product anyway, or is the only one to use several"""
    return multiplications <= BLAS_ALONE or launch.get_num_threads() == 1


def _rows_times(out, a, added, b, bias):
    """out = a b, and a number for each of its rows and of its columns"""
    np.matmul(a, b, out)
    for numbers in (added, bias):
        if numbers is not None:
            np.add(out, numbers, out)


def _share_out(a, b, bias, out):
    """out = a b + bias, its longer side shared out to our threads"""
    cost = launch.MULTIPLY_ADD * len(b)
    with blas.single:
        if len(a) >= b.shape[1]:
            launch.split(_rows_times, (out, a, None), b, bias, cost=cost)
        else:
            added = bias if bias is None else bias[:, None]
            launch.split(_rows_times, (out.T, b.T, added), a.T, None, cost=cost)


def _dot(a, b, bias=None):
    """The product of two matrices of one dtype, and a bias for each column."""
    out = empty((a.shape[0], b.shape[1]), a.dtype)
    before = set_warnings(QUIET)
    try:
        if not _is_alone(a.size * b.shape[1]) and a.shape[1] == len(b):
            _share_out(a, b, bias, out)
            return out
        np.dot(a, b, out)
        return out if bias is None else np.add(out, bias, out)
    finally:
        reset_warnings(before)


_matmul, _add = quiet(np.matmul), quiet(np.add)
_any_linear_vjp = quiet(reference.linear_vjp)


def matmul(a, b):
    """a b, batched over leading axes; a 1-D operand is a row on the left, a column on the right"""
    if a.dtype != b.dtype:
        return np.asarray(reference.matmul(a, b))
    if a.ndim == b.ndim == 2:
        return _product(a, b)
    if a.ndim < 3 or a.shape[:-2] != b.shape[:-2] or a.dtype.kind != "f":
        return np.asarray(_matmul(a, b))
    out = empty((*a.shape[:-1], b.shape[-1]), a.dtype)
    alone = _is_alone(math.prod(a.shape[-2:]) * b.shape[-1])
    with contextlib.nullcontext() if alone else blas.single:
        launch.split(_matmul, (a, b, out), cost=launch.MULTIPLY_ADD * b.shape[-1])
    return out


@functools.cache  # an import statement takes a microsecond each time
def _loops():
    """The compiled layers, loaded when the first one is needed."""
    from . import tiny_linear

    return tiny_linear


@functools.cache
def _large():
    """The tiles for many rows, loaded when they may be needed."""
    from . import large_linear

    return large_linear


def linear(x, weight, bias, activation=IDENTITY):
    """f(x Wᵀ + b) for x (..., in), W (out, in) and b (out,) or None"""
    if not x.dtype is weight.dtype is (x if bias is None else bias).dtype:
        return np.asarray(reference.linear(x, weight, bias, activation))
    if x.ndim != 2:
        rows = linear(rows_of(x), weight, bias, activation)
        return rows.reshape(*x.shape[:-1], len(weight))
    size = len(x) * weight.size
    if x.dtype in _FLOATS and 0 < size <= _loops().FORWARD_LIMITS[x.itemsize]:
        y = _room((len(x), len(weight)), x.dtype)
        bias = _bias(bias, weight)
        _loops().forward(*map(_contiguous, (x, weight, bias)), y, activation)
        return y
    if activation == IDENTITY:
        return _product_with_transposed(x, weight, bias)
    if _goes_by_tiles(x, weight):  # which begin with the bias; to add −0 changes no number
        y = _large().product_with_transposed(x, weight, bias)
        bias = np.full(len(weight), -0.0, x.dtype)
    else:
        y, bias = _product_with_transposed(x, weight, None), _bias(bias, weight)
    return CPU.bias_activation(y, bias, activation)


def _bias(bias, weight):
    """The bias of a layer; zeros where it has none."""
    return np.zeros(len(weight), weight.dtype) if bias is None else bias


def _product(a, b):
    """a b by the faster of two ways."""
    if len(a) >= MANY_ROWS and _large().pays(a, b):
        return _large().product(a, b)
    return _dot(a, b)


def _product_of_transposed(g, x):
    """gᵀ x by the faster of two ways, which is BLAS for those as small as small layers."""
    if g.size * x.shape[1] > _loops().BACKWARD_LIMITS[4] and _large().pays_for_weight(g, x):
        return _large().product_of_transposed(g, x)
    return _dot(g.T, x)


def _goes_by_tiles(x, weight):
    """Whether x Wᵀ is computed by tiles."""
    return len(x) >= MANY_ROWS and _large().pays_with_transposed(x, weight)


def _product_with_transposed(x, weight, bias):
    """x Wᵀ + b by the fastest of three ways."""
    if _goes_by_tiles(x, weight):
        return _large().product_with_transposed(x, weight, bias)
    if 1 < len(x) <= FEW_ROWS and x.shape[1] >= LONG_ROWS:
        y, transposed = empty((len(x), len(weight)), x.dtype), _dot(weight, x.T).T
        return _add(transposed, x.dtype.type(0) if bias is None else bias, y)
    return _dot(x, weight.T, bias)


def linear_vjp(g, x, weight, y, activation, needs):
    """The gradients of linear for x, W and b; None where not needed"""
    if not g.dtype is x.dtype is weight.dtype:
        return _any_linear_vjp(g, x, weight, y, activation, needs)
    if g.ndim != 2:
        rows = rows_of(g), rows_of(x), weight, rows_of(y)
        dx, dweight, dbias = linear_vjp(*rows, activation, needs)
        return dx if dx is None else dx.reshape(x.shape), dweight, dbias
    size = len(x) * weight.size
    if x.dtype in _FLOATS and 0 < size <= _loops().BACKWARD_LIMITS[x.itemsize]:
        dx, dweight, dbias = _room_for_gradients(x, (weight,), needs[0])
        arrays = map(_contiguous, (g, x, weight, y))
        _loops().backward(*arrays, dx, dweight, dbias, activation)
        return dx if needs[0] else None, dweight if needs[1] else None, dbias if needs[2] else None
    if activation != IDENTITY:
        g = getattr(CPU, SLOPES[activation])(g, y)
    return (
        _product(g, weight) if needs[0] else None,
        _product_of_transposed(g, x) if needs[1] else None,
        CPU.sum(g, (0,)) if needs[2] else None,
    )


def _room(shape, dtype):
    """As memory.empty for a matrix, quicker where it is small."""
    return np.empty(shape, dtype) if shape[0] * shape[1] <= FEW else empty(shape, dtype)


def _room_for_gradients(x, weights, for_x):
    """Arrays for the gradients of x (empty unless wanted), and of every weight and bias."""
    dtype = x.dtype
    gradients = [_room(x.shape if for_x else (0, 0), dtype)]
    for weight in weights:
        shape = weight.shape
        gradients += (_room(shape, dtype), np.empty(shape[0], dtype))
    return gradients


def linear_chain(activations, x, *parameters):
    """The outputs of linear layers in a row; ``parameters`` are W and b (or None) of each"""
    loops = _loops()
    run = _compiled_chain(loops.FORWARD, loops.FORWARD_LIMITS, x, activations, parameters)
    if run is None:
        return reference.outputs_by(linear, activations, x, parameters)
    dtype, rows = x.dtype, len(x)
    given, outputs = [], []
    for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
        given += (_contiguous(weight), _contiguous(_bias(bias, weight)))
        outputs.append(_room((rows, len(weight)), dtype))
    run(_contiguous(x), *given, *outputs, *activations)
    return tuple(outputs)


def linear_chain_vjp(activations, needs, g, x, *rest):
    """The gradients of linear_chain for x and all parameters; None where not needed.

    ``rest`` are the parameters and then the outputs of all layers.
    """
    parameters = rest[: 2 * len(activations)]
    loops = _loops()
    run = _compiled_chain(loops.BACKWARD, loops.BACKWARD_LIMITS, x, activations, parameters)
    if run is None or g.dtype is not x.dtype:
        return reference.gradients_by(linear_vjp, activations, needs, g, x, rest)
    weights = parameters[::2]
    gradients = _room_for_gradients(x, weights, needs[0])
    arrays = map(_contiguous, (g, x, *weights, *rest[len(parameters) :]))
    run(*arrays, *gradients, *activations)
    if not needs[0]:
        gradients[0] = None
    if False in needs[1:]:
        return tuple(d if need else None for d, need in zip(gradients, needs, strict=True))
    return tuple(gradients)


def _compiled_chain(calls, limits, x, activations, parameters):
    """The call for all layers at once, or None where there is none or BLAS is faster."""
    dtype, rows = x.dtype, len(x)
    if x.ndim != 2 or dtype not in _FLOATS:
        return None
    limit = limits[dtype.itemsize]
    for p in parameters:  # a bias is no larger than its weight
        if p is not None and (p.dtype is not dtype or not 0 < rows * p.size <= limit):
            return None
    return calls.get(len(activations))


def linear_input_grad(g, weight):
    """g W for g (..., out) and W (out, in)"""
    if g.dtype != weight.dtype:
        return np.asarray(reference.linear_input_grad(g, weight))
    if g.ndim == 2:
        return _product(g, weight)
    return _product(rows_of(g), weight).reshape(*g.shape[:-1], weight.shape[1])


def linear_weight_grad(g, x):
    """Σ gᵀ x over all leading axes, for g (..., out) and x (..., in)"""
    if g.dtype != x.dtype:
        return np.asarray(reference.linear_weight_grad(g, x))
    if g.ndim != 2:
        g, x = rows_of(g), rows_of(x)
    return _product_of_transposed(g, x)
