"""Elements along one axis, by loops over (outer, n, inner)."""

import math
from functools import wraps

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty
from ..reference import along as reference
from .maps import FAST
from .vmath import maximum

CHUNK = 1024  # elements that are compared at once in the search for the extreme
FEW = 32  # elements; the search for more of the first ones is slower than sorting
SMALL = 256  # elements; below, a NumPy call is as fast


@jit(SUM)
def _extreme(row, sign):
    """The largest of sign · row; NaN if there is one"""
    best = sign * row[0]
    for j in range(row.size):
        best = maximum(best, sign * row[j])
    return best


@jit()
def _holds(row, value):
    """Whether the value, or a NaN, is in the row"""
    found = 0
    for j in range(row.size):
        found |= (row[j] == value) | (row[j] != row[j])
    return found


@jit()
def _arg_rows(x, out, sign):
    """out[i] = the first j where sign · x[i, j] is largest or NaN"""
    s = x.dtype.type(sign)
    for i in range(x.shape[0]):
        row = x[i]
        best = _extreme(row, s)
        value = s * best
        start = 0
        while not _holds(row[start : start + CHUNK], value):
            start += CHUNK
        while row[start] == row[start] and (row[start] != value or best != best):
            start += 1
        out[i] = start


@jit()
def _arg_middle(x, out, sign):
    """out[i, j] = the first k where sign · x[i, k, j] is largest or NaN"""
    s = x.dtype.type(sign)
    best, where = np.empty(x.shape[2], x.dtype), np.empty(x.shape[2], np.int32)
    for i in range(x.shape[0]):
        for j in range(best.size):
            best[j], where[j] = s * x[i, 0, j], 0
        for k in range(1, x.shape[1]):
            row = x[i, k]
            for j in range(best.size):
                value = s * row[j]
                wins = (best[j] == best[j]) & ((value > best[j]) | (value != value))
                best[j] = maximum(value, best[j])
                where[j] = max(np.int32(k) if wins else np.int32(0), where[j])  # k grows
        for j in range(best.size):
            out[i, j] = where[j]


def _arg_extreme(reference, sign):
    def run(x, axis=None, keepdims=False):
        if x.dtype not in FAST or x.size < SMALL:
            return np.asarray(reference(x, axis, keepdims))
        n, inner, kept = x.size, 1, (1,) * x.ndim
        if axis is not None:
            axis = range(x.ndim)[axis]
            n, inner = x.shape[axis], math.prod(x.shape[axis + 1 :])
            kept = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
        outer = x.size // (n * inner)
        out = empty((outer, inner), np.dtype(np.int64))
        x = np.ascontiguousarray(x)
        if inner == 1:
            launch.split(_arg_rows, (x.reshape(outer, n), out.reshape(outer)), sign, cost=0.2)
        else:
            launch.split(_arg_middle, (x.reshape(outer, n, inner), out), sign, cost=0.3)
        if keepdims:
            return out.reshape(kept)
        return out.reshape(() if axis is None else (*kept[:axis], *kept[axis + 1 :]))

    return wraps(reference)(run)


argmax = _arg_extreme(reference.argmax, 1.0)
argmin = _arg_extreme(reference.argmin, -1.0)


def argmedian(x, axis, skip_nan):
    """The index of the lower median along ``axis``, kept with extent 1

    The first NaN is the median if there is one, unless ``skip_nan`` leaves NaNs out.
    """
    if x.dtype not in FAST or np.isnan(x).any():
        return reference.argmedian(x, axis, skip_nan)
    middle = (x.shape[axis] - 1) // 2
    return np.take(np.argpartition(x, middle, axis), [middle], axis)


@jit()
def _before(a, b, sign):
    """Whether sign · a comes before sign · b in order, NaN being the largest"""
    if a != a:
        return sign < 0 and b == b
    if b != b:
        return sign > 0
    return a < b


@jit()
def _first_rows(x, out, count, sign):
    """out[i] = the places of the first ``count`` of sign · x[i] in order"""
    s = x.dtype.type(sign)
    best = np.empty(count, x.dtype)
    for i in range(x.shape[0]):
        found = 0
        for j in range(x.shape[1]):
            value = s * x[i, j]
            if found == count and not _before(value, best[count - 1], sign):
                continue
            found = min(found + 1, count)
            k = found - 1
            while k > 0 and _before(value, best[k - 1], sign):
                best[k], out[i, k] = best[k - 1], out[i, k - 1]
                k -= 1
            best[k], out[i, k] = value, j


def first_in_order(x, axis, count, descending):
    """The first ``count`` of the indices that sort x along ``axis``"""
    if x.dtype not in FAST or not x.size or not 0 < count <= FEW:
        return reference.first_in_order(x, axis, count, descending)
    rows = np.ascontiguousarray(np.moveaxis(x, axis, -1))
    out = np.empty((rows.size // rows.shape[-1], count), np.int64)
    arrays = rows.reshape(len(out), -1), out
    launch.split(_first_rows, arrays, count, -1.0 if descending else 1.0, cost=0.3)
    return np.moveaxis(out.reshape(*rows.shape[:-1], count), -1, axis)
