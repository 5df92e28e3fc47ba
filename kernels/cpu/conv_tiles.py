"""Convolutions of any window by tiles of matrix products, without lowering the input.

In an image of pixels the inputs of a window's row, all channels of a few neighbouring pixels, lie
one after another: a row of outputs is a product whose left operand is the image itself, read with
the stride of the window. The gradient of the weights is a product with the same image read by
columns; that of the input is a sum of convolutions with stride 1.
"""

import functools

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from .pixels import (
    SINGLE,
    fill,
    flat_images,
    images_of,
    pixels_to_planes,
    places,
    planes_to_pixels,
    scratch_of,
)
from .simd import WIDTH, multiply_rows

PARTS = 4  # of a batch, whose weight gradients are summed separately, at most
SUMS = 1 << 18  # weights of all of them
FEWEST = 4  # outputs; the rest of a tile is wasted
LARGEST = 1 << 17  # weights; more do not stay in the caches from one image to the next
COST = 0.05  # of a multiplication and addition, in units of one exp


@jit()
def _output_rows(pixels, wide, channels, weights, k_unit, kernel, size, strides, dilations, out):
    """The outputs of an image of pixels, as pixels: out[(row, column) k_unit + output]"""
    high, taps = kernel
    line, chunk = wide * channels, high * taps * channels * WIDTH
    for k in range(0, k_unit, WIDTH):
        panel = k // WIDTH * chunk
        for row in range(size[0]):
            start, place = row * strides[0] * line, row * size[1] * k_unit + k
            if dilations[1] == 1:
                multiply_rows(
                    size[1], pixels, start, strides[1] * channels, dilations[0] * line, 1,
                    weights, panel, taps * channels * WIDTH, WIDTH, high, taps * channels,
                    out, place, k_unit, False,
                )  # fmt: skip
                continue
            for j in range(high):
                multiply_rows(
                    size[1], pixels, start + j * dilations[0] * line, strides[1] * channels,
                    dilations[1] * channels, 1,
                    weights, panel + j * taps * channels * WIDTH, channels * WIDTH, WIDTH,
                    taps, channels, out, place, k_unit, j > 0,
                )  # fmt: skip


@jit()
def _forward(
    x, y, channels, outputs, shape, size, wide, k_unit, kernel, strides, dilations,
    weights, bias, inside, outside, pixels, out,
):  # fmt: skip
    """Fill y from x, image by image"""
    for n in range(len(x)):
        planes_to_pixels(x[n], 0, channels, shape, pixels, channels, inside)
        _output_rows(
            pixels, wide, channels, weights, k_unit, kernel, size, strides, dilations, out
        )
        pixels_to_planes(out, k_unit, outside, y[n], 0, outputs, size[0] * size[1], bias)


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
    weights = x.shape[1] * y.shape[1] * kernel[1] * kernel[2]
    return (
        y.shape[1] >= FEWEST
        and weights <= LARGEST
        and flat_images(kernel, x, y, window, groups)
    )


class _Plan:
    """The extents and index tables of one convolution."""

    def __init__(self, channels, outputs, extents, size, kernel, window):
        strides, paddings, dilations = (tuple(numbers[1:]) for numbers in window)
        self.channels, self.outputs, self.kernel = channels, outputs, kernel
        self.k_unit = -(-outputs // WIDTH) * WIDTH
        self.high, self.wide = (
            (n - 1) * s + (k - 1) * d + 1
            for n, k, s, d in zip(size, kernel, strides, dilations, strict=True)
        )
        self.inside = places(extents, (self.high, self.wide), paddings)
        self.outside = places(size, size)
        self.facts = (
            channels, outputs, extents[0] * extents[1], size, self.wide, self.k_unit, kernel,
            strides, dilations,
        )  # fmt: skip

    def scratch(self):
        """Pixels of an image with its border, pixels of its outputs."""
        outputs = len(self.outside) * self.k_unit
        pixels = scratch_of((self.high * self.wide + 1) * self.channels + WIDTH)
        return self.inside, self.outside, pixels, scratch_of(outputs + WIDTH)


@functools.lru_cache(maxsize=256)
def _plan(*facts):
    return _Plan(*facts)


def correlate(x, y, weight, bias, window):
    """y = bias + windows of x times weights: x (N, C, D, H, W), y with as many images and depths"""
    kernel = weight.shape[3:]
    plan = _plan(x.shape[1], y.shape[1], x.shape[3:], y.shape[3:], kernel, window)
    panels = np.zeros((plan.k_unit // WIDTH, *kernel, plan.channels, WIDTH), SINGLE)
    by_output = np.zeros((plan.k_unit, plan.channels, *kernel), SINGLE)
    by_output[: plan.outputs] = weight[:, :, 0]
    chunks = by_output.reshape(-1, WIDTH, plan.channels, *kernel)
    panels[...] = chunks.transpose(0, 3, 4, 2, 1)
    planes, panels = images_of(x), panels.reshape(-1)
    cost = COST * weight.size * len(plan.outside) / planes[0].size

    def part(x, y):
        _forward(x, y, *plan.facts, panels, bias, *plan.scratch())

    fill(y, lambda out: launch.split(part, (planes, out), cost=cost))


def weight_grad(g, x, kernel, window):
    """The gradient of the weights, (outputs, channels, 1, *kernel), by fixed parts of the batch"""
    plan = _plan(x.shape[1], g.shape[1], x.shape[3:], g.shape[3:], tuple(kernel[1:]), window)
    planes, gradients = images_of(x), images_of(g)
    count = plan.kernel[0] * plan.kernel[1] * plan.channels * plan.k_unit
    step = -(-len(planes) // max(1, min(PARTS, SUMS // count)))
    starts = np.arange(0, len(planes), step)
    sums = empty((len(starts), count), SINGLE)

    def part(starts, sums):
        scratch = plan.scratch()
        for start, taps in zip(starts, sums, strict=True):
            some = slice(start, start + step)
            _backward(planes[some], gradients[some], *plan.facts, taps, *scratch)

    launch.split(part, (starts, sums), cost=COST * count * len(plan.outside) * step)
    taps = sums.sum(axis=0).reshape(*plan.kernel, plan.channels, plan.k_unit)
    return np.ascontiguousarray(taps[..., : plan.outputs].transpose(3, 2, 0, 1))[:, :, None]
