"""Losses that ask the scores of classes to keep a margin, with their gradients."""

from ..registry import array_module, kernel
from .cross_entropy import check_targets


def _scores(make, shape):
    x = make.normal((shape[0], shape[-1]))
    return x, make.integers(x.shape[:1], 0, x.shape[1]), make.uniform(x.shape[1:], 0.5, 2)


def _one_class(make, shape):
    return *_scores(make, shape), 2, 0.5, None


def _some_classes(make, shape):
    x = make.normal((shape[0], shape[-1]))
    return x, make.integers(x.shape, -1, x.shape[1]), 3


def _over(losses, slopes, divisor, xp, dtype):
    """Both as they are, or the sum of the losses and the slopes over the divisor."""
    if divisor is not None:
        losses, slopes = losses.sum() / divisor, slopes / divisor
    return xp.asarray(losses, dtype=dtype), slopes.astype(dtype)


@kernel(_one_class, min_ndim=2, allows_empty=False, notes={"sums": True})
def multi_margin(x, target, weight, p, margin, divisor):
    """ℓ = w_t Σ_{c ≠ t} max(0, margin − x_t + x_c)ᵖ / C of each row, and dℓ/dx

    For scores (N, C) and classes (N,); ``weight`` may be None. Or the sum over ``divisor``.
    """
    xp = array_module(x)
    rows, classes = xp.arange(len(x)), x.shape[1]
    check_targets(target, classes)
    away = x - (x[rows, target] - margin)[:, None]
    away = xp.where(away > 0, away, 0)  # NaN violates nothing
    away[rows, target] = 0
    share = (xp.ones(len(x), x.dtype) if weight is None else weight[target]) / classes
    steepness = (away > 0).astype(x.dtype) if p == 1 else 2 * away
    slopes = share[:, None] * steepness
    slopes[rows, target] = -share * steepness.sum(axis=1)
    losses = share * (away**p).sum(axis=1)
    return _over(losses, slopes, divisor, xp, x.dtype)


@kernel(_some_classes, min_ndim=2, allows_empty=False, notes={"sums": True})
def multilabel_margin(x, target, divisor):
    """ℓ = Σ max(0, 1 − (x_t − x_c)) / C over targets t and other classes c of a row, and dℓ/dx

    For scores and classes (N, C); the targets of a row end at the first −1. Or the sum of the rows
    over ``divisor``.
    """
    xp = array_module(x)
    rows, classes = xp.arange(len(x)), x.shape[1]
    listed = xp.cumsum(target < 0, axis=1) == 0
    places = xp.where(listed, target, 0)
    other = xp.ones(x.shape, dtype=bool)
    for column in range(classes):
        other[rows, places[:, column]] &= ~listed[:, column]
    losses, slopes = xp.zeros(len(x), x.dtype), xp.zeros_like(x)
    for column in range(classes):
        t = places[:, column]
        away = x - (x[rows, t] - 1)[:, None]
        away = xp.where(other & listed[:, column, None] & (away > 0), away, 0)
        losses += away.sum(axis=1)
        slopes += away > 0
        slopes[rows, t] -= (away > 0).sum(axis=1)
    return _over(losses / classes, slopes / classes, divisor, xp, x.dtype)
