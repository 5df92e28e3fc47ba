"""Whole numbers: rounding, and division with a remainder."""

from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from . import samples as draw
from .operands import (
    FLOATS,
    INTEGERS,
    check_category,
    one_tensor,
    only_tensors,
    operands,
    tensor_of,
)

__all__ = ["ceil", "fix", "floor", "floor_divide", "fmod", "frac", "remainder", "round", "trunc"]


class _Step(Op, abstract=True):
    samples = draw.unary

    def forward(ctx, k, x):
        return getattr(k, ctx.name)(x)

    def vjp(ctx, k, g):
        return k.zeros_like(g)


class Floor(_Step):
    """y = the largest whole number not above x.    dL/dx = 0"""

    def peer(torch, x):
        return x.floor()


class Ceil(_Step):
    """y = the smallest whole number not below x.    dL/dx = 0"""

    def peer(torch, x):
        return x.ceil()


class Trunc(_Step):
    """y = x without its fraction.    dL/dx = 0"""

    def peer(torch, x):
        return x.trunc()


class Round(_Step):
    """y = x rounded to some digits after the point, halves to even.    dL/dx = 0"""

    def forward(ctx, k, x, *, decimals):
        return k.round(x, decimals)

    def samples(rng):
        for decimals in (0, 1, -1):
            yield Sample(f"{decimals} decimals", (rng.normal(size=(3, 4)),), {"decimals": decimals})

    def peer(torch, x, *, decimals):
        return x.round(decimals=decimals)


class Frac(Op):
    """y = x − trunc(x).    dL/dx = g"""

    samples = draw.unary

    def forward(ctx, k, x):
        return k.sub(x, k.trunc(x))

    def vjp(ctx, k, g):
        return g

    def peer(torch, x):
        return x.frac()


class _Quotient(Op, abstract=True):
    samples = draw.positive_pairs

    def forward(ctx, k, x, y):
        return getattr(k, ctx.name)(x, y)

    def vjp(ctx, k, g):
        zero = k.zeros_like(g)
        return zero, zero


class DivFloor(_Quotient):
    """z = ⌊x / y⌋.    dL/dx = dL/dy = 0"""

    def peer(torch, x, y):
        return torch.div(x, y, rounding_mode="floor")


class DivTrunc(_Quotient):
    """z = x / y without its fraction.    dL/dx = dL/dy = 0"""

    def peer(torch, x, y):
        return torch.div(x, y, rounding_mode="trunc")


class FloorDivide(Op):
    """z = ⌊x / y⌋.    No gradient: asking for one raises."""

    def forward(ctx, k, x, y):
        return k.div_floor(x, y)

    def vjp(ctx, k, g):
        raise RuntimeError(
            'floor_divide has no gradient; div(..., rounding_mode="floor") has one, of zeros'
        )

    def samples(rng):
        for sample in draw.positive_pairs(rng):
            yield Sample(sample.name, sample.inputs, constants=(0, 1))

    def peer(torch, x, y):
        return torch.floor_divide(x, y)


class _Remainder(Op, abstract=True):
    samples = draw.positive_pairs

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return getattr(k, ctx.name)(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return g, k.neg(k.mul(g, getattr(k, ctx.quotient)(x, y))) if ctx.needs(1) else None


class Remainder(_Remainder):
    """z = x − y ⌊x / y⌋, of the sign of y.    dL/dx = g,  dL/dy = −g ⌊x / y⌋"""

    quotient = "div_floor"

    def peer(torch, x, y):
        return torch.remainder(x, y)


class Fmod(_Remainder):
    """z = x − y trunc(x / y), of the sign of x.    dL/dx = g,  dL/dy = −g trunc(x / y)"""

    quotient = "div_trunc"

    def peer(torch, x, y):
        return torch.fmod(x, y)


_QUOTIENTS = {"floor": DivFloor, "trunc": DivTrunc}


def divided(a, b, rounding_mode):
    """The quotient of two tensors of one dtype, rounded "floor" or "trunc"."""
    op = _QUOTIENTS.get(rounding_mode)
    if op is None:
        raise RuntimeError(
            f'div: rounding_mode must be None, "floor" or "trunc", got {rounding_mode!r}'
        )
    return op.apply(*_divisible("div", a, b))


def _divisible(name, a, b):
    """The operands, unless they are bools or integers with a zero among the divisors."""
    check_category(name, a, INTEGERS, FLOATS)
    if not dtype_of(b).is_floating_point and not b._array.all() and a._array.size:
        raise RuntimeError(f"{name}: ZeroDivisionError: an integer is divided by 0")
    return a, b


def floor_divide(input, other):
    """⌊input / other⌋; it has no gradient.

    >>> import minigrad as mg
    >>> mg.tensor([7, -7]) // 2
    tensor([ 3, -4])
    """
    return FloorDivide.apply(*_divisible("floor_divide", *operands(input, other)))


def remainder(input, other):
    """input − other · ⌊input / other⌋, which has the sign of other: Python's %."""
    one_tensor("remainder", input, other)
    return Remainder.apply(*_divisible("remainder", *operands(input, other)))


def fmod(input, other):
    """input − other · trunc(input / other), which has the sign of input: C's fmod."""
    only_tensors("fmod", input)
    return Fmod.apply(*_divisible("fmod", *operands(input, other)))


def _step(op):
    """The public function of a rounding op; integers are whole already."""

    def function(input):
        x = tensor_of(input)
        check_category(op.name, x, INTEGERS, FLOATS)
        return op.apply(x) if dtype_of(x).is_floating_point else x.clone()

    function.__name__ = function.__qualname__ = op.name
    function.__doc__ = op.__doc__.partition(".    ")[0]
    return function


floor = _step(Floor)
ceil = _step(Ceil)
trunc = _step(Trunc)
fix = trunc


def round(input, *, decimals=0):
    """The input rounded to ``decimals`` digits after the point, halves to even.

    >>> import minigrad as mg
    >>> mg.round(mg.tensor([0.5, 1.5, 2.5]))
    tensor([0., 2., 2.])
    """
    x = tensor_of(input)
    check_category("round", x, INTEGERS, FLOATS)
    if isinstance(decimals, bool) or not isinstance(decimals, int):
        raise TypeError(f"round: decimals must be an int, got {decimals!r}")
    if dtype_of(x).is_floating_point:
        return Round.apply(x, decimals=decimals)
    if decimals:
        raise RuntimeError(f"round: decimals={decimals} needs floats, got {dtype_of(x)}")
    return x.clone()


def frac(input):
    """input − trunc(input)"""
    x = tensor_of(input)
    check_category("frac", x, FLOATS)
    return Frac.apply(x)
