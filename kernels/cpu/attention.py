"""Attention a block of scores at a time: BLAS, one compiled pass over the block, BLAS again.

A block holds the scores of several heads, or of some rows of one head, and stays in the cache;
where keys come after all queries of a block, its columns end before them. The gradients make the
scores again, so that no memory grows with queries times keys. Without a mask and dropout, single
precision goes by tiles (see :mod:`kernels.cpu.attention_tiles`), which need no BLAS.
"""

import math

import numpy as np

from .. import blas, launch
from ..compile import SUM, jit
from ..floating import quiet
from ..memory import empty
from ..reference import attention as reference
from ..reference.reduce import unbroadcast
from . import attention_tiles, vmath
from .maps import FAST
from .random import hashed, threshold_and_scale, u32

BLOCK_BYTES = 1 << 19
CAUSAL_ROWS = 128  # at most in a block, because it computes the scores above its diagonal too
FEW_KEYS = 128
EXP_COST = 1.3


@jit(SUM, forceinline=True)
def _softmax_row(x, seen):
    """x = exp(x − max x) / Σ exp in place, of the first elements; returns ln Σ exp

    Elements after those seen become 0. Where all are −∞, all become 0 and the logarithm ∞.
    """
    c = vmath.constants(x[0])
    largest = -c.inf
    for j in range(x.size):
        x[j] = x[j] if j < seen else -c.inf
        largest = vmath.maximum(largest, x[j])
    if largest == -c.inf:
        x[:] = c.zero
        return c.inf
    for j in range(x.size):
        x[j] = vmath.exp_nonpositive(x[j] - largest)
    total = c.zero
    for j in range(x.size):
        total += x[j]
    scale = c.one / total
    for j in range(x.size):
        x[j] *= scale
    return largest + vmath.log(total)


@jit()
def _softmax(s, lse, place, causal):
    """Every row of s (items, heads, rows, columns) in place, and its logarithm"""
    item, head, first = place
    for a in range(s.shape[0]):
        for b in range(s.shape[1]):
            for i in range(s.shape[2]):
                row = s[a, b, i]
                seen = first + i + 1 if causal else row.size
                lse[item + a, head + b, first + i] = _softmax_row(row, seen)


@jit()
def _drop(s, place, heads, rows, columns, seed, threshold, scale):
    """s times the mask of dropout, in place; heads, rows and columns are those of all scores"""
    item, head, first = place
    factor, zero = s.dtype.type(scale), s.dtype.type(0)
    for a in range(s.shape[0]):
        for b in range(s.shape[1]):
            for i in range(s.shape[2]):
                row = s[a, b, i]
                index = (((item + a) * heads + head + b) * rows + first + i) * columns
                start = u32(seed + u32(index))
                for j in range(row.size):
                    kept = hashed(u32(start + u32(j))) >= threshold
                    row[j] *= factor if kept else zero


@jit(forceinline=True)
def _slopes_row(x, d, seen, shift, mean):
    """x = exp(x − shift), 0 after the elements seen, and d = x · (d − mean) in place"""
    zero = vmath.constants(x[0]).zero
    for j in range(x.size):
        weight = vmath.exp_nonpositive(x[j] - shift)
        x[j] = weight = weight if j < seen else zero
        d[j] = weight * (d[j] - mean)


@jit()
def _weights_and_slopes(s, d, lse, means, place, causal):
    """Every row of s and d (items, heads, rows, columns) in place"""
    item, head, first = place
    for a in range(s.shape[0]):
        for b in range(s.shape[1]):
            for i in range(s.shape[2]):
                row, at = s[a, b, i], (item + a, head + b, first + i)
                seen = first + i + 1 if causal else row.size
                _slopes_row(row, d[a, b, i], seen, lse[at], means[at])


@jit()
def _transpose(x, y):
    """y (items, heads, columns, rows) = x (items, heads, rows, columns)"""
    for a in range(x.shape[0]):
        for b in range(x.shape[1]):
            for j in range(x.shape[3]):
                out = y[a, b, j]
                for i in range(out.size):
                    out[i] = x[a, b, i, j]


def _transposed(x):
    """The columns of every head as rows, copied where BLAS multiplies by xᵀ slower than by x."""
    if x.shape[2] > FEW_KEYS:
        return x.swapaxes(2, 3)
    y = empty((*x.shape[:2], x.shape[3], x.shape[2]), x.dtype)
    _transpose(x, y)
    return y


def _two(lead):
    """The leading extents as two; where only one is not 1, that is the first."""
    kept = [n for n in lead if n != 1]
    return (math.prod(kept[:-1]), kept[-1]) if len(kept) > 1 else (math.prod(kept), 1)


def _by_head(x):
    """x (..., rows, columns) as (items, heads, rows, columns), with rows that BLAS takes."""
    x = x.reshape(*_two(x.shape[:-2]), *x.shape[-2:])
    dense = x.strides[3] == x.itemsize and x.strides[2] >= x.shape[3] * x.itemsize
    return x if dense else np.ascontiguousarray(x)


def _mask_by_head(mask, lead, dtype):
    """What is added to the scores, as (items, heads, rows, columns), each 1 where it repeats."""
    if mask is None:
        return None
    shape = (1,) * (len(lead) + 2 - mask.ndim) + mask.shape
    own = tuple(m for m, n in zip(shape, lead, strict=False) if n != 1)
    if len(own) > 2:
        mask, own = np.broadcast_to(mask, (*lead, *shape[-2:])), _two(lead)
    mask = mask.reshape(*(*own, 1, 1)[:2], *shape[-2:])
    return np.where(mask, dtype.type(0), dtype.type(-np.inf)) if mask.dtype.kind == "b" else mask


def _output(x, by_head, columns):
    """An array like x of as many columns and its form by head; axes lie in memory as those of x."""
    order = [*sorted(range(3), key=lambda axis: -by_head.strides[axis]), 3]
    shape = (*by_head.shape[:3], columns)
    if order == [0, 1, 2, 3]:
        made = empty((*x.shape[:-1], columns), x.dtype)  # no view: the engine may keep it
        return made, made.reshape(shape)
    made = empty(tuple(shape[axis] for axis in order), x.dtype)
    made = made.transpose([order.index(axis) for axis in range(4)])
    return made.reshape(*x.shape[:-1], columns), made


def _blocks(q, k, causal):
    """(items, heads, rows, number of columns) of every block of scores."""
    (items, heads, rows, _), columns = q.shape, k.shape[2]
    row_bytes = columns * q.itemsize
    height = min(rows, CAUSAL_ROWS) if causal else rows
    height = max(1, min(height, BLOCK_BYTES // row_bytes))
    fit = max(1, BLOCK_BYTES // (height * row_bytes))
    depth, width = max(1, fit // heads), min(fit, heads)
    for i in range(0, items, depth):
        for h in range(0, heads, width):
            for r in range(0, rows, height):
                end = min(r + height, rows)
                yield (
                    slice(i, min(i + depth, items)), slice(h, min(h + width, heads)),
                    slice(r, end), min(columns, end) if causal else columns,
                )  # fmt: skip


def _scratch(q, k):
    """Memory for the scores of one block, flat."""
    size = q.shape[0] * q.shape[1] * q.shape[2] * k.shape[2]
    return empty((min(size, max(BLOCK_BYTES // q.itemsize, k.shape[2])),), q.dtype)


def _product(a, b, scratch):
    """a b in the scratch memory"""
    shape = (*a.shape[:3], b.shape[3])
    return np.matmul(a, b, out=scratch[: math.prod(shape)].reshape(shape))


def _mask_block(mask, start, items, heads, rows, columns):
    """The part of a mask that belongs to a block."""
    places = slice(start + items.start, start + items.stop), heads, rows, slice(0, columns)
    repeats = slice(None)
    return mask[tuple(repeats if n == 1 else p for n, p in zip(mask.shape, places, strict=True))]


def _scores(q, columns_of_k, mask, scratch, start, items, heads, rows, columns):
    s = _product(q[items, heads, rows], columns_of_k[items, heads, :, :columns], scratch)
    if mask is not None:
        s += _mask_block(mask, start, items, heads, rows, columns)
    return s


def _forward(start, q, k, v, out, lse, mask, causal, drop):
    scratch, extents = _scratch(q, k), (*q.shape[1:3], k.shape[2])
    columns_of_k = _transposed(k)
    for block in _blocks(q, k, causal):
        items, heads, rows, columns = block
        s = _scores(q, columns_of_k, mask, scratch, start, *block)
        _softmax(s, lse, (items.start, heads.start, rows.start), causal)
        if drop:
            _drop(s, (start + items.start, heads.start, rows.start), *extents, *drop)
        np.matmul(s, v[items, heads, :columns], out=out[items, heads, rows])


def _backward(start, g, q, k, v, out, lse, dq, dk, dv, mask, dmask, causal, drop):
    scores, slopes, extents = _scratch(q, k), _scratch(q, k), (*q.shape[1:3], k.shape[2])
    columns_of_k, columns_of_v = _transposed(k), _transposed(v)
    means = np.einsum("ihrc,ihrc->ihr", g, out)
    for block in _blocks(q, k, causal):
        items, heads, rows, columns = block
        place = items.start, heads.start, rows.start
        s = _scores(q, columns_of_k, mask, scores, start, *block)
        d = _product(g[items, heads, rows], columns_of_v[items, heads, :, :columns], slopes)
        if drop:
            _drop(d, (start + place[0], *place[1:]), *extents, *drop)
        _weights_and_slopes(s, d, lse, means, place, causal)
        if drop:
            _drop(s, (start + place[0], *place[1:]), *extents, *drop)
        if dmask is not None:
            part = _mask_block(dmask, start, *block)
            part += unbroadcast(d, part.shape)
        np.matmul(d, k[items, heads, :columns], out=dq[items, heads, rows])
        _add_product(d, q[items, heads, rows], dk[items, heads], rows.start == 0)
        _add_product(s, g[items, heads, rows], dv[items, heads], rows.start == 0)


def _add_product(a, b, total, first):
    """Add aᵀ b to the first rows of a total, which ``first`` makes 0 before."""
    reached = total[:, :, : a.shape[3]]
    if first:
        np.matmul(a.swapaxes(2, 3), b, out=reached)
        total[:, :, a.shape[3] :] = 0
    else:
        reached += np.matmul(a.swapaxes(2, 3), b, out=empty(reached.shape, reached.dtype))


def _fits(mask, *arrays):
    """Whether the blocks take these operands."""
    dtype = arrays[0].dtype
    typed = dtype in FAST and all(a.dtype == dtype and a.size for a in arrays)
    return typed and (mask is None or (mask.dtype in (dtype, np.bool_) and mask.size))


def _scaled(q, scale):
    return np.multiply(q, q.dtype.type(scale), out=empty(q.shape, q.dtype))


def _drop_arguments(p, seed):
    return (u32(seed), *threshold_and_scale(p)) if p else None


def _cost(k, products, columns):
    """The work per element of an array with so many columns, in units of one exp."""
    return k.shape[-2] * (launch.MULTIPLY_ADD * products + EXP_COST) / columns


@quiet
def attention(q, k, v, mask, scale, causal, p, seed):
    """P v for P = softmax(scale · q kᵀ + mask), and ln Σ exp of each row of scores"""
    if not _fits(mask, q, k, v):
        return reference.attention(q, k, v, mask, scale, causal, p, seed)
    heads = [_by_head(a) for a in (q, k, v)]
    y, out = _output(q, heads[0], v.shape[-1])
    lse = empty(q.shape[:-1], q.dtype)
    written = out, lse.reshape(out.shape[:3])
    cost = _cost(k, q.shape[-1] + v.shape[-1], q.shape[-1])
    if attention_tiles.fits(*heads[::2], mask, p):
        launch.split(attention_tiles.forward, (*heads, *written), scale, causal, cost=cost)
        return y, lse
    arrays = _scaled(heads[0], scale), *heads[1:], *written
    settings = _mask_by_head(mask, q.shape[:-2], q.dtype), causal, _drop_arguments(p, seed)
    with blas.single:
        launch.split(_forward, arrays, *settings, cost=cost, indexed=True)
    return y, lse


@quiet
def attention_vjp(g, q, k, v, mask, out, lse, scale, causal, p, seed, mask_needed):
    """The gradients of attention for q, k, v and mask (None where it is not needed)"""
    if not _fits(mask, g, q, k, v, out, lse):
        return reference.attention_vjp(
            g, q, k, v, mask, out, lse, scale, causal, p, seed, mask_needed
        )
    heads = [_by_head(a) for a in (q, k, v)]
    gradients, outputs = zip(
        *(_output(a, h, a.shape[-1]) for a, h in zip((q, k, v), heads, strict=True)), strict=True
    )
    g, out, lse = _by_head(g), _by_head(out), lse.reshape(heads[0].shape[:3])
    cost = _cost(k, 3 * q.shape[-1] + 2 * v.shape[-1], v.shape[-1])
    if attention_tiles.fits(*heads[::2], mask, p):
        arrays = g, *heads, out, lse, *outputs
        launch.split(attention_tiles.backward, arrays, scale, causal, cost=cost)
        return *gradients, None
    added = _mask_by_head(mask, q.shape[:-2], q.dtype)
    dmask = np.zeros(added.shape, q.dtype) if mask_needed else None
    arrays = g, _scaled(heads[0], scale), *heads[1:], out, lse, *outputs
    settings = added, dmask, causal, _drop_arguments(p, seed)
    if mask_needed:  # its sums go over what would be split
        _backward(0, *arrays, *settings)
        dmask = _in_shape(dmask, mask.shape, q.shape[:-2])
    else:
        with blas.single:
            launch.split(_backward, arrays, *settings, cost=cost, indexed=True)
    outputs[0][...] *= q.dtype.type(scale)
    return *gradients, dmask


def _in_shape(dmask, shape, lead):
    """The gradient of a mask by head in the shape of the mask."""
    if dmask.size != math.prod(shape):
        dmask = unbroadcast(dmask.reshape(*lead, *dmask.shape[2:]), shape)
    return dmask.reshape(shape)
