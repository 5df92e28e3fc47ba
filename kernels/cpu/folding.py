"""Windows as columns, and back, by runs of elements along the width."""

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from ..reference import folding as reference
from .conv_direct import copy_row
from .maps import FAST


@jit()
def _reach(extent, count, origin, stride):
    """[low, high) of the o < count with 0 <= origin + o · stride < extent"""
    low = max(-(origin // stride), 0)
    return low, max(min((extent - 1 - origin) // stride + 1, count), low)


@jit()
def _unfold(x, y, stride, padding, dilation):
    """y (N, C, kernel, size) from x (N, C, height, width)"""
    _, channels, rows, columns, count, size = y.shape
    for j in range(columns):
        origin = j * dilation[1] - padding[1]
        low, high = _reach(x.shape[3], size, origin, stride[1])
        for n in range(x.shape[0]):
            for c in range(channels):
                for i in range(rows):
                    for r in range(count):
                        out = y[n, c, i, j, r]
                        h = r * stride[0] - padding[0] + i * dilation[0]
                        if h < 0 or h >= x.shape[2] or low == high:
                            out[:] = 0
                            continue
                        for q in range(low):
                            out[q] = 0
                        start = origin + low * stride[1]
                        copy_row(x[n, c, h], start, stride[1], out, low, high - low)
                        for q in range(high, size):
                            out[q] = 0


@jit()
def _fold(y, x, stride, padding, dilation):
    """x (N, C, height, width) from y (N, C, kernel, size)"""
    _, channels, rows, columns, count, size = y.shape
    x[...] = 0
    for n in range(x.shape[0]):
        for c in range(channels):
            for i in range(rows):
                for j in range(columns):
                    origin = j * dilation[1] - padding[1]
                    low, high = _reach(x.shape[3], size, origin, stride[1])
                    for r in range(count if low < high else 0):
                        h = r * stride[0] - padding[0] + i * dilation[0]
                        if 0 <= h < x.shape[2]:
                            row, into = y[n, c, i, j, r], x[n, c, h]
                            at, step = np.uint64(origin + low * stride[1]), np.uint64(stride[1])
                            first = np.uint64(low)
                            for q in range(np.uint64(high - low)):
                                into[at + q * step] += row[first + q]


def unfold(x, kernel, size, stride, padding, dilation):
    """y[n, (c, t), o] = x[n, c, o · stride − padding + t · dilation] for windows o of ``size``"""
    if x.dtype not in FAST or not x.size:
        return reference.unfold(x, kernel, size, stride, padding, dilation)
    y = empty((*x.shape[:2], *kernel, *size), x.dtype)
    cost = 0.1 * y.size / x.size
    launch.split(_unfold, (np.ascontiguousarray(x), y), stride, padding, dilation, cost=cost)
    return y.reshape(len(x), x.shape[1] * kernel[0] * kernel[1], size[0] * size[1])


def fold(y, extents, kernel, size, stride, padding, dilation):
    """x[n, c, o · stride − padding + t · dilation] = Σ_{o, t} y[n, (c, t), o]"""
    if y.dtype not in FAST or not y.size:
        return reference.fold(y, extents, kernel, size, stride, padding, dilation)
    channels = y.shape[1] // (kernel[0] * kernel[1])
    columns = np.ascontiguousarray(y).reshape(len(y), channels, *kernel, *size)
    x = empty((len(y), channels, *extents), y.dtype)
    launch.split(_fold, (columns, x), stride, padding, dilation, cost=0.1)
    return x
