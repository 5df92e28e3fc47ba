"""Losses that are negative log-likelihoods of probabilities, rates and densities."""

import warnings

from ..engine import observe
from ..engine.graph import dtype_of
from ..engine.modes import state
from .operands import converted, only_tensors
from .pointwise_loss import (
    check_constant,
    check_float_target,
    check_reduction,
    check_same_shape,
    in_one_shape,
    loss_operands,
    pointwise,
)
from .shape import broadcast_to

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "gaussian_nll_loss",
    "kl_div",
    "poisson_nll_loss",
    "sigmoid_focal_loss",
]


def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """−y ln p − (1 − y) ln(1 − p) of probabilities p = input, reduced; no logarithm below −100.

    Prefer binary_cross_entropy_with_logits, which is exact for confident predictions.
    """
    name = "binary_cross_entropy"
    if state.autocast is not None:
        raise RuntimeError(
            f"{name} and BCELoss are unsafe to autocast: probabilities near 0 and 1 are lost in "
            "low precision. Leave the sigmoid out and use binary_cross_entropy_with_logits or "
            "BCEWithLogitsLoss"
        )
    x, y = _binary(name, input, target, size_average, reduce, reduction)
    p = x._array
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise RuntimeError(
            f"{name}: input must be probabilities between 0 and 1; "
            "for raw scores use binary_cross_entropy_with_logits"
        )
    weight = _spread(name, weight, x, "weight")
    return pointwise("Bernoulli", x, y, reduction=reduction, weight=weight)


def binary_cross_entropy_with_logits(
    input,
    target,
    weight=None,
    size_average=None,
    reduce=None,
    reduction="mean",
    pos_weight=None,
):
    """−p y ln σ(z) − (1 − y) ln σ(−z) of logits z = input, reduced; float32 for halves.

    ``pos_weight`` p and ``weight`` broadcast; the mean divides by the number of elements.

    >>> import minigrad as mg
    >>> mg.nn.functional.binary_cross_entropy_with_logits(mg.zeros(2), mg.tensor([1.0, 0.0]))
    tensor(0.6931)
    """
    name = "binary_cross_entropy_with_logits"
    x, y = _binary(name, input, target, size_average, reduce, reduction)
    weight = _spread(name, weight, x, "weight")
    positive = _spread(name, pos_weight, x, "pos_weight")
    return pointwise("Logistic", x, y, positive, reduction=reduction, weight=weight)


def _binary(name, input, target, size_average, reduce, reduction):
    """Input and target of a binary loss, checked."""
    check_reduction(reduction, size_average, reduce)
    only_tensors(name, input, target, arguments=("input", "target"))
    check_float_target(name, target)
    check_float_target(name, input, "input")
    check_same_shape(name, input, target)
    if observe.watchers:
        observe.watchers["loss"](name, input)
    return loss_operands(name, input, target)


def _spread(name, weight, x, argument):
    """A constant in the shape and dtype of x, or None."""
    if weight is None:
        return None
    only_tensors(name, weight, arguments=(argument,))
    check_constant(name, weight, argument)
    try:
        return broadcast_to(weight.to(x.dtype), x._array.shape)
    except (RuntimeError, ValueError):
        raise RuntimeError(
            f"{name}: {argument} of shape {weight._array.shape} does not broadcast to the shape of "
            f"input, {x._array.shape}"
        ) from None


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """y (ln y − x) of log-probabilities x = input and probabilities y = target, reduced.

    With ``log_target`` the target holds log-probabilities too. The divergence of distributions in
    rows is the reduction ``"batchmean"``, Σ / rows; "mean" divides by the number of elements.
    """
    check_reduction(reduction, size_average, reduce, also=("batchmean",))
    x, y = loss_operands("kl_div", input, target)
    check_same_shape("kl_div", x, y)
    if observe.watchers:
        observe.watchers["loss"]("kl_div", input)
    if reduction == "mean":
        warnings.warn(
            "kl_div: reduction='mean' divides by the number of elements; "
            "the divergence per row is reduction='batchmean'",
            stacklevel=2,
        )
    loss = "LogKullbackLeibler" if log_target else "KullbackLeibler"
    if reduction != "batchmean":
        return pointwise(loss, x, y, reduction=reduction)
    total = pointwise(loss, x, y, reduction="sum")
    return total / len(x._array) if x._array.ndim else total


def poisson_nll_loss(
    input,
    target,
    log_input=True,
    full=False,
    size_average=None,
    eps=1e-8,
    reduce=None,
    reduction="mean",
):
    """eˣ − y x of the logarithm x = input of a rate, or x − y ln(x + eps) of the rate, reduced.

    ``full`` adds Stirling's approximation of ln y! where y > 1.
    """
    check_reduction(reduction, size_average, reduce)
    x, y = in_one_shape(*loss_operands("poisson_nll_loss", input, target))
    if log_input:
        return pointwise("LogPoisson", x, y, numbers=(full,), reduction=reduction)
    return pointwise("Poisson", x, y, numbers=(full, eps), reduction=reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """(ln s + (input − target)² / s) / 2 with the variance s = max(var, eps), reduced.

    ``var`` is a number or has the shape of ``input``, with one axis 1 or the last one left out.
    ``full`` adds ln(2π) / 2. Source: Nix & Weigend 1994.
    """
    check_reduction(reduction)
    x, y = loss_operands("gaussian_nll_loss", input, target)
    given = isinstance(var, float)
    if not given:
        only_tensors("gaussian_nll_loss", var, arguments=("var",))
    _, v = converted(dtype_of(x), x, var)
    if bool((v < 0).any().item()):
        raise ValueError("gaussian_nll_loss: var has negative entries")
    if not given:
        v = _variance(x._array.shape, v)
    x, y, v = in_one_shape(x, y, v)
    return pointwise("Gaussian", x, y, v, numbers=(full, eps), reduction=reduction)


def _variance(shape, v):
    """The variances with an axis for the one that they leave out."""
    given = v._array.shape
    if given == shape:
        return v
    if given == shape[:-1]:
        return v.unsqueeze(-1)
    different = [b for a, b in zip(shape, given, strict=False) if a != b]
    if len(given) != len(shape) or sum(different) != 1:
        raise ValueError(
            f"gaussian_nll_loss: var of shape {given} does not fit input of shape {shape}: "
            "one axis may be 1, or the last one left out"
        )
    return v


def sigmoid_focal_loss(inputs, targets, alpha=0.25, gamma=2.0, reduction="none"):
    """a (1 − q)ᵞ · binary cross-entropy of logits, q being the probability given to the target.

    a is alpha for positives and 1 − alpha for negatives, or 1 for a negative ``alpha``. The
    reduction ``"num_pos"`` divides the sum by the number of positives. Source: Lin et al. 2017.
    """
    name = "sigmoid_focal_loss"
    check_reduction(reduction, also=("num_pos",))
    only_tensors(name, inputs, targets, arguments=("inputs", "targets"))
    check_constant(name, targets, "targets")
    if alpha > 1:
        raise ValueError(f"{name}: alpha must be at most 1, got {alpha}")
    if gamma < 0:
        raise ValueError(f"{name}: gamma must not be negative, got {gamma}")
    x, y = loss_operands(name, inputs, targets)
    check_same_shape(name, x, y, "targets")
    if observe.watchers:
        observe.watchers["loss"](name, inputs)
    numbers = (alpha, gamma)
    if reduction != "num_pos":
        return pointwise("SigmoidFocal", x, y, numbers=numbers, reduction=reduction)
    positives = max(1.0, float((y > 0.5).sum().item()))
    return pointwise("SigmoidFocal", x, y, numbers=numbers, reduction="sum") / positives
