"""One of several values, element by element."""

import numpy as np

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of, new_tensor, values
from ..engine.op import Op, Sample
from . import samples as draw
from .cast import cast
from .operands import (
    BOOLS,
    FLOATS,
    INTEGERS,
    check_category,
    check_fits,
    converted,
    only_tensors,
    operands,
    pairwise,
    result_type,
    tensor_of,
)

__all__ = [
    "fmax",
    "fmin",
    "heaviside",
    "masked_fill",
    "maximum",
    "minimum",
    "nan_to_num",
    "where",
]


class _OneOfTwo(Op, abstract=True):
    """The one of each pair that ``better`` (a comparison's name) prefers."""

    samples = draw.pairs
    better = None

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return getattr(k, ctx.name)(x, y)


class _Shared(_OneOfTwo, abstract=True):
    def vjp(ctx, k, g):
        x, y = ctx.saved
        better = getattr(k, ctx.better)
        return _share(k, g, better(y, x), k.eq(x, y)), _share(k, g, better(x, y), k.eq(x, y))


def _share(k, g, loses, ties):
    """0 where this side loses, g / 2 where both are equal, g elsewhere (with NaN, for both)."""
    return k.where(loses, 0.0, k.where(ties, k.mul(g, 0.5), g))


class Maximum(_Shared):
    """z = max(x, y).    The gradient goes to the larger; ties share it equally."""

    better = "gt"

    def peer(torch, x, y):
        return torch.maximum(x, y)


class Minimum(_Shared):
    """z = min(x, y).    The gradient goes to the smaller; ties share it equally."""

    better = "lt"

    def peer(torch, x, y):
        return torch.minimum(x, y)


class _WithoutNan(_OneOfTwo, abstract=True):
    def vjp(ctx, k, g):
        x, y = ctx.saved
        first = k.logical_or(getattr(k, ctx.better)(x, y), k.ne(y, y))
        return k.where(first, g, 0.0), k.where(first, 0.0, g)


class Fmax(_WithoutNan):
    """z = max(x, y), of the one that is no NaN.    The gradient goes to it, at ties to x."""

    better = "ge"

    def peer(torch, x, y):
        return torch.fmax(x, y)


class Fmin(_WithoutNan):
    """z = min(x, y), of the one that is no NaN.    The gradient goes to it, at ties to x."""

    better = "le"

    def peer(torch, x, y):
        return torch.fmin(x, y)


class NanToNum(Op):
    """y = x with numbers in the place of NaN, ∞ and −∞.    dL/dx = g where x is finite, else 0"""

    def forward(ctx, k, x, *, nan, posinf, neginf):
        ctx.save(x)
        return k.nan_to_num(x, nan, posinf, neginf)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.where(k.isfinite(x), g, 0.0)

    def samples(rng):
        numbers = {"nan": 0.0, "posinf": 2.0, "neginf": -2.0}
        yield Sample("finite", (rng.normal(size=(3, 4)),), numbers)

    def peer(torch, x, *, nan, posinf, neginf):
        return torch.nan_to_num(x, nan, posinf, neginf)


class Heaviside(Op):
    """z = 0 where x < 0, 1 where x > 0, y where x = 0.    No gradient: asking for one raises."""

    def forward(ctx, k, x, y):
        return k.heaviside(x, y)

    def vjp(ctx, k, g):
        raise RuntimeError("heaviside has no gradient")

    def samples(rng):
        for sample in draw.pairs(rng):
            yield Sample(sample.name, sample.inputs, constants=(0, 1))

    def peer(torch, x, y):
        return torch.heaviside(x, y)


class Where(Op):
    """z = x where the condition holds, else y.    The gradient goes where the value came from."""

    def forward(ctx, k, condition, x, y):
        ctx.save(condition)
        return k.where(condition, x, y)

    def vjp(ctx, k, g):
        (condition,) = ctx.saved
        gx = k.where(condition, g, 0.0) if ctx.needs(1) else None
        return None, gx, k.where(condition, 0.0, g) if ctx.needs(2) else None

    def samples(rng):
        for sample in draw.pairs(rng):
            shape = np.broadcast_shapes(*(a.shape for a in sample.inputs))
            yield Sample(sample.name, (rng.normal(size=shape) > 0, *sample.inputs))

    def peer(torch, condition, x, y):
        return torch.where(condition, x, y)


def maximum(input, other):
    """The larger element of each pair; NaN if either is NaN."""
    only_tensors("maximum", input, other)
    return Maximum.apply(*operands(input, other))


def minimum(input, other):
    """The smaller element of each pair; NaN if either is NaN."""
    only_tensors("minimum", input, other)
    return Minimum.apply(*operands(input, other))


fmax = pairwise(Fmax, BOOLS, INTEGERS, FLOATS)
fmin = pairwise(Fmin, BOOLS, INTEGERS, FLOATS)


def heaviside(input, values):
    """0 where input is negative, 1 where positive, ``values`` where 0; it has no gradient."""
    only_tensors("heaviside", input, values, arguments=("input", "values"))
    if dtype_of(input) is not dtype_of(values):
        raise RuntimeError(
            f"heaviside: input and values must have one dtype, got {dtype_of(input)} and "
            f"{dtype_of(values)}"
        )
    return Heaviside.apply(input, values)


_MISSING = object()


def where(condition, input=_MISSING, other=_MISSING):
    """Elements of ``input`` where ``condition`` (bool or uint8) holds, of ``other`` elsewhere.

    ``where(condition)`` gives the indices of the elements that are not zero, a tensor per axis.

    >>> import minigrad as mg
    >>> mg.where(mg.tensor([True, False]), mg.ones(2), 5)
    tensor([1., 5.])
    """
    only_tensors("where", condition, arguments=("condition",))
    if input is _MISSING:
        return _indices(values(condition))
    if other is _MISSING:
        raise TypeError("where: other is missing; give input and other, or neither")
    if dtype_of(condition) is dtypes.uint8:
        condition = cast(condition, dtypes.bool_)
    check_category("where: condition", condition, BOOLS)
    if isinstance(input, TensorBase) or isinstance(other, TensorBase):
        x, y = operands(input, other)
    else:
        x, y = converted(result_type(input, other), input, other, beside=condition)
    return Where.apply(condition, x, y)



def _indices(x):
    xp = backend.array_module(x)
    return tuple(map(new_tensor, xp.nonzero(x if x.ndim else x.reshape(1))))


def masked_fill(input, mask, value):
    """The input with ``value``, a number or a 0-d tensor, where the bool tensor ``mask`` holds."""
    only_tensors("masked_fill", input, mask, arguments=("input", "mask"))
    check_category("masked_fill: mask", mask, BOOLS)
    dtype = dtype_of(input)
    if not isinstance(value, TensorBase):
        tensor_of(value, "masked_fill: value")
        check_fits("masked_fill", value, dtype)
    elif value._array.ndim:
        raise RuntimeError(f"masked_fill: value must be 0-d, got shape {tuple(value.shape)}")
    x, filling = converted(dtype, input, value)
    return Where.apply(mask, filling, x)


def nan_to_num(input, nan=0.0, posinf=None, neginf=None):
    """The input with numbers in the place of NaN, ∞ and −∞.

    ``posinf`` and ``neginf`` are the largest and the smallest number of the dtype unless given.
    """
    x = tensor_of(input)
    given = {"nan": nan, "posinf": posinf, "neginf": neginf}
    for name, value in given.items():
        if value is not None and not isinstance(value, bool | int | float):
            raise TypeError(f"nan_to_num: {name} must be a number, got {type(value).__name__}")
    if not dtype_of(x).is_floating_point:
        return x.clone()
    limits = dtypes.finfo(dtype_of(x))
    defaults = {"nan": 0.0, "posinf": limits.max, "neginf": limits.min}
    numbers = {n: float(defaults[n] if v is None else v) for n, v in given.items()}
    return NanToNum.apply(x, **numbers)
