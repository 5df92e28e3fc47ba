"""Sums of exponentials in two readings: the maximum, then the sum of what lies below it."""

import math

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty, empty_like
from ..reference import logsumexp as reference
from ..reference.reduce import normalized_axes
from . import vmath
from .maps import FAST

CHUNK = 1024  # elements summed in the lanes of one vector before float64 takes over
TILE = 1024  # columns kept in the first-level cache


@jit(SUM, forceinline=True)
def _shifted_sum(chunk, largest):
    """Σ exp(x − largest)"""
    total = vmath.constants(largest).zero
    for j in range(chunk.size):
        total += vmath.exp_nonpositive(chunk[j] - largest)
    return total


@jit(SUM)
def _largest(row):
    largest = row[0]
    for j in range(row.size):
        largest = vmath.maximum(largest, row[j])
    return largest


@jit()
def _rows(x, y):
    """y[i] = ln Σ_j exp(x[i, j])"""
    for i in range(x.shape[0]):
        row = x[i]
        largest = _largest(row)
        y[i] = largest
        if np.isfinite(largest):
            total = 0.0
            for start in range(0, row.size, CHUNK):
                total += np.float64(_shifted_sum(row[start : start + CHUNK], largest))
            y[i] += math.log(total)


@jit()
def _middle(x, y):
    """y[i, j] = ln Σ_k exp(x[i, k, j])"""
    width = min(TILE, x.shape[2])
    all_largest, all_totals = np.empty(width, x.dtype), np.empty(width, x.dtype)
    for i in range(x.shape[0]):
        for left in range(0, x.shape[2], TILE):
            out = y[i][left : left + TILE]
            largest, totals = all_largest[: out.size], all_totals[: out.size]
            largest[:] = x[i, 0][left : left + TILE]
            totals[:] = 0
            for k in range(1, x.shape[1]):
                row = x[i, k][left : left + TILE]
                for j in range(out.size):
                    largest[j] = vmath.maximum(row[j], largest[j])
            for k in range(x.shape[1]):
                row = x[i, k][left : left + TILE]
                for j in range(out.size):
                    totals[j] += vmath.exp_nonpositive(row[j] - largest[j])
            for j in range(out.size):
                finite = abs(largest[j]) < vmath.constants(largest[j]).inf
                out[j] = largest[j] + vmath.log(totals[j]) if finite else largest[j]


@jit()
def _scaled_rows(x, g, y, out):
    """out[i, j] = g[i] · exp(x[i, j] − y[i])"""
    for i in range(x.shape[0]):
        row, into, scale, high = x[i], out[i], g[i], y[i]
        for j in range(row.size):
            into[j] = scale * vmath.exp(row[j] - high)


@jit()
def _scaled_middle(x, g, y, out):
    """out[i, k, j] = g[i, j] · exp(x[i, k, j] − y[i, j])"""
    for i in range(x.shape[0]):
        scale, high = g[i], y[i]
        for k in range(x.shape[1]):
            row, into = x[i, k], out[i, k]
            for j in range(row.size):
                into[j] = scale[j] * vmath.exp(row[j] - high[j])


def _block(shape, axes):
    """(outer, n, inner) if the axes are neighbours, else None"""
    start, stop = (axes[0], axes[-1] + 1) if axes else (0, 0)
    if stop - start != len(axes):
        return None
    return tuple(math.prod(part) for part in (shape[:start], shape[start:stop], shape[stop:]))


def logsumexp(x, axis=None, keepdims=False):
    """ln Σ exp(x) over ``axis`` (None: all, an int or a tuple), without overflow"""
    axes = normalized_axes(axis, x.ndim)
    if x.dtype not in FAST or not x.size:
        return reference.logsumexp(x, axis, keepdims)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    block = _block(x.shape, axes)
    if block is None:
        others = tuple(i for i in range(x.ndim) if i not in axes)
        x = x.transpose(*others, *axes)
        block = _block(x.shape, tuple(range(len(others), x.ndim)))
    outer, n, inner = block
    y = empty((outer, inner), x.dtype)
    x = np.ascontiguousarray(x)
    if inner == 1:
        launch.split(_rows, (x.reshape(outer, n), y.reshape(outer)), cost=1.0)
    else:
        launch.split(_middle, (x.reshape(outer, n, inner), y), cost=1.0)
    return y.reshape(kept if keepdims else [n for i, n in enumerate(kept) if i not in axes])


def scaled_exp(g, x, y):
    """g · exp(x − y), broadcast"""
    fast = x.dtype in FAST and x.dtype == g.dtype == y.dtype and x.size
    if not fast or g.shape != y.shape or g.ndim != x.ndim:
        return np.asarray(reference.scaled_exp(g, x, y))
    axes = tuple(i for i, n in enumerate(y.shape) if n != x.shape[i])
    block = _block(x.shape, axes)
    if block is None or any(y.shape[i] != 1 for i in axes):
        return np.asarray(reference.scaled_exp(g, x, y))
    outer, n, inner = block
    out = empty_like(x)
    x, g, y = (np.ascontiguousarray(a) for a in (x, g, y))
    if inner == 1:
        arrays = x.reshape(outer, n), g.reshape(outer), y.reshape(outer), out.reshape(outer, n)
        launch.split(_scaled_rows, arrays, cost=1.1)
    else:
        arrays = [a.reshape(outer, -1, inner) for a in (x, g, y, out)]
        arrays[1:3] = [a.reshape(outer, inner) for a in arrays[1:3]]
        launch.split(_scaled_middle, arrays, cost=1.1)
    return out
