"""Multi-head attention."""

from ..ops.creation import empty
from ..ops.multi_head import multi_head_attention_forward
from ..random import default_generator
from . import init
from .linear import Linear
from .modes import notice
from .module import Module
from .parameter import Parameter

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A :class:`Linear` under the name that PyTorch prints for the output projection."""


class MultiheadAttention(Module):
    """Linear projections of query, key and value, attention in ``num_heads`` heads, and a last one.

    Inputs are (L, N, E), (N, L, E) with ``batch_first``, or (L, E). ``kdim`` and ``vdim`` are the
    features of key and value if not ``embed_dim``. ``add_bias_kv`` appends a learned key and value
    to every sequence, ``add_zero_attn`` one of zeros. Matrices start by Glorot's rule, biases at 0.
    Source: Vaswani et al. 2017.

    >>> import minigrad as mg
    >>> x = mg.zeros(5, 2, 8)
    >>> y, weights = mg.nn.MultiheadAttention(8, num_heads=4)(x, x, x)
    >>> y.shape, weights.shape
    ((5, 2, 8), (2, 5, 5))
    """

    drops = True  # weights of attention, with probability ``dropout``

    def __init__(
        self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False,
        kdim=None, vdim=None, batch_first=False, device=None, dtype=None,
    ):  # fmt: skip
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be positive, got {embed_dim} and {num_heads}"
            )
        if embed_dim % num_heads:
            raise ValueError(f"embed_dim {embed_dim} is not divisible by num_heads {num_heads}")
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        kind = {"dtype": dtype, "device": device}
        packed = self._qkv_same_embed_dim
        self._register_if("in_proj_weight", packed, (3 * embed_dim, embed_dim), kind)
        for name, columns in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            self._register_if(f"{name}_proj_weight", not packed, (embed_dim, columns), kind)
        self._register_if("in_proj_bias", bias, (3 * embed_dim,), kind)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **kind)
        self._register_if("bias_k", add_bias_kv, (1, 1, embed_dim), kind)
        self._register_if("bias_v", add_bias_kv, (1, 1, embed_dim), kind)
        self._reset_parameters()

    def _register_if(self, name, wanted, shape, kind):
        self.register_parameter(name, Parameter(empty(*shape, **kind)) if wanted else None)

    def _reset_parameters(self):
        """Draw new initial values."""
        for name, parameter in self.named_parameters(recurse=False):
            if name.endswith("proj_weight"):
                init.xavier_uniform_(parameter)
            elif name == "in_proj_bias":
                init.zeros_(parameter)
                init.zeros_(self.out_proj.bias)
            else:
                init.xavier_normal_(parameter)

    def forward(
        self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
        average_attn_weights=True, is_causal=False,
    ):  # fmt: skip
        """(output, weights): see :func:`~minigrad.nn.functional.multi_head_attention_forward`."""
        generator = None
        if self.dropout:
            notice(self, query)
        if self.training and self.dropout:
            generator = default_generator.stream(f"dropout {self._path()}")
        return multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight,
            self.in_proj_bias, self.bias_k, self.bias_v, self.add_zero_attn, self.dropout,
            self.out_proj.weight, self.out_proj.bias, self.training, key_padding_mask,
            need_weights, attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight, average_attn_weights=average_attn_weights,
            is_causal=is_causal, batch_first=self.batch_first, generator=generator,
        )  # fmt: skip
