"""Elements along one axis: which one is meant, reading it, and adding to it."""

from ..registry import array_module, kernel


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


@kernel(lambda make, shape: (make.normal(shape), -1), min_ndim=1)
def order(x, axis):
    """The indices that sort x along ``axis``: equal elements in their order, NaN last"""
    return array_module(x).argsort(x, axis=axis, kind="stable")


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
    return xp.take_along_axis(order(x, axis), rank, axis)


def _with_index(make, shape):
    return make.normal(shape), make.integers(shape, 0, shape[-1]), -1


@kernel(_with_index, min_ndim=1, allows_empty=False)
def take_along(x, index, axis):
    """x at ``index`` along ``axis``; their other extents agree"""
    return array_module(x).take_along_axis(x, index, axis)


@kernel(
    lambda make, shape: (*_with_index(make, shape), shape[-1]),
    min_ndim=1,
    allows_empty=False,
    notes={"sums": True},
)
def add_along(g, index, axis, extent):
    """Zeros with ``extent`` elements along ``axis`` and g added at ``index``"""
    xp = array_module(g)
    shape = list(g.shape)
    shape[axis] = extent
    where = [
        xp.arange(n).reshape([-1 if i == a else 1 for i in range(g.ndim)])
        for a, n in enumerate(g.shape)
    ]
    where[axis] = index
    out = xp.zeros(shape, g.dtype)
    xp.add.at(out, tuple(where), g)
    return out
