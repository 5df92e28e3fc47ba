"""Sums and extremes over axes."""

import math

from ..registry import array_module, kernel


def normalized_axes(axis, ndim):
    """``axis`` (None, an int or a tuple) as a sorted tuple of non-negative ints."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is tuple and len(axis) == 1 and 0 <= axis[0] < ndim:
        return axis
    axes = axis if isinstance(axis, tuple) else (axis,)
    for a in axes:
        if not -ndim <= a < max(ndim, 1):
            raise IndexError(f"axis {a} is out of range for an array with {ndim} axes")
    found = tuple(sorted(a % max(ndim, 1) for a in axes))
    if len(set(found)) < len(found):
        raise ValueError(f"axis {axis} names the same axis twice")
    return found if ndim else ()


def broadcast_axes(shape, target):
    """The axes along which ``target`` was repeated to give ``shape``."""
    lead = len(shape) - len(target)
    if lead < 0 or any(t not in (1, s) for s, t in zip(shape[lead:], target, strict=True)):
        raise ValueError(f"shape {target} does not broadcast to {shape}")
    repeated = (lead + i for i, t in enumerate(target) if t == 1 != shape[lead + i])
    return (*range(lead), *repeated)


def _last(make, shape):
    return make.normal(shape), (-1 if shape else None)


@kernel(_last)
def sum(x, axis=None, keepdims=False):
    """Σ x over ``axis`` (None: all, an int or a tuple); integers and booleans give int64"""
    dtype = x.dtype if x.dtype.kind in "fc" else "int64"
    return x.sum(axis=normalized_axes(axis, x.ndim), keepdims=keepdims, dtype=dtype)


@kernel(lambda make, shape: (make.normal(shape), (0 if shape else None), True))
def mean(x, axis=None, keepdims=False):
    """Σ x / n over ``axis``; NaN where nothing is averaged"""
    count = math.prod(x.shape[a] for a in normalized_axes(axis, x.ndim))
    return sum(x, axis, keepdims) / (count or float("nan"))


@kernel(_last, allows_empty=False)
def amax(x, axis=None, keepdims=False):
    """The largest element over ``axis``; NaN if there is one"""
    return x.max(axis=normalized_axes(axis, x.ndim), keepdims=keepdims)


@kernel(_last, allows_empty=False)
def amin(x, axis=None, keepdims=False):
    """The smallest element over ``axis``; NaN if there is one"""
    return x.min(axis=normalized_axes(axis, x.ndim), keepdims=keepdims)


@kernel(lambda make, shape: (make.uniform(shape, 0.5, 1.5), (-1 if shape else None)))
def prod(x, axis=None, keepdims=False):
    """Π x over ``axis`` (None: all, or an int); integers and booleans give int64"""
    dtype = x.dtype if x.dtype.kind in "fc" else "int64"
    return array_module(x).asarray(x.prod(axis=axis, keepdims=keepdims, dtype=dtype))


@kernel(lambda make, shape: (make.normal(shape), (-1 if shape else None), False, 3.0))
def norm(x, axis, keepdims, p):
    """(Σ |x|ᵖ)^(1/p) over ``axis``; for p = ±∞ the extreme |x|, for p = 0 how many are not 0"""
    xp = array_module(x)
    if p == 0:
        return xp.asarray(sum(x != 0, axis, keepdims).astype(x.dtype))
    if p == 2:
        return xp.asarray(xp.sqrt(sum(x * x, axis, keepdims)))
    size = xp.abs(x)
    if p == 1:
        return xp.asarray(sum(size, axis, keepdims))
    if math.isinf(p):
        return xp.asarray((amax if p > 0 else amin)(size, axis, keepdims))
    return xp.asarray(sum(size**p, axis, keepdims) ** (1 / p))


@kernel(lambda make, shape: (make.normal(shape), (-1 if shape else None), 1.0))
def variance(x, axis, correction):
    """Σ (x − mean)² / max(n − correction, 0) over ``axis``, and the mean; both keep their axes"""
    axes = normalized_axes(axis, x.ndim)
    count = math.prod(x.shape[a] for a in axes)
    average = array_module(x).asarray(mean(x, axes, True))
    centred = x - average
    freedom = x.dtype.type(max(count - correction, 0))
    return sum(centred * centred, axes, True) / freedom, average


@kernel(lambda make, shape: (make.normal((2, *shape)), shape))
def unbroadcast(g, shape):
    """The adjoint of broadcasting ``shape`` to the shape of g: sums over the repeated axes"""
    if g.shape == shape:
        return g
    return sum(g, broadcast_axes(g.shape, shape)).reshape(shape)


@kernel(lambda make, shape: (make.normal(shape),))
def sum_of_squares(x):
    """Σ x² in float64"""
    x = array_module(x).asarray(x, "float64")
    return (x * x).sum()
