"""Exponentials, logarithms, and the trigonometric and hyperbolic functions."""

import inspect
import math

from ..engine.op import Op
from . import samples as draw
from .arithmetic import mul
from .operands import FLOATS, floating, floating_operands, only_tensors, pairwise, pointwise
from .select import where

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "deg2rad", "exp", "exp2", "expm1",
    "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2", "rad2deg", "sin", "sinc", "sinh",
    "tan",
]  # fmt: skip

LN_2, LN_10 = math.log(2), math.log(10)


class Function(Op, abstract=True):
    """y = f(x).    dL/dx = gradient(k, g, x or y): what the gradient names is what is saved"""

    def forward(ctx, k, x):
        y = getattr(k, ctx.name)(x)
        ctx.save(x if ctx.of_input else y)
        return y

    def vjp(ctx, k, g):
        (saved,) = ctx.saved
        return ctx.gradient(k, g, saved)


def define(name, formula, domain, gradient, precision="input"):
    """The op of a function from one line of a table."""

    def of_torch(torch, x):
        return getattr(torch, name.lower())(x)

    facts = {
        "__doc__": formula,
        "__module__": gradient.__module__,
        "samples": domain,
        "gradient": staticmethod(gradient),
        "precision": precision,
        "of_input": "x" in inspect.signature(gradient).parameters,
        "peer": of_torch,
    }
    return type(name, (Function,), facts)


def _over_root(k, g, square):
    """g / √square"""
    return k.div(g, k.sqrt(square))


FUNCTIONS = [
    define(
        "Exp",
        "y = eˣ.    dL/dx = g · y",
        draw.unary,
        lambda k, g, y: k.mul(g, y),
        "fp32",
    ),
    define(
        "Exp2",
        "y = 2ˣ.    dL/dx = g · y · ln 2",
        draw.unary,
        lambda k, g, y: k.mul(k.mul(g, y), LN_2),
    ),
    define(
        "Expm1",
        "y = eˣ − 1, exact for small x.    dL/dx = g · (y + 1)",
        draw.unary,
        lambda k, g, y: k.mul(g, k.add(y, 1.0)),
        "fp32",
    ),
    define(
        "Log",
        "y = ln x.    dL/dx = g / x",
        draw.positive,
        lambda k, g, x: k.div(g, x),
        "fp32",
    ),
    define(
        "Log2",
        "y = log₂ x.    dL/dx = g / (x · ln 2)",
        draw.positive,
        lambda k, g, x: k.div(g, k.mul(x, LN_2)),
        "fp32",
    ),
    define(
        "Log10",
        "y = log₁₀ x.    dL/dx = g / (x · ln 10)",
        draw.positive,
        lambda k, g, x: k.div(g, k.mul(x, LN_10)),
        "fp32",
    ),
    define(
        "Log1p",
        "y = ln(1 + x), exact for small x.    dL/dx = g / (1 + x)",
        draw.positive,
        lambda k, g, x: k.div(g, k.add(x, 1.0)),
        "fp32",
    ),
    define(
        "Sin",
        "y = sin x.    dL/dx = g · cos x",
        draw.unary,
        lambda k, g, x: k.mul(g, k.cos(x)),
    ),
    define(
        "Cos",
        "y = cos x.    dL/dx = −g · sin x",
        draw.unary,
        lambda k, g, x: k.neg(k.mul(g, k.sin(x))),
    ),
    define(
        "Tan",
        "y = tan x.    dL/dx = g · (1 + y²)",
        draw.unary,
        lambda k, g, y: k.mul(g, k.add(k.square(y), 1.0)),
        "fp32",
    ),
    define(
        "Asin",
        "y = the angle in [−π/2, π/2] whose sine is x.    dL/dx = g / √(1 − x²)",
        draw.between(-0.9, 0.9),
        lambda k, g, x: _over_root(k, g, k.add(k.neg(k.square(x)), 1.0)),
        "fp32",
    ),
    define(
        "Acos",
        "y = the angle in [0, π] whose cosine is x.    dL/dx = −g / √(1 − x²)",
        draw.between(-0.9, 0.9),
        lambda k, g, x: k.neg(_over_root(k, g, k.add(k.neg(k.square(x)), 1.0))),
        "fp32",
    ),
    define(
        "Atan",
        "y = the angle in [−π/2, π/2] whose tangent is x.    dL/dx = g / (1 + x²)",
        draw.unary,
        lambda k, g, x: k.div(g, k.add(k.square(x), 1.0)),
    ),
    define(
        "Sinh",
        "y = (eˣ − e⁻ˣ) / 2.    dL/dx = g · cosh x",
        draw.unary,
        lambda k, g, x: k.mul(g, k.cosh(x)),
        "fp32",
    ),
    define(
        "Cosh",
        "y = (eˣ + e⁻ˣ) / 2.    dL/dx = g · sinh x",
        draw.unary,
        lambda k, g, x: k.mul(g, k.sinh(x)),
        "fp32",
    ),
    define(
        "Asinh",
        "y = ln(x + √(x² + 1)).    dL/dx = g / √(x² + 1)",
        draw.unary,
        lambda k, g, x: _over_root(k, g, k.add(k.square(x), 1.0)),
    ),
    define(
        "Acosh",
        "y = ln(x + √(x² − 1)).    dL/dx = g / √(x² − 1)",
        draw.between(1.2, 3),
        lambda k, g, x: _over_root(k, g, k.sub(k.square(x), 1.0)),
    ),
    define(
        "Atanh",
        "y = ½ ln((1 + x) / (1 − x)).    dL/dx = g / (1 − x²)",
        draw.between(-0.9, 0.9),
        lambda k, g, x: k.div(g, k.add(k.neg(k.square(x)), 1.0)),
    ),
]

exp, exp2, expm1, log, log2, log10, log1p = map(pointwise, FUNCTIONS[:7])
sin, cos, tan, asin, acos, atan = map(pointwise, FUNCTIONS[7:13])
sinh, cosh, asinh, acosh, atanh = map(pointwise, FUNCTIONS[13:])
arcsin, arccos, arctan, arcsinh, arccosh, arctanh = asin, acos, atan, asinh, acosh, atanh


class Atan2(Op):
    """z = the angle of the point (x, y).    dL/dy = g x / (x² + y²),  dL/dx = −g y / (x² + y²)

    Both are 0 at the origin.
    """

    precision = "widest"
    samples = draw.pairs

    def forward(ctx, k, y, x):
        ctx.save(y, x)
        return k.atan2(y, x)

    def vjp(ctx, k, g):
        y, x = ctx.saved
        square = k.add(k.square(x), k.square(y))
        g = k.div(g, k.where(k.eq(square, 0), 1.0, square))
        return k.mul(g, x) if ctx.needs(0) else None, k.neg(k.mul(g, y)) if ctx.needs(1) else None

    def peer(torch, y, x):
        return torch.atan2(y, x)


class Logaddexp(Op):
    """z = ln(eˣ + eʸ).    dL/dx = g · σ(x − y),  dL/dy = g · σ(y − x)"""

    samples = draw.pairs

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.logaddexp(x, y)

    def vjp(ctx, k, g):
        return _shares(ctx, k, g, 1.0)

    def peer(torch, x, y):
        return torch.logaddexp(x, y)


class Logaddexp2(Op):
    """z = log₂(2ˣ + 2ʸ).    dL/dx = g · σ((x − y) ln 2),  dL/dy = g · σ((y − x) ln 2)"""

    samples = draw.pairs

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.logaddexp2(x, y)

    def vjp(ctx, k, g):
        return _shares(ctx, k, g, LN_2)

    def peer(torch, x, y):
        return torch.logaddexp2(x, y)


def _shares(ctx, k, g, unit):
    """The shares of eˣ and eʸ (to the base e^unit) in their sum."""
    x, y = ctx.saved
    lead = k.mul(k.sub(x, y), unit)
    return (
        k.mul(g, k.sigmoid(lead)) if ctx.needs(0) else None,
        k.mul(g, k.sigmoid(k.neg(lead))) if ctx.needs(1) else None,
    )


logaddexp = pairwise(Logaddexp, FLOATS)
logaddexp2 = pairwise(Logaddexp2, FLOATS)


def atan2(input, other):
    """The angle of the point (other, input), in [−π, π]."""
    only_tensors("atan2", input, other)
    return Atan2.apply(*floating_operands(input, other))


arctan2 = atan2


def sinc(input):
    """sin(πx) / (πx), and 1 at 0."""
    x = floating(input)
    zero = x == 0
    angle = where(zero, 1.0, x) * math.pi
    return where(zero, 1.0, sin(angle) / angle)


def deg2rad(input):
    """Degrees in radians: x · π / 180"""
    return mul(floating(input), math.pi / 180)


def rad2deg(input):
    """Radians in degrees: x · 180 / π"""
    return mul(floating(input), 180 / math.pi)
