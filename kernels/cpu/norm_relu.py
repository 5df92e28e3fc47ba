"""ReLU of normalised channels, and the largest of 2 × 2 of them, in one pass over memory.

Going back, the gradients of a pooling are put where they belong, some channels at a time, into a
buffer that stays in cache, and go on as those of a batch norm.
"""

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty, empty_like
from ..reference import norm_relu as reference
from ..reference.norm_relu import CLOSED
from .batch_norm import (
    AFFINE,
    BACKWARD,
    SUMS,
    channels_vjp,
    column_moments,
    columns_vjp,
    factors,
    neighbours,
    plane_moments,
    planes_of,
    planes_vjp,
)
from .maps import same
from .normalization import fit, vectors
from .pool import larger

POOL = 0.6  # cost per element, see launch.split
ROOM = 1 << 18  # elements of gradients that go on from a pooling together
_TAPS = tuple(np.int32(n) for n in range(CLOSED))
_CLOSED = np.int32(CLOSED)


@jit()
def _moments(channels, mean, variance, x):
    for start in range(0, len(channels), neighbours(x)):
        here = slice(start, start + neighbours(x))
        plane_moments(x, channels[start], mean[here], variance[here])


def channel_moments(x):
    """The mean and the variance of each channel, the second axis"""
    if not fit(x):
        return reference.channel_moments(x)
    mean, variance = (empty((x.shape[1],), x.dtype) for _ in range(2))
    (x,) = planes_of((x,))
    if x.ndim == 2:
        column_moments(x, mean, variance)
    else:
        arrays = np.arange(x.shape[1]), mean, variance
        launch.split(_moments, arrays, x, cost=SUMS * len(x) * x.shape[2])
    return mean, variance


@jit()
def _relu_planes(start, x, y, mean, factor, shift):
    """y = max(0, (x − mean) · factor + shift), rows being planes of one channel after the other"""
    zero = x.dtype.type(0)
    for i in range(len(x)):
        c = (start + i) % mean.size
        row, out, m, f, s = x[i], y[i], mean[c], factor[c], shift[c]
        for j in range(row.size):
            v = (row[j] - m) * f + s
            out[j] = zero if v < zero else v


@jit()
def _relu_rows(start, x, y, mean, factor, shift):
    zero = x.dtype.type(0)
    for i in range(len(x)):
        row, out = x[i], y[i]
        for j in range(row.size):
            v = (row[j] - mean[j]) * factor[j] + shift[j]
            out[j] = zero if v < zero else v


def _operands(x, weight, bias, mean, variance, eps):
    """Contiguous weight, mean and variance, the product with x − mean, and what is added."""
    weight, shift = vectors(x, x.shape[1], weight, bias)
    mean, variance = np.ascontiguousarray(mean), np.ascontiguousarray(variance)
    return weight, mean, variance, factors(variance, weight, x.dtype.type(eps)), shift


def norm_relu(x, weight, bias, mean, variance, eps):
    """max(0, (x − mean) / √(variance + ε) · weight + bias) with given statistics of channels"""
    if not fit(x, weight, bias, mean, variance):
        return reference.norm_relu(x, weight, bias, mean, variance, eps)
    y = empty_like(x)
    _, mean, _, factor, shift = _operands(x, weight, bias, mean, variance, eps)
    loop, arrays = _relu_rows, planes_of((x, y))
    if arrays[0].ndim == 3:
        loop, arrays = _relu_planes, [a.reshape(-1, a.shape[2]) for a in arrays]
    launch.split(loop, arrays, mean, factor, shift, cost=AFFINE, indexed=True)
    return y


@jit()
def _split_rows(x, upper, lower, width, mean, factor, shift):
    """The even rows of a plane, normalised, one after the other, and the odd ones"""
    w = np.uint64(width)
    for h in range(np.uint64(upper.size) // w):
        to, above = h * w, np.uint64(2) * h * w
        for j in range(w):
            upper[to + j] = (x[above + j] - mean) * factor + shift
        for j in range(w):
            lower[to + j] = (x[above + w + j] - mean) * factor + shift


@jit()
def _pool_planes(start, x, y, at, mean, factor, shift, width):
    zero, two, one = x.dtype.type(0), np.uint64(2), np.uint64(1)
    upper, taps = np.empty(x.shape[1] // 2, x.dtype), np.empty(y.shape[1], np.int32)
    lower = np.empty_like(upper)
    for i in range(len(x)):
        c = (start + i) % mean.size
        _split_rows(x[i], upper, lower, width, mean[c], factor[c], shift[c])
        best, found = y[i], at[i]
        for q in range(np.uint64(best.size)):
            v, tap = larger(upper[two * q + one], _TAPS[1], upper[two * q], _TAPS[0])
            v, tap = larger(lower[two * q], _TAPS[2], v, tap)
            v, tap = larger(lower[two * q + one], _TAPS[3], v, tap)
            best[q], taps[q] = (zero, _CLOSED) if v <= zero else (v, tap)
        for q in range(taps.size):
            found[q] = taps[q]


def norm_relu_pool(x, weight, bias, mean, variance, eps):
    """The largest of each 2 × 2 elements of norm_relu, and its number 0 to 3 in the window"""
    if not fit(x, weight, bias, mean, variance):
        return reference.norm_relu_pool(x, weight, bias, mean, variance, eps)
    samples, channels, height, width = x.shape
    planes, size = samples * channels, (samples, channels, height // 2, width // 2)
    y, at = empty(size, x.dtype), empty(size, np.dtype(np.uint8))
    _, mean, _, factor, shift = _operands(x, weight, bias, mean, variance, eps)
    arrays = [a.reshape(planes, -1) for a in (np.ascontiguousarray(x), y, at)]
    launch.split(
        _pool_planes, arrays, mean, factor, shift, width, cost=POOL, indexed=True
    )
    return y, at


@jit()
def _open_rows(x, g, out, mean, factor, shift):
    """out = g where (x − mean) · factor + shift is positive, else 0"""
    zero = x.dtype.type(0)
    for i in range(len(x)):
        row, gr, o = x[i], g[i], out[i]
        for j in range(row.size):
            v = (row[j] - mean[j]) * factor[j] + shift[j]
            o[j] = zero if v <= zero else gr[j]


@jit()
def _spread_planes(g, at, first, out, width):
    """out = the gradients of channels at their places in windows, 0 elsewhere"""
    size, w, two, one = np.uint64(g.shape[2]), np.uint64(width), np.uint64(2), np.uint64(1)
    upper, taps = np.empty(2 * g.shape[2], g.dtype), np.empty(g.shape[2], np.int32)
    lower, zero = np.empty_like(upper), g.dtype.type(0)
    for n in range(len(g)):
        for c in range(out.shape[1]):
            gr, found, o = g[n, first + c], at[n, first + c], out[n, c]
            for q in range(size):
                taps[q] = found[q]
            for q in range(size):
                upper[two * q] = gr[q] if taps[q] == _TAPS[0] else zero
                upper[two * q + one] = gr[q] if taps[q] == _TAPS[1] else zero
                lower[two * q] = gr[q] if taps[q] == _TAPS[2] else zero
                lower[two * q + one] = gr[q] if taps[q] == _TAPS[3] else zero
            for h in range(two * size // w):
                start, above = h * w, two * h * w
                for j in range(w):
                    o[above + j] = upper[start + j]
                for j in range(w):
                    o[above + w + j] = lower[start + j]


@jit()
def _pool_vjp(channels, slopes, mean, variance, g, at, x, out, weight, width, eps, fixed):
    size = len(x) * x.shape[2]
    together = max(min(neighbours(x), ROOM // size), 1)
    room = np.empty(together * size, x.dtype)
    for start in range(0, len(channels), together):
        here = slice(start, min(start + together, len(channels)))
        first, m, v = channels[start], mean[here], variance[here]
        w = weight[first : first + m.size]
        passed = room[: m.size * size].reshape(len(x), m.size, x.shape[2])
        _spread_planes(g, at, first, passed, width)
        channels_vjp(slopes[here], passed, 0, x, out, first, m, v, w, None, eps, fixed)


def norm_relu_vjp(g, x, weight, bias, mean, variance, eps, fixed):
    """The gradients of norm_relu for x, weight and bias"""
    if not fit(x, weight, bias, mean, variance) or not same(g, x):
        return reference.norm_relu_vjp(g, x, weight, bias, mean, variance, eps, fixed)
    out, kind = empty_like(x), x.dtype.type
    weight, mean, variance, factor, shift = _operands(x, weight, bias, mean, variance, eps)
    g, x, flat = planes_of((g, x, out))
    if x.ndim == 2:
        passed = empty_like(g)
        launch.split(_open_rows, (x, g, passed), mean, factor, shift, cost=AFFINE)
        slopes = columns_vjp(passed, x, flat, weight, mean, variance, kind(eps), fixed)
        return out, slopes[0], slopes[1]
    slopes = empty((x.shape[1], 2), x.dtype)
    launch.split(
        planes_vjp, (np.arange(x.shape[1]), slopes, mean, variance), g, x, flat, weight, shift,
        kind(eps), fixed, cost=BACKWARD * x.size // x.shape[1],
    )  # fmt: skip
    return out, slopes[:, 0], slopes[:, 1]


def norm_relu_pool_vjp(g, at, x, weight, mean, variance, eps, fixed):
    """The gradients of norm_relu_pool for x, weight and bias"""
    if not fit(x, weight, mean, variance) or g.dtype != x.dtype:
        return reference.norm_relu_pool_vjp(g, at, x, weight, mean, variance, eps, fixed)
    out, kind, width = empty_like(x), x.dtype.type, x.shape[3]
    weight, mean, variance, *_ = _operands(x, weight, None, mean, variance, eps)
    g, at, x, flat = (
        np.ascontiguousarray(a).reshape(*a.shape[:2], -1) for a in (g, at, x, out)
    )
    slopes = empty((x.shape[1], 2), x.dtype)
    launch.split(
        _pool_vjp, (np.arange(x.shape[1]), slopes, mean, variance), g, at, x, flat, weight, width,
        kind(eps), fixed, cost=BACKWARD * x.size // x.shape[1],
    )  # fmt: skip
    return out, slopes[:, 0], slopes[:, 1]
