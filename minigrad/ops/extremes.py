"""Extremes and medians: values, and where they are."""

import numpy as np

from .. import dtypes, return_types
from ..engine.graph import TensorBase, dtype_of, new_tensor
from ..engine.op import Op, Sample
from .operands import check_axes, check_axis, numpy_names, tensor_of
from .reduce import axis_samples, constant_kernel, count_over, kept_shape, mean
from .select import maximum, minimum
from .shape import reshape

__all__ = [
    "amax",
    "amin",
    "aminmax",
    "argmax",
    "argmin",
    "max",
    "median",
    "min",
    "mode",
    "nanmedian",
]


def shared(k, g, chosen, axis, kept):
    """g in equal parts where ``chosen`` holds, 0 elsewhere."""
    g = k.reshape(g, kept)
    chosen = k.astype(chosen, g.dtype)
    return k.mul(chosen, k.div(g, k.sum(chosen, axis, True)))


class _Extreme(Op, abstract=True):
    samples = axis_samples

    def forward(ctx, k, x, *, axis, keepdims):
        y = getattr(k, ctx.name)(x, axis, keepdims)
        ctx.axis, ctx.kept = axis, kept_shape(x.shape, axis)
        ctx.save(x, y)
        return y

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return shared(k, g, k.eq(x, k.reshape(y, ctx.kept)), ctx.axis, ctx.kept)


class Amax(_Extreme):
    """y = max x over axes.    dL/dx = g / (number of ties) where x = y, 0 elsewhere"""

    def peer(torch, x, *, axis, keepdims):
        return torch.amax(x, dim=axis or (), keepdim=keepdims)


class Amin(_Extreme):
    """y = min x over axes.    dL/dx = g / (number of ties) where x = y, 0 elsewhere"""

    def peer(torch, x, *, axis, keepdims):
        return torch.amin(x, dim=axis or (), keepdim=keepdims)


class Spread(Op):
    """y = one number of x, given with its index among all.

    dL/dx = g / (number of elements equal to it), 0 elsewhere; NaNs equal each other here.
    """

    def forward(ctx, k, x, index):
        y = k.reshape(k.take_along(k.reshape(x, (-1,)), index, 0), ())
        ctx.kept = (1,) * x.ndim
        ctx.save(x, y)
        return y

    def vjp(ctx, k, g):
        x, y = ctx.saved
        chosen = k.eq(x, y) if k.all(k.eq(y, y)) else k.ne(x, x)
        return shared(k, g, chosen, None, ctx.kept), None

    def samples(rng):
        yield Sample("matrix", (rng.normal(size=(2, 3)), np.array([1])))

    def peer(torch, x, index):
        return x.reshape(-1)[index].reshape(())


class Chosen(Op):
    """y = x at one index for each place along an axis, without it.    dL/dx = g there, else 0"""

    def forward(ctx, k, x, index, *, axis, keepdims):
        ctx.axis, ctx.shape, ctx.kept = axis, x.shape, index.shape
        ctx.save(index)
        y = k.take_along(x, index, axis)
        return y if keepdims else k.reshape(y, (*x.shape[:axis], *x.shape[axis + 1 :]))

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        return k.add_along(k.reshape(g, ctx.kept), index, ctx.axis, ctx.shape), None

    def samples(rng):
        x, index = rng.normal(size=(3, 4)), rng.integers(0, 3, (1, 4))
        yield Sample("of columns", (x, index), {"axis": 0, "keepdims": False})
        yield Sample("of columns, kept", (x, index), {"axis": 0, "keepdims": True})

    def peer(torch, x, index, *, axis, keepdims):
        y = x.gather(axis, index)
        return y if keepdims else y.squeeze(axis)


@numpy_names
def amax(input, dim=(), keepdim=False):
    """The maximum over all axes, or over ``dim``; ties share the gradient."""
    return _extreme(Amax, input, dim, keepdim)


@numpy_names
def amin(input, dim=(), keepdim=False):
    """The minimum over all axes, or over ``dim``; ties share the gradient."""
    return _extreme(Amin, input, dim, keepdim)


def _extreme(op, input, dim, keepdim):
    x = tensor_of(input)
    axis = check_axes(dim, x._array.ndim)
    refuse_empty(op.name, x, axis, dim)
    return op.apply(x, axis=axis, keepdims=keepdim)


def refuse_empty(name, x, axis, dim):
    """Refuse to choose among no elements."""
    shape = x._array.shape
    if count_over(shape, axis) == 0:
        raise IndexError(f"{name}: shape {shape} has no elements to choose from, dim={dim}")


def _chosen(name, index_kernel, x, dim, keepdim, *parameters):
    """(values, indices) of what a kernel chooses along ``dim``."""
    axis = check_axis(dim, x._array.ndim)
    if not x._array.ndim:
        found = _chosen(name, index_kernel, reshape(x, 1), 0, False, *parameters)
    else:
        refuse_empty(name, x, (axis,), dim)
        indices = constant_kernel(index_kernel, x, axis, *parameters)
        found = Chosen.apply(x, indices, axis=axis, keepdims=bool(keepdim)), indices
        if not keepdim:
            found = found[0], new_tensor(indices._array.reshape(found[0]._array.shape))
    return getattr(return_types, name)(*found)


def _one_of_all(name, index_kernel, x, *parameters):
    """What a kernel chooses among all elements; equal ones share the gradient."""
    refuse_empty(name, x, None, None)
    index = constant_kernel(index_kernel, reshape(x, -1), 0, *parameters)
    return Spread.apply(x, index)


@numpy_names
def max(input, dim=None, keepdim=False, *, other=None):
    """The largest element; with ``dim``, (values, indices) along it; or the larger of a pair.

    NaN is the largest of all. ``max(x)`` shares its gradient among ties; ``max(x, dim)`` gives it
    to the first of them.

    >>> import minigrad as mg
    >>> mg.max(mg.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1).values
    tensor([5., 7.])
    """
    return _max_or_min("max", "argmax", maximum, input, dim, keepdim, other)


@numpy_names
def min(input, dim=None, keepdim=False, *, other=None):
    """The smallest element; with ``dim``, (values, indices) along it; or the smaller of a pair.

    NaN counts as the smallest. Gradients as in :func:`max`.
    """
    return _max_or_min("min", "argmin", minimum, input, dim, keepdim, other)


def _max_or_min(name, index_kernel, elementwise, input, dim, keepdim, other):
    other = dim if isinstance(dim, TensorBase) else other
    if other is not None:
        return elementwise(input, other)
    x = tensor_of(input)
    if dim is not None:
        return _chosen(name, index_kernel, x, dim, keepdim, True)
    if keepdim is not False:
        raise TypeError(f"{name}: keepdim={keepdim} needs a dim")
    return _one_of_all(name, index_kernel, x, True)


@numpy_names
def aminmax(input, *, dim=None, keepdim=False):
    """(min, max) over all elements, or along the int ``dim``; ties share the gradients."""
    axis = () if dim is None else check_axis(dim, tensor_of(input)._array.ndim)
    return return_types.aminmax(amin(input, axis, keepdim), amax(input, axis, keepdim))


@numpy_names
def argmax(input, dim=None, keepdim=False):
    """The index of the first maximum (of the flattened tensor if ``dim`` is None), as int64."""
    return _arg_extreme("argmax", input, dim, keepdim)


@numpy_names
def argmin(input, dim=None, keepdim=False):
    """The index of the first minimum (of the flattened tensor if ``dim`` is None), as int64."""
    return _arg_extreme("argmin", input, dim, keepdim)


def _arg_extreme(name, input, dim, keepdim):
    x = tensor_of(input)
    if dtype_of(x) is dtypes.bool_:
        raise RuntimeError(f"{name}: input must hold numbers, got {dtype_of(x)}; use x.int()")
    axis = None if dim is None else check_axis(dim, x._array.ndim)
    refuse_empty(name, x, None if axis is None else (axis,), dim)
    if not x._array.ndim:
        axis, keepdim = None, False
    return constant_kernel(name, x, axis, keepdim)


@numpy_names
def median(input, dim=None, keepdim=False):
    """The lower median; with ``dim``, (values, indices) along it. NaN if there is one."""
    return _median("median", input, dim, keepdim, False)


@numpy_names
def nanmedian(input, dim=None, keepdim=False):
    """:func:`median` of what is not NaN; NaN where nothing is left."""
    return _median("nanmedian", input, dim, keepdim, True)


def _median(name, input, dim, keepdim, skip_nan):
    x = tensor_of(input)
    if dim is not None:
        return _chosen(name, "argmedian", x, dim, keepdim, skip_nan)
    if keepdim is not False:
        raise TypeError(f"{name}: keepdim={keepdim} needs a dim")
    if not x._array.size:
        return mean(x)
    return _one_of_all(name, "argmedian", x, skip_nan)


@numpy_names
def mode(input, dim=-1, keepdim=False):
    """(values, indices) of the most frequent element along ``dim``, the smallest of equals.

    The index is that of its last place.

    >>> import minigrad as mg
    >>> mg.mode(mg.tensor([3, 1, 3, 1])).values
    tensor(1)
    """
    return _chosen("mode", "argmode", tensor_of(input), dim, keepdim)
