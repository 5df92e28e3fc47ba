"""Losses that ask for a margin: between classes, or between distances."""

import numpy as np

from .. import backend, dtypes
from ..engine.gradients import recomputed
from ..engine.graph import dtype_of, new_tensor
from ..engine.op import Op, Sample
from .activation import relu
from .clamp import clamp_min
from .distances import pairwise_distance
from .operands import only_tensors
from .pointwise_loss import (
    check_constant,
    check_float_target,
    check_reduction,
    check_same_shape,
    class_weight,
    full_precision,
    in_one_shape,
    loss_operands,
    pointwise,
    reduced,
)
from .select import minimum, where

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


class MultiMargin(Op):
    """ℓ = w_t Σ_{c ≠ t} max(0, margin − x_t + x_c)ᵖ / C of each row, or Σ ℓ / divisor.

    dL/dx = g dℓ/dx, which the forward pass keeps.
    """

    precision = "fp32"
    recomputes = True

    def forward(ctx, k, x, target, weight, *, p, margin, divisor):
        ctx.p, ctx.margin, ctx.divisor = p, margin, divisor
        losses, slopes = k.multi_margin(x, target, weight, p, margin, divisor)
        ctx.save(x, target, weight, slopes)
        return losses

    def vjp(ctx, k, g):
        x, target, weight, slopes = ctx.saved
        if slopes is None:
            return *recomputed(ctx.composed, (x, target, weight), g)[:1], None, None
        return k.mul(g if ctx.divisor else k.reshape(g, (-1, 1)), slopes), None, None

    def composed(ctx, x, target, weight):
        """The same of smaller ops."""
        column, classes = target.unsqueeze(1), x._array.shape[1]
        away = relu(x - x.gather(1, column) + ctx.margin) ** ctx.p
        losses = away.scatter(1, column, 0.0).sum(1) / classes
        losses = losses if weight is None else losses * weight[target]
        return losses if ctx.divisor is None else losses.sum() / ctx.divisor

    def samples(rng):
        x, t, w = rng.normal(size=(4, 3)), rng.integers(0, 3, 4), rng.uniform(0.5, 2, 3)
        plain = {"p": 1, "margin": 1.0, "divisor": None}
        yield Sample("rows", (x, t, None), plain)
        squares = {"p": 2, "margin": 0.5, "divisor": 4}
        yield Sample("squares", (x, t, w), squares, constants=(2,))
        yield Sample("weight", (x, t, w), {**plain, "divisor": 1}, constants=(2,))
        yield Sample("negative margin", (x, t, w), {**squares, "margin": -0.2}, constants=(2,))

    def peer(torch, x, target, weight, *, p, margin, divisor):
        weight = None if weight is None else weight.detach()
        losses = torch.nn.functional.multi_margin_loss(
            x, target, p, margin, weight, reduction="none"
        )
        return losses if divisor is None else losses.sum() / divisor


class MultilabelMargin(Op):
    """ℓ = Σ max(0, 1 − (x_t − x_c)) / C over targets t and other classes c, or Σ ℓ / divisor.

    dL/dx = g dℓ/dx, which is constant between kinks.
    """

    precision = "fp32"

    def forward(ctx, k, x, target, *, divisor):
        ctx.divisor = divisor
        losses, ctx.slopes = k.multilabel_margin(x, target, divisor)
        return losses

    def vjp(ctx, k, g):
        slopes = new_tensor(ctx.slopes) if k.records else ctx.slopes
        return k.mul(g if ctx.divisor else k.reshape(g, (-1, 1)), slopes), None

    def samples(rng):
        x, t = rng.normal(size=(4, 3)), np.array([[0, 2, -1], [-1, 1, 1], [1, -1, 0], [0, 1, 2]])
        yield Sample("rows", (x, t), {"divisor": None})
        yield Sample("mean", (x, t), {"divisor": 4})

    def peer(torch, x, target, *, divisor):
        losses = torch.nn.functional.multilabel_margin_loss(x, target, reduction="none")
        return losses if divisor is None else losses.sum() / divisor


LEAST_SQUARE = 1e-12  # added to squared lengths


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """ln(1 + e^(−y x)) for targets y of 1 and −1, reduced, without overflow."""
    check_reduction(reduction, size_average, reduce)
    only_tensors("soft_margin_loss", input, target, arguments=("input", "target"))
    check_constant("soft_margin_loss", target, "target")
    x, y = loss_operands("soft_margin_loss", input, target)
    check_same_shape("soft_margin_loss", x, y)
    return pointwise("SoftMargin", x, y, reduction=reduction)


def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """x where the target is 1, max(0, margin − x) where it is −1, reduced."""
    check_reduction(reduction, size_average, reduce)
    x, y = in_one_shape(*loss_operands("hinge_embedding_loss", input, target))
    y = y.detach()
    return pointwise("HingeEmbedding", x, y, numbers=(margin,), reduction=reduction)


def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """max(0, −y (x₁ − x₂) + margin) for targets y of 1 (x₁ ranks higher) and −1, reduced."""
    check_reduction(reduction, size_average, reduce)
    arguments = ("input1", "input2", "target")
    x, y, v = loss_operands(
        "margin_ranking_loss", input1, input2, target, arguments=arguments
    )
    if not x._array.ndim == y._array.ndim == v._array.ndim:
        shapes = ", ".join(str(t._array.shape) for t in (x, y, v))
        raise RuntimeError(
            f"margin_ranking_loss: input1, input2 and target need equally many axes, got {shapes}"
        )
    x, y, v = in_one_shape(x, y, v)
    return pointwise("MarginRanking", x, y, v, numbers=(margin,), reduction=reduction)


def cosine_embedding_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """1 − cos(x₁, x₂) where the target is 1, max(0, cos(x₁, x₂) − margin) where it is −1, reduced.

    For rows (N, D) and target (N,), or vectors (D,) and a 0-d target.
    """
    name = "cosine_embedding_loss"
    check_reduction(reduction, size_average, reduce)
    only_tensors(name, target, arguments=("target",))
    a, b = loss_operands(name, input1, input2, arguments=("input1", "input2"))
    ndim = target._array.ndim
    if ndim > 1:
        raise RuntimeError(f"{name}: target must have 0 or 1 axes, got {target._array.shape}")
    if not a._array.ndim == b._array.ndim == ndim + 1:
        raise RuntimeError(
            f"{name}: a target of shape {target._array.shape} needs inputs of {ndim + 1} axes, "
            f"got shapes {a._array.shape} and {b._array.shape}"
        )
    lengths = ((a * a).sum(-1) + LEAST_SQUARE) * ((b * b).sum(-1) + LEAST_SQUARE)
    cosine = (a * b).sum(-1) / lengths.sqrt()
    apart = where(target == -1, clamp_min(cosine - margin, 0.0), 0.0)
    return reduced(where(target == 1, 1.0 - cosine, 0.0) + apart, reduction)


def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """Binary cross-entropy of logits averaged over the classes (the last axis), then reduced."""
    check_reduction(reduction, size_average, reduce)
    name = "multilabel_soft_margin_loss"
    x, y = in_one_shape(*loss_operands(name, input, target))
    if not x._array.ndim:
        raise IndexError(f"{name}: input needs an axis of classes, got a 0-d tensor")
    if weight is None and reduction == "mean":
        return pointwise("Logistic", x, y)
    losses = pointwise("Logistic", x, y, reduction="none")
    if weight is not None:
        losses = losses * full_precision(weight)
    return reduced(losses.mean(-1), reduction)


def multi_margin_loss(
    input,
    target,
    p=1,
    margin=1.0,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """w_t Σ_{c ≠ t} max(0, margin − x_t + x_c)ᵖ / C for scores (N, C) and classes (N,), reduced.

    Also for one row (C,) and a 0-d class. ``p`` is 1 or 2.
    """
    name = "multi_margin_loss"
    check_reduction(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError(f"{name}: p must be 1 or 2, got {p}")
    x, t = _scores(name, input, target)
    rows, shape = x._array.shape[:-1], t._array.shape
    if shape != rows and (rows or shape != (1,)):
        raise RuntimeError(
            f"{name}: input of shape {x._array.shape} needs a target of shape "
            f"{rows}, got {shape}"
        )
    if weight is not None:
        weight = class_weight(name, weight, input, x._array.shape[-1])
        check_constant(name, weight, "weight")
    t = t if shape == rows else t.reshape(rows)
    losses = _of_rows(MultiMargin, reduction, x, t, weight, p=p, margin=float(margin))
    return losses.reshape(shape) if reduction == "none" else losses


def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Σ max(0, 1 − (x_t − x_c)) / C over targets t and classes c that are no targets, reduced.

    For scores (N, C) and classes (N, C), or (C,) and (C,); targets end at the first −1.
    """
    name = "multilabel_margin_loss"
    check_reduction(reduction, size_average, reduce)
    x, t = _scores(name, input, target)
    t = t if t._array.ndim else t.reshape(1)
    check_same_shape(name, x, t)
    array, classes = t._array, x._array.shape[-1]
    if array.size and int(array.max()) >= classes:  # what follows the first −1 does not matter
        xp = backend.array_module(array)
        listed = xp.cumsum(array < 0, axis=-1) == 0
        if (bad := int(xp.where(listed, array, 0).max())) >= classes:
            raise IndexError(f"{name}: target {bad} is out of range for {classes} classes")
    return _of_rows(MultilabelMargin, reduction, x, t)


def _of_rows(op, reduction, x, t, *constants, **params):
    """The losses of an op on rows (N, C), or of one row without N."""
    single = x._array.ndim == 1
    if single:
        x, t = x.unsqueeze(0), t.unsqueeze(0)
    divisor = {"none": None, "sum": 1, "mean": len(x._array)}[reduction]
    losses = op.apply(x, t, *constants, divisor=divisor, **params)
    return losses.squeeze(0) if single and reduction == "none" else losses


def _scores(name, input, target):
    """Floating scores (N, C) or (C,), or of a 0-d input (1,), and int64 classes."""
    only_tensors(name, input, target, arguments=("input", "target"))
    check_float_target(name, input, "input")
    input = input if input._array.ndim else input.reshape(1)
    if input._array.ndim > 2 or not input._array.shape[-1]:
        raise RuntimeError(
            f"{name}: input must have shape (N, C) or (C,), got {input._array.shape}"
        )
    if dtype_of(target) is not dtypes.int64:
        raise RuntimeError(f"{name}: target must be int64, got {dtype_of(target)}")
    return full_precision(input), target


def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p=2.0,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """max(0, d(anchor, positive) − d(anchor, negative) + margin), reduced.

    d is pairwise_distance with ``p`` and ``eps``; with ``swap`` the nearer of anchor and positive
    is compared with the negative. Source: Balntas et al. 2016.
    """
    check_reduction(reduction, size_average, reduce)
    tensors = loss_operands("triplet_margin_loss", anchor, positive, negative, arguments=_TRIPLET)
    return _triplet(
        "triplet_margin_loss",
        *tensors,
        lambda a, b: pairwise_distance(a, b, p, eps),
        margin,
        swap,
        reduction,
    )


def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """triplet_margin_loss with a distance of your own (pairwise_distance if None)."""
    check_reduction(reduction)
    name = "triplet_margin_with_distance_loss"
    only_tensors(name, anchor, positive, negative, arguments=_TRIPLET)
    tensors = map(full_precision, (anchor, positive, negative))
    return _triplet(name, *tensors, distance_function or pairwise_distance, margin, swap, reduction)


_TRIPLET = ("anchor", "positive", "negative")


def _triplet(name, anchor, positive, negative, distance, margin, swap, reduction):
    if not margin > 0:
        raise ValueError(f"{name}: margin must be positive, got {margin}")
    if not anchor._array.ndim == positive._array.ndim == negative._array.ndim:
        shapes = ", ".join(str(t._array.shape) for t in (anchor, positive, negative))
        raise RuntimeError(
            f"{name}: anchor, positive and negative need equally many axes, got {shapes}"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(clamp_min(margin + near - far, 0.0), reduction)
