"""Losses that come with their gradient, because both need the same exponentials."""

import math

from ..registry import array_module, kernel


def _logits_and_targets(make, shape):
    classes = math.prod(shape[1:])
    return make.normal((shape[0], classes)), make.integers((shape[0],), 0, classes)


def _weighted(make, shape):
    logits, target = _logits_and_targets(make, shape)
    return logits, target, make.uniform(logits.shape[1:], 0.5, 2), 1, 0.1


def _pair(make, shape):
    return make.normal(shape), make.normal(shape)


def _gradient_and_pair(make, shape):
    return make.normal(()), make.normal(shape), make.normal(shape)


def check_shapes(logits, target, weight=None):
    """Refuse operands that do not belong together: loops would read beyond their ends."""
    if logits.ndim != 2 or target.shape != logits.shape[:1]:
        raise ValueError(
            "cross_entropy expects logits (N, C) and target (N,), got shapes "
            f"{tuple(logits.shape)} and {tuple(target.shape)}"
        )
    if weight is not None and weight.shape != logits.shape[1:]:
        raise ValueError(
            f"cross_entropy: weight has shape {tuple(weight.shape)} for {logits.shape[1]} classes; "
            "it needs one entry per class"
        )


def bad_target(target, classes, ignore_index=None):
    """The error for the first target that is no class."""
    bad = (target < 0) | (target >= classes)
    if ignore_index is not None:
        bad = bad & (target != ignore_index)
    row = int(bad.argmax())
    return IndexError(
        f"cross_entropy: target[{row}] = {int(target[row])} is out of range for {classes} classes "
        f"(expected 0 to {classes - 1}, or ignore_index)"
    )


def _check_targets(target, classes, ignore_index):
    if bool((((target < 0) | (target >= classes)) & (target != ignore_index)).any()):
        raise bad_target(target, classes, ignore_index)


@kernel(_weighted, min_ndim=2, allows_empty=False)
def cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """ℓ = −(1 − ε) w_t ln p_t − ε/C Σ_c w_c ln p_c with p = softmax(logits), for each row

    Returns the row losses, the gradient of each with respect to its logits, and w_t of each row;
    all three are 0 in ignored rows.
    """
    xp = array_module(logits)
    check_shapes(logits, target, weight)
    classes = logits.shape[1]
    _check_targets(target, classes, ignore_index)
    kept = target != ignore_index
    hot = xp.arange(classes) == xp.where(kept, target, 0)[:, None]
    weight = xp.ones(classes, logits.dtype) if weight is None else weight.astype(logits.dtype)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
    row_weight = xp.where(hot, weight, 0).sum(axis=1)
    loss = -(1 - label_smoothing) * row_weight * xp.where(hot, log_p, 0).sum(axis=1)
    share = (1 - label_smoothing) * row_weight[:, None] * hot
    if label_smoothing:
        loss = loss - label_smoothing / classes * (weight * log_p).sum(axis=1)
        share = share + label_smoothing / classes * weight
    gradient = xp.exp(log_p) * share.sum(axis=1, keepdims=True) - share
    dtype = logits.dtype
    return (
        xp.where(kept, loss, 0).astype(dtype),
        xp.where(kept[:, None], gradient, 0).astype(dtype),
        xp.where(kept, row_weight, 0).astype(dtype),
    )


@kernel(_logits_and_targets, min_ndim=2, allows_empty=False)
def cross_entropy_mean(logits, target, ignore_index=-100):
    """Mean of −ln softmax(logits)_target over the rows not ignored, and its gradient

    Without any such row the mean is NaN and the gradient 0.
    """
    losses, gradient, counted = cross_entropy(logits, target, None, ignore_index)
    kept = counted.sum()
    return losses.sum() / kept, gradient / array_module(logits).maximum(kept, 1)


@kernel(_pair)
def mse(input, target):
    """Mean of (input − target)²"""
    return ((input - target) ** 2).sum() / input.dtype.type(input.size)


@kernel(_gradient_and_pair)
def mse_vjp(g, input, target):
    """g · 2 (input − target) / N, the gradient for the input"""
    return g * 2 / max(input.size, 1) * (input - target)
