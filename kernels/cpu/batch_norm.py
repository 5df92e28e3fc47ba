"""Batch norm: of planes (N, C, S) some channels at a time, of (N, C) by blocks of rows.

Channels that lie side by side are taken together, so that memory is read in long runs. Sums over
planes and over blocks are collected in float64.
"""

import math

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty, empty_like
from ..reference import batch_norm as reference
from .maps import same
from .normalization import fit, fold, inverse_deviation, moments, vectors

FORWARD, BACKWARD, SUMS, AFFINE = 0.3, 0.5, 0.15, 0.2  # costs per element, see launch.split
BLOCK = 1 << 14  # elements of a block of rows, which is read twice, or of neighbouring planes
FEWEST = 8  # rows of one


@jit(forceinline=True)
def _joined(count, mean, squares, more, its_mean, its_squares):
    """Mean and sum of squared deviations of two sets together (Chan, Golub and LeVeque, 1979)"""
    away, share = its_mean - mean, more / (count + more)
    return mean + away * share, squares + its_squares + away * away * share * count


@jit(forceinline=True)
def neighbours(x):
    """How many channels are taken together"""
    return max(BLOCK // x.shape[2], 1)


@jit()
def plane_moments(x, first, mean, variance):
    """The mean and variance of the channels from ``first`` on, as many as there is room for"""
    means, squares, size = np.zeros(mean.size), np.zeros(mean.size), x.shape[2]
    for n in range(len(x)):
        for c in range(mean.size):
            its_mean, its_variance = moments(x[n, first + c])
            means[c], squares[c] = _joined(
                n * size, means[c], squares[c], size,
                np.float64(its_mean), np.float64(its_variance) * size,
            )  # fmt: skip
    for c in range(mean.size):
        mean[c], variance[c] = means[c], squares[c] / (len(x) * size)


@jit()
def factors(variance, weight, eps):
    factor = np.empty_like(weight)
    for j in range(factor.size):
        factor[j] = inverse_deviation(variance[j], eps) * weight[j]
    return factor


@jit(forceinline=True)
def _affine_planes(x, y, first, mean, factor, shift):
    for n in range(len(x)):
        for c in range(mean.size):
            row, out, m, f, s = x[n, first + c], y[n, first + c], mean[c], factor[c], shift[c]
            for j in range(row.size):
                out[j] = (row[j] - m) * f + s


@jit()
def _planes(channels, mean, variance, x, y, weight, bias, eps, fixed):
    """y of these channels; their statistics too unless they are ``fixed``"""
    for start in range(0, len(channels), neighbours(x)):
        here = slice(start, start + neighbours(x))
        first, m, v = channels[start], mean[here], variance[here]
        its = slice(first, first + m.size)
        if not fixed:
            plane_moments(x, first, m, v)
        _affine_planes(x, y, first, m, factors(v, weight[its], eps), bias[its])


@jit()
def _column_parts(starts, parts, x, rows):
    """parts[i] = the mean of each column and the sum of the squared deviations, of ``rows`` rows

    As in moments, a second sum (the last of a part) takes out what rounding left of the mean.
    """
    for i in range(len(starts)):
        block = x[starts[i] : starts[i] + rows]
        mean, squares, rest, size = parts[i, 0], parts[i, 1], parts[i, 2], x.dtype.type(len(block))
        parts[i] = x.dtype.type(0)
        for n in range(len(block)):
            row = block[n]
            for j in range(row.size):
                mean[j] += row[j]
        for j in range(mean.size):
            mean[j] /= size
        for n in range(len(block)):
            row = block[n]
            for j in range(row.size):
                deviation = row[j] - mean[j]
                rest[j] += deviation
                squares[j] += deviation * deviation
        for j in range(mean.size):
            if rest[j] == rest[j]:
                mean[j] += rest[j] / size
                squares[j] -= rest[j] * rest[j] / size


@jit()
def _joined_columns(parts, mean, variance, size, rows):
    means, squares = np.zeros(mean.size), np.zeros(mean.size)
    for i in range(len(parts)):
        its_mean, its_squares = parts[i, 0], parts[i, 1]
        count, more = np.float64(i * rows), np.float64(min(rows, size - i * rows))
        for j in range(mean.size):
            means[j], squares[j] = _joined(
                count, means[j], squares[j], more, np.float64(its_mean[j]), its_squares[j]
            )
    for j in range(mean.size):
        mean[j], variance[j] = means[j], squares[j] / size


@jit()
def _affine_rows(x, y, mean, factor, shift):
    for n in range(len(x)):
        row, out = x[n], y[n]
        for j in range(row.size):
            out[j] = (row[j] - mean[j]) * factor[j] + shift[j]


@jit()
def _columns(starts, parts, mean, variance, x, y, weight, bias, eps, fixed, rows):
    """All of it at once, for small arrays"""
    if not fixed:
        _column_parts(starts, parts, x, rows)
        _joined_columns(parts, mean, variance, len(x), rows)
    _affine_rows(x, y, mean, factors(variance, weight, eps), bias)


def _starts(rows, columns):
    """The first rows of the blocks, and how many rows they have."""
    each = max(BLOCK // columns, FEWEST)
    return np.arange(0, rows, each), each


def _blocks(x):
    """The first rows of blocks of x, how many rows they have, and room for their moments."""
    starts, rows = _starts(*x.shape)
    return starts, rows, empty((len(starts), 3, x.shape[1]), x.dtype)


def column_moments(x, mean, variance):
    """Write the mean and the variance of each column of a contiguous array."""
    starts, rows, parts = _blocks(x)
    launch.split(_column_parts, (starts, parts), x, rows, cost=SUMS * rows * x.shape[1])
    _joined_columns(parts, mean, variance, len(x), rows)


def planes_of(arrays):
    """Contiguous arrays (N, C, S), or (N, C) where a channel has one position."""
    samples, channels, *rest = arrays[0].shape
    shape = (samples, channels, math.prod(rest))
    shape = shape[:2] if shape[2] == 1 else shape
    return [np.ascontiguousarray(a).reshape(shape) for a in arrays]


def _normalized(x, weight, bias, mean, variance, eps, fixed):
    y, eps = empty_like(x), x.dtype.type(eps)
    weight, bias = vectors(x, x.shape[1], weight, bias)
    x, out = planes_of((x, y))
    if x.ndim == 3:
        arrays, cost = (np.arange(x.shape[1]), mean, variance), FORWARD * len(x) * x.shape[2]
        launch.split(_planes, arrays, x, out, weight, bias, eps, fixed, cost=cost)
        return y
    if x.size * FORWARD < launch.SPLIT_ABOVE:
        starts, rows, parts = _blocks(x)
        _columns(starts, parts, mean, variance, x, out, weight, bias, eps, fixed, rows)
        return y
    if not fixed:
        column_moments(x, mean, variance)
    factor = factors(variance, weight, eps)
    launch.split(_affine_rows, (x, out), mean, factor, bias, cost=AFFINE)
    return y


def batch_norm(x, weight, bias, eps):
    """(x − mean) / √(variance + ε) · weight + bias, with the statistics of each channel"""
    if not fit(x, weight, bias):
        return reference.batch_norm(x, weight, bias, eps)
    mean, variance = empty((x.shape[1],), x.dtype), empty((x.shape[1],), x.dtype)
    return _normalized(x, weight, bias, mean, variance, eps, False), mean, variance


def channel_norm(x, weight, bias, mean, variance, eps):
    """(x − mean) / √(variance + ε) · weight + bias, with given statistics of each channel"""
    if not fit(x, weight, bias, mean, variance):
        return reference.channel_norm(x, weight, bias, mean, variance, eps)
    mean, variance = np.ascontiguousarray(mean), np.ascontiguousarray(variance)
    return _normalized(x, weight, bias, mean, variance, eps, True)


@jit(forceinline=True)
def _of(shift, place):
    """The shift of a channel, or of some, if there is any"""
    if shift is None:
        return None
    return shift[place]


@jit(forceinline=True)
def _opened(g, deviation, factor, shift):
    """g, or the gradient of max(0, deviation · factor + shift) where there is a shift"""
    if shift is None:
        return g
    v, zero = deviation * factor + shift, type(g)(0)
    return zero if v <= zero else g


@jit(SUM, forceinline=True)
def _products(g, x, mean, factor, shift):
    """Σ g and Σ g (x − mean), g as it comes through a ReLU that follows"""
    total = along = x.dtype.type(0)
    for j in range(x.size):
        deviation = x[j] - mean
        slope = _opened(g[j], deviation, factor, shift)
        total += slope
        along += slope * deviation
    return total, along


@jit()
def _plane_products(g, at, x, first, mean, factor, shift):
    """As _products of the channels from ``first`` on (in g from ``at`` on), in one array"""
    sums = np.zeros((2, mean.size))
    for n in range(len(x)):
        for c in range(mean.size):
            gr, row, s = g[n, at + c], x[n, first + c], _of(shift, c)
            total, along = _products(gr, row, mean[c], factor[c], s)
            sums[0, c] += total
            sums[1, c] += along
    return sums


@jit()
def channels_vjp(slopes, g, at, x, out, first, mean, variance, weight, shift, eps, fixed):
    """out = scale · weight · (g − Σ g / n − x̂ Σ g x̂ / n); slopes = Σ g x̂ and Σ g

    For the channels from ``first`` on (in g from ``at`` on) whose slopes these are. A ``shift``
    says that a ReLU of the normalised numbers follows.
    """
    size, factor = x.shape[0] * x.shape[2], factors(variance, weight, eps)
    sums = _plane_products(g, at, x, first, mean, factor, shift)
    means = np.empty((2, mean.size), x.dtype)
    for c in range(mean.size):
        scale = inverse_deviation(variance[c], eps)
        slopes[c, 0], slopes[c, 1] = sums[1, c] * scale, sums[0, c]
        means[0, c], means[1, c] = sums[0, c] / size, sums[1, c] * scale * scale / size
    for n in range(len(x)):
        for c in range(mean.size):
            gr, row, o = g[n, at + c], x[n, first + c], out[n, first + c]
            f, m, total, along = factor[c], mean[c], means[0, c], means[1, c]
            s = _of(shift, c)
            if fixed:
                for j in range(row.size):
                    o[j] = f * _opened(gr[j], row[j] - m, f, s)
            else:
                for j in range(row.size):
                    slope = _opened(gr[j], row[j] - m, f, s)
                    o[j] = f * (slope - total - (row[j] - m) * along)


@jit()
def planes_vjp(channels, slopes, mean, variance, g, x, out, weight, shift, eps, fixed):
    """As channels_vjp, of channels side by side, some at a time"""
    for start in range(0, len(channels), neighbours(x)):
        here = slice(start, start + neighbours(x))
        first, m, v = channels[start], mean[here], variance[here]
        its = slice(first, first + m.size)
        s = _of(shift, its)
        channels_vjp(slopes[here], g, first, x, out, first, m, v, weight[its], s, eps, fixed)


@jit()
def _product_parts(starts, parts, g, x, mean, rows):
    """parts[i] = Σ g (x − mean) and Σ g of each column, over ``rows`` rows from starts[i] on"""
    for i in range(len(starts)):
        along, total = parts[i, 0], parts[i, 1]
        parts[i] = x.dtype.type(0)
        for n in range(starts[i], min(starts[i] + rows, len(x))):
            gr, row = g[n], x[n]
            for j in range(row.size):
                along[j] += gr[j] * (row[j] - mean[j])
                total[j] += gr[j]


@jit()
def _column_slopes(sums, variance, size, eps):
    """Σ g (x − mean) becomes Σ g x̂; and the mean of g, and of g x̂ / deviation"""
    means = np.empty_like(sums)
    for j in range(variance.size):
        scale = inverse_deviation(variance[j], eps)
        sums[0, j] *= scale
        means[0, j], means[1, j] = sums[0, j] * scale / size, sums[1, j] / size
    return means


@jit()
def _rows_vjp(g, x, out, mean, factor, means, fixed):
    along, total = means[0], means[1]
    for n in range(len(x)):
        gr, row, o = g[n], x[n], out[n]
        if fixed:
            for j in range(row.size):
                o[j] = factor[j] * gr[j]
        else:
            for j in range(row.size):
                o[j] = factor[j] * (gr[j] - total[j] - (row[j] - mean[j]) * along[j])


@jit()
def _columns_vjp_at_once(
    starts, parts, sums, g, x, out, weight, mean, variance, eps, fixed, rows
):
    _product_parts(starts, parts, g, x, mean, rows)
    fold(parts.reshape(len(parts), sums.size), sums.reshape(sums.size))
    means = _column_slopes(sums, variance, len(x), eps)
    _rows_vjp(g, x, out, mean, factors(variance, weight, eps), means, fixed)


def columns_vjp(g, x, out, weight, mean, variance, eps, fixed):
    """The gradients for x (into ``out``), weight and bias of arrays (N, C)"""
    starts, rows = _starts(*x.shape)
    parts, sums = empty((len(starts), 2, x.shape[1]), x.dtype), empty((2, x.shape[1]), x.dtype)
    if x.size * BACKWARD < launch.SPLIT_ABOVE:
        operands = starts, parts, sums, g, x, out, weight, mean, variance, eps, fixed, rows
        _columns_vjp_at_once(*operands)
        return sums
    cost = SUMS * rows * x.shape[1]
    launch.split(_product_parts, (starts, parts), g, x, mean, rows, cost=cost)
    fold(parts.reshape(len(parts), -1), sums.ravel())
    means = _column_slopes(sums, variance, len(x), eps)
    factor = factors(variance, weight, eps)
    launch.split(_rows_vjp, (g, x, out), mean, factor, means, fixed, cost=AFFINE)
    return sums


def batch_norm_vjp(g, x, weight, mean, variance, eps, fixed):
    """The gradients of batch_norm for x, and for weight and bias (channels,)"""
    if not fit(x, weight, mean, variance) or not same(g, x):
        return reference.batch_norm_vjp(g, x, weight, mean, variance, eps, fixed)
    channels, gradient, eps = x.shape[1], empty_like(x), x.dtype.type(eps)
    weight, _ = vectors(x, channels, weight, weight)
    statistics = np.ascontiguousarray(mean), np.ascontiguousarray(variance)
    arrays = planes_of((g, x, gradient))
    if arrays[0].ndim == 2:
        slopes = columns_vjp(*arrays, weight, *statistics, eps, fixed)
        return gradient, slopes[0], slopes[1]
    slopes = empty((channels, 2), x.dtype)
    cost = BACKWARD * x.size // channels
    numbers = *arrays, weight, None, eps, fixed
    launch.split(planes_vjp, (np.arange(channels), slopes, *statistics), *numbers, cost=cost)
    return gradient, slopes[:, 0], slopes[:, 1]
