"""Convolutions with few outputs: what a pixel gives to a row of windows at once.

A tile is WIDTH outputs wide, and with six of them most of it is wasted. Here the columns of the
product are the outputs for every tap of a window's row. Those of one pixel belong to neighbouring
places, where they lie one after another once the taps are reversed: a row of the product is added
to the row of outputs as it is. The columns beside an image are never made.
"""

import functools

import numpy as np

from .. import launch
from ..compile import jit
from .conv_tiles import COST
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

ONES = (1, 1, 1)
LARGEST = 1 << 17  # weights; more do not stay in the caches from one row to the next


@jit()
def _forward(
    x, y, channels, outputs, shape, size, wide, padding, lanes, kernel,
    weights, bias, inside, outside, pixels, products, row, out,
):  # fmt: skip
    """Fill y from x, image by image"""
    high, across = kernel
    line, count, panel = wide * channels, across * outputs, high * channels * WIDTH
    length, first = size[1] * outputs, (across - 1) * outputs
    for n in range(len(x)):
        planes_to_pixels(x[n], 0, channels, shape, pixels, channels, inside)
        for r in range(size[0]):
            for k in range(0, lanes, WIDTH):
                multiply_rows(
                    wide, pixels, r * line, channels, line, 1, weights, k // WIDTH * panel,
                    channels * WIDTH, WIDTH, high, channels, products, k, lanes, False,
                )  # fmt: skip
            row[:] = row.dtype.type(0)
            for w in range(wide):
                source, target = products[w * lanes :], row[(w + padding) * outputs :]
                for t in range(count):
                    target[t] += source[t]
            source, target = row[first:], out[r * length :]
            for t in range(length):
                target[t] = source[t]
        pixels_to_planes(out, outputs, outside, y[n], 0, outputs, size[0] * size[1], bias)


def _lanes(outputs, across):
    return -(-outputs * across // WIDTH) * WIDTH


def fits(x, y, kernel, window, groups):
    """Whether this room computes the convolution of x to y, both (N, channels, D, H, W)."""
    outputs, (_, high, across) = y.shape[1], kernel
    lanes = _lanes(outputs, across)
    return (
        outputs < WIDTH
        and window[0] == window[2] == ONES
        and window[1][2] >= 0
        and lanes * x.shape[4] < WIDTH * across * y.shape[4]
        and x.shape[1] * lanes * high <= LARGEST
        and flat_images(kernel, x, y, window, groups)
    )


class _Plan:
    """The extents and index tables of one convolution."""

    def __init__(self, channels, outputs, extents, size, kernel, paddings):
        (above, beside), across, wide = paddings, kernel[1], extents[1]
        self.lanes = _lanes(outputs, across)
        self.high, self.row = size[0] + kernel[0] - 1, (wide + 2 * beside + across) * outputs
        self.inside = places(extents, (self.high, wide), (above, 0))
        self.outside = places(size, size)
        self.pixels = (self.high * wide + 1) * channels
        self.products, self.out = wide * self.lanes, size[0] * size[1] * outputs
        self.facts = (
            channels, outputs, extents[0] * wide, size, wide, beside, self.lanes, kernel
        )  # fmt: skip

    def scratch(self):
        """Pixels of an image between rows of zeros, products and outputs of a row, all outputs."""
        counts = self.pixels, self.products, self.row, self.out
        return self.inside, self.outside, *(scratch_of(count + WIDTH) for count in counts)


@functools.lru_cache(maxsize=256)
def _plan(*facts):
    return _Plan(*facts)


def correlate(x, y, weight, bias, window):
    """y = bias + windows of x times weights: x (N, C, D, H, W), y with as many images and depths"""
    kernel, (channels, outputs) = weight.shape[3:], (x.shape[1], y.shape[1])
    plan = _plan(channels, outputs, x.shape[3:], y.shape[3:], kernel, tuple(window[1][1:]))
    by_lane = np.zeros((plan.lanes, kernel[0], channels), SINGLE)
    reversed_taps = weight[:, :, 0, :, ::-1].transpose(3, 0, 2, 1)
    by_lane[: kernel[1] * outputs] = reversed_taps.reshape(-1, kernel[0], channels)
    panels = by_lane.reshape(-1, WIDTH, kernel[0], channels).transpose(0, 2, 3, 1)
    planes, panels = images_of(x), np.ascontiguousarray(panels).reshape(-1)
    cost = COST * weight.size * len(plan.outside) / planes[0].size

    def part(x, y):
        _forward(x, y, *plan.facts, panels, bias, *plan.scratch())

    fill(y, lambda out: launch.split(part, (planes, out), cost=cost))
