"""Images as pixels: the channels of a place lie together, where convolutions read them.

Kernels get images as planes, one for each channel. They are turned one image at a time, into a
scratch with a border, and their outputs are turned back.
"""

import numpy as np

from ..compile import jit
from ..memory import empty, zeros
from .simd import LANES, places_to_rows, rows_to_places

FEW = 3  # channels; of fewer, numbers go one by one
SINGLE = np.dtype(np.float32)


def places(extents, bordered, padding=(0, 0)):
    """For every pixel of a plane its place in a bordered one; the one behind it if it lies outside.

    >>> places((1, 3), (2, 3), (1, 1)).tolist()
    [4, 5, 6]
    """
    rows, columns = (np.arange(n) + p for n, p in zip(extents, padding, strict=True))
    inside = (rows >= 0)[:, None] & (rows < bordered[0])[:, None]
    inside = inside & (columns >= 0) & (columns < bordered[1])
    found = rows[:, None] * bordered[1] + columns
    return np.where(inside, found, bordered[0] * bordered[1]).ravel().astype(np.int64)


def images_of(x):
    """One row for each image and depth of x (N, C, D, H, W): its planes, one after another"""
    return np.ascontiguousarray(x.swapaxes(1, 2)).reshape(x.shape[0] * x.shape[2], -1)


def scratch_of(count):
    """Scratch that begins with zeros; a border stays so."""
    return zeros((count,), SINGLE)


def flat_images(kernel, x, y, window, groups):
    """Whether a convolution of x to y (N, C, D, H, W) is one of each depth by itself."""
    strides, paddings, _ = window
    alone = kernel[0] == 1 and strides[0] == 1 and paddings[0] == 0 and x.shape[2] == y.shape[2]
    return LANES > 0 and x.dtype == SINGLE and groups == 1 and alone


def fill(y, write):
    """Let ``write(out)`` fill the images of y (N, C, D, H, W), in their own memory where it can."""
    shape = y.shape[0] * y.shape[2], y[0, :, 0].size
    if y.flags.c_contiguous and y.shape[2] == 1:
        write(y.reshape(shape))
        return
    out = empty(shape, SINGLE)
    write(out)
    y[...] = out.reshape(y.shape[0], y.shape[2], y.shape[1], *y.shape[3:]).swapaxes(1, 2)


@jit()
def planes_to_pixels(x, x0, channels, size, pixels, unit, places):
    """pixels[places[p] unit + c] = x[x0 + c size + p]: planes one after another to pixels

    Vectors may end in what follows a pixel, with zeros: where ``unit`` has no room for them, places
    ascend, but for those of what lies outside, and what is between them is 0. Nothing behind the
    end is written, unless by what lies outside.
    """
    lined = size // LANES * LANES if channels >= FEW else 0
    for c in range((channels - 1) // LANES * LANES, -1, -LANES):  # vectors that are full go last
        rows, whole = min(channels - c, LANES), lined
        while rows < LANES and whole and places[whole - 1] * unit + c + LANES > pixels.size:
            whole -= LANES
        for p in range(0, whole, LANES):
            rows_to_places(x, x0 + c * size + p, size, rows, pixels, c, unit, places, p)
        for i in range(c, c + rows):
            for p in range(whole, lined):
                pixels[places[p] * unit + i] = x[x0 + i * size + p]
    for c in range(channels):
        for p in range(lined, size):
            pixels[places[p] * unit + c] = x[x0 + c * size + p]


@jit()
def pixels_to_planes(pixels, unit, places, y, y0, channels, size, bias):
    """y[y0 + c size + p] = pixels[places[p] unit + c] + bias[c]: the way back"""
    lined = size // LANES * LANES if channels >= FEW else 0
    for c in range(0, channels, LANES):
        rows = min(channels - c, LANES)
        for p in range(0, lined, LANES):
            start = y0 + c * size + p
            places_to_rows(pixels, c, unit, places, p, y, start, size, rows, bias, c)
    for c in range(channels):
        for p in range(lined, size):
            y[y0 + c * size + p] = pixels[places[p] * unit + c] + bias[c]


def total_to_weights(sums, unit, every_tap, out):
    """out = Σ over parts of gradients of weights, whose taps are pixels with outputs for channels

    ``every_tap`` says where the taps of an output (outputs, channels, ...) lie in a part.
    """
    total = sums[0] if len(sums) == 1 else sums.sum(axis=0)
    outputs, size, bias = len(out), len(every_tap), np.zeros(len(out), SINGLE)
    pixels_to_planes(total, unit, every_tap, out.reshape(-1), 0, outputs, size, bias)
