"""One of several values, element by element."""

import numpy as np

from ..engine.op import Op, Sample
from . import samples as draw
from .operands import converted, operands, result_type, tensor_of

__all__ = ["maximum", "minimum", "where"]


class Maximum(Op):
    """z = max(x, y).    The gradient goes to the larger; ties share it equally."""

    samples = draw.pairs

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.maximum(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return _share(k, g, k.gt(x, y), k.eq(x, y)), _share(k, g, k.gt(y, x), k.eq(x, y))

    def peer(torch, x, y):
        return torch.maximum(x, y)


class Minimum(Op):
    """z = min(x, y).    The gradient goes to the smaller; ties share it equally."""

    samples = draw.pairs

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.minimum(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return _share(k, g, k.lt(x, y), k.eq(x, y)), _share(k, g, k.lt(y, x), k.eq(x, y))

    def peer(torch, x, y):
        return torch.minimum(x, y)


def _share(k, g, wins, ties):
    """g where this side wins, g / 2 where both are equal, 0 elsewhere."""
    return k.where(wins, g, k.where(ties, k.mul(g, 0.5), k.mul(g, 0.0)))


class Where(Op):
    """z = x where the condition holds, else y.    The gradient goes where the value came from."""

    def forward(ctx, k, condition, x, y):
        ctx.save(condition)
        return k.where(condition, x, y)

    def vjp(ctx, k, g):
        (condition,) = ctx.saved
        zero = k.mul(g, 0.0)
        return None, k.where(condition, g, zero), k.where(condition, zero, g)

    def samples(rng):
        for sample in draw.pairs(rng):
            shape = np.broadcast_shapes(*(a.shape for a in sample.inputs))
            yield Sample(sample.name, (rng.normal(size=shape) > 0, *sample.inputs))

    def peer(torch, condition, x, y):
        return torch.where(condition, x, y)


def maximum(input, other):
    """The larger element of each pair; NaN if either is NaN."""
    return Maximum.apply(*operands(input, other))


def minimum(input, other):
    """The smaller element of each pair; NaN if either is NaN."""
    return Minimum.apply(*operands(input, other))


def where(condition, input, other):
    """Elements of ``input`` where the bool tensor ``condition`` holds, of ``other`` elsewhere."""
    condition = tensor_of(condition, "condition")
    if condition._array.dtype.kind != "b":
        raise RuntimeError(f"condition must be a bool tensor, got {condition._array.dtype}")
    x, y = converted(result_type(input, other), input, other)
    return Where.apply(condition, x, y)

