"""Weighted sums along the axes of planes: rows are added up first, then columns."""

import math

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from ..reference import resample as reference
from .maps import FAST


@jit()
def _sum_rows(x, p, index, weights, lines):
    """lines[o] = Σ_t weights[t, o] x[p, index[t, o]]"""
    for o in range(lines.shape[0]):
        for i in range(lines.shape[1]):
            lines[o, i] = 0
        for t in range(index.shape[0]):
            w, r = weights[t, o], np.uint64(index[t, o])
            if w != 0:
                for i in range(lines.shape[1]):
                    lines[o, i] += w * x[p, r, i]


@jit(forceinline=True)
def _weighted(w, value):
    return w * value if w != 0 else w


@jit()
def _add_column(lines, index, weights, run, y, p):
    """y[p, o, q] += weights[q] lines[o, index[q]], most of it by runs with one step"""
    low, high, start, step = np.uint64(run[0]), np.uint64(run[1]), np.uint64(run[2]), run[3]
    stride, two = np.uint64(step), np.uint64(2)
    for o in range(lines.shape[0]):
        for q in range(low):
            y[p, o, q] += _weighted(weights[q], lines[o, index[q]])
        if step == 1:
            for q in range(low, high):
                y[p, o, q] += _weighted(weights[q], lines[o, start + q])
        elif step == 2:
            for q in range(low, high):
                y[p, o, q] += _weighted(weights[q], lines[o, start + q * two])
        else:
            for q in range(low, high):
                y[p, o, q] += _weighted(weights[q], lines[o, start + q * stride])
        for q in range(high, np.uint64(y.shape[2])):
            y[p, o, q] += _weighted(weights[q], lines[o, index[q]])


@jit()
def _deep(x, y, index, weights):
    """y[p, o] = Σ_t weights[t, o] x[p, index[t, o]]"""
    for p in range(x.shape[0]):
        _sum_rows(x, p, index, weights, y[p])


@jit()
def _planes(x, y, rows, row_weights, columns, column_weights, runs):
    """y[p] = R x[p] Cᵀ, where R and C are the matrices of the two tables"""
    lines = np.empty((y.shape[1], x.shape[2]), x.dtype)
    for p in range(x.shape[0]):
        _sum_rows(x, p, rows, row_weights, lines)
        y[p] = 0
        for u in range(columns.shape[0]):
            _add_column(lines, columns[u], column_weights[u], runs[u], y, p)


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
    launch.split(_planes, (x, y), *numbers[0], *numbers[1], columns.runs, cost=cost)
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
