"""Exponentials, logarithms, and the trigonometric and hyperbolic functions."""

from ..engine.op import Op
from . import samples as draw
from .operands import pointwise

__all__ = ["cos", "exp", "log", "sin"]


class Exp(Op):
    """y = eˣ.    dL/dx = g · y"""

    samples = draw.unary

    def forward(ctx, k, x):
        y = k.exp(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.mul(g, y)

    def peer(torch, x):
        return x.exp()


class Log(Op):
    """y = ln x.    dL/dx = g / x"""

    samples = draw.positive

    def forward(ctx, k, x):
        ctx.save(x)
        return k.log(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.div(g, x)

    def peer(torch, x):
        return x.log()


class Sin(Op):
    """y = sin x.    dL/dx = g · cos x"""

    samples = draw.unary

    def forward(ctx, k, x):
        ctx.save(x)
        return k.sin(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.mul(g, k.cos(x))

    def peer(torch, x):
        return x.sin()


class Cos(Op):
    """y = cos x.    dL/dx = −g · sin x"""

    samples = draw.unary

    def forward(ctx, k, x):
        ctx.save(x)
        return k.cos(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.neg(k.mul(g, k.sin(x)))

    def peer(torch, x):
        return x.cos()



exp = pointwise(Exp)
log = pointwise(Log)
sin = pointwise(Sin)
cos = pointwise(Cos)
