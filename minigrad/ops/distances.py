"""Rows of length one, and how far rows lie apart."""

from ..engine.autocast import casts
from .arithmetic import sqrt
from .clamp import clamp_min
from .norms import vector_norm
from .operands import only_tensors
from .reduce import check_floating, sum
from .shape import broadcast_tensors

__all__ = ["cosine_similarity", "normalize", "pairwise_distance"]


def normalize(input, p=2.0, dim=1, eps=1e-12):
    """x / max(‖x‖ₚ, eps), the norm over ``dim``."""
    only_tensors("normalize", input)
    return input / clamp_min(vector_norm(input, p, dim, True), eps)


@casts("fp32")
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """Σ x₁ x₂ / (max(‖x₁‖, eps) · max(‖x₂‖, eps)) over ``dim``; shapes broadcast.

    >>> import minigrad as mg
    >>> cosine_similarity(mg.tensor([[3.0, 4.0]]), mg.tensor([[4.0, 3.0]]))
    tensor([0.9600])
    """
    only_tensors("cosine_similarity", x1, x2, arguments=("x1", "x2"))
    check_floating("cosine_similarity", x1)
    check_floating("cosine_similarity", x2)
    if x1._array.shape != x2._array.shape:  # an extent of 1 along dim counts as often as it spreads
        x1, x2 = broadcast_tensors(x1, x2)
    lengths = [sqrt(clamp_min(sum(x * x, dim, True), eps * eps)) for x in (x1, x2)]
    return sum((x1 / lengths[0]) * (x2 / lengths[1]), dim)


@casts("fp32")
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """‖x₁ − x₂ + eps‖ₚ over the last axis; shapes broadcast."""
    only_tensors("pairwise_distance", x1, x2, arguments=("x1", "x2"))
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)
