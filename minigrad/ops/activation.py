"""Smooth activations, and relu.

``inplace`` is accepted and ignored: graphs hold no in-place ops.
"""

import math

from ..engine.autocast import casts
from ..engine.op import Op, Sample
from . import samples as draw
from .arithmetic import mul, sub
from .operands import FLOATS, INTEGERS, check_axis, check_category, floating, only_tensors

__all__ = ["celu", "gelu", "relu", "selu", "sigmoid", "tanh"]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805

_SQRT_2_OVER_PI = 0.7978845608028654


def _gradient_samples(rng):
    yield Sample("matrix", (rng.normal(size=(3, 4)), rng.uniform(0.1, 0.9, (3, 4))))


class Tanh(Op):
    """y = tanh x.    dL/dx = g · (1 − y²)"""

    samples = draw.unary
    pointwise = True

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

    samples = draw.unary
    pointwise = True

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
    """y = max(x, 0).    dL/dx = 0 where x ≤ 0, else g"""

    samples = draw.unary
    pointwise = True

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
    """z = 0 where y ≤ 0, else g.    dL/dg = 0 where y ≤ 0, else h"""

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

    The forward pass keeps the derivative, so that the backward pass is one product; of an emulated
    x, for the sake of memory, x alone.
    """

    samples = draw.unary
    recomputes = True
    pointwise = True

    def forward(ctx, k, x):
        if not ctx.recorded or ctx.emulated:
            ctx.save(x, None)
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

    samples = draw.unary
    recomputes = True
    pointwise = True

    def forward(ctx, k, x):
        if not ctx.recorded or ctx.emulated:
            ctx.save(x, None)
            return k.gelu_tanh(x)
        y, slope = k.gelu_tanh_with_derivative(x)
        ctx.save(x, slope)
        return y

    def vjp(ctx, k, g):
        x, slope = ctx.saved
        if slope is not None:
            return k.mul(g, slope)
        if not k.records:
            return k.gelu_tanh_vjp(g, x)
        square = k.square(x)
        u = k.mul(k.mul(x, k.add(k.mul(square, 0.044715), 1.0)), _SQRT_2_OVER_PI)
        th = k.tanh(u)
        du = k.mul(k.add(k.mul(square, 3 * 0.044715), 1.0), _SQRT_2_OVER_PI)
        slope = k.add(k.mul(k.add(th, 1.0), 0.5), k.mul(k.tanh_vjp(k.mul(x, 0.5), th), du))
        return k.mul(g, slope)

    def peer(torch, x):
        return torch.nn.functional.gelu(x, approximate="tanh")


class Curve(Op, abstract=True):
    """y = f(x).    dL/dx = g · f′(x), by the kernels ``name`` and ``name_vjp``"""

    pointwise = True

    def forward(ctx, k, x, **settings):
        ctx.settings = settings
        ctx.save(x)
        return getattr(k, ctx.name)(x, **settings)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return getattr(k, f"{ctx.name}_vjp")(g, x, **ctx.settings)


class CurveVjp(Op, abstract=True):
    """z = g · f′(x).    dL/dg = h · f′(x),  dL/dx = h · g · f″(x)"""

    def forward(ctx, k, g, x, **settings):
        ctx.settings = settings
        ctx.save(g, x)
        return getattr(k, ctx.name)(g, x, **settings)

    def vjp(ctx, k, h):
        g, x = ctx.saved
        gx = k.mul(k.mul(h, g), ctx.curvature(k, x, **ctx.settings)) if ctx.needs(1) else None
        return getattr(k, ctx.name)(h, x, **ctx.settings), gx


def define(name, formula, function, curvature, **settings):
    """The two ops of a smooth activation: f and g · f′, from f″."""

    def samples(rng):
        for sample in draw.unary(rng):
            yield Sample(sample.name, sample.inputs, settings)

    def vjp_samples(rng):
        yield Sample("matrix", (rng.normal(size=(3, 4)), rng.normal(size=(3, 4))), settings)

    def peer(torch, x, **_settings):
        return function(torch.nn.functional, x)

    def vjp_peer(torch, g, x, **_settings):
        x = x if x.requires_grad else x.detach().requires_grad_()
        with torch.enable_grad():
            y = function(torch.nn.functional, x)
            return torch.autograd.grad(y, x, g, create_graph=True)[0]

    vjp = {"curvature": staticmethod(curvature), "samples": vjp_samples, "peer": vjp_peer}
    type(f"{name}Vjp", (CurveVjp,), {"__doc__": CurveVjp.__doc__, "__module__": __name__, **vjp})
    facts = {"__doc__": formula, "__module__": __name__, "samples": samples, "peer": peer}
    return type(name, (Curve,), facts)


def _silu_curvature(k, x):
    s = k.sigmoid(x)
    return k.sigmoid_vjp(k.add(k.mul(x, k.add(k.mul(s, -2.0), 1.0)), 2.0), s)


def _mish_curvature(k, x):
    s, t = k.sigmoid(x), k.tanh(k.softplus(x, beta=1.0, threshold=math.inf))
    bend = k.add(k.neg(s), k.add(k.mul(k.mul(s, t), -2.0), 1.0))
    return k.tanh_vjp(k.mul(s, k.add(k.mul(x, bend), 2.0)), t)


def _softplus_curvature(k, x, beta, threshold):
    z = k.mul(x, beta)
    s = k.sigmoid(z)
    curve = k.sigmoid_vjp(k.add(k.mul(x, 0.0), beta), s)
    return k.where(k.gt(z, threshold), 0.0, curve)


def _elu_curvature(k, x, alpha, scale, rate):
    curve = k.mul(k.exp(k.mul(k.minimum(x, 0.0), rate)), scale * alpha * rate * rate)
    return k.where(k.gt(x, 0.0), 0.0, curve)


def _hardswish_curvature(k, x):
    flat = k.mul(x, 0.0)
    return k.where(k.lt(k.abs(x), 3.0), k.add(flat, 1 / 3), flat)


def _softsign_curvature(k, x):
    grown = k.add(k.abs(x), 1.0)
    return k.div(k.mul(k.sign(x), -2.0), k.mul(grown, k.square(grown)))


Silu = define(
    "Silu",
    "y = x · σ(x).    dL/dx = g · σ(x) · (1 + x · σ(−x))",
    lambda F, x: F.silu(x),
    _silu_curvature,
)
Mish = define(
    "Mish",
    "y = x · t, t = tanh(ln(1 + eˣ)).    dL/dx = g · (t + x · σ(x) · (1 − t²))",
    lambda F, x: F.mish(x),
    _mish_curvature,
)
Softplus = define(
    "Softplus",
    "y = ln(1 + exp(βx)) / β, x where βx > threshold.    dL/dx = g · σ(βx), there g",
    lambda F, x: F.softplus(x, 2.0, 3.0),
    _softplus_curvature,
    beta=2.0,
    threshold=3.0,
)
Elu = define(
    "Elu",
    "y = scale · x for x > 0, else scale · α · (exp(rate · x) − 1).    dL/dx = g · dy/dx",
    lambda F, x: F.celu(x, 2.0),
    _elu_curvature,
    alpha=2.0,
    scale=1.0,
    rate=0.5,
)
Hardswish = define(
    "Hardswish",
    "y = x · min(max(x + 3, 0), 6) / 6.    dL/dx = g · (x/3 + ½) for |x| < 3, 0 below, g above",
    lambda F, x: F.hardswish(x),
    _hardswish_curvature,
)
Softsign = define(
    "Softsign",
    "y = x / (1 + |x|).    dL/dx = g / (1 + |x|)²",
    lambda F, x: F.softsign(x),
    _softsign_curvature,
)


def tanh(input):
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), element by element."""
    return Tanh.apply(floating(input))


def sigmoid(input):
    """1 / (1 + e⁻ˣ), element by element."""
    return Sigmoid.apply(floating(input))


def relu(input, inplace=False):
    """max(x, 0), element by element; NaN stays NaN.

    >>> import minigrad as mg
    >>> mg.relu(mg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    only_tensors("relu", input)
    check_category("relu", input, INTEGERS, FLOATS)
    return Relu.apply(input)


def gelu(input, *, approximate="none"):
    """x · Φ(x); with ``approximate="tanh"`` x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))).

    Source: Hendrycks and Gimpel 2016.
    """
    x = _float("gelu", input)
    if approximate == "none":
        return Gelu.apply(x)
    if approximate != "tanh":
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return GeluTanh.apply(x)


def _float(name, input):
    only_tensors(name, input)
    check_category(name, input, FLOATS)
    return input


def silu(input, inplace=False):
    """x · σ(x). Source: Elfwing et al. 2017."""
    return Silu.apply(_float("silu", input))


def mish(input, inplace=False):
    """x · tanh(ln(1 + eˣ)). Source: Misra 2019."""
    return Mish.apply(_float("mish", input))


@casts("fp32")
def softplus(input, beta=1, threshold=20):
    """ln(1 + exp(βx)) / β, and x itself where βx > threshold."""
    return Softplus.apply(_float("softplus", input), beta=float(beta), threshold=float(threshold))


def logsigmoid(input):
    """ln σ(x) = −ln(1 + e⁻ˣ), without overflow."""
    return Softplus.apply(_float("logsigmoid", input), beta=-1.0, threshold=math.inf)


def elu(input, alpha=1.0, inplace=False):
    """x for x > 0, else α · (eˣ − 1). Source: Clevert et al. 2016."""
    return Elu.apply(_float("elu", input), alpha=float(alpha), scale=1.0, rate=1.0)


def selu(input, inplace=False):
    """scale · elu(x, α), with constants that keep mean 0 and variance 1.

    Source: Klambauer et al. 2017.
    """
    return Elu.apply(_float("selu", input), alpha=SELU_ALPHA, scale=SELU_SCALE, rate=1.0)


def celu(input, alpha=1.0, inplace=False):
    """x for x > 0, else α · (exp(x/α) − 1). Source: Barron 2017."""
    if alpha == 0:
        raise RuntimeError("celu: alpha must not be 0")
    return Elu.apply(_float("celu", input), alpha=float(alpha), scale=1.0, rate=1 / alpha)


def hardswish(input, inplace=False):
    """x · min(max(x + 3, 0), 6) / 6. Source: Howard et al. 2019."""
    return Hardswish.apply(_float("hardswish", input))


def softsign(input):
    """x / (1 + |x|)"""
    only_tensors("softsign", input)
    check_category("softsign", input, INTEGERS, FLOATS)
    return Softsign.apply(floating(input))


def tanhshrink(input):
    """x − tanh x"""
    only_tensors("tanhshrink", input)
    check_category("tanhshrink", input, INTEGERS, FLOATS)
    return sub(input, tanh(input))


def glu(input, dim=-1):
    """a · σ(b), a and b being the halves of ``input`` along ``dim``. Source: Dauphin 2017."""
    x = _float("glu", input)
    shape = x._array.shape
    if not shape:
        raise RuntimeError("glu: input must have at least one axis, got a 0-d tensor")
    axis = check_axis(dim, len(shape))
    half, odd = divmod(shape[axis], 2)
    if odd:
        raise RuntimeError(f"glu: dim={dim} of shape {shape} has an odd extent")
    before = (slice(None),) * axis
    return mul(x[(*before, slice(half))], sigmoid(x[(*before, slice(half, None))]))
