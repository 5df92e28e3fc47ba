"""Reading, adding and writing at indices, by loops over (outer, n, inner).

Elements that are added to one place are added in their order by one thread.
"""

import math
from functools import wraps

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty, zeros
from ..reference import gather as reference
from .maps import FAST

INDEX = np.dtype(np.int64)
WAYS = PUT, MULTIPLY, MAXIMUM, MINIMUM = range(4)  # to write to an element
CLEARED = 1 << 15  # elements that become 0 before sums are collected in them


@jit()
def _refuse_outside(index, extent):
    n = np.uint64(extent)  # negative numbers become large ones
    for k in range(index.size):
        if np.uint64(index[k]) >= n:
            raise IndexError


@jit()
def _take_rows(x, out, index):
    """out[i, k] = x[i, index[k]]"""
    _refuse_outside(index, x.shape[1])
    for i in range(x.shape[0]):
        for k in range(index.size):
            source, target = x[i, np.uint64(index[k])], out[i, k]
            for j in range(target.size):
                target[j] = source[j]


@jit()
def _take_columns(x, out, index):
    """out[i, k] = x[i, index[k]]"""
    _refuse_outside(index, x.shape[1])
    for i in range(x.shape[0]):
        source, target = x[i], out[i]
        for k in range(index.size):
            target[k] = source[np.uint64(index[k])]


@jit()
def _add_rows(g, out, index):
    """out[i, index[k]] += g[i, k]"""
    _refuse_outside(index, out.shape[1])
    for i in range(g.shape[0]):
        for k in range(index.size):
            source, target = g[i, k], out[i, np.uint64(index[k])]
            for j in range(source.size):
                target[j] += source[j]


@jit()
def _add_columns(g, out, index):
    """out[i, index[k]] += g[i, k]"""
    _refuse_outside(index, out.shape[1])
    for i in range(g.shape[0]):
        source, target = g[i], out[i]
        for k in range(index.size):
            target[np.uint64(index[k])] += source[k]


@jit()
def _take_along_rows(index, x, out):
    """out[i, k] = x[i, index[i, k]]"""
    n = np.uint64(x.shape[1])
    for i in range(index.shape[0]):
        for k in range(index.shape[1]):
            place = np.uint64(index[i, k])
            if place >= n:
                raise IndexError
            out[i, k] = x[i, place]


@jit()
def _take_along(index, x, out):
    """out[i, k, j] = x[i, index[i, k, j], j]"""
    n = np.uint64(x.shape[1])
    for i in range(index.shape[0]):
        for k in range(index.shape[1]):
            for j in range(index.shape[2]):
                place = np.uint64(index[i, k, j])
                if place >= n:
                    raise IndexError
                out[i, k, j] = x[i, place, j]


@jit()
def _add_along_rows(index, g, out):
    """out[i, index[i, k]] = Σ g[i, k]"""
    n, flat = np.uint64(out.shape[1]), out.reshape(out.size)
    together = max(CLEARED // out.shape[1], 1)
    for start in range(0, len(out), together):
        cleared = flat[start * out.shape[1] : (start + together) * out.shape[1]]
        for j in range(cleared.size):
            cleared[j] = g.dtype.type(0)
        for i in range(start, min(start + together, len(out))):
            for k in range(index.shape[1]):
                place = np.uint64(index[i, k])
                if place >= n:
                    raise IndexError
                out[i, place] += g[i, k]


@jit()
def _add_along(index, g, out):
    """out[i, index[i, k, j], j] = Σ g[i, k, j]"""
    n = np.uint64(out.shape[1])
    for i in range(index.shape[0]):
        plane = out[i].reshape(out[i].size)
        for j in range(plane.size):
            plane[j] = g.dtype.type(0)
        for k in range(index.shape[1]):
            for j in range(index.shape[2]):
                place = np.uint64(index[i, k, j])
                if place >= n:
                    raise IndexError
                out[i, place, j] += g[i, k, j]


@jit(forceinline=True)
def _written(how, a, b):
    """What becomes of an element a that meets a value b; NaN is larger and smaller than all"""
    if how == PUT:
        return b
    if how == MULTIPLY:
        return a * b
    if how == MAXIMUM:
        return b if b > a or b != b else a
    return b if b < a or b != b else a


def _writing(how):
    """The loop that makes out[i, index[i, k, j], j] what ``how`` makes of it and values

    A number says how: a loop that encloses a function is not found in the cache again.
    """

    @jit()
    def loop(index, values, out):
        n = np.uint64(out.shape[1])
        for i in range(index.shape[0]):
            for k in range(index.shape[1]):
                for j in range(index.shape[2]):
                    place = np.uint64(index[i, k, j])
                    if place >= n:
                        raise IndexError
                    out[i, place, j] = _written(how, out[i, place, j], values[i, k, j])

    return loop


_put_along, _multiply_along, _maximum_along, _minimum_along = map(_writing, WAYS)


def _run(loop, arrays, index, axis, extent, *scalars):
    """Launch a loop; where it meets an index out of bounds, say which."""
    try:
        launch.split(loop, arrays, *scalars, cost=1.0)
    except IndexError:
        reference.check_bounds(index, axis, extent)
        raise


def _folded(axis, *arrays):
    """Arrays that differ along ``axis`` alone, as (outer, n, inner); (outer, n) if it is last."""
    shape = arrays[0].shape
    last = axis == len(shape) - 1
    if last and axis == 1:
        return [np.ascontiguousarray(a) for a in arrays]
    lead, inner = math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    tail = () if last else (inner,)
    return [np.ascontiguousarray(a).reshape(lead, a.shape[axis], *tail) for a in arrays]


def take_rows(x, index, axis):
    """The slices of x at a vector of indices along ``axis``"""
    if x.dtype not in FAST or not x.size:
        return reference.take_rows(x, index, axis)
    out = empty((*x.shape[:axis], index.size, *x.shape[axis + 1 :]), x.dtype)
    if out.size:
        arrays, index = _folded(axis, x, out), np.ascontiguousarray(index, INDEX)
        loop = _take_rows if arrays[0].ndim == 3 else _take_columns
        _run(loop, arrays, index, axis, x.shape[axis], index)
    return out


def add_rows(g, index, axis, extent):
    """Zeros with ``extent`` slices along ``axis`` and those of g added at the indices"""
    if g.dtype not in FAST or not g.size or not extent:
        return reference.add_rows(g, index, axis, extent)
    out = zeros((*g.shape[:axis], extent, *g.shape[axis + 1 :]), g.dtype)
    arrays, index = _folded(axis, g, out), np.ascontiguousarray(index, INDEX)
    loop = _add_rows if arrays[0].ndim == 3 else _add_columns
    _run(loop, arrays, index, axis, extent, index)
    return out


def _cut(x, shape, axis):
    """x without what lies beyond the extents of an index in the other axes; itself mostly."""
    if x.shape[:axis] == shape[:axis] and x.shape[axis + 1 :] == shape[axis + 1 :]:
        return x
    return x[tuple(slice(None if a == axis else n) for a, n in enumerate(shape))]


def take_along(x, index, axis):
    """x at ``index`` along ``axis``"""
    if x.dtype not in FAST or not index.size:
        return reference.take_along(x, index, axis)
    out = empty(index.shape, x.dtype)
    arrays = _folded(axis, index, _cut(x, index.shape, axis), out)
    loop = _take_along_rows if arrays[0].ndim == 2 else _take_along
    _run(loop, arrays, index, axis, x.shape[axis])
    return out


def add_along(g, index, axis, shape):
    """Zeros of ``shape`` and g added at ``index`` along ``axis``"""
    if g.dtype not in FAST or not index.size:
        return reference.add_along(g, index, axis, shape)
    whole = empty(shape, g.dtype)
    part = _cut(whole, index.shape, axis)
    out = whole
    if part is not whole:
        whole.fill(0)
        out = np.empty(part.shape, g.dtype)
    arrays = _folded(axis, index, g, out)
    loop = _add_along_rows if arrays[0].ndim == 2 else _add_along
    _run(loop, arrays, index, axis, shape[axis])
    if part is not whole:
        part[...] = out
    return whole


def _write(loop, whole, values, index, axis):
    """``whole`` after a loop has written values into it"""
    part = _cut(whole, index.shape, axis)
    out = np.ascontiguousarray(part)
    outer, inner = math.prod(index.shape[:axis]), math.prod(index.shape[axis + 1 :])
    arrays = [
        np.ascontiguousarray(a).reshape(outer, a.shape[axis], inner) for a in (index, values, out)
    ]
    _run(loop, arrays, index, axis, whole.shape[axis])
    if part is not whole:
        part[...] = out
    return whole


def multiply_along(x, index, axis, shape):
    """Ones of ``shape`` and x multiplied to them at ``index`` along ``axis``"""
    if x.dtype not in FAST or not index.size:
        return reference.multiply_along(x, index, axis, shape)
    return _write(_multiply_along, np.ones(shape, x.dtype), x, index, axis)


def _updated(reference, loop):
    def run(x, values, index, axis):
        if x.dtype not in FAST or values.dtype != x.dtype or not index.size:
            return reference(x, values, index, axis)
        return _write(loop, x.copy("C"), values, index, axis)

    return wraps(reference)(run)


put_along = _updated(reference.put_along, _put_along)
maximum_along = _updated(reference.maximum_along, _maximum_along)
minimum_along = _updated(reference.minimum_along, _minimum_along)
