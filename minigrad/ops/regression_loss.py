"""Losses of a distance between input and target."""

from .operands import only_tensors
from .pointwise_loss import (
    check_reduction,
    check_same_shape,
    full_precision,
    in_one_shape,
    loss_operands,
    pointwise,
    reduced,
)

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]


def mse_loss(
    input, target, size_average=None, reduce=None, reduction="mean", weight=None, *, broadcast=False
):
    """(input − target)², reduced; float32 for halves.

    The shapes must be equal, since a loss that broadcasts is mostly a bug: ``broadcast=True`` is
    the way to mean it. ``weight`` multiplies the losses, and the mean divides by its sum.

    >>> import minigrad as mg
    >>> mg.nn.functional.mse_loss(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    check_reduction(reduction, size_average, reduce)
    x, y = _pair("mse_loss", input, target, broadcast)
    return _weighted("mse_loss", "Square", x, y, reduction, weight)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """|input − target|, reduced; shapes and ``weight`` as those of mse_loss."""
    check_reduction(reduction, size_average, reduce)
    x, y = _pair("l1_loss", input, target)
    return _weighted("l1_loss", "Absolute", x, y, reduction, weight)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """d² / 2β where |d| = |input − target| < β, else |d| − β / 2, reduced. β = 0 is l1_loss.

    Source: Girshick 2015.
    """
    check_reduction(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss: beta must not be negative, got {beta}")
    x, y = _pair("smooth_l1_loss", input, target)
    if beta == 0:
        return pointwise("Absolute", x, y, reduction=reduction)
    return pointwise("SmoothL1", x, y, numbers=(beta,), reduction=reduction)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """d² / 2 where |d| = |input − target| <= δ, else δ (|d| − δ / 2), reduced.

    ``weight`` multiplies the losses; the mean divides by their number. Source: Huber 1964.
    """
    check_reduction(reduction)
    if not delta > 0:
        raise RuntimeError(f"huber_loss: delta must be positive, got {delta}")
    x, y = _pair("huber_loss", input, target)
    if weight is not None:
        weight = _checked_weight("huber_loss", x, weight)
    return pointwise("Huber", x, y, numbers=(delta,), reduction=reduction, weight=weight)


def _pair(name, input, target, broadcast=False):
    x, y = loss_operands(name, input, target)
    if broadcast:
        return in_one_shape(x, y)
    check_same_shape(name, x, y, advice="or broadcast=True" if name == "mse_loss" else "")
    return x, y


def _weighted(name, loss, x, y, reduction, weight):
    """Losses times weights, the mean being over the sum of the weights."""
    if weight is None:
        return pointwise(loss, x, y, reduction=reduction)
    weight = _checked_weight(name, x, weight)
    losses = pointwise(loss, x, y, reduction="none") * weight
    return losses.sum() / weight.sum() if reduction == "mean" else reduced(losses, reduction)


def _checked_weight(name, x, weight):
    only_tensors(name, weight, arguments=("weight",))
    check_same_shape(name, x, weight, "weight")
    return full_precision(weight)
