"""Multi-head attention: projections around scaled dot-product attention."""

import math

from .. import dtypes
from ..engine.graph import dtype_of
from .attention import scaled_dot_product_attention
from .cast import cast
from .dropout import dropout
from .joining import Parts, cat
from .matmul import linear, matmul
from .operands import only_tensors, optional_tensors
from .padding import pad
from .reduce import mean
from .select import masked_fill
from .shape import expand, permute, reshape, squeeze, transpose, unsqueeze
from .softmax import softmax

__all__ = ["multi_head_attention_forward"]

NAME = "multi_head_attention_forward"


def multi_head_attention_forward(
    query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v,
    add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None,
    need_weights=True, attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None,
    k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None,
    average_attn_weights=True, is_causal=False, *, batch_first=False, generator=None,
):  # fmt: skip
    """(output, weights or None) of attention in ``num_heads`` heads, between linear projections.

    For query (L, N, E) with key and value (S, N, ·), or (L, E) with (S, ·); ``batch_first`` swaps
    L and S with N. ``key_padding_mask`` (N, S) and ``attn_mask``, (L, S) or (N · num_heads, L, S),
    hide keys where they are True, or are added to the scores. ``is_causal`` says that attn_mask
    is the causal one. The weights are (N, L, S), a mean over the heads, or (N, num_heads, L, S);
    without ``need_weights`` no more memory than linear in L and S is used.
    Source: Vaswani et al. 2017.
    """
    _check_axes(query, key, value, key_padding_mask, attn_mask)
    batched = query._array.ndim == 3
    if not batched:
        batch_first = True
        query, key, value = _each(lambda t: unsqueeze(t, 0), query, key, value)
        if key_padding_mask is not None:
            key_padding_mask = unsqueeze(key_padding_mask, 0)
    _check_extents(query, key, value, embed_dim_to_check, num_heads, batch_first)
    if is_causal and attn_mask is None:
        raise RuntimeError(f"{NAME}: is_causal=True is a hint about attn_mask; give attn_mask too")
    mask = _mask(attn_mask, key_padding_mask, query, key, num_heads, batch_first)
    is_causal = is_causal and key_padding_mask is None and not need_weights
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    projected = _projected(query, key, value, in_proj_weight, separate, in_proj_bias)
    q, k, v = (_by_head(t, num_heads, batch_first) for t in projected)
    k, v = _static(k, static_k, "static_k"), _static(v, static_v, "static_v")
    mask = None if is_causal else mask
    k, v, mask = _extended(k, v, mask, bias_k, bias_v, add_zero_attn)
    p = dropout_p if training else 0.0
    attention = _weighed if need_weights else _unweighed
    y, weights = attention(q, k, v, mask, p, is_causal, generator)
    y = linear(_side_by_side(y, batch_first), out_proj_weight, out_proj_bias)
    if need_weights and average_attn_weights:
        weights = mean(weights, 1)
    if batched:
        return y, weights
    return squeeze(y, 0), None if weights is None else squeeze(weights, 0)


def _each(function, query, key, value):
    """The function of all three, called once for those that are one tensor."""
    q = function(query)
    k = q if key is query else function(key)
    return q, k, k if value is key else function(value)


def _projected(query, key, value, weight, separate, bias):
    """query, key and value times their matrices, with as few products as there are tensors."""
    width = query._array.shape[-1]
    if separate is not None:
        if any(w is None for w in separate):
            raise RuntimeError(
                f"{NAME}: use_separate_proj_weight needs q_, k_ and v_proj_weight"
            )
        biases = (None,) * 3 if bias is None else _parts(bias, (width,) * 3)
        return tuple(map(linear, (query, key, value), separate, biases))
    if weight is None:
        raise RuntimeError(f"{NAME}: without use_separate_proj_weight it needs in_proj_weight")
    if key is value and query is key:
        return _parts(linear(query, weight, bias), (width,) * 3, axis=2)
    sizes = (width, 2 * width) if key is value else (width,) * 3
    weights = _parts(weight, sizes)
    biases = (None,) * 3 if bias is None else _parts(bias, sizes)
    if key is not value:
        return tuple(map(linear, (query, key, value), weights, biases))
    both = linear(key, weights[1], biases[1])
    return linear(query, weights[0], biases[0]), *_parts(both, (width,) * 2, axis=2)


def _parts(x, sizes, axis=0):
    if x._array.shape[axis] != sum(sizes):
        raise RuntimeError(
            f"{NAME}: expected an extent of {sum(sizes)} at axis {axis}, got {x._array.shape}"
        )
    return Parts.apply(x, sizes=sizes, axis=axis)


def _by_head(t, heads, batch_first):
    """(N, L, H · D), or (L, N, H · D), as (N, H, L, D)"""
    first, second, width = t._array.shape
    t = reshape(t, (first, second, heads, width // heads))
    return permute(t, (0, 2, 1, 3) if batch_first else (1, 2, 0, 3))


def _side_by_side(y, batch_first):
    """(N, H, L, D) as (N, L, H · D), or (L, N, H · D)"""
    y = permute(y, (0, 2, 1, 3) if batch_first else (2, 0, 1, 3))
    first, second, heads, width = y._array.shape
    return reshape(y, (first, second, heads * width))


def _static(t, static, argument):
    """The projected heads, or those that are given as (N · H, S, D)."""
    if static is None:
        return t
    items, heads, _, width = t._array.shape
    shape = static._array.shape
    if len(shape) != 3 or shape[0] != items * heads or shape[2] != width:
        raise RuntimeError(
            f"{NAME}: {argument} must have shape ({items * heads}, S, {width}), got {shape}"
        )
    return reshape(static, (items, heads, shape[1], width))


def _mask(attn_mask, padding, query, key, heads, batch_first):
    """Both masks as one that broadcasts to (N, H, L, S), or None."""
    (items, rows), columns = query._array.shape[:2], key._array.shape[1]
    if not batch_first:
        items, rows, columns = rows, items, key._array.shape[0]
    if attn_mask is not None:
        shape, wanted = attn_mask._array.shape, (rows, columns)
        if len(shape) == 3:
            wanted = (items * heads, *wanted)
        if shape != wanted:
            raise RuntimeError(f"{NAME}: attn_mask must have shape {wanted}, got {shape}")
        if len(shape) == 3:
            attn_mask = reshape(attn_mask, (items, heads, rows, columns))
    if padding is None:
        return attn_mask
    shape = padding._array.shape
    if shape != (items, columns):
        raise RuntimeError(
            f"{NAME}: key_padding_mask must have shape {(items, columns)}, got {shape}"
        )
    padding = reshape(padding, (items, 1, 1, columns))
    if attn_mask is None:
        return padding
    if _hides(attn_mask) and _hides(padding):
        return attn_mask | padding
    return _added(attn_mask, query) + _added(padding, query)


def _hides(mask):
    return dtype_of(mask) is dtypes.bool_


def _added(mask, query):
    """A mask as what is added to the scores: −inf where bools hide."""
    return masked_fill(cast(mask, dtype_of(query)), mask, -math.inf) if _hides(mask) else mask


def _extended(k, v, mask, bias_k, bias_v, add_zero):
    """Keys and values with a learned one and one of zeros, which no mask hides."""
    if (bias_k is None) != (bias_v is None):
        raise RuntimeError(f"{NAME}: give both bias_k and bias_v, or neither")
    items, heads, _, width = k._array.shape
    extra = (bias_k is not None) + bool(add_zero)
    if bias_k is not None:
        k, v = (
            cat((t, expand(reshape(b, (1, heads, 1, width)), (items, heads, 1, width))), 2)
            for t, b in ((k, bias_k), (v, bias_v))
        )
    if add_zero:
        k, v = pad(k, (0, 0, 0, 1)), pad(v, (0, 0, 0, 1))
    return k, v, pad(mask, (0, extra)) if extra and mask is not None else mask


def _weighed(q, k, v, mask, p, causal, generator):
    """Attention and its weights, each made as a whole; a query that sees no key gives NaN."""
    scores = matmul(q * (1 / math.sqrt(q._array.shape[-1])), transpose(k, -1, -2))
    if mask is not None:
        scores = masked_fill(scores, mask, -math.inf) if _hides(mask) else scores + mask
    weights = dropout(softmax(scores, -1), p, generator=generator)
    return matmul(weights, v), weights


def _unweighed(q, k, v, mask, p, causal, generator):
    """Attention without its weights."""
    if mask is not None and _hides(mask):
        mask = ~mask
    return scaled_dot_product_attention(q, k, v, mask, p, causal, generator=generator), None


def _check_axes(query, key, value, padding, attn_mask):
    """Raise unless the operands are all batched or all not, with masks of bools or floats."""
    only_tensors(NAME, query, key, value, arguments=("query", "key", "value"))
    optional_tensors(NAME, key_padding_mask=padding, attn_mask=attn_mask)
    ndim = query._array.ndim
    if ndim not in (2, 3):
        raise RuntimeError(f"{NAME}: query must have 2 axes, or 3 with a batch, got {ndim}")
    for name, t in (("key", key), ("value", value)):
        if t._array.ndim != ndim:
            raise RuntimeError(f"{NAME}: query has {ndim} axes, but {name} {t._array.ndim}")
    for name, mask, axes in (
        ("key_padding_mask", padding, (ndim - 1,)), ("attn_mask", attn_mask, (2, 3))
    ):  # fmt: skip
        if mask is None:
            continue
        if mask._array.ndim not in axes:
            wanted = " or ".join(map(str, axes))
            raise RuntimeError(f"{NAME}: {name} must have {wanted} axes, got {mask._array.ndim}")
        if not _hides(mask) and not dtype_of(mask).is_floating_point:
            raise RuntimeError(f"{NAME}: {name} must be of bools or floats, got {dtype_of(mask)}")


def _check_extents(query, key, value, width, heads, batch_first):
    """Raise unless widths, batches and numbers of keys agree."""
    q, k, v = (t._array.shape for t in (query, key, value))
    if q[2] != width:
        raise RuntimeError(f"{NAME}: query has {q[2]} features, expected embed_dim = {width}")
    if width % heads:
        raise RuntimeError(f"{NAME}: embed_dim {width} is not divisible by num_heads {heads}")
    if k[:2] != v[:2]:
        raise RuntimeError(f"{NAME}: key {k} and value {v} must agree in all but the last axis")
    batch = 0 if batch_first else 1
    if q[batch] != k[batch]:
        raise RuntimeError(f"{NAME}: query {q} and key {k} must agree in the batch axis {batch}")
