"""Tables of vectors that are looked up."""

from ..engine.modes import no_grad
from ..ops.creation import empty
from ..ops.embedding import embedding, embedding_bag
from ..ops.operands import tensor_of
from . import init
from .module import Module, unusual
from .parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """What both layers share: a weight (num_embeddings, embedding_dim), normal at the start."""

    def __init__(
        self, num_embeddings, embedding_dim, max_norm, norm_type, scale_grad_by_freq, _weight,
        sparse, padding_idx, device, dtype, _freeze=False,
    ):  # fmt: skip
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            if not hasattr(padding_idx, "__index__"):
                raise TypeError(f"padding_idx must be an int or None, got {padding_idx!r}")
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"padding_idx={padding_idx} must be within num_embeddings={num_embeddings}"
                )
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        shape = (num_embeddings, embedding_dim)
        if _weight is None:
            weight = empty(*shape, device=device, dtype=dtype)
        elif _weight.shape != shape:
            raise ValueError(f"the given weight has shape {_weight.shape}, not {shape}")
        else:
            weight = _weight
        self.weight = Parameter(weight, not _freeze)
        if _weight is None:
            self.reset_parameters()

    @no_grad()
    def reset_parameters(self):
        """Draw new initial values; the padding row is zero."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None, **options):
        """A layer whose table is a given matrix; ``freeze`` leaves it untrained."""
        embeddings = tensor_of(embeddings, "embeddings")
        if embeddings.ndim != 2:
            raise ValueError(
                f"from_pretrained takes a matrix, got shape {embeddings.shape}"
            )
        layer = cls(*embeddings.shape, padding_idx=padding_idx, _weight=embeddings, **options)
        layer.weight.requires_grad_(not freeze)
        return layer

    # options in the order in which they show, with the values that do not
    shown = {
        "padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False,
        "sparse": False,
    }  # fmt: skip

    def extra_repr(self):
        options = unusual(self, self.shown)
        return ", ".join([str(self.num_embeddings), str(self.embedding_dim), *options])


class Embedding(_Table):
    """The rows of ``weight`` (num_embeddings, embedding_dim) at integer indices.

    The row ``padding_idx`` starts at zero and gets no gradient; rows that are read are first
    scaled to ``norm_type``-norm ``max_norm`` at most; ``scale_grad_by_freq`` divides gradients by
    how often a row is read; ``sparse`` is ignored. Weights start standard normal.

    >>> import minigrad as mg
    >>> mg.nn.Embedding(10, 3)(mg.tensor([[1, 2], [4, 9]])).shape
    (2, 2, 3)
    """

    def __init__(
        self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
        scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None,
        dtype=None,
    ):  # fmt: skip
        super().__init__(
            num_embeddings, embedding_dim, max_norm, norm_type, scale_grad_by_freq, _weight,
            sparse, padding_idx, device, dtype, _freeze,
        )  # fmt: skip

    def forward(self, input):
        return embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
            self.scale_grad_by_freq, self.sparse,
        )  # fmt: skip


class EmbeddingBag(_Table):
    """The sum, mean or maximum (``mode``) of the rows of ``weight`` in each bag of indices.

    Bags are the rows of a matrix of indices, or the stretches of a vector that begin at
    ``offsets``. Options are those of :class:`Embedding`.

    >>> import minigrad as mg
    >>> mg.nn.EmbeddingBag(10, 3)(mg.tensor([1, 2, 4, 5]), mg.tensor([0, 3])).shape
    (2, 3)
    """

    shown = {
        "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "mode": None,
        "padding_idx": None,
    }  # fmt: skip

    def __init__(
        self, num_embeddings, embedding_dim, max_norm=None, norm_type=2.0,
        scale_grad_by_freq=False, mode="mean", sparse=False, _weight=None,
        include_last_offset=False, padding_idx=None, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(
            num_embeddings, embedding_dim, max_norm, norm_type, scale_grad_by_freq, _weight,
            sparse, padding_idx, device, dtype,
        )  # fmt: skip
        self.mode = mode
        self.include_last_offset = include_last_offset

    def forward(self, input, offsets=None, per_sample_weights=None):
        return embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
            self.mode, self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip
