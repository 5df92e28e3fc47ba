"""The error function, the gamma function's logarithm, their derivatives and inverses."""

import math

from ..engine.op import Op, Sample
from . import samples as draw
from .arithmetic import mul, neg
from .functions import define
from .operands import floating, floating_operands, one_tensor, pointwise
from .piecewise import clipped
from .select import where

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "lgamma", "logit", "mvlgamma", "polygamma", "xlogy",
]  # fmt: skip

DENSITY = 2 / math.sqrt(math.pi)


def _logit_gradient(k, g, x):
    """NaN outside [0, 1]"""
    square = k.mul(x, k.add(k.neg(x), 1.0))
    return k.div(g, k.where(k.ge(square, 0.0), square, math.nan))


FUNCTIONS = [
    define(
        "Erf",
        "y = erf x = 2/√π ∫₀ˣ exp(−t²) dt.    dL/dx = g · 2/√π · exp(−x²)",
        draw.unary,
        lambda k, g, x: k.mul(g, k.mul(k.exp(k.neg(k.square(x))), DENSITY)),
    ),
    define(
        "Erfc",
        "y = 1 − erf x, exact for large x.    dL/dx = −g · 2/√π · exp(−x²)",
        draw.unary,
        lambda k, g, x: k.mul(g, k.mul(k.exp(k.neg(k.square(x))), -DENSITY)),
    ),
    define(
        "Erfinv",
        "y = the number whose erf is x.    dL/dx = g · √π/2 · exp(y²)",
        draw.between(-0.9, 0.9),
        lambda k, g, y: k.mul(g, k.mul(k.exp(k.square(y)), 1 / DENSITY)),
        "fp32",
    ),
    define(
        "Lgamma",
        "y = ln |Γ(x)|.    dL/dx = g · ψ(x)",
        draw.positive,
        lambda k, g, x: k.mul(g, k.digamma(x)),
    ),
    define(
        "Digamma",
        "y = ψ(x) = d/dx ln |Γ(x)|.    dL/dx = g · ψ⁽¹⁾(x)",
        draw.between(20, 30),  # PyTorch's trigamma is exact for large x alone
        lambda k, g, x: k.mul(g, k.polygamma(x, 1)),
    ),
    define(
        "Logit",
        "y = ln(x / (1 − x)).    dL/dx = g / (x (1 − x))",
        draw.between(0.1, 0.9),
        _logit_gradient,
    ),
]
erf, erfc, erfinv, lgamma, digamma, _logit = map(pointwise, FUNCTIONS)


class Polygamma(Op):
    """y = ψ⁽ⁿ⁾(x), the n-th derivative of digamma.    dL/dx = g · ψ⁽ⁿ⁺¹⁾(x)"""

    def forward(ctx, k, x, *, n):
        ctx.n = n
        ctx.save(x)
        return k.polygamma(x, n)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.mul(g, k.polygamma(x, ctx.n + 1))

    def samples(rng):
        for n in (2, 3):
            yield Sample(f"order {n}", (rng.uniform(0.5, 3, (3, 4)),), {"n": n})

    def peer(torch, x, *, n):
        return torch.polygamma(n, x)


class Xlogy(Op):
    """z = x ln y, 0 where x = 0.    dL/dx = g ln y (0 where x = 0 and y <= 0),  dL/dy = g x / y"""

    samples = draw.positive_pairs

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.xlogy(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        gx = k.xlogy(_unless(k, g, k.eq(x, 0.0), k.le(y, 0.0)), y) if ctx.needs(0) else None
        return gx, k.div(k.mul(g, x), y) if ctx.needs(1) else None

    def peer(torch, x, y):
        return torch.xlogy(x, y)


class Xlog1py(Op):
    """z = x ln(1 + y), 0 where x = 0.    dL/dx = g ln(1 + y),  dL/dy = g x / (1 + y)

    The first is 0 where x = 0 and y <= −1.
    """

    samples = draw.positive_pairs

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.xlog1py(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        gx = k.xlog1py(_unless(k, g, k.eq(x, 0.0), k.le(y, -1.0)), y) if ctx.needs(0) else None
        return gx, k.div(k.mul(g, x), k.add(y, 1.0)) if ctx.needs(1) else None

    def peer(torch, x, y):
        return torch.special.xlog1py(x, y)


def _unless(k, g, first, second):
    """g, but 0 where both conditions hold."""
    return k.where(first, k.where(second, k.mul(g, 0.0), g), g)


def logit(input, eps=None):
    """ln(x / (1 − x)) for x in [0, 1]; with ``eps``, x is first clipped to [eps, 1 − eps]."""
    if eps is not None and not isinstance(eps, int | float):
        raise TypeError(f"logit: eps must be a number, got {type(eps).__name__}")
    x = floating(input)
    return _logit(x if eps is None else clipped(x, float(eps), 1 - float(eps)))


def polygamma(n, input):
    """The n-th derivative of digamma, n >= 0; as a method ``x.polygamma(n)``."""
    if hasattr(n, "_array"):
        n, input = input, n
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"polygamma: n must be an int, got {type(n).__name__}")
    if n < 0:
        raise RuntimeError(f"polygamma: n must not be negative, got {n}")
    x = floating(input)
    return digamma(x) if n == 0 else Polygamma.apply(x, n=n.__index__())


def mvlgamma(input, p):
    """ln Γₚ(x) = p(p − 1)/4 · ln π + Σ ln Γ(x − i/2) over i < p."""
    if isinstance(p, bool) or not hasattr(p, "__index__"):
        raise TypeError(f"mvlgamma: p must be an int, got {type(p).__name__}")
    if p < 1:
        raise RuntimeError(f"mvlgamma: p must be at least 1, got {p}")
    x = floating(input)
    total = sum(lgamma(x - i / 2) for i in range(p))
    return total + p * (p - 1) / 4 * math.log(math.pi)


def xlogy(input, other):
    """input · ln(other), 0 where ``input`` is 0 (unless ``other`` is NaN); one may be a number."""
    one_tensor("xlogy", input, other)
    return Xlogy.apply(*floating_operands(input, other))


def xlog1py(input, other):
    """input · ln(1 + other), 0 where ``input`` is 0 (unless ``other`` is NaN)."""
    one_tensor("xlog1py", input, other)
    return Xlog1py.apply(*floating_operands(input, other))


def entr(input):
    """−x ln x: 0 at 0 and −∞ below."""
    x = floating(input)
    return where(x < 0, -math.inf, neg(xlogy(x, x)))


def ndtr(input):
    """Φ(x) = erfc(−x/√2) / 2, the probability that a standard normal number is below x."""
    return mul(erfc(mul(floating(input), -math.sqrt(0.5))), 0.5)
