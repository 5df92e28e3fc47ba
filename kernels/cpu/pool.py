"""The largest elements of windows, all windows of a plane at a time."""

import functools
import math

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from ..reference import pool as reference
from . import vmath
from .maps import FAST
from .simd import LANES, largest_of_squares


@jit()
def _take(x, p, depth, rows, columns, run, taken):
    """taken[d, h, q] = x[p, depth[d], rows[h], columns[q]], most of it by runs with one step"""
    low, high, start, step = np.uint64(run[0]), np.uint64(run[1]), np.uint64(run[2]), run[3]
    stride, two = np.uint64(step), np.uint64(2)
    for d in range(taken.shape[0]):
        for h in range(taken.shape[1]):
            z, r = np.uint64(depth[d]), np.uint64(rows[h])
            for q in range(low):
                taken[d, h, q] = x[p, z, r, columns[q]]
            if step == 1:
                for q in range(low, high):
                    taken[d, h, q] = x[p, z, r, start + q]
            elif step == 2:
                for q in range(low, high):
                    taken[d, h, q] = x[p, z, r, start + q * two]
            else:
                for q in range(low, high):
                    taken[d, h, q] = x[p, z, r, start + q * stride]
            for q in range(high, np.uint64(taken.shape[2])):
                taken[d, h, q] = x[p, z, r, columns[q]]


@jit()
def _keeplarger(value, best, tap, number):
    """best and tap become value and ``number`` where value is larger or NaN"""
    for q in range(best.size):
        v, b = value[q], best[q]
        better = (v > b) | (v != v)
        best[q] = vmath.maximum(v, b)
        tap[q] = max(number if better else np.int32(0), tap[q])  # numbers grow


@jit()
def _places(depth, rows, columns, height, width):
    """Where each tap of each window is among the elements of a plane, (taps, windows)"""
    windows = depth.shape[1], rows.shape[1], columns.shape[1]
    taps = depth.shape[0] * rows.shape[0] * columns.shape[0]
    places = np.empty((taps, windows[0] * windows[1] * windows[2]), np.uint32)
    number = 0
    for a in range(depth.shape[0]):
        for i in range(rows.shape[0]):
            for j in range(columns.shape[0]):
                cell = 0
                for d in range(windows[0]):
                    for h in range(windows[1]):
                        start = (depth[a, d] * height + rows[i, h]) * width
                        for q in range(windows[2]):
                            places[number, cell] = start + columns[j, q]
                            cell += 1
                number += 1
    return places


@jit()
def _max_pool(x, y, at, depth, rows, columns, runs):
    """y (planes, d, h, w) from x (planes, D, H, W), at (planes, d · h · w)"""
    places = _places(depth, rows, columns, x.shape[2], x.shape[3])
    taken = np.empty(y.shape[1:], x.dtype)
    flat, tap = taken.reshape(taken.size), np.empty(taken.size, np.int32)
    for p in range(x.shape[0]):
        best, found = y[p].reshape(taken.size), at[p]
        tap[:] = 0
        number = np.int32(0)
        for a in range(depth.shape[0]):
            for i in range(rows.shape[0]):
                for j in range(columns.shape[0]):
                    _take(x, p, depth[a], rows[i], columns[j], runs[j], taken)
                    if number == 0:
                        best[:] = flat
                    else:
                        _keeplarger(flat, best, tap, number)
                    number += np.int32(1)
        for q in range(tap.size):
            found[q] = places[np.uint32(tap[q]), q]


@jit(forceinline=True)
def larger(v, place, best, at):
    """The larger of two elements, or the second if it is NaN, and its place"""
    better = (v > best) | (v != v)
    return v if better else best, place if better else at


@jit()
def _tiles(x, y, at):
    """As _max_pool for windows of 2 × 2 elements side by side"""
    height, width = y.shape[2], np.uint64(2 * y.shape[3])
    corners = np.empty(at.shape[1], np.int32)
    for q in range(corners.size):
        corners[q] = 2 * (q // y.shape[3] * x.shape[3] + q % y.shape[3])
    upper = np.empty(2 * corners.size, x.dtype)
    lower = np.empty_like(upper)
    one, beneath = np.int32(1), np.int32(x.shape[3])
    for p in range(x.shape[0]):
        for h in range(np.uint64(height)):
            start, row = h * width, h * np.uint64(2)
            for c in range(width):
                upper[start + c] = x[p, 0, row, c]
                lower[start + c] = x[p, 0, row + np.uint64(1), c]
        best, place = y[p].reshape(corners.size), at[p]
        for q in range(np.uint64(corners.size)):
            left, right = q * np.uint64(2), q * np.uint64(2) + np.uint64(1)
            v, where = larger(upper[right], one, upper[left], np.int32(0))
            v, where = larger(lower[left], beneath, v, where)
            v, where = larger(lower[right], beneath + one, v, where)
            best[q], place[q] = v, corners[q] + where


@jit()
def _tiles_by_vectors(x, y, at):
    """As _tiles for float32, in rows of at least LANES windows: the last ones overlap others"""
    width, rows, columns = x.shape[3], y.shape[2], y.shape[3]
    planes, best, places = x.reshape(x.size), y.reshape(y.size), at.reshape(at.size)
    for p in range(x.shape[0]):
        for h in range(rows):
            above, first = 2 * h * width, (p * rows + h) * columns
            start = 0
            while start < columns:
                start = min(start, columns - LANES)
                corner, place = above + 2 * start, first + start
                largest_of_squares(
                    planes, p * x.shape[2] * width + corner, width, best, place, places, place,
                    corner,
                )  # fmt: skip
                start += LANES


@functools.lru_cache(64)
def _are_tiles(tables):
    """Whether windows are 2 × 2 elements side by side"""
    pairs = [[0, 1]] + 2 * np.arange(max(t.size for t in tables))[:, None]
    return len(tables) == 2 and all(np.array_equal(t.index, pairs[: t.size].T) for t in tables)


@jit()
def _scan(x, y, at, depth, rows, columns):
    """As _max_pool, one window after the other"""
    for p in range(x.shape[0]):
        cell = 0
        for d in range(y.shape[1]):
            for h in range(y.shape[2]):
                for q in range(y.shape[3]):
                    z, r, c = np.uint64(depth[0, d]), np.uint64(rows[0, h]), columns[0, q]
                    best = x[p, z, r, c]
                    found = z, r, np.uint64(c)
                    for a in range(depth.shape[0]):
                        z = np.uint64(depth[a, d])
                        for i in range(rows.shape[0]):
                            r = np.uint64(rows[i, h])
                            for j in range(columns.shape[0]):
                                c = columns[j, q]
                                v = x[p, z, r, c]
                                # one comparison for most elements
                                if not v <= best and (v > best or v != v):
                                    best, found = v, (z, r, np.uint64(c))
                    y[p, d, h, q] = best
                    line = np.int64(found[0]) * x.shape[2] + np.int64(found[1])
                    at[p, cell] = line * x.shape[3] + np.int64(found[2])
                    cell += 1


_SAME = np.zeros((1, 1), np.uint32)
FEW = 8  # windows in a row; with fewer, loops over the windows are too short


def max_pool(x, tables):
    """The largest element of every window, and where it is among those of its plane

    A window holds all combinations of the taps that the tables of the last axes have for one
    output, duplicates included. The first of equal elements is taken, and the last NaN. Places are
    int32 (int64 in planes that need it).
    """
    size = tuple(table.size for table in tables)
    if x.dtype not in FAST or not x.size or 0 in size or len(tables) > 3:
        return reference.max_pool(x, tables)
    more = 3 - len(tables)
    lead, extents = x.shape[: x.ndim - len(tables)], x.shape[x.ndim - len(tables) :]
    deep = np.ascontiguousarray(x).reshape(math.prod(lead), *(1,) * more, *extents)
    y = empty((len(deep), *(1,) * more, *size), x.dtype)
    at = empty((len(deep), math.prod(size)), reference.place_dtype(extents))
    indices = [*(_SAME,) * more, *(table.index for table in tables)]
    cost = 0.3 * math.prod(map(len, indices)) * y.size / x.size
    if _are_tiles(tables):
        vectors = x.dtype == np.float32 and at.dtype == np.int32 and 0 < LANES <= size[-1]
        launch.split(_tiles_by_vectors if vectors else _tiles, (deep, y, at), cost=cost)
    elif size[-1] < FEW:
        launch.split(_scan, (deep, y, at), *indices, cost=cost)
    else:
        launch.split(_max_pool, (deep, y, at), *indices, tables[-1].runs, cost=cost)
    return y.reshape(*lead, *size), at.reshape(*lead, *size)
