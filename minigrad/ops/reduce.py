"""Sums, products and means over axes."""

from .. import backend, dtypes
from ..engine.graph import TensorBase, as_array, dtype_of, new_tensor, values
from ..engine.op import Op, Sample
from .cast import cast
from .compare import isnan, logical_not, ne
from .functions import exp
from .operands import check_axes, check_axis, floating, numpy_names, tensor_of
from .select import where

__all__ = [
    "all",
    "any",
    "count_nonzero",
    "logsumexp",
    "mean",
    "nanmean",
    "nansum",
    "prod",
    "sum",
]


def axis_samples(rng):
    x = rng.normal(size=(2, 3, 4))
    yield Sample("all", (x,), {"axis": None, "keepdims": False})
    yield Sample("last axis", (x,), {"axis": (2,), "keepdims": False})
    yield Sample("first axis kept", (x,), {"axis": (0,), "keepdims": True})
    yield Sample("two axes", (x,), {"axis": (0, 2), "keepdims": False})
    yield Sample("0-d", (rng.normal(size=()),), {"axis": None, "keepdims": False})


def axis_samples_and_empty(rng):
    yield from axis_samples(rng)
    yield Sample("empty", (rng.normal(size=(0, 3)),), {"axis": (0,), "keepdims": False})


def kept_shape(shape, axis):
    """The shape of a reduction with keepdims."""
    if axis is None:
        return (1,) * len(shape)
    return tuple(1 if i in axis else n for i, n in enumerate(shape))


def count_over(shape, axis):
    total = 1
    for i, extent in enumerate(shape):
        if axis is None or i in axis:
            total *= extent
    return total


class Sum(Op):
    """y = Σ x over axes.    dL/dx = g repeated along them"""

    precision = "fp32"
    samples = axis_samples_and_empty

    def forward(ctx, k, x, *, axis, keepdims):
        ctx.shape, ctx.kept = x.shape, kept_shape(x.shape, axis)
        return k.sum(x, axis, keepdims)

    def vjp(ctx, k, g):
        return k.repeated(k.reshape(g, ctx.kept), ctx.shape)

    def peer(torch, x, *, axis, keepdims):
        return x.sum(dim=axis, keepdim=keepdims)


class Mean(Op):
    """y = Σ x / n over axes.    dL/dx = g / n repeated along them"""

    samples = axis_samples

    def forward(ctx, k, x, *, axis, keepdims):
        ctx.shape, ctx.kept = x.shape, kept_shape(x.shape, axis)
        ctx.count = count_over(x.shape, axis)
        return k.mean(x, axis, keepdims)

    def vjp(ctx, k, g):
        g = k.div(k.reshape(g, ctx.kept), float(ctx.count) or float("nan"))
        return k.repeated(g, ctx.shape)

    def peer(torch, x, *, axis, keepdims):
        return x.mean(dim=axis, keepdim=keepdims)


class Prod(Op):
    """y = Π x along an axis.    dL/dx = g · (the product of all others), exact at zeros"""

    precision = "fp32"

    def forward(ctx, k, x, *, axis, keepdims):
        ctx.axis, ctx.kept = axis, kept_shape(x.shape, (axis,))
        y = k.prod(x, axis, keepdims)
        ctx.save(x, y)
        return y

    def vjp(ctx, k, g):
        x, y = ctx.saved
        g = k.reshape(g, ctx.kept)
        if k.all(x):
            return k.div(k.mul(g, k.reshape(y, ctx.kept)), x)
        before = k.shift(k.cumprod(x, ctx.axis, False), ctx.axis, 1, 1.0)
        after = k.shift(k.cumprod(x, ctx.axis, True), ctx.axis, -1, 1.0)
        return k.mul(g, k.mul(before, after))

    def samples(rng):
        x = rng.uniform(0.5, 1.5, (2, 3))
        yield Sample("rows", (x,), {"axis": 1, "keepdims": False})
        yield Sample("columns kept", (x,), {"axis": 0, "keepdims": True})
        one_zero, two_zeros = x.copy(), x.copy()
        one_zero[0, 1] = 0
        two_zeros[1, :2] = 0
        yield Sample("a zero", (one_zero,), {"axis": 1, "keepdims": False})
        yield Sample("two zeros", (two_zeros,), {"axis": 1, "keepdims": False})
        yield Sample("vector", (x[0],), {"axis": 0, "keepdims": False})

    def peer(torch, x, *, axis, keepdims):
        return x.prod(axis, keepdim=keepdims)


class Logsumexp(Op):
    """y = ln Σ exp(x) over axes.    dL/dx = g · exp(x − y), 0 where y = −∞"""

    precision = "fp32"
    samples = axis_samples

    def forward(ctx, k, x, *, axis, keepdims):
        ctx.kept = kept_shape(x.shape, axis)
        y = k.logsumexp(x, axis, keepdims)
        ctx.save(x, y)
        return y

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return k.scaled_exp(k.reshape(g, ctx.kept), x, k.reshape(y, ctx.kept))

    def peer(torch, x, *, axis, keepdims):
        axis = tuple(range(x.dim())) if axis is None else axis
        return torch.logsumexp(x, axis, keepdim=keepdims)


class ScaledExp(Op):
    """z = g · exp(x − y).    dL/dg = h · exp(x − y),  dL/dx = h · z,  dL/dy = −h · z"""

    def forward(ctx, k, g, x, y):
        ctx.save(g, x, y)
        return k.scaled_exp(g, x, y)

    def vjp(ctx, k, h):
        g, x, y = ctx.saved
        slope = k.scaled_exp(k.mul(h, g), x, y)
        return k.scaled_exp(h, x, y) if ctx.needs(0) else None, slope, k.neg(slope)

    def samples(rng):
        yield Sample("rows", tuple(rng.normal(size=s) for s in ((3, 1), (3, 4), (3, 1))))
        yield Sample("0-d", tuple(rng.normal(size=()) for _ in range(3)))

    def peer(torch, g, x, y):
        return g * (x - y).exp()


class Unbroadcast(Op):
    """y = x summed down to a shape that broadcasts to its own.    dL/dx = g expanded"""

    def forward(ctx, k, x, *, shape):
        ctx.shape = x.shape
        return k.unbroadcast(x, shape)

    def vjp(ctx, k, g):
        return k.repeated(g, ctx.shape)

    def samples(rng):
        yield Sample("leading and inner axes", (rng.normal(size=(2, 3, 4)),), {"shape": (3, 1)})
        yield Sample("to 0-d", (rng.normal(size=(2, 3)),), {"shape": ()})

    def peer(torch, x, *, shape):
        return x.sum_to_size(shape)


def in_dtype(x, dtype):
    """The tensor in ``dtype``, or as it is if that is None."""
    return x if dtype is None else cast(x, dtypes.check(dtype))


def summable(input, dtype):
    """(a tensor whose sums and products have the right dtype, that dtype or None)"""
    if dtype is None and isinstance(input, TensorBase) and input._array.dtype.kind == "f":
        return input, None
    x = in_dtype(tensor_of(input), dtype)
    if dtype is None and not dtype_of(x).is_floating_point:
        return cast(x, dtypes.int64), None
    return x, dtype


@numpy_names
def sum(input, dim=None, keepdim=False, *, dtype=None):
    """Sum over all axes, or over ``dim``. Integers and bools sum to int64.

    >>> import minigrad as mg
    >>> mg.sum(mg.ones(2, 3), dim=1)
    tensor([3., 3.])
    """
    x, dtype = summable(input, dtype)
    return in_dtype(Sum.apply(x, axis=check_axes(dim, x._array.ndim), keepdims=keepdim), dtype)


@numpy_names
def nansum(input, dim=None, keepdim=False, *, dtype=None):
    """:func:`sum` with every NaN counted as 0."""
    x = tensor_of(input)
    return sum(where(isnan(x), 0, x) if _may_hold_nan(x) else x, dim, keepdim, dtype=dtype)


def _may_hold_nan(x):
    return dtype_of(x).is_floating_point


@numpy_names
def mean(input, dim=None, keepdim=False, *, dtype=None):
    """Mean over all axes, or over ``dim``; floating input (or ``dtype``) only, as in PyTorch."""
    x = in_dtype(tensor_of(input), dtype)
    check_floating("mean", x, "use x.float().mean()")
    return Mean.apply(x, axis=check_axes(dim, x._array.ndim), keepdims=keepdim)


def check_floating(name, x, fix="convert it with .float()"):
    """Refuse integers and bools."""
    if not dtype_of(x).is_floating_point:
        raise RuntimeError(f"{name}: input must be floating point, got {dtype_of(x)}; {fix}")


@numpy_names
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean of what is not NaN; NaN where nothing is left."""
    x = tensor_of(input)
    check_floating("nanmean", x)
    total = nansum(x, dim, keepdim, dtype=dtype)
    return total / sum(logical_not(isnan(x)), dim, keepdim)


@numpy_names
def prod(input, dim=None, keepdim=False, *, dtype=None):
    """Product over all axes, or along the int ``dim``. Integers and bools give int64."""
    x, dtype = summable(input, dtype)
    axis = 0 if dim is None else check_axis(dim, x._array.ndim)
    if dim is None or not x._array.ndim:
        y = Prod.apply(x.reshape(-1), axis=0, keepdims=False)
    else:
        y = Prod.apply(x, axis=axis, keepdims=keepdim)
    return in_dtype(y, dtype)


@numpy_names
def logsumexp(input, dim, keepdim=False):
    """ln Σ exp(x) over ``dim`` (an int or a tuple), without overflow."""
    x = floating(input)
    if dim is None:
        raise TypeError("logsumexp: dim must be an int or a tuple of ints, got None")
    axis = check_axes(dim, x._array.ndim)
    if not x._array.size:
        return sum(exp(x), dim, keepdim).log()
    return Logsumexp.apply(x, axis=axis, keepdims=keepdim)


@numpy_names
def any(input, dim=None, keepdim=False):
    """Whether some element over all axes, or over ``dim``, is not zero, as a bool tensor."""
    return _truth("any", input, dim, keepdim)


@numpy_names
def all(input, dim=None, keepdim=False):
    """Whether no element over all axes, or over ``dim``, is zero, as a bool tensor."""
    return _truth("all", input, dim, keepdim)


def _truth(name, input, dim, keepdim):
    x = tensor_of(input)
    if type(dim) in (tuple, list) and not dim:  # no axes: each element by itself
        found = ne(x, 0)
    else:
        found = constant_kernel(name, x, check_axes(dim, x._array.ndim), keepdim)
    return cast(found, dtypes.uint8) if dtype_of(x) is dtypes.uint8 else found


def constant_kernel(name, x, *parameters):
    """What a kernel without gradient finds in a tensor, as a tensor."""
    array = values(x)
    return new_tensor(as_array(getattr(backend.kernels_of(array), name)(array, *parameters)))


@numpy_names
def count_nonzero(input, dim=None):
    """How many elements over all axes, or over ``dim``, are not zero."""
    return sum(ne(input, 0), dim)
