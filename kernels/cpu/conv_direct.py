"""Convolutions with few products per output: no matrices, just long sums of shifted planes.

A group of input planes is copied once with its border into a scratch block that stays in the cache,
split by the residues of positions modulo the stride. A tap then is a distance in that block, and
all output rows of a plane are one long loop, which also runs over what lies between rows and leaves
out what it finds there.
"""

import numpy as np

from ..compile import SUM, jit


@jit()
def _layout(channels, kernel, size, strides, dilations):
    """(channels, depth, residues of rows and columns, rows, columns), distance of every tap"""
    depth = (size[0] - 1) * strides[0] + (kernel[0] - 1) * dilations[0] + 1
    height = size[1] + (kernel[1] - 1) * dilations[1] // strides[1]
    width = size[2] + (kernel[2] - 1) * dilations[2] // strides[2]
    taps = np.empty(channels * kernel[0] * kernel[1] * kernel[2], np.int64)
    number = 0
    for c in range(channels):
        for i in range(kernel[0]):
            for j in range(kernel[1]):
                for k in range(kernel[2]):
                    h, w = j * dilations[1], k * dilations[2]
                    plane = (c * depth + i * dilations[0]) * strides[1] + h % strides[1]
                    plane = plane * strides[2] + w % strides[2]
                    taps[number] = (plane * height + h // strides[1]) * width + w // strides[2]
                    number += 1
    return (channels, depth, strides[1], strides[2], height, width), taps


@jit(forceinline=True)
def copy_row(row, start, step, out, at, count):
    """out[at + i] = row[start + i · step] for i < count"""
    # unsigned numbers: an index that might be negative keeps a loop from being vectorised
    first, to, stride = np.uint64(start), np.uint64(at), np.uint64(step)
    if step == 1:
        for i in range(np.uint64(count)):
            out[to + i] = row[first + i]
    else:
        for i in range(np.uint64(count)):
            out[to + i] = row[first + i * stride]


@jit()
def _copy_planes(x, first, paddings, planes):
    """planes[c] = x[first + c] between zeros, the borders being there already"""
    depth, height, width = paddings
    channels, deep, row_step, step, high, wide = planes.shape
    for s in range(step):
        low = max(-((s - width) // step), 0)
        count = min((width + x.shape[3] - 1 - s) // step + 1, wide) - low
        for c in range(channels if count > 0 else 0):
            for i in range(max(depth, 0), min(depth + x.shape[1], deep)):
                for r in range(row_step):
                    for j in range(high):
                        h = j * row_step + r - height
                        if 0 <= h < x.shape[2]:
                            row, out = x[first + c, i - depth, h], planes[c, i, r, s, j]
                            copy_row(row, low * step + s - width, step, out, low, count)


@jit()
def _add_taps(flat, start, taps, weight, out):
    """out[i] += Σ_t weight[t] flat[start + taps[t] + i], four taps at a time"""
    length = np.uint64(out.size)
    whole = taps.size - taps.size % 4
    for t in range(0, whole, 4):
        a, b = np.uint64(start + taps[t]), np.uint64(start + taps[t + 1])
        c, d = np.uint64(start + taps[t + 2]), np.uint64(start + taps[t + 3])
        u, v, w, z = weight[t], weight[t + 1], weight[t + 2], weight[t + 3]
        for i in range(length):
            out[i] += u * flat[a + i] + v * flat[b + i] + w * flat[c + i] + z * flat[d + i]
    for t in range(whole, taps.size):
        a, u = np.uint64(start + taps[t]), weight[t]
        for i in range(length):
            out[i] += u * flat[a + i]


@jit()
def correlate(x, y, weight, bias, strides, paddings, dilations, groups):
    """y = bias + the windows of x times the weights, image by image"""
    size, per_group = y.shape[2:], weight.shape[0] // groups
    shape, taps = _layout(weight.shape[1], weight.shape[2:], size, strides, dilations)
    block, width = np.zeros(shape, x.dtype), shape[5]
    flat, step = block.reshape(block.size), strides[0] * block[0, 0].size
    out = np.empty((size[1] - 1) * width + size[2], x.dtype)
    for n in range(x.shape[0]):
        for group in range(groups):
            _copy_planes(x[n], group * shape[0], paddings, block)
            for k in range(group * per_group, (group + 1) * per_group):
                w = weight[k].reshape(taps.size)
                for i in range(size[0]):
                    out[:] = bias[k]
                    _add_taps(flat, i * step, taps, w, out)
                    for j in range(size[1]):
                        copy_row(out, j * width, 1, y[n, k, i, j], 0, size[2])


@jit(SUM)
def _tap_sums(flat, start, taps, g, sums):
    """sums[t] += Σ_i g[i] flat[start + taps[t] + i], four taps at a time"""
    length, zero = np.uint64(g.size), g.dtype.type(0)
    whole = taps.size - taps.size % 4
    for t in range(0, whole, 4):
        a, b = np.uint64(start + taps[t]), np.uint64(start + taps[t + 1])
        c, d = np.uint64(start + taps[t + 2]), np.uint64(start + taps[t + 3])
        u = v = w = z = zero
        for i in range(length):
            u += g[i] * flat[a + i]
            v += g[i] * flat[b + i]
            w += g[i] * flat[c + i]
            z += g[i] * flat[d + i]
        sums[t] += u
        sums[t + 1] += v
        sums[t + 2] += w
        sums[t + 3] += z
    for t in range(whole, taps.size):
        a, u = np.uint64(start + taps[t]), zero
        for i in range(length):
            u += g[i] * flat[a + i]
        sums[t] += u


@jit()
def weight_grad(first, weight, g, x, strides, paddings, dilations, per_group):
    """weight = the sums of g times the windows of x, for the output channels from ``first`` on"""
    size = g.shape[2:]
    shape, taps = _layout(weight.shape[1], weight.shape[2:], size, strides, dilations)
    block, width = np.zeros(shape, x.dtype), shape[5]
    flat, step = block.reshape(block.size), strides[0] * block[0, 0].size
    spread = np.zeros((size[1] - 1) * width + size[2], x.dtype)
    sums = np.zeros((weight.shape[0], taps.size), np.float64)
    for n in range(x.shape[0]):
        held = -1
        for k in range(weight.shape[0]):
            group = (first + k) // per_group
            if group != held:
                held = group
                _copy_planes(x[n], group * shape[0], paddings, block)
            for i in range(size[0]):
                for j in range(size[1]):
                    copy_row(g[n, first + k, i, j], 0, 1, spread, j * width, size[2])
                _tap_sums(flat, i * step, taps, spread, sums[k])
    for k in range(weight.shape[0]):
        w = weight[k].reshape(taps.size)
        for t in range(taps.size):
            w[t] = sums[k, t]
