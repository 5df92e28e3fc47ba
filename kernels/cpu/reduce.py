"""Reductions as vector loops over three shapes: whole arrays, rows, and a middle axis.

Any set of axes comes down to blocks (outer, n, inner) of which the middle axis goes. Sums run in
the lanes of a vector over a fixed number of elements and are merged in float64; long reductions
are cut into chunks of a fixed size. So no result depends on the number of threads.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..floating import quiet
from ..memory import empty
from ..reference import reduce as reference
from ..reference.reduce import broadcast_axes, normalized_axes
from .vmath import maximum

SMALL = 1024  # elements; below, a NumPy call is as fast
CHUNK = 1024  # elements summed in the lanes of one vector before float64 takes over
ROWS = 64  # the same for a middle axis
TILE = 1024  # columns kept in the first-level cache
LONG = 1 << 17  # elements of a reduction to few results, from where on it is cut into chunks
COST = 0.1
_FLOATS = (np.dtype("float32"), np.dtype("float64"))
_DOUBLE = np.dtype("float64")


@jit(SUM)
def _sum_rows(x, out, divisor):
    """out[i] = Σ_j x[i, j] / divisor"""
    for i in range(x.shape[0]):
        row, total = x[i], 0.0
        for start in range(0, row.size, CHUNK):
            chunk, lanes = row[start : start + CHUNK], x.dtype.type(0)
            for j in range(chunk.size):
                lanes += chunk[j]
            total += np.float64(lanes)
        out[i] = total / divisor


@jit(SUM)
def _add_rows(x, left, lanes):
    """lanes[j] += Σ_i x[i, left + j], four rows at a time"""
    right = left + lanes.size
    fours = x.shape[0] // 4 * 4
    for i in range(0, fours, 4):
        a, b = x[i][left:right], x[i + 1][left:right]
        c, d = x[i + 2][left:right], x[i + 3][left:right]
        for j in range(lanes.size):
            lanes[j] += (a[j] + b[j]) + (c[j] + d[j])
    for i in range(fours, x.shape[0]):
        row = x[i][left:right]
        for j in range(lanes.size):
            lanes[j] += row[j]


@jit(SUM)
def _sum_middle(x, out, divisor):
    """out[i, j] = Σ_k x[i, k, j] / divisor"""
    outer, n, inner = x.shape
    all_totals, all_lanes = np.empty(min(TILE, inner)), np.empty(min(TILE, inner), x.dtype)
    for i in range(outer):
        for left in range(0, inner, TILE):
            target = out[i][left : left + TILE]
            totals, lanes = all_totals[: target.size], all_lanes[: target.size]
            totals[:] = 0
            for top in range(0, n, ROWS):
                lanes[:] = 0
                _add_rows(x[i][top : top + ROWS], left, lanes)
                for j in range(lanes.size):
                    totals[j] += lanes[j]
            for j in range(target.size):
                target[j] = totals[j] / divisor


@jit(SUM)
def _extreme_rows(x, out, sign):
    """out[i] = max_j x[i, j], or the minimum for sign = −1"""
    s = x.dtype.type(sign)
    for i in range(x.shape[0]):
        row = x[i]
        best = s * row[0]
        for j in range(row.size):
            best = maximum(best, s * row[j])
        out[i] = s * best


@jit(SUM)
def _extreme_middle(x, out, sign):
    """out[i, j] = max_k x[i, k, j], or the minimum for sign = −1"""
    s = x.dtype.type(sign)
    for i in range(x.shape[0]):
        target, first = out[i], x[i, 0]
        for j in range(target.size):
            target[j] = s * first[j]
        for k in range(1, x.shape[1]):
            row = x[i, k]
            for j in range(target.size):
                target[j] = maximum(s * row[j], target[j])
        for j in range(target.size):
            target[j] *= s


@jit(SUM)
def _spread_rows(x, average, out, divisor):
    """out[i] = Σ_j (x[i, j] − average[i])² / divisor"""
    for i in range(x.shape[0]):
        row, centre, total = x[i], average[i], 0.0
        for start in range(0, row.size, CHUNK):
            chunk, lanes = row[start : start + CHUNK], x.dtype.type(0)
            for j in range(chunk.size):
                distance = chunk[j] - centre
                lanes += distance * distance
            total += np.float64(lanes)
        out[i] = total / divisor


@jit(SUM)
def _spread_middle(x, average, out, divisor):
    """out[i, j] = Σ_k (x[i, k, j] − average[i, j])² / divisor"""
    all_totals = np.empty(min(TILE, x.shape[2]))
    for i in range(x.shape[0]):
        for left in range(0, x.shape[2], TILE):
            centre, target = average[i][left : left + TILE], out[i][left : left + TILE]
            totals = all_totals[: target.size]
            totals[:] = 0
            for k in range(x.shape[1]):
                row = x[i, k][left : left + TILE]
                for j in range(target.size):
                    distance = row[j] - centre[j]
                    totals[j] += distance * distance
            for j in range(target.size):
                target[j] = totals[j] / divisor


@jit(SUM)
def _square_sum(row):
    """Σ row² in float64"""
    total = 0.0
    for j in range(row.size):
        total += np.float64(row[j]) * np.float64(row[j])
    return total


@jit()
def _square_sums(x, out):
    for i in range(x.shape[0]):
        out[i] = _square_sum(x[i])


class _Kind(NamedTuple):
    rows: object
    middle: object
    scalar: float  # of every pass but the last
    partial: object  # the dtype of partial results, None for that of x


_SUM = _Kind(_sum_rows, _sum_middle, 1.0, _DOUBLE)
_MAX = _Kind(_extreme_rows, _extreme_middle, 1.0, None)
_MIN = _Kind(_extreme_rows, _extreme_middle, -1.0, None)


class _Plan(NamedTuple):
    blocks: tuple  # (outer, n, inner) of each pass, innermost axes first
    shape: tuple  # of the result
    count: int  # elements per result


@lru_cache(maxsize=4096)
def _plan(shape, axis, keepdims):
    axes = normalized_axes(axis, len(shape))
    left, blocks, kept = list(axes), [], shape
    while left:
        stop = left.pop() + 1
        start = stop - 1
        while left and left[-1] == start - 1:
            start = left.pop()
        parts = kept[:start], kept[start:stop], kept[stop:]
        blocks.append(tuple(math.prod(part) for part in parts))
        kept = (*parts[0], *parts[2])
    if keepdims:
        kept = tuple(1 if i in axes else extent for i, extent in enumerate(shape))
    return _Plan(tuple(blocks), kept, math.prod(shape[a] for a in axes))


def _one_pass(kind, x, block, out, scalar):
    """Reduce the middle axis of ``block`` into ``out``."""
    outer, n, inner = block
    if inner == 1:
        if outer == 1 and n >= LONG:
            x, n = _chunked(kind, x, n, 1, CHUNK)
        launch.split(kind.rows, (x.reshape(outer, n), out.reshape(outer)), scalar, cost=COST)
        return
    if outer == 1 and n * inner >= LONG and n > 2 * TILE:
        x, n = _chunked(kind, x, n, inner, TILE)
    loop_arrays = x.reshape(outer, n, inner), out.reshape(outer, inner)
    launch.split(kind.middle, loop_arrays, scalar, cost=COST)


def _chunked(kind, x, n, inner, size):
    """One partial result per ``size`` elements of the long axis: the input of the last pass."""
    whole = n // size
    partial = np.empty((whole + (n % size > 0), inner), kind.partial or x.dtype)
    x, border = x.reshape(n * inner), whole * size * inner
    _one_pass(kind, x[:border], (whole, size, inner), partial[:whole], kind.scalar)
    if n % size:
        _one_pass(kind, x[border:], (1, n % size, inner), partial[whole:], kind.scalar)
    return partial, len(partial)


def _reduce(kind, x, axis, keepdims, last):
    """All passes of a plan; ``last`` is the scalar of the last one."""
    plan, dtype = _plan(x.shape, axis, keepdims), x.dtype
    for outer, n, inner in plan.blocks[:-1]:
        partial = np.empty((outer, inner), kind.partial or dtype)
        _one_pass(kind, x, (outer, n, inner), partial, kind.scalar)
        x = partial
    out = empty(plan.shape, dtype)
    _one_pass(kind, x, plan.blocks[-1], out, last)
    return out


_add, _maximum, _minimum = (quiet(u.reduce) for u in (np.add, np.maximum, np.minimum))


def sum(x, axis=None, keepdims=False):
    """Σ x over ``axis`` (None: all, an int or a tuple); integers and booleans give int64"""
    if x.size < SMALL and x.dtype in _FLOATS:
        return np.asarray(_add(x, axis, keepdims=keepdims))
    if x.dtype not in _FLOATS or axis == ():
        return np.asarray(reference.sum(x, axis, keepdims))
    return _reduce(_SUM, x, axis, keepdims, 1.0)


def mean(x, axis=None, keepdims=False):
    """Σ x / n over ``axis``; NaN where nothing is averaged"""
    if 0 < x.size < SMALL and x.dtype in _FLOATS:
        total = np.asarray(_add(x, axis, keepdims=keepdims))
        return np.asarray(total / (x.size // total.size))
    if x.size < SMALL or x.dtype not in _FLOATS or axis == ():
        return np.asarray(reference.mean(x, axis, keepdims))
    return _reduce(_SUM, x, axis, keepdims, float(_plan(x.shape, axis, keepdims).count))


def amax(x, axis=None, keepdims=False):
    """The largest element over ``axis``; NaN if there is one"""
    if x.size < SMALL or x.dtype not in _FLOATS or axis == ():
        return np.asarray(_maximum(x, axis, keepdims=keepdims))
    return _reduce(_MAX, x, axis, keepdims, _MAX.scalar)


def amin(x, axis=None, keepdims=False):
    """The smallest element over ``axis``; NaN if there is one"""
    if x.size < SMALL or x.dtype not in _FLOATS or axis == ():
        return np.asarray(_minimum(x, axis, keepdims=keepdims))
    return _reduce(_MIN, x, axis, keepdims, _MIN.scalar)


@quiet
def norm(x, axis, keepdims, p):
    """(Σ |x|ᵖ)^(1/p) over ``axis``; for p = ±∞ the extreme |x|, for p = 0 how many are not 0"""
    if p == 2:
        return np.asarray(np.sqrt(sum(np.square(x), axis, keepdims)))
    if p == 1:
        return sum(np.abs(x), axis, keepdims)
    return reference.norm(x, axis, keepdims, p)


def variance(x, axis, correction):
    """Σ (x − mean)² / max(n − correction, 0) over ``axis``, and the mean; both keep their axes"""
    axes = normalized_axes(axis, x.ndim)
    if x.dtype not in _FLOATS or not x.size or not axes:
        with np.errstate(all="ignore"):
            return reference.variance(x, axis, correction)
    average = mean(x, axes, True)
    if axes[-1] - axes[0] + 1 != len(axes):
        others = [i for i in range(x.ndim) if i not in axes]
        x = x.transpose(*others, *axes)
        axes = tuple(range(len(others), x.ndim))
    n = math.prod(x.shape[axes[0] : axes[-1] + 1])
    inner = math.prod(x.shape[axes[-1] + 1 :])
    outer, spread = x.size // (n * inner), empty(average.shape, x.dtype)
    divisor = float(max(n - correction, 0))
    x = np.ascontiguousarray(x)
    if inner == 1:
        arrays = x.reshape(outer, n), average.reshape(outer), spread.reshape(outer)
        launch.split(_spread_rows, arrays, divisor, cost=COST)
    else:
        flat = (outer, inner)
        arrays = x.reshape(outer, n, inner), average.reshape(flat), spread.reshape(flat)
        launch.split(_spread_middle, arrays, divisor, cost=COST)
    return spread, average


def unbroadcast(g, shape):
    """The adjoint of broadcasting ``shape`` to the shape of g: sums over the repeated axes"""
    if g.shape == shape:
        return g
    return sum(g, broadcast_axes(g.shape, shape)).reshape(shape)


def sum_of_squares(x):
    """Σ x² in float64"""
    if x.dtype not in _FLOATS:
        return np.asarray(reference.sum_of_squares(x))
    flat = x.ravel()
    if flat.size <= CHUNK:
        return np.asarray(_square_sum(flat))
    whole = flat.size // CHUNK
    partial = np.empty(whole)
    launch.split(_square_sums, (flat[: whole * CHUNK].reshape(whole, CHUNK), partial), cost=COST)
    return np.asarray(partial.sum() + _square_sum(flat[whole * CHUNK :]))
