"""Transformers: layers of attention and feed-forward networks, stacks of them, and the whole."""

import copy
import math

from ..backend import array_module
from ..engine.graph import values
from ..ops.activation import gelu, relu
from ..ops.creation import full
from ..ops.diagonals import triu
from . import init
from .attention import MultiheadAttention
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

ACTIVATIONS = {"relu": relu, "gelu": gelu}


def _activation(name):
    """The function of a name; anything that is not a name as it is."""
    if not isinstance(name, str):
        return name
    if name not in ACTIVATIONS:
        raise RuntimeError(f"activation must be 'relu', 'gelu' or a function, got {name!r}")
    return ACTIVATIONS[name]


def _is_causal(mask, given):
    """What is given, or whether the mask hides exactly the keys after each query."""
    if given is not None or mask is None:
        return bool(given)
    if mask.ndim != 2 or mask.shape[0] != mask.shape[1]:
        return False
    array = values(mask)
    xp = array_module(array)
    seen = xp.tri(len(array), dtype=bool)
    causal = ~seen if array.dtype.kind == "b" else xp.where(seen, 0.0, -xp.inf)
    return bool((array == causal).all())


class _Layer(Module):
    """What both layers share: residual blocks around attention and a feed-forward network.

    A block is x + dropout(f(norm(x))) with ``norm_first``, else norm(x + dropout(f(x))).
    """

    attentions = ()  # the names of the attention modules

    def __init__(
        self, d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=relu,
        layer_norm_eps=1e-5, batch_first=False, norm_first=False, bias=True, device=None,
        dtype=None,
    ):  # fmt: skip
        super().__init__()
        kind = {"bias": bias, "device": device, "dtype": dtype}
        for name in self.attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **kind)
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, **kind)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **kind)
        self.norm_first = norm_first
        blocks = range(1, len(self.attentions) + 2)
        for i in blocks:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, **kind))
        for i in blocks:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation)

    def _block(self, x, function, norm, dropout):
        if self.norm_first:
            return x + dropout(function(norm(x)))
        return norm(x + dropout(function(x)))

    def _feed_forward(self, x):
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


def _attended(attention, x, memory, mask, padding, causal):
    return attention(x, memory, memory, padding, False, mask, is_causal=causal)[0]


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a feed-forward network, both with a residual connection and a norm.

    Norms come before each with ``norm_first``. Sources: Vaswani et al. 2017, Xiong et al. 2020.

    >>> import minigrad as mg
    >>> layer = mg.nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> layer(mg.zeros(5, 3, 8)).shape
    (5, 3, 8)
    """

    attentions = ("self_attn",)

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
        """Masks are those of :class:`MultiheadAttention`; ``is_causal`` a hint about src_mask."""

        def attend(x):
            padding = src_key_padding_mask
            return _attended(self.self_attn, x, x, src_mask, padding, is_causal)

        x = self._block(src, attend, self.norm1, self.dropout1)
        return self._block(x, self._feed_forward, self.norm2, self.dropout2)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the memory, and a feed-forward network.

    Each has a residual connection and a norm, which comes first with ``norm_first``.
    Source: Vaswani et al. 2017.
    """

    attentions = ("self_attn", "multihead_attn")

    def forward(
        self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None,
        memory_key_padding_mask=None, tgt_is_causal=False, memory_is_causal=False,
    ):  # fmt: skip
        """Masks ``tgt_`` are for self-attention, masks ``memory_`` for that to the memory."""

        def attend(x):
            padding = tgt_key_padding_mask
            return _attended(self.self_attn, x, x, tgt_mask, padding, tgt_is_causal)

        def look_up(x):
            masks = memory_mask, memory_key_padding_mask, memory_is_causal
            return _attended(self.multihead_attn, x, memory, *masks)

        x = self._block(tgt, attend, self.norm1, self.dropout1)
        x = self._block(x, look_up, self.norm2, self.dropout2)
        return self._block(x, self._feed_forward, self.norm3, self.dropout3)


class _Stack(Module):
    """Copies of a layer one after another, and a norm."""

    def __init__(self, layer, num_layers, norm):
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def _through(self, x, *memory, **masks):
        for layer in self.layers:
            x = layer(x, *memory, **masks)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """``num_layers`` copies of an encoder layer, and a norm if there is one.

    The copies start with equal values. ``enable_nested_tensor`` and ``mask_check`` are accepted
    and ignored: padding is computed like the rest.
    """

    def __init__(
        self, encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True
    ):
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None):
        """``is_causal`` says whether the mask is causal; by default the mask is looked at."""
        return self._through(
            src, src_mask=mask, src_key_padding_mask=src_key_padding_mask,
            is_causal=_is_causal(mask, is_causal),
        )  # fmt: skip


class TransformerDecoder(_Stack):
    """``num_layers`` copies of a decoder layer, and a norm if there is one."""

    def __init__(self, decoder_layer, num_layers, norm=None):
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self, tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None,
        memory_key_padding_mask=None, tgt_is_causal=None, memory_is_causal=False,
    ):  # fmt: skip
        """Masks are those of the layers; without ``tgt_is_causal`` the mask is looked at."""
        return self._through(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=_is_causal(tgt_mask, tgt_is_causal), memory_is_causal=memory_is_causal,
        )  # fmt: skip


class Transformer(Module):
    """An encoder of ``src``, and a decoder of ``tgt`` that attends to what the encoder gives.

    Both end in a norm. Inputs are (L, N, E), (N, L, E) with ``batch_first``, or (L, E). Matrices
    start by Glorot's rule. Source: Vaswani et al. 2017.

    >>> import minigrad as mg
    >>> model = mg.nn.Transformer(8, 2, 1, 1, dim_feedforward=16)
    >>> model(mg.zeros(5, 3, 8), mg.zeros(4, 3, 8)).shape
    (4, 3, 8)
    """

    def __init__(
        self, d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6,
        dim_feedforward=2048, dropout=0.1, activation=relu, custom_encoder=None,
        custom_decoder=None, layer_norm_eps=1e-5, batch_first=False, norm_first=False, bias=True,
        device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        kind = {"bias": bias, "device": device, "dtype": dtype}
        layer = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first,
        )  # fmt: skip

        def norm():
            return LayerNorm(d_model, eps=layer_norm_eps, **kind)

        self.encoder = custom_encoder
        if custom_encoder is None:
            one = TransformerEncoderLayer(*layer, **kind)
            self.encoder = TransformerEncoder(one, num_encoder_layers, norm())
        self.decoder = custom_decoder
        if custom_decoder is None:
            one = TransformerDecoderLayer(*layer, **kind)
            self.decoder = TransformerDecoder(one, num_decoder_layers, norm())
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self, src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None,
        tgt_key_padding_mask=None, memory_key_padding_mask=None, src_is_causal=None,
        tgt_is_causal=None, memory_is_causal=False,
    ):  # fmt: skip
        """The decoder's output for ``tgt``, given the encoder's for ``src``."""
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(
                f"Transformer: src {src.shape} and tgt {tgt.shape} must agree in axis {batch}, "
                "the batch"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                f"Transformer: src and tgt must have d_model = {self.d_model} features, got "
                f"{src.shape[-1]} and {tgt.shape[-1]}"
            )
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz, device=None, dtype=None):
        """(sz, sz) that hides every key after its query: −inf there, 0 elsewhere.

        >>> Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        return triu(full((sz, sz), -math.inf, dtype=dtype, device=device), 1)

    def _reset_parameters(self):
        """Draw new initial values for every matrix."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)
