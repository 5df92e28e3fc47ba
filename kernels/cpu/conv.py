"""Convolutions by matrix products on rows of the input.

Along the width every tap of the kernel gets a copy of its own: then the rows that belong to kernel
height many input rows, lying one after another, already are the columns that an output row of many
images multiplies. So the scratch is smaller than all columns by the height of the kernel, and a
block of it stays in the cache. That is the way of those that no other room takes: winograd,
conv_direct (few products per output), conv_spread (few outputs), conv_tiles.

Arrays have three spatial axes here; fewer are led by axes of extent 1. The input gradient consists
of convolutions of g with stride 1, one for each residue of a position modulo the stride; winograd
and conv_tiles compute them together.
"""

import functools
import math

import numpy as np

from .. import blas, launch
from ..compile import jit
from ..floating import quiet
from ..memory import empty
from ..reference import conv as reference
from . import conv_direct, conv_spread, conv_tiles, winograd
from .conv_adjoint import adjoint, residues
from .conv_direct import copy_row
from .maps import FAST

SCRATCH = 2 << 20  # bytes of lowered input in a block
COLUMNS = 256  # of a product; more make room for fewer rows
FEW_WEIGHTS = 1024  # of a group; up to here conv_direct is faster than matrix products
FEW_TAPS = 16  # of an output; below, conv_direct sums their gradients faster than conv_tiles
FEW_LINES = 24  # of lowered input for one row; below, products take in all rows of the kernel
PARTS = 4  # of a batch, whose weight gradients are summed separately
COST = 0.05  # of a multiplication and addition, in units of one exp


@jit()
def _lower(x, panel, places, pitch, first, start, rows, padding, strides, dilations, shape):
    """panel[r, (c, a, j), (n, i)] = x[n, first + c, d, rows[r], w], 0 outside of x

    with d = start + a · dilation and w = i · stride + j · dilation − padding. ``shape`` is
    (c, a, j, n, i); row r begins at places[r] in the panel, its lines are ``pitch`` apart.
    """
    channels, depths, taps, count, size = shape
    wide = np.zeros((count, (size - 1) * strides[2] + (taps - 1) * dilations[2] + 1), x.dtype)
    low = min(max(padding, 0), wide.shape[1])
    high = max(min(padding + x.shape[4], wide.shape[1]), low)
    for r in range(rows.size):
        h = rows[r]
        for c in range(channels):
            for a in range(depths):
                d = start + a * dilations[0]
                inside = 0 <= h < x.shape[3] and 0 <= d < x.shape[2]
                for n in range(count if inside else 0):
                    copy_row(x[n, first + c, d, h], low - padding, 1, wide[n], low, high - low)
                for j in range(taps):
                    at = places[r] + ((c * depths + a) * taps + j) * pitch
                    if not inside:
                        panel[at : at + count * size] = 0
                        continue
                    for n in range(count):
                        start_of_tap = j * dilations[2]
                        copy_row(wide[n], start_of_tap, strides[2], panel, at + n * size, size)


@jit()
def _store(tile, bias, y, first, depth, row):
    """y[n, first + k, depth, row + r] = tile[r, k, n] + bias[k]"""
    for n in range(tile.shape[2]):
        for k in range(tile.shape[1]):
            b = bias[k]
            for r in range(tile.shape[0]):
                into, out = y[n, first + k, depth, row + r], tile[r, k, n]
                for i in range(out.size):
                    into[i] = out[i] + b


@jit()
def _collect(g, tile, first, depth, row):
    """tile[k, r, n] = g[n, first + k, depth, row + r]"""
    for n in range(tile.shape[2]):
        for k in range(tile.shape[0]):
            for r in range(tile.shape[1]):
                into, out = tile[k, r, n], g[n, first + k, depth, row + r]
                for i in range(out.size):
                    into[i] = out[i]


@functools.lru_cache(1024)
def _row_order(count, taps, stride, dilation):
    """(input rows of ``count`` windows, where in them each window begins)

    The rows lie so that the taps of a window follow each other.
    """
    dilation = stride if taps == 1 else dilation
    shared = math.gcd(stride, dilation)
    length = -(-((count - 1) * stride + (taps - 1) * dilation + 1) // dilation)
    rows = np.arange(0, dilation, shared)[:, None] + dilation * np.arange(length)
    starts = [
        r * stride % dilation // shared * length + r * stride // dilation for r in range(count)
    ]
    return rows.ravel(), starts


class _Blocks:
    """Some images and output rows at a time: what they need of the input, lowered to a panel.

    ``by_tap`` orders the rows of the panel so that those of one tap follow each other, over all
    output rows; otherwise those of one output row do, over all taps.
    """

    def __init__(self, count, channels, outputs, kernel, size, window, dtype, by_tap):
        self.kernel, self.size, self.window, self.by_tap = kernel, size, window, by_tap
        self.channels, self.outputs = channels, outputs
        self.lines = channels * kernel[0] * kernel[2]
        stride = window[0][1]
        self.images = min(count, -(-COLUMNS // size[2]))
        columns = self.images * size[2]
        row_bytes = self.lines * columns * dtype.itemsize
        self.rows = min(max((SCRATCH // row_bytes - kernel[1]) // stride + 1, 4), size[1])
        needed = len(self._layout(self.rows, columns)[0]) * self.lines * columns
        self.panel = empty((needed,), dtype)
        self.tile = empty((self.rows * outputs * columns,), dtype)

    def _layout(self, count, columns):
        """(input rows, where each begins, how far its lines are apart, matrices in a panel)"""
        (_, stride, _), _, (_, dilation, _) = self.window
        taps, lines = self.kernel[1], self.lines
        if not self.by_tap:
            rows, starts = _row_order(count, taps, stride, dilation)
            places = np.arange(len(rows)) * (lines * columns)
            return rows, places, columns, lambda panel: [
                panel.reshape(-1, columns)[s * lines : (s + taps) * lines] for s in starts
            ]
        if lines < FEW_LINES:
            tap, row = np.indices((taps, count)).reshape(2, -1)
            places = (tap * lines * count + row) * columns
            rows = tap * dilation + row * stride
            return rows, places, count * columns, lambda panel: [panel.reshape(taps * lines, -1)]
        rows, starts = _row_order(taps, count, dilation, stride)
        return rows, np.arange(len(rows)) * columns, len(rows) * columns, lambda panel: [
            panel.reshape(lines, -1)[:, s * columns : (s + count) * columns] for s in starts
        ]

    def over(self, x, first):
        """(images, depth, row, rows, columns, matrices) of each block of x"""
        for n in range(0, len(x), self.images):
            part = x[n : n + self.images]
            for depth in range(self.size[0]):
                for row in range(0, self.size[1], self.rows):
                    rows = min(self.rows, self.size[1] - row)
                    matrices = self._lowered(part, first, depth, row, rows)
                    yield slice(n, n + self.images), depth, row, rows, matrices

    def _lowered(self, x, first, depth, row, count):
        strides, paddings, dilations = self.window
        columns = len(x) * self.size[2]
        rows, places, pitch, matrices = self._layout(count, columns)
        shape = (self.channels, self.kernel[0], self.kernel[2], len(x), self.size[2])
        panel = self.panel[: len(rows) * self.lines * columns]
        rows = rows + (row * strides[1] - paddings[1])
        start = depth * strides[0] - paddings[0]
        _lower(
            x, panel, places, pitch, first, start, rows, paddings[2], strides, dilations, shape
        )
        return matrices(panel)


def _as_matrices(weight, groups):
    """The weights of each group as a matrix (outputs, height · inputs · depth · width)"""
    matrix = weight.transpose(0, 3, 1, 2, 4).reshape(groups, len(weight) // groups, -1)
    return np.ascontiguousarray(matrix)


def _by_matrices(x, y, weight, bias, window, groups):
    """y = bias + windows of x times weights, by blocks"""
    matrices, (outputs, channels) = _as_matrices(weight, groups), weight.shape[:2]
    outputs //= groups
    kernel, size = weight.shape[2:], y.shape[2:]
    blocks = _Blocks(len(x), channels, outputs, kernel, size, window, x.dtype, by_tap=False)
    for group in range(groups):
        k = group * outputs
        for images, depth, row, rows, columns in blocks.over(x, group * channels):
            into = y[images]
            shape = (rows, outputs, len(into), size[2])
            tile = blocks.tile[: math.prod(shape)].reshape(rows, outputs, -1)
            for out, matrix in zip(tile, columns, strict=True):
                np.dot(matrices[group], matrix, out)
            _store(tile.reshape(shape), bias[k : k + outputs], into, k, depth, row)


def _pointwise(x, y, weight, bias):
    """y = bias + the matrix of weights times every image"""
    matrix, count = weight.reshape(weight.shape[:2]), len(x)
    out = y.reshape(count, len(weight), -1)
    np.matmul(matrix, x.reshape(count, x.shape[1], -1), out)
    if bias.any():
        out += bias[:, None]


def _is_pointwise(x, y, kernel, window, groups):
    """Whether each output is a product with the channels of one position of x."""
    strides, paddings, _ = window
    if math.prod(kernel) > 1 or groups > 1 or any(paddings):
        return False
    extents = zip(x.shape[2:], y.shape[2:], strides, strict=True)
    return all((n - 1) * stride < extent for extent, n, stride in extents)


def _thinned(x, size, strides):
    """The positions of x that windows of one position meet; x itself if they are all"""
    if x.shape[2:] == size:
        return x
    steps = tuple(slice(None, n * s, s) for n, s in zip(size, strides, strict=True))
    return np.ascontiguousarray(x[(..., *steps)])


def _is_direct(x, y, weight_shape, window, groups, fewest=1):
    """Whether there are few weights, and too few outputs for tiles or ``fewest`` of an output"""
    if math.prod(weight_shape) // groups > FEW_WEIGHTS and weight_shape[0] // groups >= 4:
        return False
    few = math.prod(weight_shape[1:]) < fewest or not conv_tiles.fills(weight_shape[0])
    return few or not conv_tiles.fits(x, y, weight_shape[2:], window, groups)


def _bias(bias, y):
    """What is added to each channel of y"""
    return np.zeros(y.shape[1], y.dtype) if bias is None else np.ascontiguousarray(bias)


def _correlate(x, y, weight, bias, window, groups):
    """Fill y with bias + windows of x times weights by the fastest way."""
    kernel, bias = weight.shape[2:], _bias(bias, y)
    cost = COST * weight.size * y[0, 0].size / x[0].size
    if _is_pointwise(x, y, kernel, window, groups):
        x = _thinned(x, y.shape[2:], window[0])
        out = y if y.flags.c_contiguous else empty(y.shape, y.dtype)
        with blas.single:
            launch.split(_pointwise, (x, out), weight, bias, cost=cost)
        if out is not y:
            y[...] = out
    elif winograd.fits(x, y, kernel, window, groups):
        winograd.correlate(x, y, weight, bias, window)
    elif _is_direct(x, y, weight.shape, window, groups):
        launch.split(conv_direct.correlate, (x, y), weight, bias, *window, groups, cost=cost)
    elif conv_spread.fits(x, y, kernel, window, groups):
        conv_spread.correlate(x, y, weight, bias, window)
    elif conv_tiles.fits(x, y, kernel, window, groups):
        conv_tiles.correlate(x, y, weight, bias, window)
    else:
        with blas.single:
            launch.split(_by_matrices, (x, y), weight, bias, window, groups, cost=cost)


def _deep(x):
    """The array, contiguous, with three spatial axes"""
    return np.ascontiguousarray(x).reshape(*x.shape[:2], *(1,) * (5 - x.ndim), *x.shape[2:])


def _window(stride, padding, dilation):
    """Strides, paddings and dilations of three axes"""
    missing = 3 - len(stride)
    return (
        ((1,) * missing + tuple(stride)),
        ((0,) * missing + tuple(padding)),
        ((1,) * missing + tuple(dilation)),
    )


def _fit(a, b):
    """Whether the loops take these operands."""
    return a.dtype in FAST and a.dtype == b.dtype and a.size and b.size and a.ndim <= 5


@quiet
def conv(x, weight, bias, size, stride, padding, dilation, groups):
    """y[n, k, o] = b[k] + Σ_{c, t} W[k, c, t] x[n, c, o · stride − padding + t · dilation]"""
    if not _fit(x, weight) or 0 in size:
        return reference.conv(x, weight, bias, size, stride, padding, dilation, groups)
    y = empty((len(x), len(weight), *size), x.dtype)
    _correlate(
        _deep(x), _deep(y), _deep(weight), bias, _window(stride, padding, dilation), groups
    )
    return y


@quiet
def conv_input_grad(g, weight, bias, size, stride, padding, dilation, groups):
    """x[n, c, o · stride − padding + t · dilation] = Σ_{k, o, t} W[k, c, t] g[n, k, o] + b[c]"""
    if not _fit(g, weight) or 0 in size:
        return reference.conv_input_grad(
            g, weight, bias, size, stride, padding, dilation, groups
        )
    out = empty((len(g), weight.shape[1] * groups, *size), g.dtype)
    x, g, weight = _deep(out), _deep(g), _deep(weight)
    window = _window(stride, padding, dilation)
    kernel = weight.shape[2:]
    if winograd.fits(g, x, kernel, window, groups, spread=True):
        turned = adjoint(weight, tuple(map(range, kernel)), groups)
        winograd.correlate(g, x, turned, _bias(bias, x), window, spread=True)
    elif _is_spread(weight, window) and conv_tiles.fits(g, x, kernel, window, groups):
        conv_tiles.spread(g, x, weight, _bias(bias, x), window)
    else:
        _by_residues(g, x, weight, bias, window, groups)
    return out


def _is_spread(weight, window):
    """Whether there are several residues, with taps if the kernel has enough, and many weights"""
    strides, _, dilations = window
    apart = all(math.gcd(s, d) == 1 for s, d in zip(strides, dilations, strict=True))
    return max(strides) > 1 and apart and weight.size > FEW_WEIGHTS


def _by_residues(g, x, weight, bias, window, groups):
    """Fill x with the gradient, residue by residue"""
    for position, taps, sizes, *facts in residues(x.shape[2:], weight.shape[2:], window):
        where = (..., *(slice(p, None, s) for p, s in zip(position, window[0], strict=True)))
        if 0 in sizes:
            continue
        if not all(map(len, taps)):
            x[where] = 0 if bias is None else bias[:, None, None, None]
            continue
        turned = adjoint(weight, taps, groups)
        _correlate(g, x[where], turned, bias, ((1, 1, 1), *facts), groups)


def _part_by_matrices(starts, parts, g, x, weight_shape, window, groups):
    """parts[i, group, row of the kernel] = the gradients from the images from starts[i] on"""
    channels, kernel, outputs = weight_shape[1], weight_shape[2:], parts.shape[4]
    images, size = -(-len(x) // PARTS), g.shape[2:]
    blocks = _Blocks(images, channels, outputs, kernel, size, window, x.dtype, by_tap=True)
    for start, part in zip(starts, parts, strict=True):
        gradients, inputs = g[start : start + images], x[start : start + images]
        part[...] = 0
        for group, totals in enumerate(part):
            for held, depth, row, rows, columns in blocks.over(inputs, group * channels):
                shape = (outputs, rows, len(inputs[held]), size[2])
                tile = blocks.tile[: math.prod(shape)].reshape(shape)
                _collect(gradients[held], tile, group * outputs, depth, row)
                products = totals.reshape(len(columns), -1, outputs)
                for total, matrix in zip(products, columns, strict=True):
                    total += np.dot(matrix, tile.reshape(outputs, -1).T)


def _weight_by_matrices(g, x, weight_shape, window, groups):
    """The gradient of the weights, summed over parts of the batch that do not vary"""
    outputs, channels, deep, high, wide = weight_shape
    starts = np.arange(0, len(x), -(-len(x) // PARTS))
    shape = (len(starts), groups, high, channels * deep * wide, outputs // groups)
    parts = np.empty(shape, x.dtype)
    cost = COST * math.prod(weight_shape) * g[:, 0].size / len(starts)
    shared = g, x, weight_shape, window, groups
    with blas.single:
        launch.split(_part_by_matrices, (starts, parts), *shared, cost=cost)
    total = parts.sum(axis=0).reshape(groups, high, channels, deep, wide, outputs // groups)
    return np.ascontiguousarray(total.transpose(0, 5, 2, 3, 1, 4))


def _pointwise_weight(g, x):
    """Σ over images of g xᵀ"""
    g, x = g.reshape(*g.shape[:2], -1), x.reshape(*x.shape[:2], -1)
    weight, product = np.zeros((2, g.shape[1], x.shape[1]), x.dtype)
    with blas.single:
        for a, b in zip(g, x, strict=True):
            weight += np.dot(a, b.T, product)
    return weight


@quiet
def conv_weight_grad(g, x, size, stride, padding, dilation, groups):
    """W[k, c, t] = Σ_{n, o} g[n, k, o] x[n, c, o · stride − padding + t · dilation]"""
    if not _fit(g, x) or 0 in size:
        return reference.conv_weight_grad(g, x, size, stride, padding, dilation, groups)
    outputs, channels = g.shape[1], x.shape[1] // groups
    g, x, window = _deep(g), _deep(x), _window(stride, padding, dilation)
    kernel = (1,) * (3 - len(size)) + tuple(size)
    shape = (outputs, channels, *kernel)
    if x.shape[2:] == g.shape[2:] and _is_pointwise(x, g, kernel, window, groups):
        weight = _pointwise_weight(g, x)
    elif winograd.fits(x, g, kernel, window, groups):
        weight = winograd.weight_grad(g, x, kernel, window)
    elif _is_direct(x, g, shape, window, groups, FEW_TAPS):
        weight = np.empty(shape, x.dtype)
        cost = COST * g[:, 0].size
        shared = g, x, *window, outputs // groups
        launch.split(conv_direct.weight_grad, (weight,), *shared, cost=cost, indexed=True)
    elif conv_tiles.fits(x, g, kernel, window, groups):
        weight = conv_tiles.weight_grad(g, x, kernel, window)
    else:
        weight = _weight_by_matrices(g, x, shape, window, groups)
    return weight.reshape(outputs, channels, *size)
