"""Activations."""

from ..engine.op import Op, Sample
from .operands import floating, tensor_of

__all__ = ["gelu", "relu", "sigmoid", "tanh"]

_SQRT_2_OVER_PI = 0.7978845608028654


def _samples(rng):
    yield Sample("matrix", (rng.normal(size=(3, 4)),))
    yield Sample("0-d", (rng.normal(size=()),))
    yield Sample("empty", (rng.normal(size=(0, 2)),))


def _gradient_samples(rng):
    yield Sample("matrix", (rng.normal(size=(3, 4)), rng.uniform(0.1, 0.9, (3, 4))))


class Tanh(Op):
    """y = tanh x.    dL/dx = g · (1 − y²)"""

    samples = _samples

    def forward(ctx, k, x):
        y = k.tanh(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.tanh_vjp(g, y)

    def peer(torch, x):
        return torch.tanh(x)


class TanhVjp(Op):
    """z = g · (1 − y²).    dL/dg = h · (1 − y²),  dL/dy = −2 h g y"""

    samples = _gradient_samples

    def forward(ctx, k, g, y):
        ctx.save(g, y)
        return k.tanh_vjp(g, y)

    def vjp(ctx, k, h):
        g, y = ctx.saved
        return k.tanh_vjp(h, y), k.mul(k.mul(h, g), k.mul(y, -2.0))

    def peer(torch, g, y):
        return g * (1 - y * y)


class Sigmoid(Op):
    """y = 1 / (1 + e⁻ˣ).    dL/dx = g · y · (1 − y)"""

    samples = _samples

    def forward(ctx, k, x):
        y = k.sigmoid(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.sigmoid_vjp(g, y)

    def peer(torch, x):
        return torch.sigmoid(x)


class SigmoidVjp(Op):
    """z = g · y · (1 − y).    dL/dg = h · y · (1 − y),  dL/dy = h g (1 − 2y)"""

    samples = _gradient_samples

    def forward(ctx, k, g, y):
        ctx.save(g, y)
        return k.sigmoid_vjp(g, y)

    def vjp(ctx, k, h):
        g, y = ctx.saved
        return k.sigmoid_vjp(h, y), k.mul(k.mul(h, g), k.add(k.mul(y, -2.0), 1.0))

    def peer(torch, g, y):
        return g * y * (1 - y)


class Relu(Op):
    """y = max(x, 0).    dL/dx = g where x > 0, else 0"""

    samples = _samples

    def forward(ctx, k, x):
        y = k.relu(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.relu_vjp(g, y)

    def peer(torch, x):
        return torch.relu(x)


class ReluVjp(Op):
    """z = g where y > 0, else 0.    dL/dg = h where y > 0, else 0"""

    def forward(ctx, k, g, y):
        ctx.save(y)
        return k.relu_vjp(g, y)

    def vjp(ctx, k, h):
        (y,) = ctx.saved
        return k.relu_vjp(h, y), k.mul(y, 0.0) if ctx.needs(1) else None

    def samples(rng):
        yield Sample("matrix", (rng.normal(size=(3, 4)), rng.normal(size=(3, 4))))

    def peer(torch, g, y):
        return g * (y > 0) + 0 * y


class Gelu(Op):
    """y = x · Φ(x).    dL/dx = g · (Φ(x) + x · φ(x)), Φ and φ being the normal distribution's

    The forward pass keeps the derivative, so that the backward pass is one product.
    """

    samples = _samples
    recomputes = True

    def forward(ctx, k, x):
        if not ctx.recorded:
            return k.gelu(x)
        y, slope = k.gelu_with_derivative(x)
        ctx.save(x, slope)
        return y

    def vjp(ctx, k, g):
        x, slope = ctx.saved
        return k.gelu_vjp(g, x) if slope is None else k.mul(g, slope)

    def peer(torch, x):
        return torch.nn.functional.gelu(x)


class GeluVjp(Op):
    """z = g · (Φ(x) + x · φ(x)).    dL/dg = h · z/g,  dL/dx = h · g · φ(x) · (2 − x²)"""

    def forward(ctx, k, g, x):
        ctx.save(g, x)
        return k.gelu_vjp(g, x)

    def vjp(ctx, k, h):
        g, x = ctx.saved
        square = k.square(x)
        density = k.mul(k.exp(k.mul(square, -0.5)), 0.3989422804014327)
        curve = k.mul(density, k.add(k.neg(square), 2.0))
        return k.gelu_vjp(h, x), k.mul(k.mul(h, g), curve) if ctx.needs(1) else None

    def samples(rng):
        yield Sample("matrix", (rng.normal(size=(3, 4)), rng.normal(size=(3, 4))))

    def peer(torch, g, x):
        x = x if x.requires_grad else x.detach().requires_grad_()
        with torch.enable_grad():
            y = torch.nn.functional.gelu(x)
            return torch.autograd.grad(y, x, g, create_graph=True)[0]


class GeluTanh(Op):
    """y = x/2 · (1 + tanh u), u = √(2/π) (x + 0.044715 x³).    dL/dx = g · dy/dx"""

    samples = _samples
    recomputes = True

    def forward(ctx, k, x):
        if not ctx.recorded:
            return k.gelu_tanh(x)
        y, slope = k.gelu_tanh_with_derivative(x)
        ctx.save(x, slope)
        return y

    def vjp(ctx, k, g):
        x, slope = ctx.saved
        if slope is not None:
            return k.mul(g, slope)
        square = k.square(x)
        u = k.mul(k.mul(x, k.add(k.mul(square, 0.044715), 1.0)), _SQRT_2_OVER_PI)
        th = k.tanh(u)
        du = k.mul(k.add(k.mul(square, 3 * 0.044715), 1.0), _SQRT_2_OVER_PI)
        slope = k.add(k.mul(k.add(th, 1.0), 0.5), k.mul(k.tanh_vjp(k.mul(x, 0.5), th), du))
        return k.mul(g, slope)

    def peer(torch, x):
        return torch.nn.functional.gelu(x, approximate="tanh")


def tanh(input):
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), element by element."""
    return Tanh.apply(floating(input))


def sigmoid(input):
    """1 / (1 + e⁻ˣ), element by element."""
    return Sigmoid.apply(floating(input))


def relu(input):
    """max(x, 0), element by element; NaN stays NaN.

    >>> import minigrad as mg
    >>> mg.relu(mg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return Relu.apply(tensor_of(input))


def gelu(input, *, approximate="none"):
    """x · Φ(x); with ``approximate="tanh"`` x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))).

    Source: Hendrycks and Gimpel 2016.
    """
    x = floating(input)
    if approximate == "none":
        return Gelu.apply(x)
    if approximate != "tanh":
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return GeluTanh.apply(x)
