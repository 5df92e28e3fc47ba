"""The largest elements of windows, all windows of a row at a time."""

import math

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from ..reference import pool as reference
from .maps import FAST


@jit()
def _start(row, base, taps, best, at):
    """What the first tap of each window finds"""
    for q in range(best.size):
        best[q], at[q] = row[taps[q]], base + taps[q]


@jit()
def _go_on(row, base, taps, best, at):
    """What another tap of each window finds, where it is larger or NaN"""
    for q in range(best.size):
        value = row[taps[q]]
        better = (value > best[q]) | (value != value)
        best[q] = value if better else best[q]
        at[q] = base + taps[q] if better else at[q]


@jit()
def _max_pool(x, y, at, depth, rows, columns):
    """y[p, d, h] and at[p, d, h] from the rows x[p, depth[a, d], rows[i, h]]"""
    for p in range(x.shape[0]):
        for d in range(y.shape[1]):
            for h in range(y.shape[2]):
                best, where = y[p, d, h], at[p, d, h]
                for a in range(depth.shape[0]):
                    for i in range(rows.shape[0]):
                        row = x[p, depth[a, d], rows[i, h]]
                        base = np.int64(depth[a, d]) * x.shape[2] + np.int64(rows[i, h])
                        base *= x.shape[3]
                        for j in range(columns.shape[0]):
                            if a + i + j == 0:
                                _start(row, base, columns[0], best, where)
                            else:
                                _go_on(row, base, columns[j], best, where)


_SAME = np.zeros((1, 1), np.uint32)


def max_pool(x, tables):
    """The largest element of every window, and where it is among those of its plane

    A window holds all combinations of the taps that the tables of the last axes have for one
    output, duplicates included. The first of equal elements is taken, and the last NaN.
    """
    size = tuple(table.size for table in tables)
    if x.dtype not in FAST or not x.size or 0 in size or len(tables) > 3:
        return reference.max_pool(x, tables)
    more = 3 - len(tables)
    lead, extents = x.shape[: x.ndim - len(tables)], x.shape[x.ndim - len(tables) :]
    planes = math.prod(lead)
    deep = np.ascontiguousarray(x).reshape(planes, *(1,) * more, *extents)
    y = empty((planes, *(1,) * more, *size), x.dtype)
    at = empty(y.shape, np.dtype(np.int64))
    indices = [*(_SAME,) * more, *(table.index for table in tables)]
    taps = math.prod(len(index) for index in indices)
    launch.split(_max_pool, (deep, y, at), *indices, cost=0.5 * taps * y.size / x.size)
    return y.reshape(*lead, *size), at.reshape(*lead, *size)
