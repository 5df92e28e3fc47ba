"""Attention a panel of queries at a time, by tiles of matrix products, where nothing masks scores.

The scores of WIDTH queries have a row for every key, so that each query has a lane of its own: no
sum goes across a vector, the scores stay in the cache, and rows of keys that come after all queries
of a panel are left out. The gradients of keys and values are summed over GROUP panels at once.
"""

import numpy as np

from ..compile import SUM, jit
from ..memory import empty
from . import vmath
from .simd import LANES, WIDTH, multiply_rows, rows_to_places

SINGLE = np.dtype(np.float32)
GROUP = 4
BLOCK = 4 * WIDTH  # numbers that loops over lanes take at once


def fits(q, v, mask, p):
    """Whether this room computes attention for queries and values by head."""
    plain = LANES > 0 and q.dtype == SINGLE and mask is None and not p
    return plain and not (q.shape[3] % WIDTH or v.shape[3] % WIDTH)


@jit()
def _turn(x, first, rows, places, out):
    """out[c WIDTH + r] = x[first + r, c] for r < WIDTH, being 0 from ``rows`` on"""
    step, columns = x.strides[0] // x.itemsize, x.shape[1]
    if rows == WIDTH:
        for r in range(0, WIDTH, LANES):
            for c in range(0, columns, LANES):
                rows_to_places(x, (first + r) * step + c, step, LANES, out, r, WIDTH, places, c)
        return
    out[:] = out.dtype.type(0)
    for r in range(rows):
        for c in range(columns):
            out[c * WIDTH + r] = x[first + r, c]


@jit()
def _times_turned(x, turned, count, s):
    """s[j] = x[j] times the turned rows of a panel, for j < count"""
    step, depth = x.strides[0] // x.itemsize, x.shape[1]
    multiply_rows(count, x, 0, step, 0, 1, turned, 0, 0, WIDTH, 1, depth, s, 0, WIDTH, False)


@jit()
def _turned_times(s, count, x, rows, y, first):
    """y[first + i] = Σ_j s[j, i] x[j] over j < count, for i < rows"""
    step, y_step = x.strides[0] // x.itemsize, y.strides[0] // y.itemsize
    for c in range(0, x.shape[1], WIDTH):
        multiply_rows(
            rows, s, 0, 1, 0, WIDTH, x, c, 0, step, 1, count, y, first * y_step + c, y_step, False
        )


@jit()
def _scale_and_hide(s, count, first, scale, causal):
    """Scale the scores of the queries from ``first`` on; they do not see keys after their own"""
    flat, hidden = s.reshape(s.size), -vmath.constants(scale).inf
    for t in range(np.uint64(count * WIDTH)):
        flat[t] *= scale
    if causal:
        for j in range(first + 1, count):
            for i in range(j - first):
                s[j, i] = hidden


@jit()
def _largest(flat, size, top):
    """The largest number of every lane of the first ``size``, BLOCK lanes wide"""
    top[:] = -vmath.constants(flat[0]).inf
    for start in range(0, size, BLOCK):
        for t in range(np.uint64(min(BLOCK, size - start))):
            top[t] = vmath.maximum(flat[np.uint64(start) + t], top[t])
    half = BLOCK // 2
    while half >= WIDTH:
        for t in range(np.uint64(half)):
            top[t] = vmath.maximum(top[np.uint64(half) + t], top[t])
        half //= 2
    _repeat(top)


@jit()
def _total(flat, size, sums):
    """The sum of every lane of the first ``size``"""
    sums[:] = flat.dtype.type(0)
    for start in range(0, size, BLOCK):
        for t in range(np.uint64(min(BLOCK, size - start))):
            sums[t] += flat[np.uint64(start) + t]
    half = BLOCK // 2
    while half >= WIDTH:
        for t in range(np.uint64(half)):
            sums[t] += sums[np.uint64(half) + t]
        half //= 2


@jit()
def _repeat(lanes):
    """The first WIDTH numbers again and again"""
    for start in range(WIDTH, BLOCK, WIDTH):
        lanes[start : start + WIDTH] = lanes[:WIDTH]


@jit()
def _exp_less(flat, size, lanes):
    """The first ``size`` numbers become exp(number − that of its lane)"""
    for start in range(0, size, BLOCK):
        for t in range(np.uint64(min(BLOCK, size - start))):
            flat[np.uint64(start) + t] -= lanes[t]
    for t in range(np.uint64(size)):
        flat[t] = vmath.exp_nonpositive(flat[t])


@jit()
def _softmax(s, count, lse, top, sums):
    """Every lane of s becomes exp(s − max), sums its inverse sum, and lse the logarithm of the sum

    Where all are −∞, all become 0, the inverse sum 0, and the logarithm ∞.
    """
    c, flat, size = vmath.constants(s[0, 0]), s.reshape(s.size), count * WIDTH
    _largest(flat, size, top)
    for t in range(BLOCK):
        top[t] = c.zero if top[t] == -c.inf else top[t]
    _exp_less(flat, size, top)
    _total(flat, size, sums)
    for i in range(lse.size):
        lse[i] = c.inf if sums[i] == c.zero else top[i] + vmath.log(sums[i])
    for i in range(WIDTH):
        sums[i] = c.zero if sums[i] == c.zero else c.one / sums[i]


@jit()
def _scale_rows(x, first, factors, rows):
    """x[first + i] times a number of its own, for i < rows"""
    for i in range(rows):
        row, factor = x[first + i], factors[i]
        for c in range(row.size):
            row[c] *= factor


@jit()
def _forward(q, k, v, out, lse, scale, causal, places, turned, s, lanes):
    rows, keys = q.shape[2], k.shape[2]
    for a in range(q.shape[0]):
        for b in range(q.shape[1]):
            for first in range(0, rows, WIDTH):
                height = min(WIDTH, rows - first)
                count = min(keys, first + WIDTH) if causal else keys
                _turn(q[a, b], first, height, places, turned)
                _times_turned(k[a, b], turned, count, s)
                _scale_and_hide(s, count, first, scale, causal)
                _softmax(s, count, lse[a, b, first : first + height], lanes[0], lanes[1])
                _turned_times(s, count, v[a, b], height, out[a, b], first)
                _scale_rows(out[a, b], first, lanes[1], height)


@jit(SUM)
def _lanes_of(g, out, lse, first, height, ends, means):
    """ln Σ exp and Σ g · out of the queries of a panel; ∞ and 0 for those that are not there"""
    ends[:], means[:] = vmath.constants(lse[0]).inf, lse.dtype.type(0)
    for i in range(height):
        ends[i], total = lse[first + i], lse.dtype.type(0)
        g_row, out_row = g[first + i], out[first + i]
        for c in range(g_row.size):
            total += g_row[c] * out_row[c]
        means[i] = total
    _repeat(ends)
    _repeat(means)


@jit()
def _weights_and_slopes(s, d, count, scale, ends, means):
    """s becomes exp(s − ends) and d becomes s · (d − means) · scale"""
    flat, slopes, size = s.reshape(s.size), d.reshape(d.size), count * WIDTH
    _exp_less(flat, size, ends)
    for start in range(0, size, BLOCK):
        for t in range(np.uint64(min(BLOCK, size - start))):
            place = np.uint64(start) + t
            slopes[place] = flat[place] * ((slopes[place] - means[t]) * scale)


@jit()
def _add_panels(s, x, first, y, reached, end, causal):
    """y[j] = Σ_i s[panel, j, i] x[first + WIDTH panel + i] for j < end, added where j < reached"""
    step, y_step = x.strides[0] // x.itemsize, y.strides[0] // y.itemsize
    whole, rest = min(GROUP * WIDTH, len(x) - first) // WIDTH, 0
    if whole < GROUP:
        rest = len(x) - first - whole * WIDTH
    panel = s.shape[1] * WIDTH
    for j in range(0, end, WIDTH):
        height = min(WIDTH, end - j)
        begin = max(0, (j - first) // WIDTH) if causal else 0
        for c in range(0, x.shape[1], WIDTH):
            place, add = j * y_step + c, j < reached
            if begin < whole:
                multiply_rows(
                    height, s, begin * panel + j * WIDTH, WIDTH, panel, 1,
                    x, (first + begin * WIDTH) * step + c, WIDTH * step, step, whole - begin, WIDTH,
                    y, place, y_step, add,
                )  # fmt: skip
                add = True
            if rest:
                multiply_rows(
                    height, s, whole * panel + j * WIDTH, WIDTH, 0, 1,
                    x, (first + whole * WIDTH) * step + c, 0, step, 1, rest, y, place, y_step, add,
                )  # fmt: skip


@jit()
def _backward(
    g, q, k, v, out, lse, dq, dk, dv, scale, causal, places, q_turned, g_turned, s, d, lanes
):
    rows, keys = q.shape[2], k.shape[2]
    for a in range(q.shape[0]):
        for b in range(q.shape[1]):
            reached = 0
            for group in range(0, rows, GROUP * WIDTH):
                end = keys
                for p in range(min(GROUP, (rows - group + WIDTH - 1) // WIDTH)):
                    first = group + p * WIDTH
                    height = min(WIDTH, rows - first)
                    end = min(keys, first + WIDTH) if causal else keys
                    _turn(q[a, b], first, height, places, q_turned)
                    _turn(g[a, b], first, height, places, g_turned)
                    _times_turned(k[a, b], q_turned, end, s[p])
                    _times_turned(v[a, b], g_turned, end, d[p])
                    _scale_and_hide(s[p], end, first, scale, causal)
                    _lanes_of(g[a, b], out[a, b], lse[a, b], first, height, lanes[0], lanes[1])
                    _weights_and_slopes(s[p], d[p], end, scale, lanes[0], lanes[1])
                    _turned_times(d[p], end, k[a, b], height, dq[a, b], first)
                _add_panels(d, q[a, b], group, dk[a, b], reached, end, causal)
                _add_panels(s, g[a, b], group, dv[a, b], reached, end, causal)
                reached = end
            dk[a, b, reached:] = dv[a, b, reached:] = dk.dtype.type(0)


def _room(*widths):
    """Index tables and scratch for turned rows of so many columns, and for numbers by lane."""
    turned = [empty((width * WIDTH,), SINGLE) for width in widths]
    return np.arange(max(widths)), *turned, empty((2, BLOCK), SINGLE)


def forward(q, k, v, out, lse, scale, causal):
    """Fill out and lse, all arrays being by head"""
    places, turned, lanes = _room(q.shape[3])
    s = empty((k.shape[2], WIDTH), SINGLE)
    _forward(q, k, v, out, lse, SINGLE.type(scale), causal, places, turned, s, lanes)


def backward(g, q, k, v, out, lse, dq, dk, dv, scale, causal):
    """Fill the gradients, all arrays being by head"""
    places, q_turned, g_turned, lanes = _room(q.shape[3], v.shape[3])
    s, d = (empty((GROUP, k.shape[2], WIDTH), SINGLE) for _ in range(2))
    turned = q_turned, g_turned
    _backward(
        g, q, k, v, out, lse, dq, dk, dv, SINGLE.type(scale), causal, places, *turned, s, d, lanes
    )
