"""MultiheadAttention."""

import numpy as np

from . import FLOATS, HALVES, Draw, layer, refuse

d = Draw(71)
L, S, N, E = 3, 5, 2, 4
KEYWORDS = (
    {},
    {"num_heads": 1},
    {"bias": False},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"add_bias_kv": True, "add_zero_attn": True, "bias": False},
    {"kdim": 3},
    {"vdim": 5, "bias": False},
    {"kdim": 3, "vdim": 5, "add_bias_kv": True},
)


def attention(*inputs, heads=2, **kwargs):
    return layer("MultiheadAttention", E, kwargs.pop("num_heads", heads), inputs=inputs, **kwargs)


def inputs(kdim=E, vdim=E, batch_first=False, batched=True, **_):
    """query, key and value for the arguments of a constructor"""

    def made(length, width):
        if not batched:
            return d.normal(length, width)
        return d.normal(N, length, width) if batch_first else d.normal(length, N, width)

    return made(L, E), made(S, kdim), made(S, vdim)


def bools(*shape):
    """Bools that hide some keys, never the first."""
    mask = np.asarray(d.uniform(0, 1, *shape) < 0.4)
    mask[..., 0] = False
    return mask


def later(length, keys):
    return np.triu(np.ones((length, keys), bool), 1)


CONSTRUCTED = [
    attention(
        *inputs(**keywords, batch_first=batch_first, batched=batched), **keywords,
        batch_first=batch_first, options={"need_weights": need_weights},
    )
    for keywords in KEYWORDS
    for batch_first, batched in ((False, True), (True, True), (False, False))
    for need_weights in (True, False)
]  # fmt: skip

MASKS = (
    {"key_padding_mask": bools(N, S)},
    {"key_padding_mask": d.normal(N, S)},
    {"attn_mask": bools(L, S)},
    {"attn_mask": d.normal(L, S)},
    {"attn_mask": bools(N * 2, L, S)},
    {"attn_mask": d.normal(N * 2, L, S)},
    {"attn_mask": bools(L, S), "key_padding_mask": bools(N, S)},
    {"attn_mask": d.normal(N * 2, L, S), "key_padding_mask": d.normal(N, S)},
    {"attn_mask": later(L, S), "is_causal": True},
    {"attn_mask": later(L, S), "key_padding_mask": bools(N, S), "is_causal": True},
)
MASKED = [
    attention(*inputs(), **keywords, options={**mask, "need_weights": need_weights})
    for mask in MASKS
    for keywords in ({}, {"add_bias_kv": True, "add_zero_attn": True})
    for need_weights in (True, False)
    if not (keywords and mask.get("is_causal"))
]
UNBATCHED = [
    attention(*inputs(batched=False), options={**mask, "need_weights": need_weights})
    for mask in (
        {"key_padding_mask": bools(S)},
        {"attn_mask": bools(L, S), "key_padding_mask": bools(S)},
        {"attn_mask": d.normal(2, L, S)},
    )
    for need_weights in (True, False)
]
OTHERS = [
    *(
        attention(*inputs(), options={"average_attn_weights": average})
        for average in (True, False)
    ),
    attention(*inputs(batched=False), options={"average_attn_weights": False}),
    attention(*inputs(), dtypes=(*FLOATS, *HALVES)),
    attention(*inputs(), dtypes=(*FLOATS, *HALVES), options={"need_weights": False}),
    attention(*inputs(), dropout=0.5, random=True),
    attention(*inputs(), dropout=0.5, random=True, options={"need_weights": False}),
    layer("MultiheadAttention", 12, 3, inputs=tuple(d.normal(4, 2, 12) for _ in range(3))),
]

LAYERS = [*OTHERS, *CONSTRUCTED, *MASKED, *UNBATCHED]



def single(*shape):
    return d.normal(*shape).astype("float32")


q, k, v = (x.astype("float32") for x in inputs())
REFUSED = [
    refuse("divisible", "MultiheadAttention", 5, 2),
    refuse("positive", "MultiheadAttention", 0, 2),
    refuse("positive", "MultiheadAttention", 4, 0),
    refuse("positive", "MultiheadAttention", -4, 2),
    *(
        refuse(match, "MultiheadAttention", E, 2, inputs=given, options=options)
        for match, given, options in (
            ("2 axes", (single(4), k, v), {}),
            ("2 axes", (single(1, L, N, E), k, v), {}),
            ("key", (q, single(S, E), v), {}),
            ("value", (q, k, single(S, E)), {}),
            ("key", (single(L, E), k, v), {}),
            ("features", (single(L, N, 3), k, v), {}),
            ("linear", (q, single(S, N, 3), single(S, N, 3)), {}),
            ("agree", (q, k, single(4, N, E)), {}),
            ("batch", (q, single(S, 3, E), single(S, 3, E)), {}),
            ("is_causal", (q, k, v), {"is_causal": True}),
            ("attn_mask", (q, k, v), {"attn_mask": bools(S)}),
            ("attn_mask", (q, k, v), {"attn_mask": bools(S, L)}),
            ("attn_mask", (q, k, v), {"attn_mask": bools(L, S + 1)}),
            ("attn_mask", (q, k, v), {"attn_mask": bools(N, L, S)}),
            ("attn_mask", (q, k, v), {"attn_mask": d.integers(0, 2, L, S)}),
            ("attn_mask", (q, k, v), {"attn_mask": bools(1, N, L, S)}),
            ("key_padding_mask", (q, k, v), {"key_padding_mask": bools(S)}),
            ("key_padding_mask", (q, k, v), {"key_padding_mask": bools(S, N)}),
            ("key_padding_mask", (q, k, v), {"key_padding_mask": bools(N, L)}),
            ("key_padding_mask", (q, k, v), {"key_padding_mask": d.integers(0, 2, N, S)}),
            ("key_padding_mask", (single(L, E),) * 3, {"key_padding_mask": bools(N, L)}),
        )
    ),
]
