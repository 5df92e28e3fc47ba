"""Sums, means and extremes over axes."""

from .. import backend, dtypes
from ..engine.graph import as_array, dtype_of, new_tensor, values
from ..engine.op import Op, Sample
from .cast import cast
from .operands import check_axes, check_axis, floating, tensor_of

__all__ = ["all", "amax", "amin", "any", "argmax", "argmin", "mean", "std", "sum", "var"]


def _samples(rng):
    x = rng.normal(size=(2, 3, 4))
    yield Sample("all", (x,), {"axis": None, "keepdims": False})
    yield Sample("last axis", (x,), {"axis": (2,), "keepdims": False})
    yield Sample("first axis kept", (x,), {"axis": (0,), "keepdims": True})
    yield Sample("two axes", (x,), {"axis": (0, 2), "keepdims": False})
    yield Sample("0-d", (rng.normal(size=()),), {"axis": None, "keepdims": False})


def _samples_and_empty(rng):
    yield from _samples(rng)
    yield Sample("empty", (rng.normal(size=(0, 3)),), {"axis": (0,), "keepdims": False})


def _kept(shape, axis):
    """The shape of a reduction with keepdims."""
    if axis is None:
        return (1,) * len(shape)
    return tuple(1 if i in axis else n for i, n in enumerate(shape))


def _count(shape, axis):
    total = 1
    for i, extent in enumerate(shape):
        if axis is None or i in axis:
            total *= extent
    return total


class Sum(Op):
    """y = Σ x over axes.    dL/dx = g repeated along them"""

    samples = _samples_and_empty

    def forward(ctx, k, x, *, axis, keepdims):
        ctx.shape, ctx.kept = x.shape, _kept(x.shape, axis)
        return k.sum(x, axis, keepdims)

    def vjp(ctx, k, g):
        return k.expand(k.reshape(g, ctx.kept), ctx.shape)

    def peer(torch, x, *, axis, keepdims):
        return x.sum(dim=axis, keepdim=keepdims)


class Mean(Op):
    """y = Σ x / n over axes.    dL/dx = g / n repeated along them"""

    samples = _samples

    def forward(ctx, k, x, *, axis, keepdims):
        ctx.shape, ctx.kept = x.shape, _kept(x.shape, axis)
        ctx.count = _count(x.shape, axis)
        return k.mean(x, axis, keepdims)

    def vjp(ctx, k, g):
        g = k.div(k.reshape(g, ctx.kept), float(ctx.count) or float("nan"))
        return k.expand(g, ctx.shape)

    def peer(torch, x, *, axis, keepdims):
        return x.mean(dim=axis, keepdim=keepdims)


class _Extreme(Op, abstract=True):
    samples = _samples

    def forward(ctx, k, x, *, axis, keepdims):
        y = getattr(k, ctx.name)(x, axis, keepdims)
        ctx.axis, ctx.kept = axis, _kept(x.shape, axis)
        ctx.save(x, y)
        return y

    def vjp(ctx, k, g):
        x, y = ctx.saved
        g, y = k.reshape(g, ctx.kept), k.reshape(y, ctx.kept)
        hits = k.astype(k.eq(x, y), g.dtype)
        return k.mul(hits, k.div(g, k.sum(hits, ctx.axis, True)))


class Amax(_Extreme):
    """y = max x over axes.    dL/dx = g / (number of ties) where x = y, 0 elsewhere"""

    def peer(torch, x, *, axis, keepdims):
        return torch.amax(x, dim=axis or (), keepdim=keepdims)


class Amin(_Extreme):
    """y = min x over axes.    dL/dx = g / (number of ties) where x = y, 0 elsewhere"""

    def peer(torch, x, *, axis, keepdims):
        return torch.amin(x, dim=axis or (), keepdim=keepdims)


class Unbroadcast(Op):
    """y = x summed down to a shape that broadcasts to its own.    dL/dx = g expanded"""

    def forward(ctx, k, x, *, shape):
        ctx.shape = x.shape
        return k.unbroadcast(x, shape)

    def vjp(ctx, k, g):
        return k.expand(g, ctx.shape)

    def samples(rng):
        yield Sample("leading and inner axes", (rng.normal(size=(2, 3, 4)),), {"shape": (3, 1)})
        yield Sample("to 0-d", (rng.normal(size=(2, 3)),), {"shape": ()})

    def peer(torch, x, *, shape):
        return x.sum_to_size(shape)


def sum(input, dim=None, keepdim=False, *, dtype=None):
    """Sum over all axes, or over ``dim``. Integers and bools sum to int64.

    >>> import minigrad as mg
    >>> mg.sum(mg.ones(2, 3), dim=1)
    tensor([3., 3.])
    """
    x = tensor_of(input)
    if dtype is not None:
        x = cast(x, dtypes.check(dtype))
    elif not dtype_of(x).is_floating_point:
        x = cast(x, dtypes.int64)
    return Sum.apply(x, axis=check_axes(dim, x._array.ndim), keepdims=keepdim)


def mean(input, dim=None, keepdim=False, *, dtype=None):
    """Mean over all axes, or over ``dim``; floating input (or ``dtype``) only, as in PyTorch."""
    x = tensor_of(input)
    if dtype is not None:
        x = cast(x, dtypes.check(dtype))
    if not dtype_of(x).is_floating_point:
        raise RuntimeError(
            f"mean: input must be floating point, got {dtype_of(x)}; use x.float().mean()"
        )
    return Mean.apply(x, axis=check_axes(dim, x._array.ndim), keepdims=keepdim)


def amax(input, dim=(), keepdim=False):
    """The maximum over all axes, or over ``dim``; ties share the gradient."""
    return _extreme(Amax, input, dim, keepdim)


def amin(input, dim=(), keepdim=False):
    """The minimum over all axes, or over ``dim``; ties share the gradient."""
    return _extreme(Amin, input, dim, keepdim)


def _extreme(op, input, dim, keepdim):
    x = tensor_of(input)
    axis = check_axes(dim, x._array.ndim)
    if _count(x._array.shape, axis) == 0 and x._array.size == 0:
        raise IndexError(f"{op.name}: dim={dim} of shape {x._array.shape} has no elements")
    return op.apply(x, axis=axis, keepdims=keepdim)


def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Σ (x − mean)² / (n − correction) over all axes, or over ``dim``.

    ``correction`` is 1 unless given; ``unbiased`` False is ``correction`` 0.
    """
    x = floating(input)
    if isinstance(dim, bool):  # var(False)
        dim, unbiased = None, dim
    if correction is None:
        correction = 0 if unbiased is False else 1
    elif unbiased is not None:
        raise TypeError("var: give unbiased or correction, not both")
    axis = check_axes(dim, x._array.ndim)
    centred = x - Mean.apply(x, axis=axis, keepdims=True)
    total = Sum.apply(centred * centred, axis=axis, keepdims=keepdim)
    freedom = max(_count(x._array.shape, axis) - correction, 0)
    return total / float(freedom) if freedom else total * float("nan")


def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The square root of :func:`var`."""
    return var(input, dim, unbiased, keepdim, correction=correction).sqrt()


def argmax(input, dim=None, keepdim=False):
    """The index of the first maximum (of the flattened tensor if ``dim`` is None), as int64."""
    return _arg_extreme("argmax", input, dim, keepdim)


def argmin(input, dim=None, keepdim=False):
    """The index of the first minimum (of the flattened tensor if ``dim`` is None), as int64."""
    return _arg_extreme("argmin", input, dim, keepdim)


def _arg_extreme(name, input, dim, keepdim):
    x = values(tensor_of(input))
    if x.size == 0:
        raise IndexError(f"{name}: the input of shape {x.shape} has no elements")
    axis = None if dim is None else check_axis(dim, x.ndim)
    xp = backend.array_module(x)
    found = getattr(xp, name)(x, axis=axis if x.ndim else None, keepdims=keepdim and x.ndim > 0)
    return new_tensor(as_array(xp.asarray(found)))


def any(input, dim=None, keepdim=False):
    """Whether some element over the axes is not zero, as a bool tensor."""
    return _truth("any", input, dim, keepdim)


def all(input, dim=None, keepdim=False):
    """Whether all elements over the axes are not zero, as a bool tensor."""
    return _truth("all", input, dim, keepdim)


def _truth(name, input, dim, keepdim):
    x = values(tensor_of(input))
    function = getattr(backend.array_module(x), name)
    return new_tensor(as_array(function(x, axis=check_axes(dim, x.ndim), keepdims=keepdim)))
