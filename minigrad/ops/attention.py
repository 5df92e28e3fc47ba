"""Scaled dot-product attention."""

import math

import numpy as np

from .. import dtypes
from ..backend import REFERENCE, array_module
from ..engine.gradients import recomputed
from ..engine.graph import dtype_of, new_tensor, values
from ..engine.op import Op, Sample
from .cast import cast
from .dropout import Dropout, check_probability, draw_key
from .matmul import check_operands, matmul
from .operands import FLOATS, check_category, only_tensors
from .select import masked_fill
from .shape import broadcast_shapes, expand, reshape, transpose, unsqueeze
from .softmax import softmax

__all__ = ["scaled_dot_product_attention"]


class ScaledDotProductAttention(Op):
    """Y = P V for P = softmax(scale · Q Kᵀ + mask), with dropout of P.

    dL/dV = Pᵀ G,  dL/dQ = scale · D K,  dL/dK = scale · Dᵀ Q,  dL/dmask = D,  where
    D = P (G Vᵀ − Σ G Y). Only the logarithm of each row's sum is kept of P, which the backward
    pass makes again, a block at a time; so it does the mask of dropout, from its key ``seed``.
    Source: Dao et al. 2022.
    """

    precision = "low"
    recomputes = True

    def forward(ctx, k, query, key, value, mask, *, scale, causal, p, seed):
        ctx.settings = scale, causal, p, seed
        out, lse = k.attention(query, key, value, mask, scale, causal, p, seed)
        ctx.save(query, key, value, mask, out, lse)
        return out

    def vjp(ctx, k, g):
        if k.records:
            return recomputed(ctx.composed, ctx.saved[:4], g)
        return k.attention_vjp(g, *ctx.saved, *ctx.settings, ctx.needs(3))

    def composed(ctx, query, key, value, mask):
        """The same of smaller ops."""
        scale, causal, p, seed = ctx.settings
        if causal:
            mask = _lower_triangle(query, key)
        weights = _weights(matmul(query, transpose(key, -1, -2)) * scale, mask)
        return matmul(Dropout.apply(weights, p=p, key=seed) if p else weights, value)

    def multiply_adds(ctx, out):
        query, key, value = ctx.saved[:3]
        return query.size * key.shape[-2] + out.size * value.shape[-2]

    def samples(rng):
        def operands(*lead):
            return [rng.normal(size=(*lead, n, m)) for n, m in ((3, 4), (5, 4), (5, 2))]

        plain = {"scale": 0.5, "causal": False, "p": 0.0, "seed": 0}
        rows = np.array([[True, False, True, True, False]] * 2 + [[False] * 5])
        yield Sample("plain", (*operands(2), None), plain)
        yield Sample("bools, an empty row", (*operands(2, 2), rows), plain)
        yield Sample("mask", (*operands(2, 1), rng.normal(size=(3, 5))), plain)
        yield Sample("bias per key", (*operands(2, 2), rng.normal(size=(2, 1, 1, 5))), plain)
        yield Sample("many axes", (*operands(2, 2, 2), rng.normal(size=(2, 1, 3, 5))), plain)
        yield Sample("causal", (*operands(), None), {**plain, "causal": True})
        yield Sample("dropout", (*operands(2, 2), None), {**plain, "p": 0.4, "seed": 3})

    def peer(torch, query, key, value, mask, *, scale, causal, p, seed):
        scores = query @ key.mT * scale
        if causal:
            mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        if mask is not None and mask.dtype is torch.bool:
            scores = scores.masked_fill(~mask, -torch.inf)
        elif mask is not None:
            scores = scores + mask
        weights = scores.softmax(-1).nan_to_num()
        ones = np.ones(weights.shape, np.dtype(str(weights.dtype).partition(".")[2]))
        return weights * torch.as_tensor(REFERENCE.dropout(ones, p, seed)) @ value


def _lower_triangle(query, key):
    """Bools (L, S): whether the query of a row may see a key."""
    xp = array_module(query._array)
    return new_tensor(xp.tri(query.shape[-2], key.shape[-2], dtype=bool))


def _weights(scores, mask):
    """softmax(scores + mask), or of the scores where a mask of bools holds; 0 in an empty row."""
    if mask is not None:
        hides = dtype_of(mask) is dtypes.bool_
        scores = masked_fill(scores, ~mask, -math.inf) if hides else scores + mask
    array = values(scores)
    empty = (array == -math.inf).all(axis=-1, keepdims=True)
    if not bool(empty.any()):
        return softmax(scores, -1)
    empty = new_tensor(empty)
    return masked_fill(softmax(masked_fill(scores, empty, 0.0), -1), empty, 0.0)


def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    *,
    scale=None,
    enable_gqa=False,
    generator=None,
):
    """softmax(scale · query keyᵀ + attn_mask) value, in memory linear in the lengths.

    For query (..., L, E), key (..., S, E) and value (..., S, Ev), whose leading axes broadcast;
    ``scale`` is 1/√E by default. ``attn_mask`` broadcasts to (..., L, S): floats are added, and
    False hides a key; ``is_causal`` hides keys after their query. A query that sees no key gives
    0. Weights are dropped with probability ``dropout_p``. With ``enable_gqa`` each head of key and
    value serves several of query. Sources: Vaswani et al. 2017, Dao et al. 2022.

    >>> import minigrad as mg
    >>> x = mg.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> mg.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.3302, 0.6698]])
    """
    name = "scaled_dot_product_attention"
    only_tensors(name, query, key, value, arguments=("query", "key", "value"))
    _check_operands(name, query, key, value)
    check_probability(dropout_p)
    if enable_gqa:
        key, value = (_for_heads(name, query, t) for t in (key, value))
    lead = _leading(name, query, key, value)
    query, key, value = (_led(t, lead) for t in (query, key, value))
    length, columns = query._array.shape[-2:]
    mask = None
    if attn_mask is not None:
        if is_causal:
            raise RuntimeError(f"{name}: is_causal=True does not go with attn_mask; give one")
        mask = _checked_mask(name, attn_mask, query, (*lead, length, key._array.shape[-2]))
    if scale is None:
        scale = 1 / math.sqrt(columns) if columns else math.inf
    return ScaledDotProductAttention.apply(
        query, key, value, mask, scale=float(scale), causal=bool(is_causal), p=float(dropout_p),
        seed=draw_key(generator) if dropout_p else 0,
    )  # fmt: skip


def _check_operands(name, query, key, value):
    """Raise unless dtypes agree and the extents of both products do."""
    shapes = q, k, v = [t._array.shape for t in (query, key, value)]
    if min(map(len, shapes)) < 2:
        raise RuntimeError(f"{name}: query, key and value need at least 2 dimensions, got {shapes}")
    check_category(name, query, FLOATS)
    check_operands(name, ScaledDotProductAttention, query, key, value)
    if q[-1] != k[-1]:
        raise RuntimeError(f"{name}: query {q} and key {k} must have as many columns")
    if k[-2] != v[-2]:
        raise RuntimeError(f"{name}: key {k} and value {v} must have as many rows")


def _for_heads(name, query, t):
    """The heads of a key or value, each repeated for the heads of query that it serves."""
    shape, wanted = t._array.shape, query._array.shape
    if min(len(shape), len(wanted)) < 3 or not shape[-3] or wanted[-3] % shape[-3]:
        raise RuntimeError(
            f"{name}: with enable_gqa the heads (third axis from the right) of key and value must "
            f"divide those of query, got shapes {shape} and {wanted}"
        )
    lead, heads, rest = shape[:-3], wanted[-3], shape[-2:]
    repeated = expand(unsqueeze(t, -3), (*lead, shape[-3], heads // shape[-3], *rest))
    return reshape(repeated, (*lead, heads, *rest))


def _leading(name, *tensors):
    """The shape to which all but the last two axes of the operands broadcast."""
    shapes = [t._array.shape for t in tensors]
    try:
        return broadcast_shapes(*(shape[:-2] for shape in shapes))
    except RuntimeError:
        raise RuntimeError(
            f"{name}: the leading axes of query, key and value must broadcast, got {shapes}"
        ) from None


def _led(t, lead):
    shape = t._array.shape
    return t if shape[:-2] == lead else expand(t, (*lead, *shape[-2:]))


def _checked_mask(name, mask, query, scores):
    """The mask in the dtype of query (or bools), if it broadcasts to the shape of the scores."""
    only_tensors(name, mask, arguments=("attn_mask",))
    kind, wanted = dtype_of(mask), dtype_of(query)
    if kind not in (dtypes.bool_, dtypes.float32, wanted):
        raise RuntimeError(f"{name}: attn_mask must be of bools or {wanted}, got {kind}")
    shape = mask._array.shape
    extents = zip(reversed(shape), reversed(scores), strict=False)
    if not 2 <= len(shape) <= len(scores) or any(m not in (1, n) for m, n in extents):
        raise RuntimeError(
            f"{name}: attn_mask of shape {shape} must have at least 2 axes and broadcast to "
            f"{scores}, the shape of the scores"
        )
    return mask if kind is dtypes.bool_ else cast(mask, wanted)
