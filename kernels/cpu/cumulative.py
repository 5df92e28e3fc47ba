"""Running sums and products in float64 along one axis.

Along a last axis four runs of a row advance together, since each sum waits for the one before it;
along another axis a row of running values advances as vectors do.
"""

import math
from functools import wraps

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty, empty_like
from ..reference import cumulative as reference
from . import vmath
from .maps import FAST

TILE = 1024  # columns whose running values stay in the first-level cache
RUNS = 4


@jit(forceinline=True)
def _join(multiply, a, b):
    return a * b if multiply else a + b


@jit(SUM)
def _whole(multiply, x):
    """Π x or Σ x"""
    total, product = 0.0, 1.0
    if multiply:
        for i in range(x.size):
            product *= np.float64(x[i])
        return product
    for i in range(x.size):
        total += np.float64(x[i])
    return total


def _accumulating_rows(multiply):
    """The loop y[i, j] = Σ or Π x[i, :j + 1], of x[i, j:] in reverse."""

    @jit()
    def rows(x, y, reverse):
        n = x.shape[1]
        run = n // RUNS
        jump, low = (-run, n - run) if reverse else (run, 0)
        for i in range(x.shape[0]):
            row, out = x[i], y[i]
            a, b = row[low:][:run], row[low + jump :][:run]
            c, d = row[low + 2 * jump :][:run], row[low + 3 * jump :][:run]
            ya, yb = out[low:][:run], out[low + jump :][:run]
            yc, yd = out[low + 2 * jump :][:run], out[low + 3 * jump :][:run]
            p = 1.0 if multiply else 0.0
            q = _whole(multiply, a)
            r = _join(multiply, q, _whole(multiply, b))
            s = _join(multiply, r, _whole(multiply, c))
            for t in range(run):
                k = np.uintp(run - 1 - t if reverse else t)
                p, q = _join(multiply, p, a[k]), _join(multiply, q, b[k])
                r, s = _join(multiply, r, c[k]), _join(multiply, s, d[k])
                ya[k], yb[k], yc[k], yd[k] = p, q, r, s
            for t in range(RUNS * run, n):
                k = n - 1 - t if reverse else t
                s = _join(multiply, s, row[k])
                out[k] = s

    return rows


def _accumulating_columns(multiply):
    """The loop y[i, k, j] = Σ or Π x[i, :k + 1, j], of x[i, k:, j] in reverse."""

    @jit()
    def middle(x, y, reverse):
        n, inner = x.shape[1], x.shape[2]
        totals = np.empty(min(TILE, inner))
        for i in range(x.shape[0]):
            for left in range(0, inner, TILE):
                width = min(TILE, inner - left)
                totals[:width] = 1.0 if multiply else 0.0
                for t in range(n):
                    k = n - 1 - t if reverse else t
                    row, out = x[i, k][left : left + width], y[i, k][left : left + width]
                    for j in range(width):
                        totals[j] = _join(multiply, totals[j], row[j])
                        out[j] = totals[j]

    return middle


@jit()
def _recurrence(x, a, y, reverse):
    """y[i, k, j] = x[i, k, j] + a[i, k, j] · y[i, k ∓ 1, j]"""
    n, inner = x.shape[1], x.shape[2]
    for i in range(x.shape[0]):
        first = n - 1 if reverse else 0
        before = y[i, first]
        for j in range(inner):
            before[j] = x[i, first, j]
        for t in range(1, n):
            k = n - 1 - t if reverse else t
            row, factor, out = x[i, k], a[i, k], y[i, k]
            for j in range(inner):
                out[j] = row[j] + factor[j] * before[j]
            before = out


@jit()
def _recurrence_rows(x, a, y, reverse):
    """y[i, j] = x[i, j] + a[i, j] · y[i, j ∓ 1]"""
    n, step = x.shape[1], -1 if reverse else 1
    for i in range(x.shape[0]):
        row, factor, out = x[i], a[i], y[i]
        j = n - 1 if reverse else 0
        value = row[j]
        out[j] = value
        for _ in range(n - 1):
            j += step
            value = row[j] + factor[j] * value
            out[j] = value


@jit()
def _logcumsumexp(x, y):
    """y[i, k, j] = ln Σ exp(x[i, :k + 1, j])"""
    n, inner = x.shape[1], x.shape[2]
    for i in range(x.shape[0]):
        before = y[i, 0]
        for j in range(inner):
            before[j] = x[i, 0, j]
        for k in range(1, n):
            row, out, log_2 = x[i, k], y[i, k], x.dtype.type(math.log(2))
            for j in range(inner):
                high = vmath.maximum(row[j], before[j])
                low = row[j] if before[j] >= row[j] else before[j]
                e, one = vmath.exp_nonpositive(low - high), vmath.constants(low).one
                out[j] = high + vmath.log(one + e) if low != high else high + log_2
            before = out


def _index_loop(name, sign):
    """The loop whose ``out[i, k, j]`` is where x[i, :k + 1, j] is extreme, the last of equals."""

    def loop(x, out):
        n, inner = x.shape[1], x.shape[2]
        best = np.empty(inner, x.dtype)
        for i in range(x.shape[0]):
            for j in range(inner):
                best[j] = x[i, 0, j]
                out[i, 0, j] = 0
            for k in range(1, n):
                row, index, before = x[i, k], out[i, k], out[i, k - 1]
                for j in range(inner):
                    value = row[j]
                    wins = value != value or (best[j] == best[j] and sign * value >= sign * best[j])
                    best[j] = value if wins else best[j]
                    index[j] = k if wins else before[j]

    loop.__name__ = loop.__qualname__ = name
    return jit()(loop)


_cummax = _index_loop("_cummax", 1)
_cummin = _index_loop("_cummin", -1)


def _blocks(shape, axis):
    """(before, along, after) the axis"""
    axis = axis + len(shape) if axis < 0 else axis
    if not 0 <= axis < len(shape):
        raise np.exceptions.AxisError(axis, len(shape))
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


def _launch(rows, middle, arrays, axis, cost, *scalars):
    """Run a loop over rows, or over blocks, of arrays of one shape."""
    blocks = _blocks(arrays[0].shape, axis)
    arrays = [np.ascontiguousarray(a).reshape(blocks) for a in arrays]
    if blocks[2] == 1 and rows is not None:
        launch.split(rows, [a.reshape(blocks[:2]) for a in arrays], *scalars, cost=cost)
    else:
        launch.split(middle, arrays, *scalars, cost=cost)


def _accumulated(reference, multiply):
    rows, middle = _accumulating_rows(multiply), _accumulating_columns(multiply)

    def run(x, axis, reverse=False):
        if x.dtype not in FAST or not x.size:
            return reference(x, axis, reverse)
        y = empty_like(x)
        _launch(rows, middle, (x, y), axis, 0.4, reverse)
        return y

    return wraps(reference)(run)


cumsum = _accumulated(reference.cumsum, False)
cumprod = _accumulated(reference.cumprod, True)


def recurrence(x, a, axis, reverse=False):
    """yᵢ = xᵢ + aᵢ yᵢ₋₁, or xᵢ + aᵢ yᵢ₊₁ if ``reverse``; the first y is the first x"""
    if x.dtype not in FAST or a.dtype != x.dtype or a.shape != x.shape or not x.size:
        return reference.recurrence(x, a, axis, reverse)
    y = empty_like(x)
    _launch(_recurrence_rows, _recurrence, (x, a, y), axis, 0.5, reverse)
    return y


def logcumsumexp(x, axis):
    """yᵢ = ln Σ exp(xⱼ) over j <= i, without overflow"""
    if x.dtype not in FAST or not x.size:
        return reference.logcumsumexp(x, axis)
    y = empty_like(x)
    _launch(None, _logcumsumexp, (x, y), axis, 3.0)
    return y


def _extreme_index(reference, loop):
    def run(x, axis):
        if x.dtype not in FAST or not x.size:
            return reference(x, axis)
        out = empty(x.shape, np.dtype(np.int64))
        _launch(None, loop, (x, out), axis, 1.0)
        return out

    return wraps(reference)(run)


cummax_index = _extreme_index(reference.cummax_index, _cummax)
cummin_index = _extreme_index(reference.cummin_index, _cummin)
