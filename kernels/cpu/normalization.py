"""Layer, group, instance and RMS norm, one group of one sample at a time.

Where a channel has one position (layer norm), weight and bias run along the row; otherwise each
channel is a plane with one scale and shift. Rows do not depend on each other.
"""

from functools import lru_cache

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty, empty_like
from ..reference import normalization as reference
from . import vmath
from .maps import FAST, flat, same

FORWARD, BACKWARD = 0.3, 0.5  # costs per element, see launch.split
PARTS = 32  # partial sums over rows, however many threads there are
FEWEST = 16  # rows of one of them


@jit(SUM, forceinline=True)
def moments(row):
    """The mean, and the mean of the squared deviations from it

    A second sum takes out what rounding left of the mean in the deviations.
    """
    size = row.dtype.type(row.size)
    total = rest = squares = vmath.constants(row[0]).zero
    for j in range(row.size):
        total += row[j]
    mean = total / size
    for j in range(row.size):
        deviation = row[j] - mean
        rest += deviation
        squares += deviation * deviation
    rest /= size
    if rest != rest:  # the mean is infinite
        return mean, squares / size
    return mean + rest, squares / size - rest * rest


@jit(forceinline=True)
def inverse_deviation(variance, eps):
    """1 / √(variance + ε)"""
    return vmath.constants(variance).one / np.sqrt(variance + eps)


@jit()
def _rows(start, x, y, mean, variance, weight, bias, groups, _positions, eps):
    width = x.shape[1]
    for i in range(len(x)):
        row, out, first = x[i], y[i], (start + i) % groups * width
        w, b = weight[first : first + width], bias[first : first + width]
        m, v = moments(row)
        mean[i], variance[i] = m, v
        scale = inverse_deviation(v, eps)
        for j in range(width):
            out[j] = (row[j] - m) * scale * w[j] + b[j]


@jit()
def _planes(start, x, y, mean, variance, weight, bias, groups, positions, eps):
    channels = x.shape[1] // positions
    for i in range(len(x)):
        first = (start + i) % groups * channels
        m, v = moments(x[i])
        mean[i], variance[i] = m, v
        scale = inverse_deviation(v, eps)
        for c in range(channels):
            plane = x[i, c * positions : (c + 1) * positions]
            out = y[i, c * positions : (c + 1) * positions]
            factor, shift = scale * weight[first + c], bias[first + c]
            for j in range(positions):
                out[j] = (plane[j] - m) * factor + shift


def fit(x, *others):
    """Whether the loops take these operands; the others may be None."""
    dtype = x.dtype
    return dtype in FAST and x.size and all(o is None or o.dtype == dtype for o in others)


def vectors(x, channels, weight, bias):
    """Weight and bias as contiguous vectors: ones and zeros where they are None."""
    ones = np.ones(channels, x.dtype) if weight is None else flat(weight)
    return ones, np.zeros(channels, x.dtype) if bias is None else flat(bias)


def as_rows(x, rows):
    """The elements in C order as a contiguous matrix, without a copy where they lie so."""
    if x.ndim == 2 and len(x) == rows and x.flags.c_contiguous:
        return x
    return np.ascontiguousarray(x).reshape(rows, -1)


def group_norm(x, weight, bias, layout, eps):
    """(x − mean) / √(variance + ε) · weight + bias, with statistics of each group of channels"""
    if not fit(x, weight, bias):
        return reference.group_norm(x, weight, bias, layout, eps)
    samples, groups, channels, positions = layout
    rows, dtype = samples * groups, x.dtype
    y, mean, variance = empty_like(x), np.empty(rows, dtype), np.empty(rows, dtype)
    weight, bias = vectors(x, groups * channels, weight, bias)
    arrays = as_rows(x, rows), as_rows(y, rows), mean, variance
    loop, numbers = _rows if positions == 1 else _planes, (groups, positions, dtype.type(eps))
    launch.split(loop, arrays, weight, bias, *numbers, cost=FORWARD, indexed=True)
    return y, mean, variance


@jit(SUM, forceinline=True)
def _weighted_sums(g, x, mean, w):
    """Σ g w and Σ g w (x − mean)"""
    total = along = vmath.constants(mean).zero
    for j in range(x.size):
        gw = g[j] * w[j]
        total += gw
        along += gw * (x[j] - mean)
    return total, along


@jit(forceinline=True)
def _row_vjp(g, x, onto, out, mean, scale, w, dw, db):
    size = x.dtype.type(x.size)
    total, along = _weighted_sums(g, x, mean, w)
    total = total * scale / size
    along = along * scale / size * scale * scale  # not a sum: scale³ alone might overflow
    for j in range(x.size):
        away, scaled = x[j] - mean, g[j] * scale
        if dw is not None:
            dw[j] += scaled * away
            db[j] += g[j]
        slope = scaled * w[j] - total - away * along
        if onto is None:
            out[j] = slope
        else:
            out[j] = onto[j] + slope


@jit(forceinline=True)
def _part(parts, i, which, first, last):
    """A part of a part, if there are any"""
    return None if parts is None else parts[i, which, first:last]


@jit()
def _rows_vjp(starts, parts, g, x, onto, out, mean, variance, weight, groups, rows, eps):
    """parts[i] = the gradients for weight and bias from ``rows`` rows that begin at starts[i]

    None if they are not wanted.
    """
    width = x.shape[1]
    for i in range(len(starts)):
        if parts is not None:
            parts[i] = vmath.constants(eps).zero
        w = weight[:width]
        dw, db = _part(parts, i, 0, 0, width), _part(parts, i, 1, 0, width)
        for r in range(starts[i], min(starts[i] + rows, len(x))):
            if groups > 1:
                first = r % groups * width
                last = first + width
                w = weight[first:last]
                dw, db = _part(parts, i, 0, first, last), _part(parts, i, 1, first, last)
            scale = inverse_deviation(variance[r], eps)
            if onto is None:
                _row_vjp(g[r], x[r], None, out[r], mean[r], scale, w, dw, db)
            else:
                _row_vjp(g[r], x[r], onto[r], out[r], mean[r], scale, w, dw, db)


@jit(SUM, forceinline=True)
def _sums(g, x, mean):
    """Σ g and Σ g (x − mean)"""
    total = along = vmath.constants(mean).zero
    for j in range(g.size):
        total += g[j]
        along += g[j] * (x[j] - mean)
    return total, along


@jit()
def _planes_vjp(start, g, x, onto, out, sums, mean, variance, weight, groups, positions, eps):
    """sums[i] = Σ g · x̂ and Σ g of each channel of row i"""
    channels, size = x.shape[1] // positions, x.dtype.type(x.shape[1])
    for i in range(len(x)):
        first, m = (start + i) % groups * channels, mean[i]
        scale = inverse_deviation(variance[i], eps)
        total = along = vmath.constants(m).zero
        for c in range(channels):
            low, high = c * positions, (c + 1) * positions
            plain, product = _sums(g[i, low:high], x[i, low:high], m)
            sums[i, 0, c], sums[i, 1, c] = product * scale, plain
            total += plain * weight[first + c]
            along += product * scale * weight[first + c]
        total, along = scale * total / size, scale * scale * along / size
        for c in range(channels):
            low, high = c * positions, (c + 1) * positions
            gc, xc, oc, factor = g[i, low:high], x[i, low:high], out[i, low:high], weight[first + c]
            factor *= scale
            for j in range(positions):
                oc[j] = gc[j] * factor - total - (xc[j] - m) * along
            if onto is not None:
                for j in range(positions):
                    oc[j] += onto[i, low + j]


@jit()
def fold(parts, out):
    """out = Σ parts over the first axis, in float64"""
    total = np.zeros(out.size)
    for i in range(len(parts)):
        row = parts[i]
        for j in range(total.size):
            total[j] += row[j]
    for j in range(total.size):
        out[j] = total[j]


def _folded(parts):
    """The sums over the first axis of (n, 2, width): two vectors."""
    if len(parts) == 1:
        return parts[0, 0], parts[0, 1]
    out = empty((2, *parts.shape[2:]), parts.dtype)
    fold(parts.reshape(len(parts), out.size), out.ravel())
    return out[0], out[1]


@lru_cache(256)
def _starts(rows):
    """The first rows of the partial sums, and how many rows they have."""
    each = max(-(-rows // PARTS), FEWEST)
    return np.arange(0, rows, each), each


@jit()
def _rows_vjp_at_once(
    starts, parts, sums, g, x, onto, out, mean, variance, weight, groups, rows, eps
):
    _rows_vjp(starts, parts, g, x, onto, out, mean, variance, weight, groups, rows, eps)
    fold(parts.reshape(len(parts), sums.size), sums)


def _row_gradients(arrays, statistics, weight, groups, eps, parameters):
    """The gradients of rows for x (into arrays[3]), and those for weight and bias, if wanted"""
    x, channels = arrays[1], weight.size
    starts, each = _starts(len(x))
    numbers, cost = (weight, groups, each, eps), BACKWARD * each * channels
    if not parameters:
        launch.split(_rows_vjp, (starts, None), *arrays, *statistics, *numbers, cost=cost)
        return None, None
    parts = empty((len(starts), 2, channels), x.dtype)
    if x.size * BACKWARD < launch.SPLIT_ABOVE:
        sums = np.empty((2, channels), x.dtype)
        _rows_vjp_at_once(
            starts, parts, sums.ravel(), *arrays, *statistics, *numbers
        )
        return sums[0], sums[1]
    launch.split(_rows_vjp, (starts, parts), *arrays, *statistics, *numbers, cost=cost)
    return _folded(parts)


def group_norm_vjp(g, x, weight, mean, variance, layout, eps, onto=None, parameters=True):
    """The gradients of group_norm for x, added to ``onto``, and for weight and bias (channels,)

    These are None without ``parameters``.
    """
    if not fit(x, weight, mean, variance, onto) or not same(g, x):
        return reference.group_norm_vjp(g, x, weight, mean, variance, layout, eps, onto, parameters)
    samples, groups, channels, positions = layout
    rows, out, eps = samples * groups, empty_like(x), x.dtype.type(eps)
    weight, _ = vectors(x, groups * channels, weight, weight)
    arrays = [None if a is None else as_rows(a, rows) for a in (g, x, onto, out)]
    statistics = flat(mean), flat(variance)
    if positions == 1:
        return out, *_row_gradients(arrays, statistics, weight, groups, eps, parameters)
    parts, numbers = empty((rows, 2, channels), x.dtype), (weight, groups, positions, eps)
    launch.split(
        _planes_vjp, (*arrays, parts, *statistics), *numbers, cost=BACKWARD, indexed=True
    )
    if not parameters:
        return out, None, None
    parts = parts.reshape(samples, groups, 2, channels).swapaxes(1, 2)
    return out, *_folded(parts.reshape(samples, 2, groups * channels))


@jit(SUM)
def _rms_rows(x, y, factor, weight, eps):
    size = x.dtype.type(x.shape[1])
    for i in range(len(x)):
        row, out = x[i], y[i]
        total = vmath.constants(eps).zero
        for j in range(row.size):
            total += row[j] * row[j]
        scale = inverse_deviation(total / size, eps)
        factor[i] = scale
        for j in range(row.size):
            out[j] = row[j] * scale * weight[j]


def rms_norm(x, weight, width, eps):
    """x / √(mean of x² + ε) · weight on rows of ``width`` elements, and the factor of each row"""
    if not fit(x, weight):
        return reference.rms_norm(x, weight, width, eps)
    rows, dtype = x.size // width, x.dtype
    y, factor = empty_like(x), empty((rows,), dtype)
    weight, _ = vectors(x, width, weight, weight)
    arrays = np.ascontiguousarray(x).reshape(rows, width), y.reshape(rows, width), factor
    launch.split(_rms_rows, arrays, weight, dtype.type(eps), cost=FORWARD)
    return y, factor


@jit(SUM)
def _rms_rows_vjp(starts, parts, g, x, out, factor, weight, rows):
    size = x.dtype.type(x.shape[1])
    for i in range(len(starts)):
        dw = parts[i]
        dw[:] = vmath.constants(size).zero
        for r in range(starts[i], min(starts[i] + rows, len(x))):
            gr, xr, o, scale = g[r], x[r], out[r], factor[r]
            along = vmath.constants(size).zero
            for j in range(dw.size):
                along += gr[j] * weight[j] * xr[j]
            along *= scale * scale / size
            for j in range(dw.size):
                dw[j] += gr[j] * (xr[j] * scale)
                o[j] = scale * (gr[j] * weight[j] - xr[j] * along)


def rms_norm_vjp(g, x, weight, factor, width):
    """The gradients of rms_norm for x, and for weight as a vector"""
    if not fit(x, weight, factor) or not same(g, x):
        return reference.rms_norm_vjp(g, x, weight, factor, width)
    out, (weight, _) = empty_like(x), vectors(x, width, weight, weight)
    arrays = [np.ascontiguousarray(a).reshape(-1, width) for a in (g, x, out)]
    starts, each = _starts(factor.size)
    parts = empty((len(starts), width), x.dtype)
    numbers = np.ascontiguousarray(factor), weight, each
    cost = BACKWARD * each * width
    launch.split(_rms_rows_vjp, (starts, parts), *arrays, *numbers, cost=cost)
    weight_gradient = empty((width,), x.dtype)
    fold(parts, weight_gradient)
    return out, weight_gradient
