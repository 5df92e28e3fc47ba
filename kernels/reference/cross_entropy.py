"""Cross-entropy of logits, with its gradient, because both need the same exponentials."""

import math

from ..registry import array_module, kernel


def _logits_and_targets(make, shape):
    classes = math.prod(shape[1:])
    return make.normal((shape[0], classes)), make.integers((shape[0],), 0, classes)


def _blocks(make, shape):
    shape = (*shape, 1)[:3]
    return make.normal(shape), make.integers((shape[0], shape[2]), 0, shape[1])


def _weighted(make, shape):
    logits, target = _blocks(make, shape)
    return logits, target, make.uniform(logits.shape[1:2], 0.5, 2), 1, 0.1, 2.0, "mean"


def _mixed(make, shape):
    logits, _ = _logits_and_targets(make, shape)
    weight = make.uniform(logits.shape[1:], 0.5, 2)
    return logits, make.uniform(logits.shape, 0, 1), weight, 0.1, None


def _log_probabilities(make, shape):
    x, target = _blocks(make, shape)
    return x, target, make.uniform(x.shape[1:2], 0.5, 2), 1, "mean"


def check_shapes(logits, target, weight=None):
    """Refuse operands that do not belong together: loops would read beyond their ends."""
    if target.shape != logits.shape[:1] + logits.shape[2:]:
        raise ValueError(
            "cross_entropy expects a target in the shape of the logits without the class axis, "
            f"got shapes {tuple(logits.shape)} and {tuple(target.shape)}"
        )
    if weight is not None and weight.shape != logits.shape[1:2]:
        raise ValueError(
            f"cross_entropy: weight has shape {tuple(weight.shape)} for {logits.shape[1]} classes; "
            "it needs one entry per class"
        )


def bad_target(target, classes, ignore_index=None):
    """The error for the first target that is no class."""
    bad = (target < 0) | (target >= classes)
    if ignore_index is not None:
        bad = bad & (target != ignore_index)
    place = int(bad.argmax())
    value = int(target.reshape(-1)[place])
    inner = math.prod(target.shape[1:])
    place = f"{place}" if inner == 1 else f"{place // inner}, {place % inner}"
    ignored = "" if ignore_index is None else f", or ignore_index {ignore_index}"
    return IndexError(
        f"target[{place}] = {value} is out of range for {classes} classes "
        f"(expected 0 to {classes - 1}{ignored})"
    )


def check_targets(target, classes, ignore_index=None):
    """Raise IndexError for a target that is no class."""
    bad = (target < 0) | (target >= classes)
    if bool((bad if ignore_index is None else bad & (target != ignore_index)).any()):
        raise bad_target(target, classes, ignore_index)


def _log_softmax(xp, logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))


def _one_hot(xp, target, kept, classes):
    """1 at the class of each row, 0 elsewhere: the axis of classes is the second."""
    places = xp.arange(classes).reshape(-1, *(1 for _ in target.shape[1:]))
    return places == xp.where(kept, target, 0)[:, None]


def _per_class(weight, logits):
    return weight.astype(logits.dtype).reshape(-1, *(1 for _ in logits.shape[2:]))


@kernel(_weighted, min_ndim=2, allows_empty=False, notes={"sums": True})
def cross_entropy(logits, target, weight, ignore_index, label_smoothing, gamma, reduction):
    """ℓ = f · (−(1 − ε) w_t ln p_t − ε/C Σ_c w_c ln p_c), p = softmax(logits), f = (1 − p_t)ᵞ

    For logits (N, C, P) and target (N, P): the losses, their sum, or their sum over Σ w_t; and the
    gradient. Rows that are ignored have loss and gradient 0.
    """
    xp = array_module(logits)
    check_shapes(logits, target, weight)
    classes, dtype = logits.shape[1], logits.dtype
    check_targets(target, classes, ignore_index)
    kept = target != ignore_index
    hot = _one_hot(xp, target, kept, classes)
    weight = xp.ones(classes, dtype) if weight is None else weight
    weight = _per_class(weight, logits)
    log_p = _log_softmax(xp, logits)
    share = (1 - label_smoothing) * hot * weight + label_smoothing / classes * weight
    loss = -xp.where(share > 0, share * log_p, 0).sum(axis=1)
    p = xp.exp(log_p)
    gradient = p * share.sum(axis=1, keepdims=True) - share
    if gamma:
        p_t = xp.where(hot, p, 0).sum(axis=1)
        rest = xp.maximum(1 - p_t, 0)
        ratio = xp.where(rest > 0, loss / xp.where(rest > 0, rest, 1), 0)
        pull = (gamma * ratio * p_t)[:, None] * (hot - p)
        gradient = rest[:, None] ** gamma * (gradient - pull)
        loss = rest**gamma * loss
    loss, gradient = xp.where(kept, loss, 0), xp.where(kept[:, None], gradient, 0)
    if reduction == "none":
        return loss.astype(dtype), gradient.astype(dtype)
    total = xp.where(hot & kept[:, None], weight, 0).sum() if reduction == "mean" else 1
    gradient = xp.where(kept[:, None], gradient / total, 0)
    return xp.asarray(loss.sum() / total, dtype=dtype), gradient.astype(dtype)


@kernel(_logits_and_targets, min_ndim=2, allows_empty=False)
def cross_entropy_mean(logits, target, ignore_index=-100):
    """Mean of −ln softmax(logits)_target over the rows not ignored, and its gradient

    Without any such row the mean is NaN and the gradient 0.
    """
    if logits.ndim != 2:
        raise ValueError(f"cross_entropy_mean expects logits (N, C), got shape {logits.shape}")
    check_shapes(logits, target)
    return cross_entropy(logits, target, None, ignore_index, 0.0, 0.0, "mean")


@kernel(_mixed, min_ndim=2, allows_empty=False, notes={"sums": True})
def soft_cross_entropy(logits, target, weight, label_smoothing, divisor):
    """ℓ = −Σ_c q_c ln p_c with q = ((1 − ε) target + ε/C) · weight, and its gradient

    For logits and target (N, C): the losses, or their sum over ``divisor`` unless that is None.
    """
    xp = array_module(logits)
    q = (1 - label_smoothing) * target + label_smoothing / logits.shape[1]
    q = q if weight is None else q * weight
    log_p = _log_softmax(xp, logits)
    loss = -xp.where(q == 0, 0, q * log_p).sum(axis=1)
    gradient = xp.exp(log_p) * q.sum(axis=1, keepdims=True) - q
    if divisor is not None:
        loss, gradient = loss.sum() / divisor, gradient / divisor
    return xp.asarray(loss, dtype=logits.dtype), gradient.astype(logits.dtype)


@kernel(_log_probabilities, min_ndim=2, allows_empty=False, notes={"sums": True})
def nll(x, target, weight, ignore_index, reduction):
    """ℓ = −w_t x_t for log-probabilities (N, C, P) and target (N, P), and dℓ/dx_t of each row

    The losses, their sum, or their sum over Σ w_t; rows that are ignored count nothing.
    """
    xp = array_module(x)
    check_shapes(x, target, weight)
    classes = x.shape[1]
    check_targets(target, classes, ignore_index)
    kept = target != ignore_index
    hot = _one_hot(xp, target, kept, classes)
    weight = _per_class(xp.ones(classes, x.dtype) if weight is None else weight, x)
    factor = xp.where(kept, xp.where(hot, weight, 0).sum(axis=1), 0)
    picked = xp.where(hot, x, 0).sum(axis=1)
    losses = xp.where(kept, -factor * picked, 0)
    total = factor.sum() if reduction == "mean" else x.dtype.type(1)
    loss = losses if reduction == "none" else losses.sum() / total
    factor = xp.where(kept, -factor / total, 0)
    return xp.asarray(loss, dtype=x.dtype), factor.astype(x.dtype)


def _slopes(make, shape):
    x, target = _blocks(make, shape)
    return make.normal(target.shape), make.normal(target.shape), target, x.shape[1]


@kernel(_slopes, min_ndim=2, allows_empty=False)
def nll_vjp(g, factor, target, classes):
    """g · factor at the target of each row, 0 at the other classes: (N, C, P) from (N, P)

    A target that is no class (an ignored one) leaves its row 0; g may be a number.
    """
    xp = array_module(factor)
    places = xp.arange(classes).reshape(-1, 1)
    product = (g * factor)[:, None]
    return xp.where(places == target[:, None], product, xp.zeros_like(product))
