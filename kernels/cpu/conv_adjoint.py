"""The gradient of a convolution's input as a few convolutions of g with stride 1.

A position of the input meets only the taps that are congruent to it modulo the stride, so that
positions of one residue are a convolution with some of the taps, reversed.
"""

import functools
import itertools
import math

import numpy as np

from ..compile import jit
from ..memory import empty

BLOCK = 8  # rows that are written side by side


def _along(position, extent, taps, stride, padding, dilation):
    """One axis of the convolution that makes x at positions ≡ ``position`` mod stride

    (which taps, how many positions, padding, dilation of g); no taps where none reaches.
    """
    step = stride // math.gcd(stride, dilation)
    size = -(-(extent - position) // stride)
    found = [t for t in range(min(step, taps)) if (position + padding - t * dilation) % stride == 0]
    if not found:
        return range(0), size, 0, 1
    used = range(found[0], taps, step)
    dilation_of_g = step * dilation // stride
    origin = (position + padding - used.start * dilation) // stride
    return used, size, (len(used) - 1) * dilation_of_g - origin, dilation_of_g


def residues(extents, kernel, window):
    """(positions, taps, sizes, paddings, dilations) of each convolution, all by axes"""
    strides, paddings, dilations = window
    for position in itertools.product(*map(range, strides)):
        axes = map(_along, position, extents, kernel, strides, paddings, dilations)
        yield position, *zip(*axes, strict=True)


@functools.lru_cache(maxsize=1024)
def _places(kernel, taps):
    """Where the chosen taps lie in a kernel, in reversed order"""
    return np.arange(math.prod(kernel)).reshape(kernel)[np.ix_(*(r[::-1] for r in taps))]


@jit()
def _exchange(weight, places, groups, out):
    """out[(group, c), k, t] = weight[(group, k), c, places[t]], some rows of out at a time"""
    outputs, channels = weight.shape[0] // groups, weight.shape[1]
    for group in range(groups):
        for c0 in range(0, channels, BLOCK):
            for k in range(outputs):
                for c in range(c0, min(c0 + BLOCK, channels)):
                    row, into = weight[group * outputs + k, c], out[group * channels + c, k]
                    for t in range(places.size):
                        into[t] = row[places[t]]


def adjoint(weight, taps, groups):
    """The weights at some taps, reversed, with inputs and outputs of each group exchanged"""
    outputs, channels, *kernel = weight.shape
    places = _places(tuple(kernel), taps)
    out = empty((groups * channels, outputs // groups, places.size), weight.dtype)
    flat = np.ascontiguousarray(weight).reshape(outputs, channels, -1)
    _exchange(flat, places.ravel(), groups, out)
    return out.reshape(*out.shape[:2], *places.shape)
