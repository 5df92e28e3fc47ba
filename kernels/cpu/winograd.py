"""Convolutions by Winograd's algorithm: fewer products between transforms of tiles.

A tile of 4 × 4 outputs of a 3 × 3 kernel, or of 2 × 2 of a 5 × 5 kernel, depends on 6 × 6 inputs.
Between the transforms

    Y = Aᵀ [(G W Gᵀ) ⊙ (Bᵀ X B)] A

there are 36 products where the definition has 144, or 100; summed over channels and taken over many
tiles, they are 36 matrix products. With stride 2 a tile of 4 × 4 outputs of a 3 × 3 kernel depends
on 9 × 9 inputs, with 81 products for 144; the gradient of its inputs has as many, for tiles of
8 × 8. :mod:`winograd_forms` makes the matrices. Channels are the lanes: an image is turned from
planes into pixels first, and its outputs back into planes. The gradient of the weights is
Gᵀ [(A dY Aᵀ) ⊙ (Bᵀ X B)] G summed over tiles; that of the input is a convolution with the weights
turned around.

Errors are about 10⁻⁶ of the largest result, 5·10⁻⁶ for 512 channels. A value that is not
finite spreads over the tiles that see it, and sums of inputs overflow up to 2¹¹ times earlier.
``settings.exact_convolutions`` switches this room off. Source: Lavin and Gray 2016.
"""

import functools

import numpy as np

from .. import launch, settings
from ..compile import jit
from ..memory import empty
from . import winograd_forms as forms
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
from .simd import LANES, WIDTH, make_transform, multiply_rows

TRANSFORMED = 2304  # places in a block of images; where weights are many, more pay
MOST_TILES = 128
LARGEST = 1 << 22  # transformed weights; of more, a PIECE is held at a time
PIECE = 1 << 20
SHARE = 64  # outputs that a thread takes, at least: each lays out all inputs
PARTS = 4  # of a batch, whose weight gradients are summed separately, at most
SUMS = 1 << 15  # inputs times outputs of all of them
WIDE = 512  # channels of pixels that are padded
COST = 0.03  # of a multiplication and addition without the transforms, in units of one exp

# by taps and stride, and whether an output is spread over its window, as in gradients of inputs
FORMS = {
    (3, 1, False): forms.windows(3, 1, 4),
    (5, 1, False): forms.windows(5, 1, 2),
    (3, 2, False): forms.windows(3, 2, 4),
    (3, 2, True): forms.spread(3, 2, 4),
}
# channels, of fewer too many lanes stay empty; tiles in a batch, for fewer it takes too long to
# transform the weights; and how much of the tiles the outputs must fill
FEWEST = {
    (3, 1, False): (12, 24, 0),
    (5, 1, False): (12, 64, 0),
    (3, 2, False): (32, 64, 0.8),
    (3, 2, True): (8, 16, 0.8),
}

if LANES:
    _all, _back = list(FORMS.values()), [form for key, form in FORMS.items() if not key[2]]
    input_tile = make_transform(*(form.inputs for form in _all))
    weight_tile = make_transform(*(form.weights for form in _all))
    output_tile = make_transform(*(form.outputs for form in _all))
    weight_back = make_transform(*(form.weights.T for form in _back))
    output_back = make_transform(*(form.outputs.T for form in _back))


@jit()
def _filled(count):
    """The lanes of the vectors that hold so many channels"""
    return -(-count // WIDTH) * WIDTH


@jit()
def _weights(form, taps, count, channels, outputs, c_unit, k_unit, transformed):
    """G W Gᵀ of taps (c, count, count, k): for each factor panels of WIDTH outputs"""
    kind, factors = form[0], form[2]
    step = c_unit * k_unit
    for c in range(channels):
        for k in range(0, _filled(outputs), LANES):
            panel = k // WIDTH * c_unit * WIDTH
            weight_tile(
                kind, taps, c * count * count * k_unit + k, count * k_unit, k_unit,
                transformed, panel + c * WIDTH + k % WIDTH, factors * step, step,
            )  # fmt: skip


@jit()
def _inputs(x, form, channels, size, unit, tiles_of, inside, pixels, tiles):
    """Bᵀ X B of the tiles of some images: tiles[place pitch + tile unit + channel]"""
    kind, side, _, span, step, _ = form
    each, wide = tiles_of[0] * tiles_of[1], step * tiles_of[1] + span - step
    pitch = len(x) * each * unit + WIDTH
    for n in range(len(x)):
        planes_to_pixels(x[n], 0, channels, size, pixels, unit, inside)
        for t in range(each):
            start = (t // tiles_of[1] * step * wide + t % tiles_of[1] * step) * unit
            for c in range(0, channels, LANES):
                input_tile(
                    kind, pixels, start + c, wide * unit, unit,
                    tiles, (n * each + t) * unit + c, side * pitch, pitch,
                )  # fmt: skip


@jit()
def _products(
    total, begins, channels, outputs, c_unit, k_unit, tiles, c_pitch, weights, products, k_pitch
):
    """products[place] = tiles[place] times the weights of its factor, for ``total`` tiles"""
    factors, side = begins.size - 1, begins[-1]
    for a in range(factors):
        for b in range(factors):
            panel = (a * factors + b) * c_unit * k_unit
            for i in range(begins[a], begins[a + 1]):
                for j in range(begins[b], begins[b + 1]):
                    place = i * side + j
                    for k in range(0, outputs, WIDTH):
                        multiply_rows(
                            total, tiles, place * c_pitch, c_unit, 0, 1,
                            weights, panel + k * c_unit, 0, WIDTH, 1, channels,
                            products, place * k_pitch + k, k_unit, False,
                        )  # fmt: skip


@jit()
def _forward(
    x, y, form, begins, channels, outputs, shape, size, tiles_of, images, c_unit, k_unit,
    weights, bias, inside, outside, pixels, tiles, products, results,
):  # fmt: skip
    """Fill y from x, some images at a time; :class:`_Plan` makes the arrays."""
    kind, side, out = form[0], form[1], form[5]
    high_tiles, wide_tiles = tiles_of
    each, wide = high_tiles * wide_tiles, out * wide_tiles
    for n0 in range(0, len(x), images):
        count = min(images, len(x) - n0)
        total = count * each
        c_pitch, k_pitch = total * c_unit + WIDTH, total * k_unit + WIDTH
        some = x[n0 : n0 + count]
        _inputs(some, form, channels, shape, c_unit, tiles_of, inside, pixels, tiles)
        _products(
            total, begins, channels, outputs, c_unit, k_unit, tiles, c_pitch, weights,
            products, k_pitch,
        )  # fmt: skip
        for n in range(count):
            for t in range(each):
                start = (t // wide_tiles * out * wide + t % wide_tiles * out) * k_unit
                for k in range(0, outputs, LANES):
                    output_tile(
                        kind, products, (n * each + t) * k_unit + k, side * k_pitch, k_pitch,
                        results, start + k, wide * k_unit, k_unit,
                    )  # fmt: skip
            pixels_to_planes(results, k_unit, outside, y[n0 + n], 0, outputs, size, bias)


@jit()
def _slopes(
    total, begins, channels, outputs, c_unit, k_unit, tiles, c_pitch, products, k_pitch,
    slopes, add,
):  # fmt: skip
    """slopes[factor] (+)= Σ over its places and ``total`` tiles of tiles times products"""
    factors, side = begins.size - 1, begins[-1]
    for a in range(factors):
        for b in range(factors):
            start = (a * factors + b) * c_unit * k_unit
            for i in range(begins[a], begins[a + 1]):
                place = i * side + begins[b]
                for k in range(0, outputs, WIDTH):
                    multiply_rows(
                        channels, tiles, place * c_pitch, 1, c_pitch, c_unit,
                        products, place * k_pitch + k, k_pitch, k_unit,
                        begins[b + 1] - begins[b], total,
                        slopes, start + k, k_unit, add or i > begins[a],
                    )  # fmt: skip


@jit()
def _backward(
    x, g, form, begins, channels, outputs, shape, size, tiles_of, images, c_unit, k_unit,
    slopes, inside, outside, pixels, tiles, products, results,
):  # fmt: skip
    """slopes[factor, c, k] = Σ over tiles of Bᵀ X B times A dY Aᵀ"""
    kind, side, out = form[0], form[1], form[5]
    high_tiles, wide_tiles = tiles_of
    each, wide = high_tiles * wide_tiles, out * wide_tiles
    for n0 in range(0, len(x), images):
        count = min(images, len(x) - n0)
        total = count * each
        c_pitch, k_pitch = total * c_unit + WIDTH, total * k_unit + WIDTH
        some = x[n0 : n0 + count]
        _inputs(some, form, channels, shape, c_unit, tiles_of, inside, pixels, tiles)
        for n in range(count):
            planes_to_pixels(g[n0 + n], 0, outputs, size, results, k_unit, outside)
            for t in range(each):
                start = (t // wide_tiles * out * wide + t % wide_tiles * out) * k_unit
                for k in range(0, _filled(outputs), LANES):
                    output_back(
                        kind, results, start + k, wide * k_unit, k_unit,
                        products, (n * each + t) * k_unit + k, side * k_pitch, k_pitch,
                    )  # fmt: skip
        _slopes(
            total, begins, channels, outputs, c_unit, k_unit, tiles, c_pitch, products, k_pitch,
            slopes, n0 > 0,
        )  # fmt: skip


@jit()
def _taps(form, slopes, channels, outputs, c_unit, k_unit, taps, count):
    """Gᵀ S G: the gradients of the taps (c, count, count, k) from those of all factors"""
    kind, factors = form[0], form[2]
    step = c_unit * k_unit
    for c in range(channels):
        for k in range(0, outputs, LANES):
            weight_back(
                kind, slopes, c * k_unit + k, factors * step, step,
                taps, c * count * count * k_unit + k, count * k_unit, k_unit,
            )  # fmt: skip


def _key(kernel, window, spread):
    """The key of the form for a window, or None."""
    strides, _, dilations = window
    square = kernel[1] == kernel[2] and strides[1] == strides[2] and dilations[1:] == (1, 1)
    key = kernel[1], strides[1], spread
    return key if square and kernel[0] == 1 and key in FORMS else None


def _offset(key, padding):
    """How far the outputs begin behind the first of their tiles"""
    _, stride, spread = key
    return tuple((p + 1) % stride for p in padding) if spread else (0, 0)


def _tiles_of(key, size, padding):
    """Rows and columns of tiles"""
    out, offset = FORMS[key].extents[-1], _offset(key, padding)
    return tuple(-(-(n + o) // out) for n, o in zip(size, offset, strict=True))


def fits(x, y, kernel, window, groups, spread=False):
    """Whether this room computes the convolution of x to y, both (N, channels, D, H, W).

    With ``spread`` it is the one whose windows lie in y, as in the gradient of an input.
    """
    key = _key(kernel, window, spread)
    if settings.exact_convolutions or key is None:
        return False
    channels, fewest, share = FEWEST[key]
    high, wide = _tiles_of(key, y.shape[3:], window[1][1:])
    return (
        min(x.shape[1], y.shape[1]) >= channels
        and len(x) * x.shape[2] * high * wide >= fewest
        and y.shape[3] * y.shape[4] >= share * high * wide * FORMS[key].extents[-1] ** 2
        and flat_images(kernel, x, y, window, groups)
    )


def _unit(channels):
    """How far pixels of so many channels are apart: not by a large power of two, since the lines
    of a cache that could hold them then are few.
    """
    filled = -(-channels // WIDTH) * WIDTH
    return filled if filled < WIDE else filled + WIDTH


class _Plan:
    """The extents and index tables of one convolution."""

    def __init__(self, key, channels, outputs, extents, size, padding):
        self.taps, stride, _ = key
        form = FORMS[key]
        self.side, self.factors, span, step, out = form.extents
        self.form, self.begins = (list(FORMS).index(key), *form.extents), form.begins
        self.channels, self.outputs = channels, outputs
        self.c_unit, self.k_unit = map(_unit, (channels, outputs))
        self.units = channels, outputs, self.c_unit, self.k_unit
        self.every_tap = np.arange(channels * self.taps**2)  # as pixels whose lanes are outputs
        self.tiles_of, offset = _tiles_of(key, size, padding), _offset(key, padding)
        if key[2]:
            starts = ((p - o + 1) // stride - 1 for p, o in zip(padding, offset, strict=True))
            padding = tuple(-start - form.first for start in starts)
        self.high, self.wide = (step * n + span - step for n in self.tiles_of)
        self.rows, self.columns = (out * n for n in self.tiles_of)
        each = self.tiles_of[0] * self.tiles_of[1]
        # not by the outputs: the order of sums must not vary with the pieces that threads take
        tiles = max(TRANSFORMED // self.side**2, min(channels // 2, MOST_TILES))
        self.images = max(1, tiles // each)
        self.total = self.images * each
        self.inside = places(extents, (self.high, self.wide), padding)
        self.outside = places(size, (self.rows, self.columns), offset)
        self.shape, self.size = extents[0] * extents[1], size[0] * size[1]

    def scratch(self):
        """Pixels of an image with its border, tiles, their products, pixels of its outputs."""
        # a pixel more, for what lies beyond the border, and vectors may end behind the last one
        pixels = scratch_of((self.high * self.wide + 1) * self.c_unit + WIDTH)
        results = scratch_of(self.rows * self.columns * self.k_unit + WIDTH)
        tiles = empty((self.side**2 * (self.total * self.c_unit + WIDTH),), SINGLE)
        products = empty((self.side**2 * (self.total * self.k_unit + WIDTH),), SINGLE)
        return pixels, tiles, products, results

    def facts(self):
        return (
            self.form, self.begins, self.channels, self.outputs, self.shape, self.size,
            self.tiles_of, self.images, self.c_unit, self.k_unit,
        )  # fmt: skip


@functools.lru_cache(maxsize=256)
def _plan(*facts):
    return _Plan(*facts)


def _transformed(weight, plan):
    """G W Gᵀ of weights (outputs, channels, 1, n, n), in panels, zeros for what fills the lanes"""
    taps = scratch_of(len(plan.every_tap) * plan.k_unit)
    flat = np.ascontiguousarray(weight).reshape(-1)
    planes_to_pixels(
        flat, 0, plan.outputs, len(plan.every_tap), taps, plan.k_unit, plan.every_tap
    )
    out = empty((plan.factors**2 * plan.c_unit * plan.k_unit,), SINGLE)
    _weights(plan.form, taps, plan.taps, *plan.units, out)
    return out


def _outputs_at_a_time(key, outputs, channels):
    """So many that their transformed weights stay in the caches, or all that nearly do"""
    of_output = FORMS[key].extents[1] ** 2 * channels
    some = max(PIECE // (of_output * WIDTH), 1) * WIDTH
    return some if outputs * of_output > LARGEST else outputs


def _in_pieces(piece, outputs, step, cost):
    """Call ``piece`` with slices of ``step`` outputs, each a ``cost``; threads share them out."""
    if step >= outputs:
        piece(slice(None))
        return

    def part(starts):
        for start in starts:
            piece(slice(start, start + step))

    launch.split(part, (np.arange(0, outputs, step),), cost=cost * step)


def correlate(x, y, weight, bias, window, spread=False):
    """y = bias + windows of x times weights: x (N, C, D, H, W), y with as many images and depths

    With ``spread`` y is the sum of what the weights, turned around, put into its windows.
    """
    key = _key(weight.shape[2:], window, spread)

    def piece(k):
        _correlate(key, x, y[:, k], weight[k], bias[k], window)

    step = _outputs_at_a_time(key, len(weight), x.shape[1])
    _in_pieces(piece, len(weight), step, COST * weight[0].size * y[:, 0].size)


def _correlate(key, x, y, weight, bias, window):
    plan = _plan(key, x.shape[1], y.shape[1], x.shape[3:], y.shape[3:], window[1][1:])
    weights, planes = _transformed(weight, plan), images_of(x)
    cost = COST * weight.size * plan.size / planes[0].size

    def part(x, y):
        _forward(x, y, *plan.facts(), weights, bias, plan.inside, plan.outside, *plan.scratch())

    fill(y, lambda out: launch.split(part, (planes, out), cost=cost))


def weight_grad(g, x, kernel, window):
    """The gradient of the weights, (outputs, channels, *kernel)

    Sums over the batch are made of a few parts that do not vary. There is one if weights are many:
    then threads share out the outputs instead.
    """
    key, outputs, channels = _key(kernel, window, False), g.shape[1], x.shape[1]
    parts = min(max(SUMS // (channels * outputs), 1), PARTS)
    step = _outputs_at_a_time(key, outputs, channels)
    if parts == 1:
        share = -(-outputs // (WIDTH * launch.get_num_threads())) * WIDTH
        step = min(step, max(share, SHARE))
    out = np.empty((outputs, channels, *kernel), SINGLE)

    def piece(k):
        _weight_grad(key, g[:, k], x, window, parts, out[k])

    _in_pieces(piece, outputs, step, COST * out[0].size * g[:, 0].size)
    return out


def _weight_grad(key, g, x, window, parts, out):
    plan = _plan(key, x.shape[1], g.shape[1], x.shape[3:], g.shape[3:], window[1][1:])
    planes, gradients = images_of(x), images_of(g)
    step = -(-len(planes) // parts)
    starts = np.arange(0, len(planes), step)
    sums = empty((len(starts), len(plan.every_tap) * plan.k_unit), SINGLE)

    def part(starts, sums):
        scratch, tables = plan.scratch(), (plan.inside, plan.outside)
        slopes = empty((plan.factors**2 * plan.c_unit * plan.k_unit,), SINGLE)
        for start, taps in zip(starts, sums, strict=True):
            some = slice(start, start + step)
            _backward(planes[some], gradients[some], *plan.facts(), slopes, *tables, *scratch)
            _taps(plan.form, slopes, *plan.units, taps, plan.taps)

    launch.split(part, (starts, sums), cost=COST * out.size * plan.size * step)
    total_to_weights(sums, plan.k_unit, plan.every_tap, out)
