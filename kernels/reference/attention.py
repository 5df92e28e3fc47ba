"""Scaled dot-product attention of many heads, and its gradients."""

from ..registry import array_module, kernel
from .random import dropout
from .reduce import unbroadcast

FACTS = {
    "min_ndim": 2,
    "allows_empty": False,
    "notes": {"sums": True, "nonfinite": "0 · inf arises where a product takes a masked score"},
}


def _operands(make, shape):
    """Queries of a shape, and 6 keys with values of 4 columns for them."""
    keys = (*shape[:-2], 6)
    return make.normal(shape), make.normal((*keys, shape[-1])), make.normal((*keys, 4))


def _forward(make, shape):
    q, k, v = _operands(make, shape)
    return q, k, v, make.normal((shape[-2], 6)), 0.7, False, 0.3, 12345


def _backward(make, shape):
    q, k, v = _operands(make, shape)
    mask, seed, needed = make.booleans((shape[-2], 1)), 12345, False
    out, lse = attention(q, k, v, mask, 0.7, True, 0.2, seed)
    return make.normal(out.shape), q, k, v, mask, out, lse, 0.7, True, 0.2, seed, needed


def _scores(q, k, mask, scale, causal):
    """scale · q kᵀ + mask, −inf where a mask of bools is False or the key comes after the query"""
    xp = array_module(q)
    scores = xp.matmul(q, xp.swapaxes(k, -1, -2)) * q.dtype.type(scale)
    if mask is not None:
        scores = xp.where(mask, scores, -xp.inf) if mask.dtype.kind == "b" else scores + mask
    if causal:
        rows, columns = map(xp.arange, scores.shape[-2:])
        scores = xp.where(columns <= rows[:, None], scores, -xp.inf)
    return scores.astype(q.dtype)


@kernel(_forward, **FACTS)
def attention(q, k, v, mask, scale, causal, p, seed):
    """P v for P = softmax(scale · q kᵀ + mask), and ln Σ exp of each row of scores

    Rows without a key are 0, the logarithm inf. Elements of P are dropped with probability p.
    """
    xp = array_module(q)
    scores = _scores(q, k, mask, scale, causal)
    if not scores.shape[-1]:
        rows = scores.shape[:-1]
        return xp.zeros((*rows, v.shape[-1]), q.dtype), xp.full(rows, xp.inf, q.dtype)
    largest = scores.max(axis=-1, keepdims=True)
    largest = xp.where(largest == -xp.inf, 0, largest).astype(q.dtype)
    total = xp.exp(scores - largest).sum(axis=-1, keepdims=True)
    empty = total == 0
    lse = xp.where(empty, xp.inf, largest + xp.log(total + empty)).astype(q.dtype)
    weights = xp.exp(scores - lse)
    return xp.matmul(dropout(weights, p, seed) if p else weights, v), lse[..., 0]


@kernel(_backward, **FACTS)
def attention_vjp(g, q, k, v, mask, out, lse, scale, causal, p, seed, mask_needed):
    """The gradients of attention for q, k, v and mask (None where it is not needed)

    D = P (g vᵀ − Σ g out):  scale · D k,  scale · Dᵀ q,  Pᵀ g,  D summed to the mask's shape.
    """
    xp = array_module(q)
    weights = xp.exp(_scores(q, k, mask, scale, causal) - lse[..., None])
    slopes, dropped = xp.matmul(g, xp.swapaxes(v, -1, -2)), weights
    if p:
        slopes, dropped = dropout(slopes, p, seed), dropout(weights, p, seed)
    slopes = weights * (slopes - (g * out).sum(axis=-1, keepdims=True))
    scale = q.dtype.type(scale)
    return (
        xp.matmul(slopes, k) * scale,
        xp.matmul(xp.swapaxes(slopes, -1, -2), q) * scale,
        xp.matmul(xp.swapaxes(dropped, -1, -2), g),
        unbroadcast(slopes, mask.shape) if mask_needed else None,
    )
