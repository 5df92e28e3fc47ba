"""Convolutions in any number of axes, and their two adjoints, one kernel offset at a time.

With x (N, C, \\*extents), W (K, C / groups, \\*kernel) and y (N, K, \\*size), along each axis

    y[o] = Σ_t W[t] x[o · stride − padding + t · dilation]

where x is 0 outside. Only the border before x is given: the one after it follows from ``size``.
"""

import itertools
import math

from ..registry import array_module, kernel

SUMS = {"sums": True}


def spans(size, kernel, stride, dilation):
    """How many elements the windows of each axis reach over, borders included."""
    return tuple(
        (n - 1) * s + (k - 1) * d + 1
        for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)
    )


def _overlap(padding, extents, span):
    """Where x lies between its borders, and which part of x that is"""
    inside = [
        slice(min(p, s), min(p + n, s)) for p, n, s in zip(padding, extents, span, strict=True)
    ]
    return (..., *inside), (..., *(slice(0, i.stop - i.start) for i in inside))


def bordered(x, padding, span):
    """x with zeros around it (or cut off) so that each axis has the extent of its span"""
    out = array_module(x).zeros((*x.shape[:2], *span), x.dtype)
    inside, kept = _overlap(padding, x.shape[2:], span)
    out[inside] = x[kept]
    return out


def unbordered(x, padding, extents):
    """The adjoint of bordered: x without its border, zeros where it ends too early"""
    out = array_module(x).zeros((*x.shape[:2], *extents), x.dtype)
    inside, kept = _overlap(padding, extents, x.shape[2:])
    out[kept] = x[inside]
    return out


def offsets(kernel, size, stride, dilation):
    """(offset in the kernel, where that tap reads for all windows) for every offset"""
    for offset in itertools.product(*map(range, kernel)):
        yield (
            offset,
            tuple(
                slice(t * d, t * d + (n - 1) * s + 1, s)
                for t, n, s, d in zip(offset, size, stride, dilation, strict=True)
            ),
        )


def _grouped(x, groups):
    """(N, channels, \\*extents) as (N, groups, channels of one, elements)"""
    count, channels, *extents = x.shape
    return x.reshape(count, groups, channels // groups, math.prod(extents))


def _tap(weight, offset, groups):
    """The weights at one offset as (groups, outputs of one, inputs of one)"""
    matrix = weight[(..., *offset)]
    return matrix.reshape(groups, len(matrix) // groups, matrix.shape[1])


def _samples(make, shape):
    """Windows of 2 or 3 taps over the last axes of a shape that all have room for them"""
    count, *extents = (max(n, 2) for n in shape)
    extents = [min(n, 12) for n in extents]
    kernel = tuple(2 + i % 2 for i in range(len(extents)))
    stride, dilation = tuple(1 + i % 2 for i in range(len(extents)))[::-1], (1,) * len(extents)
    padding = (1,) * len(extents)
    size = tuple(
        (n + 2 * p - k) // s + 1
        for n, p, k, s in zip(extents, padding, kernel, stride, strict=True)
    )
    x, weight = make.normal((count % 8 + 1, 4, *extents)), make.normal((6, 2, *kernel))
    return x, weight, make.normal((len(x), 6, *size)), size, (stride, padding, dilation, 2)


def _conv(make, shape):
    x, weight, _, size, window = _samples(make, shape)
    return x, weight, make.normal((6,)), size, *window


@kernel(_conv, min_ndim=2, allows_empty=False, notes=SUMS)
def conv(x, weight, bias, size, stride, padding, dilation, groups):
    """y[n, k, o] = b[k] + Σ_{c, t} W[k, c, t] x[n, c, o · stride − padding + t · dilation]"""
    xp, kernel = array_module(x), weight.shape[2:]
    x = bordered(x, padding, spans(size, kernel, stride, dilation))
    shape = (len(x), groups, len(weight) // groups, math.prod(size))
    y = xp.zeros(shape, x.dtype)
    for offset, reads in offsets(kernel, size, stride, dilation):
        y += xp.matmul(_tap(weight, offset, groups), _grouped(x[(..., *reads)], groups))
    y = y.reshape(len(x), len(weight), *size)
    return y if bias is None else y + bias.reshape(-1, *(1 for _ in size))


def _conv_input_grad(make, shape):
    x, weight, g, _, window = _samples(make, shape)
    return g, weight, make.normal((x.shape[1],)), x.shape[2:], *window


_MEETS_ZEROS = "a weight that is not finite meets the zeros around g, or does not"


@kernel(
    _conv_input_grad, min_ndim=2, allows_empty=False, notes={**SUMS, "nonfinite": _MEETS_ZEROS}
)
def conv_input_grad(g, weight, bias, size, stride, padding, dilation, groups):
    """x[n, c, o · stride − padding + t · dilation] = Σ_{k, o, t} W[k, c, t] g[n, k, o] + b[c]

    ``size`` holds the extents of x: this is the transposed convolution.
    """
    xp, kernel, channels = array_module(g), weight.shape[2:], weight.shape[1] * groups
    outputs = g.shape[2:]
    span = spans(outputs, kernel, stride, dilation)
    x = xp.zeros((len(g), channels, *span), g.dtype)
    grouped = _grouped(g, groups)
    for offset, reads in offsets(kernel, outputs, stride, dilation):
        taps = xp.swapaxes(_tap(weight, offset, groups), -1, -2)
        x[(..., *reads)] += xp.matmul(taps, grouped).reshape(len(g), channels, *outputs)
    x = unbordered(x, padding, size)
    return x if bias is None else x + bias.reshape(-1, *(1 for _ in size))


def _conv_weight_grad(make, shape):
    x, weight, g, _, window = _samples(make, shape)
    return g, x, weight.shape[2:], *window


@kernel(_conv_weight_grad, min_ndim=2, allows_empty=False, notes=SUMS)
def conv_weight_grad(g, x, size, stride, padding, dilation, groups):
    """W[k, c, t] = Σ_{n, o} g[n, k, o] x[n, c, o · stride − padding + t · dilation]

    ``size`` holds the extents of the kernel.
    """
    xp, outputs = array_module(x), g.shape[2:]
    x = bordered(x, padding, spans(outputs, size, stride, dilation))
    grouped = _grouped(g, groups)
    weight = xp.zeros((g.shape[1], x.shape[1] // groups, *size), x.dtype)
    for offset, reads in offsets(size, outputs, stride, dilation):
        columns = xp.swapaxes(_grouped(x[(..., *reads)], groups), -1, -2)
        products = xp.matmul(grouped, columns).sum(axis=0)
        weight[(..., *offset)] = products.reshape(weight.shape[:2])
    return weight
