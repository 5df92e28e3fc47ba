"""Weighted sums along the axes of planes: rows are added up first, then columns."""

import math

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from ..reference import resize as reference
from .maps import FAST


@jit()
def _add_rows(x, out, index, weights, o):
    """out = Σ_t weights[t, o] x[index[t, o]]"""
    first = True
    for t in range(index.shape[0]):
        w = weights[t, o]
        if w == 0:
            continue
        row = x[index[t, o]]
        if first:
            for i in range(out.size):
                out[i] = w * row[i]
        else:
            for i in range(out.size):
                out[i] += w * row[i]
        first = False
    if first:
        out[:] = 0


@jit()
def _deep(x, y, index, weights):
    """y[p, o] = Σ_t weights[t, o] x[p, index[t, o]]"""
    for p in range(x.shape[0]):
        for o in range(y.shape[1]):
            _add_rows(x[p], y[p, o], index, weights, o)


@jit()
def _planes(x, y, rows, row_weights, columns, column_weights):
    """y[p, o, q] = Σ_{t, u} row_weights[t, o] column_weights[u, q] x[p, rows[t, o], columns[u, q]]"""
    line = np.empty(x.shape[2], x.dtype)
    for p in range(x.shape[0]):
        for o in range(y.shape[1]):
            _add_rows(x[p], line, rows, row_weights, o)
            out = y[p, o]
            out[:] = 0
            for u in range(columns.shape[0]):
                taps, weights = columns[u], column_weights[u]
                for q in range(out.size):
                    w = weights[q]
                    out[q] += w * line[taps[q]] if w != 0 else 0


_SAME = reference.Table([[0]], [[1.0]], 1)


def _in_depth(x, table):
    """The sums along the second axis of (planes, depth, elements)"""
    y = empty((len(x), table.size, x.shape[2]), x.dtype)
    cost = 0.1 * len(table.index) * table.size / table.extent
    launch.split(_deep, (x, y), table.index, table.weights(x.dtype), cost=cost)
    return y


def _in_planes(x, rows, columns):
    """The sums along the last two axes of (planes, height, width)"""
    y = empty((len(x), rows.size, columns.size), x.dtype)
    numbers = [(table.index, table.weights(x.dtype)) for table in (rows, columns)]
    cost = (0.1 * len(rows.index) * x.shape[2] + 0.5 * len(columns.index) * columns.size) * (
        rows.size / (x.shape[1] * x.shape[2])
    )
    launch.split(_planes, (x, y), *numbers[0], *numbers[1], cost=cost)
    return y


def resample(x, tables):
    """y[…, o] = Σ_t weight[t, o] x[…, index[t, o]] along the last axes, one table for each"""
    size = tuple(table.size for table in tables)
    if x.dtype not in FAST or not x.size or 0 in size or len(tables) > 3:
        return reference.resample(x, tables)
    lead = x.shape[: x.ndim - len(tables)]
    depth, rows, columns = (*(_SAME,) * (3 - len(tables)), *tables)
    planes = math.prod(lead)
    y = np.ascontiguousarray(x).reshape(planes, depth.extent, -1)
    if depth is not _SAME and depth.size < depth.extent:
        y = _in_depth(y, depth)
    y = _in_planes(y.reshape(-1, rows.extent, columns.extent), rows, columns)
    if depth is not _SAME and depth.size >= depth.extent:
        y = _in_depth(y.reshape(planes, depth.extent, -1), depth)
    return y.reshape(*lead, *size)
