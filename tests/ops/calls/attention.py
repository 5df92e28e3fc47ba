"""Scaled dot-product attention and multi-head attention as functions."""

import numpy as np

from ...parity import calling
from . import FLOATS, HALVES, Draw, Named, call, refuse

d = Draw(63)
SDPA = "nn.functional.scaled_dot_product_attention"
EVERY_FLOAT = (*FLOATS, *HALVES)


def operands(*lead, length=3, keys=5, columns=4, value_columns=2):
    """query, key and value with the same leading axes"""
    return (
        d.normal(*lead, length, columns),
        d.normal(*lead, keys, columns),
        d.normal(*lead, keys, value_columns),
    )


def some(*shape):
    """Bools of which a few are False."""
    return np.asarray(d.uniform(0, 1, *shape) < 0.7)


def cut(*shape):
    """Bools with a row of False."""
    mask = some(*shape)
    mask[..., 1, :] = False
    return mask


def hidden(*shape):
    """Numbers with a few −inf, and a row of them."""
    return np.where(cut(*shape), d.normal(*shape), -np.inf)


ATTENTION = [
    *(call(SDPA, *operands(*lead), dtypes=EVERY_FLOAT) for lead in ((), (2,), (2, 3))),
    call(SDPA, *operands(2, 1, 3, 2)),
    call(SDPA, *operands(2, 3, value_columns=4), dtypes=EVERY_FLOAT),
    call(SDPA, *operands(2, 3, length=1, keys=1, columns=1, value_columns=1)),
    call(SDPA, *operands(1, 1, length=20, keys=33, columns=8, value_columns=8)),
    *(
        call(SDPA, *operands(*lead, length=length, keys=keys, value_columns=4), is_causal=True)
        for lead in ((), (2, 3))
        for length, keys in ((5, 5), (3, 5), (6, 4))
    ),
    call(SDPA, *operands(2, 2, length=130, keys=130), is_causal=True, dtypes=("float64",),
         differentiable=False),
    *(call(SDPA, *operands(2, 3), scale=scale) for scale in (0.0, 1.0, 2.5, -0.7)),
    call(SDPA, *operands(2, 3), None, 0.0, False),
    call(SDPA, *operands(2, 3), dropout_p=1.0),
]  # fmt: skip

MASKED = [
    *(
        call(SDPA, *operands(2, 3), attn_mask=make(*shape))
        for make in (some, cut)
        for shape in ((3, 5), (1, 3, 5), (3, 3, 5), (2, 1, 3, 5), (2, 3, 3, 5))
    ),
    *(
        call(SDPA, *operands(2, 3), attn_mask=some(*shape))
        for shape in ((1, 5), (3, 1), (1, 1), (2, 1, 1, 5), (2, 3, 3, 1))
    ),
    call(SDPA, *operands(2, 3), attn_mask=np.tri(3, 5, 1) > 0, scale=2.0),
    call(SDPA, *operands(), attn_mask=cut(3, 5)),
    call(SDPA, *operands(2, 2, 2), attn_mask=cut(2, 1, 3, 5)),
    *(
        call(SDPA, *operands(2, 3), attn_mask=d.normal(*shape))
        for shape in ((3, 5), (1, 5), (3, 3, 5), (2, 1, 3, 5), (2, 3, 3, 5), (2, 1, 1, 5))
    ),
    call(SDPA, *operands(2, 2, 2), attn_mask=d.normal(2, 1, 3, 5)),
    call(SDPA, *operands(2, 3), attn_mask=d.normal(2, 3, 1, 5), dtypes=EVERY_FLOAT),
    call(SDPA, *operands(2, 3), attn_mask=d.normal(3, 1), differentiable=False),
    *(
        call(SDPA, *operands(2, 3), attn_mask=hidden(*shape), differentiable=False)
        for shape in ((3, 5), (2, 1, 3, 5))
    ),
    call(SDPA, *operands(2, 3), attn_mask=calling(".to", d.normal(3, 5), Named("float32")),
         differentiable=False),
]  # fmt: skip

SHAPES = [
    call(SDPA, d.normal(2, 3, 4, 5), d.normal(1, 3, 6, 5), d.normal(2, 1, 6, 7)),
    call(SDPA, d.normal(2, 3, 4, 5), d.normal(3, 6, 5), d.normal(6, 7)),
    call(SDPA, d.normal(4, 5), d.normal(2, 6, 5), d.normal(6, 7)),
    *(
        call(SDPA, d.normal(2, heads, 4, 5), d.normal(2, keys, 6, 5), d.normal(2, keys, 6, 5),
             enable_gqa=True, **options)
        for heads, keys in ((4, 2), (3, 1), (2, 2))
        for options in ({}, {"is_causal": True}, {"attn_mask": some(4, 6)})
    ),
    call(SDPA, d.normal(4, 4, 5), d.normal(2, 6, 5), d.normal(2, 6, 5), enable_gqa=True),
    call(SDPA, d.normal(2, 4, 4, 5), d.normal(2, 2, 6, 5), d.normal(2, 1, 6, 5), enable_gqa=True),
    call(SDPA, *operands(0, 3)),
    call(SDPA, *operands(2, 3, length=0)),
    call(SDPA, *operands(2, 3, keys=0)),
    call(SDPA, *operands(2, 3, value_columns=0)),
]  # fmt: skip

q, k, v = operands(2, 3)
REFUSALS = [
    refuse("at least 2 dim", SDPA, d.normal(4), d.normal(4), d.normal(4)),
    refuse("must be a tensor", SDPA, q, k, 3.0),
    refuse("floats", SDPA, *(x.astype(np.int64) for x in (q, k, v))),
    refuse("same dtype", SDPA, q, calling(".float", k), v),
    refuse("columns", SDPA, q, d.normal(2, 3, 5, 3), v),
    refuse("rows", SDPA, q, k, d.normal(2, 3, 4, 2)),
    refuse("broadcast", SDPA, q, d.normal(2, 2, 5, 4), d.normal(2, 2, 5, 2)),
    refuse("broadcast", SDPA, q, d.normal(3, 3, 5, 4), v),
    refuse("heads", SDPA, q, d.normal(2, 2, 5, 4), d.normal(2, 2, 5, 2), enable_gqa=True),
    refuse("attn_mask", SDPA, q, k, v, some(3, 5), is_causal=True),
    refuse("attn_mask", SDPA, q, k, v, d.normal(3, 5), is_causal=True),
    refuse("attn_mask", SDPA, q, k, v, d.integers(0, 2, 3, 5)),
    refuse("attn_mask", SDPA, *(calling(".float", x) for x in (q, k, v)), d.normal(3, 5)),
    *(
        refuse("attn_mask", SDPA, q, k, v, mask)
        for mask in (some(3, 4), some(4, 5), some(5), d.normal(), d.normal(2, 2, 3, 5),
                     some(2, 2, 3, 3, 5))
    ),
    refuse("attn_mask", SDPA, *operands(), some(2, 3, 5)),
    refuse("between 0 and 1", SDPA, q, k, v, dropout_p=1.5),
    refuse("argument", SDPA, q, k, v, None, 0.0, False, 0.5),
]  # fmt: skip

MHA = "nn.functional.multi_head_attention_forward"
L, S, N, E = 3, 5, 2, 4


def multi_head(*, q=None, k=None, packed=True, bias=True, learned=False, zero=False, **options):
    """The arguments of multi-head attention with 2 heads in 4 features."""
    q = d.normal(L, N, E) if q is None else q
    k = d.normal(S, N, E) if k is None else k
    separate = {"use_separate_proj_weight": True}
    separate |= {f"{name}_proj_weight": d.normal(E, E) for name in "qkv"}
    return (
        (
            q, k, k if "v" not in options else options.pop("v"), E, 2,
            d.normal(3 * E, E) if packed else None, d.normal(3 * E) if bias else None,
            *((d.normal(1, 1, E), d.normal(1, 1, E)) if learned else (None, None)),
            zero, 0.0, d.normal(E, E), d.normal(E) if bias else None,
        ),
        {**({} if packed else separate), **options},
    )  # fmt: skip


def heads(**options):
    args, kwargs = multi_head(**options)
    return call(MHA, *args, **kwargs)


MULTI_HEAD = [
    *(
        heads(packed=packed, bias=bias, learned=learned, zero=zero, need_weights=need_weights)
        for packed in (True, False)
        for bias in (True, False)
        for learned, zero in ((False, False), (True, True))
        for need_weights in (True, False)
    ),
    *(
        heads(static_k=d.normal(N * 2, S, 2), static_v=d.normal(N * 2, S, 2), **options)
        for options in ({}, {"need_weights": False}, {"attn_mask": some(L, S)})
    ),
    heads(q=d.normal(L, E), k=d.normal(S, E), average_attn_weights=False),
    heads(training=False, attn_mask=~np.tri(L, S, dtype=bool), is_causal=True),
]
one, _ = multi_head()
bare, _ = multi_head(packed=False)
lone = [*one[:7], d.normal(1, 1, E), None, *one[9:]]
REFUSALS += [
    refuse("attn_mask must be a tensor, got list", MHA, *one, attn_mask=[[True] * S] * L),
    refuse("static_k", MHA, *one, static_k=d.normal(N, S, 2)),
    refuse("static_v", MHA, *one, static_v=d.normal(N * 2, S, 3)),
    refuse("bias_v", MHA, *lone),
    refuse("in_proj_weight", MHA, *bare),
    refuse("q_, k_ and v_proj", MHA, *bare, use_separate_proj_weight=True),
    refuse("embed_dim", MHA, *one[:3], 6, *one[4:]),
    refuse("divisible", MHA, *one[:4], 3, *one[5:]),
]

CALLS = [*ATTENTION, *MASKED, *SHAPES, *MULTI_HEAD]
REFUSED = REFUSALS
