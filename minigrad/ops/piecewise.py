"""Activations made of straight pieces: one op, and a function for each choice of pieces.

A piece is (slope, offset). Where pieces meet, the flat one gives the gradient. ``inplace`` is
accepted and ignored: graphs hold no in-place ops.
"""

from .. import dtypes
from ..engine.autocast import casts
from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from . import samples as draw
from .arithmetic import mul
from .operands import FLOATS, INTEGERS, check_category, only_tensors
from .sampling import rand_like
from .select import where

__all__ = ["hardshrink", "prelu", "rrelu", "threshold"]

FLAT, IDENTITY = (0.0, 0.0), (1.0, 0.0)


class PiecewiseLinear(Op):
    """y = slope · x + offset of the piece in which x lies.    dL/dx = g · slope

    The left piece holds for x <= low, the right one for x >= high; ``closed`` gives both ends to
    the middle piece.
    """

    def forward(ctx, k, x, *, low, high, left, middle, right, closed=False):
        ctx.pieces = (low, high, left, middle, right, closed)
        ctx.save(x)
        return k.piecewise_linear(x, *ctx.pieces)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.piecewise_linear_vjp(g, x, *ctx.pieces)

    def samples(rng):
        for sample in draw.unary(rng):
            yield Sample(sample.name, sample.inputs, _SAMPLE)

    def peer(torch, x, *, low, high, left, middle, right):
        y = torch.where(x >= high, x * right[0] + right[1], x * middle[0] + middle[1])
        return torch.where(x <= low, x * left[0] + left[1], y)


class PiecewiseLinearVjp(Op):
    """z = g · slope of the piece in which x lies.    dL/dg = h · slope"""

    def forward(ctx, k, g, x, *, low, high, left, middle, right, closed=False):
        ctx.pieces = (low, high, left, middle, right, closed)
        ctx.save(x)
        return k.piecewise_linear_vjp(g, x, *ctx.pieces)

    def vjp(ctx, k, h):
        (x,) = ctx.saved
        gx = k.mul(x, 0.0) if ctx.needs(1) else None
        return k.piecewise_linear_vjp(h, x, *ctx.pieces), gx

    def samples(rng):
        yield Sample("matrix", (rng.normal(size=(3, 4)), rng.normal(size=(3, 4))), _SAMPLE)

    def peer(torch, g, x, *, low, high, left, middle, right):
        inner = torch.where(x >= high, g * right[0], g * middle[0])
        return torch.where(x <= low, g * left[0], inner) + 0 * x


_SAMPLE = {"low": -0.4, "high": 0.6, "left": (0.3, -0.2), "middle": (1.0, 0.0), "right": (0.0, 0.6)}


def _apply(name, input, low, high, left, middle, right, closed=False, categories=(FLOATS,)):
    only_tensors(name, input)
    check_category(name, input, *categories)
    number = float if dtype_of(input).is_floating_point else int

    def cast(values):
        return tuple(map(number, values))

    return PiecewiseLinear.apply(
        input,
        low=number(low),
        high=number(high),
        left=cast(left),
        middle=cast(middle),
        right=cast(right),
        closed=closed,
    )


def clipped(x, low, high):
    """x where low <= x <= high, else the nearer end; the gradient at the ends is 1."""
    left, right = (0.0, low), (0.0, high)
    return PiecewiseLinear.apply(
        x, low=low, high=high, left=left, middle=IDENTITY, right=right, closed=True
    )


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """min(max(x, min_val), max_val), without gradient at the ends."""
    only_tensors("hardtanh", input)
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val={min_val} is greater than max_val={max_val}")
    if dtype_of(input) is dtypes.uint8 and min_val <= -1:
        raise RuntimeError(f"hardtanh: min_val={min_val} does not fit uint8")
    ends = ((0, min_val), IDENTITY, (0, max_val))
    return _apply("hardtanh", input, min_val, max_val, *ends, categories=(INTEGERS, FLOATS))


def relu6(input, inplace=False):
    """min(max(x, 0), 6)"""
    return hardtanh(input, 0.0, 6.0)


def hardsigmoid(input, inplace=False):
    """min(max(x + 3, 0), 6) / 6"""
    return _apply("hardsigmoid", input, -3, 3, FLAT, (1 / 6, 0.5), (0.0, 1.0))


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x for x > 0, else negative_slope · x. Source: Maas et al. 2013."""
    slope = (negative_slope, 0.0)
    return _apply("leaky_relu", input, 0, 0, slope, slope, IDENTITY)


def threshold(input, threshold, value, inplace=False):
    """x for x > threshold, else value"""
    pieces = ((0, value), IDENTITY, IDENTITY)
    return _apply("threshold", input, threshold, threshold, *pieces, categories=(INTEGERS, FLOATS))


def hardshrink(input, lambd=0.5):
    """x for |x| > lambd, else 0"""
    return _apply("hardshrink", input, -lambd, lambd, IDENTITY, FLAT, IDENTITY, closed=True)


def softshrink(input, lambd=0.5):
    """sign(x) · max(|x| − lambd, 0)"""
    if lambd < 0:
        raise RuntimeError(f"softshrink: lambd must not be negative, got {lambd}")
    ends = ((1.0, lambd), FLAT, (1.0, -lambd))
    return _apply("softshrink", input, -lambd, lambd, *ends, closed=True)


@casts("low")
def prelu(input, weight):
    """x for x > 0, else weight · x; one weight, or one for each channel (axis 1).

    Source: He et al. 2015.
    """
    only_tensors("prelu", input, weight, arguments=("input", "weight"))
    check_category("prelu", input, FLOATS)
    if dtype_of(weight) is not dtype_of(input):
        raise RuntimeError(
            f"prelu: weight must have the dtype of input, {dtype_of(input)}, got {dtype_of(weight)}"
        )
    positive = input > 0
    slope = _per_channel(input._array.shape, weight)
    return where(positive, input, mul(slope, where(positive, 0.0, input)))


def _per_channel(shape, weight):
    """The weights of prelu in a shape that broadcasts with its input."""
    if weight._array.ndim > 1:
        raise RuntimeError(f"prelu: weight must have 0 or 1 axes, got shape {weight._array.shape}")
    if weight._array.size == 1:
        return weight.reshape(())
    channels = shape[1] if len(shape) > 1 else 1
    if weight._array.size != channels:
        raise RuntimeError(
            f"prelu: weight has {weight._array.size} elements, but input of shape {shape} has "
            f"{channels} channels"
        )
    return weight.reshape((channels, *(1 for _ in shape[2:])))


def rrelu(input, lower=1 / 8, upper=1 / 3, training=False, inplace=False, *, generator=None):
    """x for x > 0, else r · x, r uniform in [lower, upper] for each element in training.

    Otherwise r is (lower + upper) / 2.
    """
    if lower > upper:
        raise RuntimeError(f"rrelu: lower={lower} is greater than upper={upper}")
    if not training:
        return leaky_relu(input, (lower + upper) / 2)
    only_tensors("rrelu", input)
    check_category("rrelu", input, FLOATS)
    slope = rand_like(input, generator=generator) * (upper - lower) + lower
    return where(input > 0, input, slope * input)
