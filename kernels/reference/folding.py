"""The elements of sliding windows as columns, and the adjoint."""

import math

from ..registry import array_module, kernel
from .conv import bordered, offsets, spans, unbordered


def _image(make, shape):
    return make.normal((*shape[:-2], 2, 5, 6)[-4:] if len(shape) > 3 else (2, 3, 5, 6))


def _unfold(make, shape):
    return _image(make, shape), (2, 3), (5, 3), (1, 2), (1, 1), (2, 1)


def _fold(make, shape):
    x = _image(make, shape)
    return make.normal((*x.shape[:1], x.shape[1] * 6, 15)), (5, 6), (2, 3), (5, 3), *_unfold(
        make, shape
    )[3:]


@kernel(_unfold)
def unfold(x, kernel, size, stride, padding, dilation):
    """y[n, (c, t), o] = x[n, c, o · stride − padding + t · dilation] for windows o of ``size``"""
    xp = array_module(x)
    count, channels = x.shape[:2]
    x = bordered(x, padding, spans(size, kernel, stride, dilation))
    y = xp.zeros((count, channels, *kernel, *size), x.dtype)
    for offset, reads in offsets(kernel, size, stride, dilation):
        y[(slice(None), slice(None), *offset)] = x[(..., *reads)]
    return y.reshape(count, channels * math.prod(kernel), math.prod(size))


@kernel(_fold, notes={"sums": True})
def fold(y, extents, kernel, size, stride, padding, dilation):
    """x[n, c, o · stride − padding + t · dilation] = Σ_{o, t} y[n, (c, t), o]"""
    xp, count = array_module(y), len(y)
    channels = y.shape[1] // math.prod(kernel)
    y = y.reshape(count, channels, *kernel, *size)
    x = xp.zeros((count, channels, *spans(size, kernel, stride, dilation)), y.dtype)
    for offset, reads in offsets(kernel, size, stride, dilation):
        x[(..., *reads)] += y[(slice(None), slice(None), *offset)]
    return unbordered(x, padding, extents)
