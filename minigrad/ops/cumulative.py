"""Running sums, products and extremes along an axis, and the differences that undo them."""

from .. import dtypes, return_types
from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from .along import TakeAlong
from .cast import clone
from .compare import ne
from .indexing import Index
from .joining import cat
from .operands import check_axis, numpy_names, tensor_of
from .reduce import check_floating, constant_kernel, in_dtype, sum, summable
from .shape import reshape

__all__ = [
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "diff",
    "logcumsumexp",
    "trapezoid",
    "trapz",
]


def _samples(rng, **params):
    x = rng.uniform(0.5, 1.5, (3, 4))
    yield Sample("rows", (x,), {"axis": 1, **params})
    yield Sample("columns", (x,), {"axis": 0, **params})


def _turned_samples(rng):
    for reverse in (False, True):
        for sample in _samples(rng, reverse=reverse):
            yield Sample(f"{sample.name} {reverse=}", sample.inputs, sample.params)


class Shift(Op):
    """yᵢ = xᵢ₋₁ (``by`` 1) or xᵢ₊₁ (−1), ``fill`` at the border.    dL/dx = g shifted back"""

    def forward(ctx, k, x, *, axis, by, fill):
        ctx.axis, ctx.by = axis, by
        return k.shift(x, axis, by, fill)

    def vjp(ctx, k, g):
        return k.shift(g, ctx.axis, -ctx.by, 0.0)

    def samples(rng):
        for sample in _samples(rng, by=1, fill=0.5):
            yield sample
            params = {**sample.params, "by": -1}
            yield Sample(f"{sample.name} back", sample.inputs, params)

    def peer(torch, x, *, axis, by, fill):
        n, border = x.shape[axis] - 1, torch.full_like(x.narrow(axis, 0, 1), fill)
        if by == 1:
            return torch.cat([border, x.narrow(axis, 0, n)], axis)
        return torch.cat([x.narrow(axis, 1, n), border], axis)


class Cumsum(Op):
    """yᵢ = Σ xⱼ over j <= i, or j >= i in reverse.    dL/dx = the sum of g the other way round"""

    precision = "fp32"
    samples = _turned_samples

    def forward(ctx, k, x, *, axis, reverse):
        ctx.axis, ctx.reverse = axis, reverse
        return k.cumsum(x, axis, reverse)

    def vjp(ctx, k, g):
        return k.cumsum(g, ctx.axis, not ctx.reverse)

    def peer(torch, x, *, axis, reverse):
        return x.flip(axis).cumsum(axis).flip(axis) if reverse else x.cumsum(axis)


class Recurrence(Op):
    """yᵢ = xᵢ + aᵢ yᵢ₋₁, or xᵢ + aᵢ yᵢ₊₁ in reverse; the first y is the first x.

    dL/dx is the recurrence of g the other way round with a shifted,  dL/da = dL/dx · y shifted
    """

    def forward(ctx, k, x, a, *, axis, reverse):
        ctx.axis, ctx.reverse, ctx.by = axis, reverse, -1 if reverse else 1
        y = k.recurrence(x, a, axis, reverse)
        ctx.save(a, y)
        return y

    def vjp(ctx, k, g):
        a, y = ctx.saved
        gx = k.recurrence(g, k.shift(a, ctx.axis, -ctx.by, 0.0), ctx.axis, not ctx.reverse)
        ga = k.mul(gx, k.shift(y, ctx.axis, ctx.by, 0.0)) if ctx.needs(1) else None
        return gx, ga

    def samples(rng):
        for sample in _turned_samples(rng):
            inputs = (rng.normal(size=(3, 4)), *sample.inputs)
            yield Sample(sample.name, inputs, sample.params)

    def peer(torch, x, a, *, axis, reverse):
        pairs = list(zip(x.unbind(axis), a.unbind(axis), strict=True))
        found = []
        for x, a in reversed(pairs) if reverse else pairs:
            found.append(x + a * found[-1] if found else x)
        return torch.stack(found[::-1] if reverse else found, axis)


class Cumprod(Op):
    """yᵢ = Π xⱼ over j <= i, or j >= i in reverse.

    dL/dxᵢ = yᵢ₋₁ sᵢ with the recurrence sᵢ = gᵢ + xᵢ₊₁ sᵢ₊₁, exact at zeros
    """

    precision = "fp32"

    def forward(ctx, k, x, *, axis, reverse):
        ctx.axis, ctx.reverse, ctx.by = axis, reverse, -1 if reverse else 1
        y = k.cumprod(x, axis, reverse)
        ctx.save(x, y)
        return y

    def vjp(ctx, k, g):
        x, y = ctx.saved
        later = k.shift(x, ctx.axis, -ctx.by, 0.0)
        before = k.shift(y, ctx.axis, ctx.by, 1.0)
        return k.mul(before, k.recurrence(g, later, ctx.axis, not ctx.reverse))

    def samples(rng):
        yield from _turned_samples(rng)
        x = rng.uniform(0.5, 1.5, (2, 4))
        x[0, 1] = x[1, 0] = x[1, 2] = 0
        yield Sample("zeros", (x,), {"axis": 1, "reverse": False})

    def peer(torch, x, *, axis, reverse):
        return x.flip(axis).cumprod(axis).flip(axis) if reverse else x.cumprod(axis)


class Logcumsumexp(Op):
    """yᵢ = ln Σ exp(xⱼ) over j <= i.

    dL/dxᵢ = exp(xᵢ − yᵢ) sᵢ with the recurrence sᵢ = gᵢ + exp(yᵢ − yᵢ₊₁) sᵢ₊₁
    """

    samples = _samples

    def forward(ctx, k, x, *, axis):
        ctx.axis = axis
        y = k.logcumsumexp(x, axis)
        ctx.save(x, y)
        return y

    def vjp(ctx, k, g):
        x, y = ctx.saved
        decay = k.exp(k.sub(y, k.shift(y, ctx.axis, -1, float("inf"))))
        return k.scaled_exp(k.recurrence(g, decay, ctx.axis, True), x, y)

    def peer(torch, x, *, axis):
        return x.logcumsumexp(axis)


def _along(op, x, dim, **params):
    """An op along an axis; a 0-d tensor is a vector of one element."""
    axis = check_axis(dim, x._array.ndim)
    if not x._array.ndim:
        return reshape(op.apply(reshape(x, 1), axis=0, **params), ())
    return op.apply(x, axis=axis, **params)


@numpy_names
def cumsum(input, dim, *, dtype=None):
    """Running sums along ``dim``; integers and bools give int64.

    >>> import minigrad as mg
    >>> mg.cumsum(mg.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([1., 3., 6.])
    """
    return _accumulated(Cumsum, input, dim, dtype)


@numpy_names
def cumprod(input, dim, *, dtype=None):
    """Running products along ``dim``; integers and bools give int64."""
    return _accumulated(Cumprod, input, dim, dtype)


def _accumulated(op, input, dim, dtype):
    x, dtype = summable(input, dtype)
    return in_dtype(_along(op, x, dim, reverse=False), dtype)


@numpy_names
def logcumsumexp(input, dim):
    """ln Σ exp(xⱼ) over all j <= i along ``dim``, without overflow."""
    x = tensor_of(input)
    check_floating("logcumsumexp", x)
    return _along(Logcumsumexp, x, dim)


@numpy_names
def cummax(input, dim):
    """(values, indices) of the largest element so far along ``dim``; of equal ones the last."""
    return _running("cummax", input, dim)


@numpy_names
def cummin(input, dim):
    """(values, indices) of the smallest element so far along ``dim``; of equal ones the last."""
    return _running("cummin", input, dim)


def _running(name, input, dim):
    x = tensor_of(input)
    axis = check_axis(dim, x._array.ndim)
    row = x if x._array.ndim else reshape(x, 1)
    indices = constant_kernel(f"{name}_index", row, axis)
    values = TakeAlong.apply(row, indices, axis=axis) if row._array.size else row.clone()
    found = (reshape(t, x._array.shape) for t in (values, indices))
    return getattr(return_types, name)(*found)


def _cut(x, axis, low, high):
    """x[low:high] along an axis."""
    return Index.apply(x, where=(*(slice(None),) * axis, slice(low, high)))


@numpy_names
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """The ``n``-th differences along ``dim``: x[i + 1] − x[i], of bools whether they differ.

    ``prepend`` and ``append`` are joined to the input first, unless ``n`` is 0.
    """
    x = tensor_of(input)
    if not x._array.ndim:
        raise RuntimeError("diff: input must have at least one dimension, got a 0-d tensor")
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"diff: n must be an int, got {n!r}")
    if n < 0:
        raise RuntimeError(f"diff: n={n} must not be negative")
    axis = check_axis(dim, x._array.ndim)
    if not n:
        return clone(x)
    parts = [p for p in (prepend, x, append) if p is not None]
    x = cat(parts, axis) if len(parts) > 1 else x
    for _ in range(n):
        if not x._array.shape[axis]:
            return x
        after, before = _cut(x, axis, 1, None), _cut(x, axis, None, -1)
        x = ne(after, before) if dtype_of(x) is dtypes.bool_ else after - before
    return x


@numpy_names
def trapezoid(y, x=None, *, dx=None, dim=-1):
    """∫ y dx along ``dim`` by the trapezoidal rule, at points ``x`` or in steps of ``dx`` (1)."""
    areas, axis = _areas("trapezoid", y, x, dx, dim)
    empty = not y._array.shape[axis]
    return sum(areas, axis, dtype=dtype_of(y if empty else areas))


@numpy_names
def trapz(y, x=None, *, dx=None, dim=-1):
    """The same as :func:`trapezoid`."""
    return trapezoid(y, x, dx=dx, dim=dim)


@numpy_names
def cumulative_trapezoid(y, x=None, *, dx=None, dim=-1):
    """The running integrals of :func:`trapezoid`, one fewer than points."""
    areas, axis = _areas("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(areas, axis)


def _areas(name, y, x, dx, dim):
    """(the trapezes between neighbours, their axis)"""
    y = tensor_of(y, "y")
    if dtype_of(y) is dtypes.bool_:
        raise RuntimeError(f"{name}: y must hold numbers, got {dtype_of(y)}")
    if not y._array.ndim:
        raise IndexError(f"{name}: y must have at least one dimension, got a 0-d tensor")
    if x is not None and dx is not None:
        raise TypeError(f"{name}: give x or dx, not both")
    axis = check_axis(dim, y._array.ndim)
    sums = _cut(y, axis, 1, None) + _cut(y, axis, None, -1)
    if x is None:
        return sums * (0.5 * (1 if dx is None else dx)), axis
    x = tensor_of(x, "x")
    if x._array.ndim == 1:
        points = y._array.shape[axis]
        if x._array.size != points:
            raise RuntimeError(f"{name}: x of shape {x.shape} does not fit y's {points} points")
        x = reshape(x, -1, *(1,) * (y._array.ndim - axis - 1))
    along = axis - (y._array.ndim - x._array.ndim)
    return sums * diff(x, dim=along) * 0.5, axis
