"""Which element along one axis is meant: the extremes, the median, the order."""

from ..registry import array_module, kernel
from .gather import take_along


def _along(make, shape):
    return make.normal(shape), (-1 if shape else None)


@kernel(_along, allows_empty=False)
def argmax(x, axis=None, keepdims=False):
    """The index of the first largest element along ``axis`` (None: of all); NaN is the largest"""
    return x.argmax(axis=axis, keepdims=keepdims)


@kernel(_along, allows_empty=False)
def argmin(x, axis=None, keepdims=False):
    """The index of the first smallest element along ``axis`` (None: of all), or the first NaN"""
    return x.argmin(axis=axis, keepdims=keepdims)


@kernel(lambda make, shape: (make.normal(shape), -1, True), min_ndim=1)
def order(x, axis, descending=False):
    """The indices that sort x along ``axis``: equal elements in their order, NaN the largest"""
    xp = array_module(x)
    if not descending:
        return xp.argsort(x, axis=axis, kind="stable")
    return x.shape[axis] - 1 - xp.flip(xp.argsort(xp.flip(x, axis), axis=axis, kind="stable"), axis)


@kernel(lambda make, shape: (make.normal(shape), -1, 1, True), min_ndim=1, allows_empty=False)
def first_in_order(x, axis, count, descending):
    """The first ``count`` of the indices that sort x along ``axis``"""
    where = (slice(None),) * (axis % x.ndim) + (slice(count),)
    return order(x, axis, descending)[where].copy()


@kernel(lambda make, shape: (make.normal(shape), -1, False), min_ndim=1, allows_empty=False)
def argmedian(x, axis, skip_nan):
    """The index of the lower median along ``axis``, kept with extent 1

    The first NaN is the median if there is one, unless ``skip_nan`` leaves NaNs out.
    """
    xp = array_module(x)
    extent = x.shape[axis]
    count = (x == x).sum(axis=axis, keepdims=True)
    if skip_nan:
        rank = xp.maximum(count - 1, 0) // 2
    else:
        rank = xp.where(count == extent, (extent - 1) // 2, count)
    return take_along(order(x, axis), rank, axis % x.ndim)


@kernel(lambda make, shape: (make.integers(shape, 0, 3), -1), min_ndim=1, allows_empty=False)
def argmode(x, axis):
    """The last index of the most frequent element along ``axis``, the smallest of equals, kept"""
    xp = array_module(x)
    axis = axis % x.ndim
    ranks = order(x, axis)
    ranked = take_along(x, ranks, axis)
    position = xp.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    later = tuple(slice(1, None) if a == axis else slice(None) for a in range(x.ndim))
    earlier = tuple(slice(-1) if a == axis else slice(None) for a in range(x.ndim))
    starts = xp.zeros(x.shape, "int64")
    starts[later] = (ranked[later] != ranked[earlier]) * position[1:]
    length = position - xp.maximum.accumulate(starts, axis=axis)
    return take_along(ranks, length.argmax(axis=axis, keepdims=True), axis)
