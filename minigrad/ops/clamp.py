"""Elements held between bounds."""

import math

import numpy as np

from .. import dtypes
from ..engine.graph import TensorBase, dtype_of
from ..engine.op import Op, Sample
from .operands import check_fits, converted, only_tensors, result_type
from .piecewise import clipped

_NUMBERS = (float, int, type(None))

__all__ = ["clamp", "clamp_max", "clamp_min", "clip"]


class Clamp(Op):
    """z = min(max(x, a), b).    The gradient goes to x where a ≤ x ≤ b, else to the bound."""

    def forward(ctx, k, x, low, high):
        ctx.save(x, low, high)
        y = x if low is None else k.maximum(x, low)
        return y if high is None else k.minimum(y, high)

    def vjp(ctx, k, g):
        x, low, high = ctx.saved
        gx = gl = gh = None
        if ctx.needs(0):
            gx = g if low is None else k.where(k.ge(x, low), g, 0.0)
            gx = gx if high is None else k.where(k.le(x, high), gx, 0.0)
        if low is not None and ctx.needs(1):
            gl = k.where(k.lt(x, low), g, 0.0)
            gl = gl if high is None else k.where(k.lt(low, high), gl, 0.0)
        if high is not None and ctx.needs(2):
            gh = k.where(k.gt(x, high), g, 0.0)
            gh = gh if low is None else k.where(k.lt(high, low), g, gh)
        return gx, gl, gh

    def samples(rng):
        x, low = rng.normal(size=(3, 4)), rng.normal(size=(3, 1))
        yield Sample("bounds", (x, low, low + 0.5))
        yield Sample("crossed bounds", (x, low, low - rng.normal(size=4)))
        yield Sample("low", (x, low, None))
        yield Sample("high", (x, None, np.array(0.3)))

    def peer(torch, x, low, high):
        return torch.clamp(x, low, high)


def clamp(input, min=None, max=None):
    """The input with elements below ``min`` raised to it and those above ``max`` lowered to it.

    The bounds are both numbers or both tensors; one may be missing. Where min > max, max rules.

    >>> import minigrad as mg
    >>> mg.clamp(mg.tensor([-2.0, 0.5, 2.0]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    only_tensors("clamp", input)
    if type(min) in _NUMBERS and type(max) in _NUMBERS and dtype_of(input).is_floating_point:
        low = -math.inf if min is None else float(min)
        high = math.inf if max is None else float(max)
        if low <= high and not min is max is None:
            return clipped(input, low, high)
    bounds = [b for b in (min, max) if b is not None]
    if not bounds:
        raise RuntimeError("clamp: at least one of min and max must be given")
    kinds = {_bound_kind(b) for b in bounds}
    if len(kinds) > 1:
        raise TypeError("clamp: min and max must be two numbers or two tensors")
    dtype = result_type(input, *bounds)
    if "number" in kinds:
        if dtype is dtypes.bool_:
            raise RuntimeError("clamp of bools to bools is undefined; give integers")
        for bound in bounds:
            check_fits("clamp", bound, dtype)
    (x,) = converted(dtype, input)
    return Clamp.apply(x, _bound(min, dtype, x), _bound(max, dtype, x))


def _bound_kind(value):
    if isinstance(value, TensorBase):
        return "tensor"
    if isinstance(value, bool | int | float):
        return "number"
    raise TypeError(f"clamp: a bound must be a number or a tensor, got {type(value).__name__}")


def _bound(value, dtype, x):
    return None if value is None else converted(dtype, x, value)[1]


clip = clamp


def clamp_min(input, min):
    """The input with elements below ``min`` raised to it."""
    return clamp(input, min)


def clamp_max(input, max):
    """The input with elements above ``max`` lowered to it."""
    return clamp(input, None, max)
