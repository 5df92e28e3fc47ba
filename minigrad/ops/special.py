"""The error function and its like."""

import numpy as np

from ..engine.op import Op
from . import samples as draw
from .operands import pointwise

__all__ = ["erf"]


class Erf(Op):
    """y = erf x = 2/√π ∫₀ˣ exp(−t²) dt.    dL/dx = g · 2/√π · exp(−x²)"""

    samples = draw.unary

    def forward(ctx, k, x):
        ctx.save(x)
        return k.erf(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.mul(g, k.mul(k.exp(k.neg(k.square(x))), 2 / np.sqrt(np.pi)))

    def peer(torch, x):
        return x.erf()



erf = pointwise(Erf)
