"""Convolutions of any window by tiles of matrix products, without lowering the input.

In an image of pixels the inputs of a window's row, all channels of a few neighbouring pixels, lie
one after another: outputs are a product whose left operand is the image itself, read from where
their windows begin, over rows and images. The gradient of the weights is a product with the same
image read by columns. That of the input is a convolution with stride 1 for each residue of its
positions, all of the same image.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from .conv_adjoint import adjoint, residues
from .pixels import (
    SINGLE,
    fill,
    flat_images,
    images_of,
    pixels_to_planes,
    places,
    planes_to_pixels,
    scratch_of,
    total_to_weights,
)
from .simd import HEIGHT, WIDTH, multiply_rows, window_tile

ROWS = 8 * HEIGHT  # of outputs whose pixels are kept in the caches
PARTS = 2, 4  # of a batch, whose weight gradients are summed separately: at least, at most
SUMS = 1 << 18  # weights of all of them, as far as these limits allow
FEWEST = 4  # outputs; the rest of a tile is wasted
COST = 0.05  # of a multiplication and addition, in units of one exp


@jit()
def _panels(weight, outputs, every_tap, panels):
    """panels[(panel, tap, channel, output)] = weight[(output, channel, tap)]"""
    size = every_tap.size
    for k in range(0, outputs, WIDTH):
        panel = panels[k * size :]
        planes_to_pixels(
            weight, k * size, min(WIDTH, outputs - k), size, panel, WIDTH, every_tap
        )


@jit()
def _outputs(count, pixels, starts, turns, depth, weights, k_unit, out):
    """out[i k_unit + k] = Σ_t Σ_j pixels[starts[i] + turns[t] + j] times weights, for i < count

    The last tile goes on behind them, to a multiple of HEIGHT. Some tiles of rows at a time, so
    that their pixels stay in the caches from panel to panel.
    """
    panel = turns.size * depth * WIDTH
    for i0 in range(0, count, ROWS):
        for k in range(0, k_unit, WIDTH):
            for i in range(i0, min(i0 + ROWS, count), HEIGHT):
                window_tile(
                    pixels, starts, i, turns, turns.size, depth, weights, k // WIDTH * panel,
                    out, i * k_unit + k, k_unit,
                )  # fmt: skip


@jit()
def _forward(
    x, y, channels, outputs, shape, image, images, parts, starts, turns, k_unit,
    weights, bias, inside, outside, pixels, out,
):  # fmt: skip
    """Fill y from x, some images at a time; :class:`_Plan` makes the tables."""
    for n0 in range(0, len(x), images):
        count = min(images, len(x) - n0)
        for n in range(count):
            into = pixels[n * image :]
            planes_to_pixels(x[n0 + n], 0, channels, shape, into, channels, inside)
        panels = 0
        for p in range(len(parts)):
            first, turn, turned, depth = parts[p, 0], parts[p, 2], parts[p, 3], parts[p, 4]
            _outputs(
                count * parts[p, 1], pixels, starts[first:], turns[turn : turn + turned], depth,
                weights[panels:], k_unit, out[first * k_unit :],
            )  # fmt: skip
            panels += turned * depth * k_unit
        for n in range(count):
            size = outside.shape[1]
            pixels_to_planes(out, k_unit, outside[n], y[n0 + n], 0, outputs, size, bias)


@jit()
def _backward(
    x, g, channels, outputs, shape, size, wide, k_unit, kernel, strides, dilations,
    taps, inside, outside, pixels, out,
):  # fmt: skip
    """taps[(j, i, c) k_unit + k] = Σ over images and outputs of pixels times gradients"""
    high, across = kernel
    line = wide * channels
    together = across if dilations[1] == 1 else 1  # taps whose pixels lie one after another
    for n in range(len(x)):
        planes_to_pixels(x[n], 0, channels, shape, pixels, channels, inside)
        planes_to_pixels(g[n], 0, outputs, size[0] * size[1], out, k_unit, outside)
        for j in range(high):
            for i in range(0, across, together):
                start = j * dilations[0] * line + i * dilations[1] * channels
                for k in range(0, k_unit, WIDTH):
                    multiply_rows(
                        together * channels, pixels, start, 1, strides[0] * line,
                        strides[1] * channels, out, k, size[1] * k_unit, k_unit, size[0], size[1],
                        taps, (j * across + i) * channels * k_unit + k, k_unit, n > 0,
                    )  # fmt: skip


def fills(outputs):
    """Whether so many outputs leave at most a quarter of the lanes of their tiles empty."""
    return 4 * outputs >= 3 * WIDTH * -(-outputs // WIDTH)


def fits(x, y, kernel, window, groups):
    """Whether this room computes the convolution of x to y, both (N, channels, D, H, W)."""
    return y.shape[1] >= FEWEST and flat_images(kernel, x, y, window, groups)


class _Part(NamedTuple):
    """A grid of outputs, each the sum over a window of an image; pairs are rows and columns."""

    positions: np.ndarray  # of the outputs in their plane
    size: tuple
    strides: tuple
    offset: tuple  # of the first window
    kernel: tuple
    dilations: tuple

    def extent(self, axis):
        """Pixels that the windows meet"""
        last = (self.size[axis] - 1) * self.strides[axis]
        return self.offset[axis] + last + (self.kernel[axis] - 1) * self.dilations[axis] + 1


class _Plan:
    """The extents and index tables of one convolution of images between borders."""

    def __init__(self, channels, outputs, extents, size, borders, parts):
        self.channels, self.outputs, self.parts = channels, outputs, parts
        self.k_unit = -(-outputs // WIDTH) * WIDTH
        high, self.wide = (max(part.extent(axis) for part in parts) for axis in (0, 1))
        self.inside = places(extents, (high, self.wide), borders)
        self.shape, self.size = extents[0] * extents[1], size[0] * size[1]
        self.image = (high * self.wide + 1) * channels  # with a pixel for what lies outside
        self.all_taps = sum(part.kernel[0] * part.kernel[1] for part in parts)

    def every_tap(self, part):
        """The taps of a channel lie together in weights, the channels of a tap in their panels."""
        order = np.arange(part.kernel[0] * part.kernel[1] * self.channels)
        return order.reshape(*part.kernel, self.channels).transpose(2, 0, 1).ravel()

    def _places(self, counts, steps, offset=(0, 0)):
        """Where the pixels of a grid begin"""
        axes = zip(counts, steps, offset, strict=True)
        rows, columns = (np.arange(n) * step + start for n, step, start in axes)
        return ((rows[:, None] * self.wide + columns) * self.channels).ravel()

    @functools.cached_property
    def tables(self):
        """(images of a block; of every part the first start, the outputs of an image, the first
        turn, the turns, the numbers of one; where windows begin; where in them turns begin; where
        in the outputs of a block those of its images lie)
        """
        images = -(-ROWS // max(len(part.positions) for part in self.parts))
        outside, number = np.empty((images, self.size), np.int64), np.arange(images)[:, None]
        facts, starts, turns, first, turn = [], [], [], 0, 0
        for part in self.parts:
            windows, rows = self._places(part.size, part.strides, part.offset), len(part.positions)
            together = part.kernel[1] if part.dilations[1] == 1 else 1  # one after another
            grid = part.kernel[0], part.kernel[1] // max(together, 1)
            facts.append((first, rows, turn, grid[0] * grid[1], together * self.channels))
            outside[:, part.positions] = first + number * rows + np.arange(rows)
            begins = (number * self.image + windows).ravel()
            starts += [begins, np.zeros(-len(begins) % HEIGHT, np.int64)]
            turns.append(self._places(grid, part.dilations))
            first, turn = sum(map(len, starts)), turn + len(turns[-1])
        return images, np.array(facts), np.concatenate(starts), np.concatenate(turns), outside

    def scratch(self, images, outputs):
        """Pixels of images with borders, and of those that a last tile goes on to; of outputs."""
        images += -(-HEIGHT // min(len(part.positions) for part in self.parts))
        pixels = self.image * images + WIDTH
        return scratch_of(pixels), scratch_of((outputs + HEIGHT) * self.k_unit)


@functools.lru_cache(maxsize=256)
def _windows(channels, outputs, extents, size, kernel, window):
    """The plan of a convolution"""
    strides, paddings, dilations = (tuple(numbers[1:]) for numbers in window)
    positions = np.arange(size[0] * size[1])
    part = _Part(positions, size, strides, (0, 0), kernel, dilations)
    return _Plan(channels, outputs, extents, size, paddings, [part])


@functools.lru_cache(maxsize=256)
def _residues(channels, outputs, extents, size, kernel, window):
    """The plan of the gradient of an input, and which taps its parts have"""
    found = [one for one in residues((1, *size), (1, *kernel), window) if 0 not in one[2]]
    borders = [max(paddings[axis] for *_, paddings, _ in found) for axis in (1, 2)]
    parts = []
    for first, taps, count, paddings, dilations in found:
        rows, columns = (np.arange(first[a], size[a - 1], window[0][a]) for a in (1, 2))
        offset = tuple(b - p for b, p in zip(borders, paddings[1:], strict=True))
        counts = tuple(map(len, taps[1:]))
        positions = (rows[:, None] * size[1] + columns).ravel()
        parts.append(_Part(positions, count[1:], (1, 1), offset, counts, dilations[1:]))
    plan = _Plan(channels, outputs, extents, size, borders, parts)
    return plan, [taps for _, taps, *_ in found]


def _fill(x, y, plan, weights, bias):
    """Fill y with the convolution of x with the weights of every part of a plan"""
    panels, start = scratch_of(plan.all_taps * plan.channels * plan.k_unit), 0
    for part, weight in zip(plan.parts, weights, strict=True):
        into, every_tap = panels[start:], plan.every_tap(part)
        _panels(np.ascontiguousarray(weight).reshape(-1), plan.outputs, every_tap, into)
        start += len(every_tap) * plan.k_unit
    images, parts, starts, turns, outside = plan.tables
    facts = (
        plan.channels, plan.outputs, plan.shape, plan.image, images, parts, starts, turns,
        plan.k_unit, panels, bias, plan.inside, outside,
    )  # fmt: skip

    def some(x, y):
        _forward(x, y, *facts, *plan.scratch(min(images, len(x)), len(starts)))

    planes = images_of(x)
    products = sum(math.prod(part.kernel) * len(part.positions) for part in plan.parts)
    cost = COST * plan.channels * plan.outputs * products / planes[0].size
    fill(y, lambda out: launch.split(some, (planes, out), cost=cost))


def correlate(x, y, weight, bias, window):
    """y = bias + windows of x times weights: x (N, C, D, H, W), y with as many images and depths"""
    plan = _windows(x.shape[1], y.shape[1], x.shape[3:], y.shape[3:], weight.shape[3:], window)
    _fill(x, y, plan, [weight], bias)


def spread(g, x, weight, bias, window):
    """x = bias + what g puts into the windows of a convolution: the gradient of its input"""
    plan, taps = _residues(
        g.shape[1], x.shape[1], g.shape[3:], x.shape[3:], weight.shape[3:], window
    )
    _fill(g, x, plan, [adjoint(weight, one, 1) for one in taps], bias)


def weight_grad(g, x, kernel, window):
    """The gradient of the weights, (outputs, channels, 1, *kernel), by fixed parts of the batch"""
    kernel = tuple(kernel[1:])
    plan = _windows(x.shape[1], g.shape[1], x.shape[3:], g.shape[3:], kernel, window)
    part = plan.parts[0]
    planes, gradients, every_tap = images_of(x), images_of(g), plan.every_tap(part)
    count = len(every_tap) * plan.k_unit
    step = -(-len(planes) // np.clip(SUMS // count, *PARTS))
    starts = np.arange(0, len(planes), step)
    sums = empty((len(starts), count), SINGLE)
    facts = (
        plan.channels, plan.outputs, plan.shape, part.size, plan.wide, plan.k_unit, kernel,
        part.strides, part.dilations,
    )  # fmt: skip

    def some(starts, sums):
        tables = plan.inside, part.positions, *plan.scratch(1, plan.size)
        for start, taps in zip(starts, sums, strict=True):
            images = slice(start, start + step)
            _backward(planes[images], gradients[images], *facts, taps, *tables)

    launch.split(some, (starts, sums), cost=COST * count * plan.size * step)
    out = np.empty((plan.outputs, plan.channels, 1, *kernel), SINGLE)
    total_to_weights(sums, plan.k_unit, every_tap, out)
    return out
