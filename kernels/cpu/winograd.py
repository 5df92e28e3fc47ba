"""3 × 3 and 5 × 5 convolutions with stride 1 by Winograd's F(4 × 4, 3 × 3) and F(2 × 2, 5 × 5).

A tile of 4 × 4 outputs of a 3 × 3 kernel, or of 2 × 2 of a 5 × 5 kernel, depends on 6 × 6 inputs.
Between the transforms

    Y = Aᵀ [(G W Gᵀ) ⊙ (Bᵀ X B)] A

there are 36 products where the definition has 144, or 100; summed over channels and taken over many
tiles, they are 36 matrix products. B is the same for both. Channels are the lanes: an image is
turned from planes into pixels first, and its outputs back into planes. The gradient of the weights
is Gᵀ [(A dY Aᵀ) ⊙ (Bᵀ X B)] G summed over tiles; that of the input is a convolution with the
weights turned around.

The points 0, ±3/4, ±3/2, ∞ keep errors near those of the definition: about 10⁻⁶ of the largest
result. A value that is not finite spreads over the tiles that see it, and sums of inputs overflow
about 2¹¹ times earlier. ``settings.exact_convolutions`` switches this room off. Sources: Winograd
1980; Lavin and Gray 2016.
"""

import functools
from fractions import Fraction

import numpy as np

from .. import launch, settings
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
from .simd import LANES, WIDTH, make_transform, multiply_rows

IN = 6  # extent of a tile of inputs
TAPS = (3, 5)  # of the kernels; each has tiles of IN + 1 − taps outputs
FEWEST = 12  # channels; of fewer, too many lanes stay empty
TILES = 128  # in a block of images: their transforms stay in the second cache
SUMS = 1 << 15  # weights of all parts of a batch whose gradients are summed separately
PARTS = 4  # of these, at most
FEWEST_TILES = 64  # in a batch; for fewer, transforming the weights takes too long
COST = 0.03  # of a multiplication and addition without the transforms, in units of one exp


def matrices(count):
    """Bᵀ (6, 6), G (6, count) and Aᵀ (7 − count, 6) for the points above and as many taps.

    Rows of G evaluate a polynomial of the taps at the points, columns of Aᵀ one of the outputs; Bᵀ
    is the inverse of the evaluation of their product, transposed. Factors that normalise it stand
    in G.
    """
    points = [Fraction(n, 4) for n in (0, 3, -3, 6, -6)]
    powers = np.array([[p**i for i in range(IN)] for p in points] + [[0] * (IN - 1) + [1]])
    inverse = np.linalg.inv(powers.astype(float)).T
    scale = np.array(
        [float(np.prod([p - q for q in points if q != p])) for p in points] + [1.0]
    )
    taps, outputs = (powers[:, :n].astype(float) for n in (count, IN + 1 - count))
    taps[-1, -1] = outputs[-1, -1] = 1
    return (inverse * scale[:, None]).round(12), taps / scale[:, None], outputs.T


if LANES:
    (_BT, *_), _G, _AT = zip(*map(matrices, TAPS), strict=True)
    input_tile, output_tile = make_transform(_BT), make_transform(*_AT)
    weight_tile, weight_back = make_transform(*_G), make_transform(*(m.T for m in _G))
    output_back = make_transform(*(m.T for m in _AT))


@jit()
def _weights(kind, taps, count, c_unit, k_unit, transformed):
    """G W Gᵀ of taps (count, count, c, k): for each of 36 places panels of WIDTH outputs"""
    step = c_unit * k_unit
    for c in range(c_unit):
        for k in range(0, k_unit, LANES):
            panel = k // WIDTH * c_unit * WIDTH
            weight_tile(
                kind, taps, c * k_unit + k, count * step, step,
                transformed, panel + c * WIDTH + k % WIDTH, 6 * step, step,
            )  # fmt: skip


@jit()
def _inputs(x, out, channels, size, unit, tiles_of, inside, pixels, tiles):
    """Bᵀ X B of the tiles of some images: tiles[place pitch + tile unit + channel]"""
    each, wide = tiles_of[0] * tiles_of[1], out * tiles_of[1] + IN - out
    pitch = len(x) * each * unit + WIDTH
    for n in range(len(x)):
        planes_to_pixels(x[n], 0, channels, size, pixels, unit, inside)
        for t in range(each):
            start = (t // tiles_of[1] * out * wide + t % tiles_of[1] * out) * unit
            for c in range(0, unit, LANES):
                input_tile(
                    0, pixels, start + c, wide * unit, unit,
                    tiles, (n * each + t) * unit + c, 6 * pitch, pitch,
                )  # fmt: skip


@jit()
def _forward(
    x, y, kind, out, channels, outputs, shape, size, tiles_of, images, c_unit, k_unit,
    weights, bias, inside, outside, pixels, tiles, products, results,
):  # fmt: skip
    """Fill y from x, some images at a time; :class:`_Plan` makes the arrays."""
    high_tiles, wide_tiles = tiles_of
    each, wide = high_tiles * wide_tiles, out * wide_tiles
    for n0 in range(0, len(x), images):
        count = min(images, len(x) - n0)
        total = count * each
        c_pitch, k_pitch = total * c_unit + WIDTH, total * k_unit + WIDTH
        some = x[n0 : n0 + count]
        _inputs(some, out, channels, shape, c_unit, tiles_of, inside, pixels, tiles)
        for place in range(IN * IN):
            for k in range(0, k_unit, WIDTH):
                multiply_rows(
                    total, tiles, place * c_pitch, c_unit, 0, 1,
                    weights, place * c_unit * k_unit + k * c_unit, 0, WIDTH, 1, c_unit,
                    products, place * k_pitch + k, k_unit, False,
                )  # fmt: skip
        for n in range(count):
            for t in range(each):
                start = (t // wide_tiles * out * wide + t % wide_tiles * out) * k_unit
                for k in range(0, k_unit, LANES):
                    output_tile(
                        kind, products, (n * each + t) * k_unit + k, 6 * k_pitch, k_pitch,
                        results, start + k, wide * k_unit, k_unit,
                    )  # fmt: skip
            pixels_to_planes(results, k_unit, outside, y[n0 + n], 0, outputs, size, bias)


@jit()
def _backward(
    x, g, kind, out, channels, outputs, shape, size, tiles_of, images, c_unit, k_unit,
    slopes, inside, outside, pixels, tiles, products, results,
):  # fmt: skip
    """slopes[place, c, k] = Σ over tiles of Bᵀ X B times A dY Aᵀ"""
    high_tiles, wide_tiles = tiles_of
    each, wide = high_tiles * wide_tiles, out * wide_tiles
    for n0 in range(0, len(x), images):
        count = min(images, len(x) - n0)
        total = count * each
        c_pitch, k_pitch = total * c_unit + WIDTH, total * k_unit + WIDTH
        some = x[n0 : n0 + count]
        _inputs(some, out, channels, shape, c_unit, tiles_of, inside, pixels, tiles)
        for n in range(count):
            planes_to_pixels(g[n0 + n], 0, outputs, size, results, k_unit, outside)
            for t in range(each):
                start = (t // wide_tiles * out * wide + t % wide_tiles * out) * k_unit
                for k in range(0, k_unit, LANES):
                    output_back(
                        kind, results, start + k, wide * k_unit, k_unit,
                        products, (n * each + t) * k_unit + k, 6 * k_pitch, k_pitch,
                    )  # fmt: skip
        for place in range(IN * IN):
            for k in range(0, k_unit, WIDTH):
                multiply_rows(
                    c_unit, tiles, place * c_pitch, 1, 0, c_unit,
                    products, place * k_pitch + k, 0, k_unit, 1, total,
                    slopes, place * c_unit * k_unit + k, k_unit, n0 > 0,
                )  # fmt: skip


@jit()
def _taps(kind, slopes, c_unit, k_unit, taps, count):
    """Gᵀ S G: the gradients of the taps (count, count, c, k) from those of the 36 places"""
    step = c_unit * k_unit
    for c in range(c_unit):
        for k in range(0, k_unit, LANES):
            weight_back(
                kind, slopes, c * k_unit + k, 6 * step, step,
                taps, c * k_unit + k, count * step, step,
            )  # fmt: skip


def fits(x, y, kernel, window, groups):
    """Whether this room computes the convolution of x to y, both (N, channels, D, H, W)."""
    if settings.exact_convolutions or kernel[0] > 1 or kernel[1] not in TAPS:
        return False
    strides, _, dilations = window
    out = IN + 1 - kernel[1]
    tiles = len(x) * x.shape[2] * -(-y.shape[3] // out) * -(-y.shape[4] // out)
    return (
        kernel[1] == kernel[2]
        and strides[1:] == dilations[1:] == (1, 1)
        and min(x.shape[1], y.shape[1]) >= FEWEST
        and tiles >= FEWEST_TILES
        and flat_images(kernel, x, y, window, groups)
    )


class _Plan:
    """The extents and index tables of one convolution."""

    def __init__(self, taps, channels, outputs, extents, size, padding):
        self.taps, self.kind, self.out = taps, TAPS.index(taps), IN + 1 - taps
        self.channels, self.outputs = channels, outputs
        self.c_unit, self.k_unit = (-(-n // WIDTH) * WIDTH for n in (channels, outputs))
        self.tiles_of = tuple(-(-n // self.out) for n in size)
        self.high, self.wide = (self.out * n + IN - self.out for n in self.tiles_of)
        self.images = max(1, TILES // (self.tiles_of[0] * self.tiles_of[1]))
        self.inside = places(extents, (self.high, self.wide), padding)
        self.outside = places(size, tuple(self.out * n for n in self.tiles_of))
        self.shape, self.size = extents[0] * extents[1], size[0] * size[1]

    def scratch(self):
        """Pixels of an image with its border, tiles, their products, pixels of its outputs."""
        total = self.images * self.tiles_of[0] * self.tiles_of[1]
        rows, columns = (self.out * n for n in self.tiles_of)
        # a pixel more, for what lies beyond the border, and vectors may end behind the last one
        pixels = scratch_of((self.high * self.wide + 1) * self.c_unit + WIDTH)
        results = scratch_of(rows * columns * self.k_unit + WIDTH)
        tiles = empty((IN * IN * (total * self.c_unit + WIDTH),), SINGLE)
        products = empty((IN * IN * (total * self.k_unit + WIDTH),), SINGLE)
        return pixels, tiles, products, results

    def facts(self):
        return (
            self.kind, self.out, self.channels, self.outputs, self.shape, self.size, self.tiles_of,
            self.images, self.c_unit, self.k_unit,
        )  # fmt: skip


@functools.lru_cache(maxsize=256)
def _plan(taps, channels, outputs, extents, size, padding):
    return _Plan(taps, channels, outputs, extents, size, padding)


def _transformed(weight, plan):
    """G W Gᵀ of weights (outputs, channels, 1, n, n), in panels, zeros for what fills the lanes"""
    taps = np.zeros((plan.taps, plan.taps, plan.c_unit, plan.k_unit), SINGLE)
    taps[:, :, : plan.channels, : plan.outputs] = weight[:, :, 0].transpose(2, 3, 1, 0)
    out = empty((IN * IN * plan.c_unit * plan.k_unit,), SINGLE)
    _weights(plan.kind, taps.reshape(-1), plan.taps, plan.c_unit, plan.k_unit, out)
    return out


def correlate(x, y, weight, bias, padding):
    """y = bias + windows of x times weights: x (N, C, D, H, W), y with as many images and depths"""
    plan = _plan(weight.shape[-1], x.shape[1], y.shape[1], x.shape[3:], y.shape[3:], padding)
    weights, planes = _transformed(weight, plan), images_of(x)
    cost = COST * weight.size * plan.size / planes[0].size

    def part(x, y):
        _forward(x, y, *plan.facts(), weights, bias, plan.inside, plan.outside, *plan.scratch())

    fill(y, lambda out: launch.split(part, (planes, out), cost=cost))


def weight_grad(g, x, taps, padding):
    """The gradient of the weights, (outputs, channels, 1, taps, taps), summed over parts of the
    batch that do not vary.
    """
    plan = _plan(taps, x.shape[1], g.shape[1], x.shape[3:], g.shape[3:], padding)
    planes, gradients = images_of(x), images_of(g)
    parts = max(1, min(PARTS, SUMS // (plan.c_unit * plan.k_unit)))
    step = -(-len(planes) // parts)
    starts = np.arange(0, len(planes), step)
    slopes = np.empty((len(starts), IN * IN * plan.c_unit * plan.k_unit), SINGLE)

    def part(starts, slopes):
        scratch = plan.scratch()
        for start, out in zip(starts, slopes, strict=True):
            some = slice(start, start + step)
            tables = plan.inside, plan.outside
            _backward(planes[some], gradients[some], *plan.facts(), out, *tables, *scratch)

    weights = taps * taps * plan.channels * plan.outputs
    launch.split(part, (starts, slopes), cost=COST * weights * plan.size * step)
    sums = np.empty((taps, taps, plan.c_unit, plan.k_unit), SINGLE)
    _taps(plan.kind, slopes.sum(axis=0), plan.c_unit, plan.k_unit, sums.reshape(-1), taps)
    kept = sums[:, :, : plan.channels, : plan.outputs]
    return np.ascontiguousarray(kept.transpose(3, 2, 0, 1))[:, :, None]
