"""Transformers and their layers. PyTorch's fused inference is not taken where gradients are."""

import numpy as np

from . import Draw, Named, calling, layer, refuse

d = Draw(72)
L, S, N, E = 3, 4, 2, 4
SMALL = {"dim_feedforward": 6, "dropout": 0.0}
KEYWORDS = (
    {},
    {"norm_first": True},
    {"activation": "gelu"},
    {"activation": Named("nn.functional.silu")},
    {"activation": calling("nn.Tanh"), "norm_first": True},
    {"layer_norm_eps": 0.1},
    {"bias": False},
    {"batch_first": True},
    {"batch_first": True, "norm_first": True, "bias": False, "activation": "gelu"},
)


def sequence(length, batch_first=False, **_):
    return d.normal(N, length, E) if batch_first else d.normal(length, N, E)


def later(length):
    return np.triu(np.ones((length, length), bool), 1)


def float_later(length):
    return np.triu(np.full((length, length), -np.inf), 1)


def bools(*shape):
    """Bools that hide some keys, never the first."""
    mask = np.asarray(d.uniform(0, 1, *shape) < 0.4)
    mask[..., 0] = False
    return mask


ENCODER_LAYERS = [
    *(
        layer("TransformerEncoderLayer", E, 2, inputs=(sequence(L, **kw),), **SMALL, **kw)
        for kw in KEYWORDS
    ),
    layer("TransformerEncoderLayer", E, 1, inputs=(d.normal(L, E),), **SMALL),
    layer("TransformerEncoderLayer", E, 2, 6, inputs=(sequence(L),), random=True),
    *(
        layer("TransformerEncoderLayer", E, 2, inputs=(sequence(L),), options=options, **SMALL)
        for options in (
            {"src_mask": bools(L, L)},
            {"src_mask": d.normal(N * 2, L, L)},
            {"src_key_padding_mask": bools(N, L)},
            {"src_mask": later(L), "is_causal": True},
            {"src_mask": later(L), "src_key_padding_mask": bools(N, L), "is_causal": True},
        )
    ),
]

DECODER_LAYERS = [
    *(
        layer(
            "TransformerDecoderLayer", E, 2, inputs=(sequence(L, **kw), sequence(S, **kw)),
            **SMALL, **kw,
        )
        for kw in KEYWORDS
    ),
    layer("TransformerDecoderLayer", E, 1, inputs=(d.normal(L, E), d.normal(S, E)), **SMALL),
    layer("TransformerDecoderLayer", E, 2, 6, inputs=(sequence(L), sequence(S)), random=True),
    *(
        layer(
            "TransformerDecoderLayer", E, 2, inputs=(sequence(L), sequence(S)), options=options,
            **SMALL,
        )
        for options in (
            {"tgt_mask": later(L), "memory_mask": bools(L, S)},
            {"tgt_mask": later(L), "tgt_is_causal": True},
            {"tgt_key_padding_mask": bools(N, L), "memory_key_padding_mask": bools(N, S)},
            {"memory_mask": d.normal(N * 2, L, S)},
        )
    ),
]  # fmt: skip


def encoder_layer(**kwargs):
    return calling("nn.TransformerEncoderLayer", E, 2, **SMALL, **kwargs)


def decoder_layer(**kwargs):
    return calling("nn.TransformerDecoderLayer", E, 2, **SMALL, **kwargs)


STACKS = [
    *(
        layer(
            "TransformerEncoder", encoder_layer(), 2, enable_nested_tensor=False,
            inputs=(sequence(L),), options=options, **keywords,
            differentiable=options.get("mask", later(L)).dtype == bool,
        )
        for options, keywords in (
            ({}, {}),
            ({}, {"norm": calling("nn.LayerNorm", E)}),
            ({}, {"mask_check": False}),
            ({"mask": later(L)}, {}),
            ({"mask": float_later(L)}, {"norm": calling("nn.LayerNorm", E)}),
            ({"mask": bools(L, L), "src_key_padding_mask": bools(N, L)}, {}),
            ({"mask": later(L), "is_causal": True}, {}),
            ({"mask": later(L), "is_causal": False}, {}),
            ({"src_key_padding_mask": bools(N, L)}, {}),
        )
    ),
    layer("TransformerEncoder", encoder_layer(batch_first=True), 1, inputs=(d.normal(N, L, E),)),
    *(
        layer(
            "TransformerDecoder", decoder_layer(), 2, inputs=(sequence(L), sequence(S)),
            options=options, **keywords, deep=True,
            differentiable=options.get("tgt_mask", later(L)).dtype == bool,
        )
        for options, keywords in (
            ({}, {}),
            ({}, {"norm": calling("nn.LayerNorm", E)}),
            ({"tgt_mask": later(L)}, {}),
            ({"tgt_mask": float_later(L), "memory_key_padding_mask": d.normal(N, S)}, {}),
            ({"tgt_mask": bools(L, L), "memory_mask": bools(L, S)}, {}),
        )
    ),
]  # fmt: skip


def encoder(**kwargs):
    """An encoder for which PyTorch does not warn that it cannot nest tensors."""
    one = encoder_layer(batch_first=True, **kwargs)
    return calling("nn.TransformerEncoder", one, 1, enable_nested_tensor=False)


WHOLE = {"num_encoder_layers": 1, "num_decoder_layers": 1, "batch_first": True, **SMALL}
TRANSFORMERS = [
    *(
        layer("Transformer", E, 2, inputs=(d.normal(N, S, E), d.normal(N, L, E)), **WHOLE, **kw)
        for kw in (
            {"deep": True},
            {"activation": "gelu", "deep": True},
            {"custom_encoder": encoder(norm_first=True), "norm_first": True, "deep": True},
            {"custom_encoder": encoder(bias=False), "bias": False, "deep": True},
        )
    ),
    layer("Transformer", E, 2, inputs=(d.normal(S, E), d.normal(L, E)), **WHOLE),
    layer(
        "Transformer", E, 2, inputs=(d.normal(N, S, E), d.normal(N, L, E)), **WHOLE, deep=True,
        options={
            "src_mask": bools(S, S), "tgt_mask": later(L), "memory_mask": bools(L, S),
            "src_key_padding_mask": bools(N, S), "tgt_key_padding_mask": bools(N, L),
            "memory_key_padding_mask": bools(N, S),
        },
    ),
    layer(
        "Transformer", E, 2, inputs=(d.normal(N, S, E), d.normal(N, L, E)), **WHOLE,
        options={"tgt_mask": calling("nn.Transformer.generate_square_subsequent_mask", L)},
        dtypes=("float32",), differentiable=False,
    ),
    layer(
        "Transformer", E, 2, inputs=(d.normal(N, S, E), d.normal(N, L, E)), **WHOLE,
        custom_decoder=calling("nn.TransformerDecoder", decoder_layer(batch_first=True), 2),
        deep=True,
    ),
]  # fmt: skip

LAYERS = [*ENCODER_LAYERS, *DECODER_LAYERS, *STACKS, *TRANSFORMERS]


def single(*shape):
    return d.normal(*shape).astype("float32")


REFUSED = [
    refuse("divisible", "TransformerEncoderLayer", 5, 2),
    refuse("activation", "TransformerEncoderLayer", E, 2, activation="tanh"),
    refuse("activation", "TransformerDecoderLayer", E, 2, activation="tanh"),
    refuse("dropout", "TransformerEncoderLayer", E, 2, dropout=1.5),
    refuse("features", "TransformerEncoderLayer", E, 2, inputs=(single(L, N, 3),)),
    refuse("2 axes", "TransformerEncoderLayer", E, 2, inputs=(single(E),)),
    refuse("is_causal", "TransformerEncoderLayer", E, 2, inputs=(single(L, N, E),),
           options={"is_causal": True}),
    refuse("attn_mask", "TransformerEncoderLayer", E, 2, inputs=(single(L, N, E),),
           options={"src_mask": later(L + 1)}),
    refuse("key_padding_mask", "TransformerEncoderLayer", E, 2, inputs=(single(L, N, E),),
           options={"src_key_padding_mask": bools(L, N)}),
    refuse("batch", "TransformerDecoderLayer", E, 2, inputs=(single(L, N, E), single(S, 3, E))),
    refuse("batch", "Transformer", E, 2, 1, 1, 6, inputs=(single(S, N, E), single(L, 3, E))),
    refuse("d_model", "Transformer", E, 2, 1, 1, 6, inputs=(single(S, N, 3), single(L, N, E))),
    refuse("d_model", "Transformer", E, 2, 1, 1, 6, inputs=(single(S, N, E), single(L, N, 3))),
    refuse("divisible", "Transformer", 10, 4, 1, 1),
    refuse("layer", "TransformerEncoder", encoder_layer()),
]  # fmt: skip
