"""Attention a block of scores at a time: BLAS, one compiled pass over the block, BLAS again.

A block holds the scores of several heads, or of some rows of one head, and stays in the cache;
where keys come after all queries of a block, its columns end before them. The gradients make the
scores again, so that no memory grows with queries times keys.
"""

import math

import numpy as np

from .. import launch
from ..compile import MAP, SUM, jit
from ..memory import empty
from ..reference import attention as reference
from ..reference.reduce import unbroadcast
from . import vmath
from .maps import FAST
from .matmul import MULTIPLY_ADD_COST
from .random import hashed, threshold_and_scale, u32

BLOCK_BYTES = 1 << 18
CAUSAL_ROWS = 128  # at most in a block, because it computes the scores above its diagonal too
LANES = 16  # loops of whole vectors have no slow rest
EXP_COST = 1.3


@jit(SUM, forceinline=True)
def _softmax_row(x):
    """x = exp(x − max x) / Σ exp in place; returns ln Σ exp, inf for a row without a key"""
    c = vmath.constants(x[0])
    largest = x[0]
    for j in range(x.size):
        largest = vmath.maximum(largest, x[j])
    if largest == -c.inf:
        x[:] = c.zero
        return c.inf
    total = c.zero
    for j in range(x.size):
        e = vmath.exp_nonpositive(x[j] - largest)
        x[j] = e
        total += e
    scale = c.one / total
    for j in range(x.size):
        x[j] *= scale
    return largest + vmath.log(total)


@jit(MAP, forceinline=True)
def _ends(columns, row, causal):
    """How many keys the query of a row sees, and that rounded up to whole vectors"""
    if not causal or row >= columns:
        return columns, columns
    return row + 1, min(columns, (row // LANES + 1) * LANES)


@jit(MAP)
def _softmax(s, lse, place, causal):
    """Every row of s (items, heads, rows, columns) in place, and its logarithm"""
    item, head, first = place
    for a in range(s.shape[0]):
        for b in range(s.shape[1]):
            for i in range(s.shape[2]):
                row = s[a, b, i]
                visible, end = _ends(row.size, first + i, causal)
                row[visible:end] = -np.inf
                lse[item + a, head + b, first + i] = _softmax_row(row[:end])
                row[end:] = 0


@jit(MAP)
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


@jit(MAP)
def _weights_and_slopes(s, d, lse, means, place, causal):
    """s = exp(s − lse) and d = s · (d − mean) in place, 0 where causal hides a key"""
    item, head, first = place
    for a in range(s.shape[0]):
        for b in range(s.shape[1]):
            for i in range(s.shape[2]):
                row, slopes = s[a, b, i], d[a, b, i]
                shift = lse[item + a, head + b, first + i]
                mean = means[item + a, head + b, first + i]
                visible, end = _ends(row.size, first + i, causal)
                row[visible:end], slopes[visible:end] = -np.inf, 0
                for j in range(end):
                    weight = vmath.exp_nonpositive(row[j] - shift)
                    row[j] = weight
                    slopes[j] = weight * (slopes[j] - mean)
                row[end:] = slopes[end:] = 0


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


def _empty_like(x, columns):
    """An array of as many columns, laid out in the order of the axes of x."""
    order = [*sorted(range(3), key=lambda axis: -x.strides[axis]), 3]
    shape = (*x.shape[:3], columns)
    made = empty(tuple(shape[axis] for axis in order), x.dtype)
    return made.transpose([order.index(axis) for axis in range(4)])


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
    """a bᵀ in the scratch memory"""
    shape = (*a.shape[:3], b.shape[2])
    return np.matmul(a, b.swapaxes(2, 3), out=scratch[: math.prod(shape)].reshape(shape))


def _mask_block(mask, start, items, heads, rows, columns):
    """The part of a mask that belongs to a block."""
    places = slice(start + items.start, start + items.stop), heads, rows, slice(0, columns)
    repeats = slice(None)
    return mask[tuple(repeats if n == 1 else p for n, p in zip(mask.shape, places, strict=True))]


def _scores(q, k, mask, scratch, start, items, heads, rows, columns):
    s = _product(q[items, heads, rows], k[items, heads, :columns], scratch)
    if mask is not None:
        s += _mask_block(mask, start, items, heads, rows, columns)
    return s


def _forward(start, q, k, v, out, lse, mask, causal, drop):
    scratch, extents = _scratch(q, k), (*q.shape[1:3], k.shape[2])
    for block in _blocks(q, k, causal):
        items, heads, rows, columns = block
        s = _scores(q, k, mask, scratch, start, *block)
        _softmax(s, lse, (items.start, heads.start, rows.start), causal)
        if drop:
            _drop(s, (start + items.start, heads.start, rows.start), *extents, *drop)
        np.matmul(s, v[items, heads, :columns], out=out[items, heads, rows])


def _backward(start, g, q, k, v, out, lse, dq, dk, dv, mask, dmask, causal, drop):
    scores, slopes, extents = _scratch(q, k), _scratch(q, k), (*q.shape[1:3], k.shape[2])
    means = np.einsum("ihrc,ihrc->ihr", g, out)
    for block in _blocks(q, k, causal):
        items, heads, rows, columns = block
        place = items.start, heads.start, rows.start
        s = _scores(q, k, mask, scores, start, *block)
        d = _product(g[items, heads, rows], v[items, heads, :columns], slopes)
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
    return np.multiply(q, q.dtype.type(scale), out=_empty_like(q, q.shape[3]))


def _drop_arguments(p, seed):
    return (u32(seed), *threshold_and_scale(p)) if p else None


def _cost(k, products, columns):
    """The work per element of an array with so many columns, in units of one exp."""
    return k.shape[2] * (MULTIPLY_ADD_COST * products + EXP_COST) / columns


def attention(q, k, v, mask, scale, causal, p, seed):
    """P v for P = softmax(scale · q kᵀ + mask), and ln Σ exp of each row of scores"""
    if not _fits(mask, q, k, v):
        return reference.attention(q, k, v, mask, scale, causal, p, seed)
    shape, mask = q.shape[:-1], _mask_by_head(mask, q.shape[:-2], q.dtype)
    q, k, v = map(_by_head, (q, k, v))
    out, lse = _empty_like(q, v.shape[3]), empty(q.shape[:3], q.dtype)
    launch.split(
        _forward, (_scaled(q, scale), k, v, out, lse), mask, causal, _drop_arguments(p, seed),
        cost=_cost(k, q.shape[3] + v.shape[3], q.shape[3]), indexed=True,
    )  # fmt: skip
    return out.reshape(*shape, v.shape[3]), lse.reshape(shape)


def attention_vjp(g, q, k, v, mask, out, lse, scale, causal, p, seed, mask_needed):
    """The gradients of attention for q, k, v and mask (None where it is not needed)"""
    if not _fits(mask, g, q, k, v, out, lse):
        return reference.attention_vjp(
            g, q, k, v, mask, out, lse, scale, causal, p, seed, mask_needed
        )
    shapes, lead = [a.shape for a in (q, k, v)], q.shape[:-2]
    added = _mask_by_head(mask, lead, q.dtype)
    dmask = np.zeros(added.shape, q.dtype) if mask_needed else None
    g, q, k, v, out = map(_by_head, (g, q, k, v, out))
    dq, dk, dv = (_empty_like(a, a.shape[3]) for a in (q, k, v))
    arrays = g, _scaled(q, scale), k, v, out, lse.reshape(q.shape[:3]), dq, dk, dv
    settings = added, dmask, causal, _drop_arguments(p, seed)
    if mask_needed:  # its sums go over what would be split
        _backward(0, *arrays, *settings)
        whole = dmask.size == mask.size
        dmask = dmask.reshape(mask.shape if whole else (*lead, *mask.shape[-2:]))
        dmask = unbroadcast(dmask, mask.shape)
    else:
        cost = _cost(k, 3 * q.shape[3] + 2 * v.shape[3], v.shape[3])
        launch.split(_backward, arrays, *settings, cost=cost, indexed=True)
    dq *= q.dtype.type(scale)
    return *(d.reshape(shape) for d, shape in zip((dq, dk, dv), shapes, strict=True)), dmask
