"""Losses that ask the scores of classes to keep a margin: a row at a time."""

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..floating import quiet
from ..memory import empty, empty_like
from ..reference import margin_loss as reference
from ..reference.cross_entropy import bad_target
from . import vmath
from .cross_entropy import sum_over, weights
from .maps import FAST

COST = 0.3
ZERO, ONE, TWO = vmath.number(0), vmath.number(1), vmath.number(2)


@jit(forceinline=True)
def _beyond(x, threshold):
    """max(0, x − threshold), and 0 for NaN"""
    away = x - threshold
    return away if away > ZERO(away) else ZERO(away)


@jit(SUM, forceinline=True)
def _linear(row, threshold):
    """Σ max(0, x − threshold), and how many are above"""
    loss = count = ZERO(threshold)
    for j in range(row.size):
        away = _beyond(row[j], threshold)
        loss += away
        count += ONE(away) if away > ZERO(away) else ZERO(away)
    return loss, count


@jit(SUM, forceinline=True)
def _squared(row, threshold):
    """Σ max(0, x − threshold)² and Σ 2 max(0, x − threshold)"""
    loss = total = ZERO(threshold)
    for j in range(row.size):
        away = _beyond(row[j], threshold)
        loss += away * away
        total += TWO(away) * away
    return loss, total


@jit(forceinline=True)
def _slopes(row, slope, threshold, squared, share):
    for j in range(row.size):
        away = _beyond(row[j], threshold)
        above = ONE(away) if away > ZERO(away) else ZERO(away)
        slope[j] = share * (TWO(away) * away if squared else above)


@jit()
def _multi(x, target, slopes, losses, weight, squared, margin, bad, scale):
    for i in range(len(x)):
        row, slope, t = x[i], slopes[i], target[i]
        if t < 0 or t >= row.size:
            bad[0] = True
            continue
        share, threshold = weight[t] / type(margin)(row.size), row[t] - margin
        itself = _beyond(row[t], threshold)
        _slopes(row, slope, threshold, squared, share * scale)
        if squared:
            loss, total = _squared(row, threshold)
            losses[i] = share * (loss - itself * itself)
            slope[t] = -share * scale * (total - TWO(margin) * itself)
        else:
            loss, count = _linear(row, threshold)
            losses[i] = share * (loss - itself)
            slope[t] = -share * scale * (count - (itself > ZERO(itself)))


@jit(SUM, forceinline=True)
def _linear_elsewhere(row, other, threshold):
    """As _linear, over the classes that are marked"""
    loss = count = ZERO(threshold)
    for j in range(row.size):
        away = _beyond(row[j], threshold) if other[j] else ZERO(threshold)
        loss += away
        count += ONE(away) if away > ZERO(away) else ZERO(away)
    return loss, count


@jit(forceinline=True)
def _count(row, other, threshold, counts):
    """The marked classes above the threshold count one more"""
    for j in range(row.size):
        above = other[j] and row[j] - threshold > ZERO(threshold)
        counts[j] += ONE(threshold) if above else ZERO(threshold)


@jit(forceinline=True)
def _mark(wanted, other, value):
    """Mark the classes listed before the first −1, and how many those are"""
    listed = 0
    while listed < wanted.size and wanted[listed] >= 0:
        other[wanted[listed]] = value
        listed += 1
    return listed


@jit()
def _multilabel(x, target, slopes, losses, scale):
    share, other = ONE(scale) / type(scale)(x.shape[1]), np.ones(x.shape[1], np.bool_)
    for i in range(len(x)):
        row, slope, wanted = x[i], slopes[i], target[i]
        slope[:] = losses[i] = ZERO(share)
        listed = _mark(wanted, other, False)
        if not listed:
            continue
        total = 0.0
        for k in range(listed):
            t = wanted[k]
            threshold = row[t] - ONE(share)
            loss, above = _linear_elsewhere(row, other, threshold)
            _count(row, other, threshold, slope)
            slope[t] -= above
            total += loss
        for j in range(slope.size):
            slope[j] *= share * scale
        losses[i] = total * share
        _mark(wanted, other, True)


def _rows(loop, x, target, scalars, divisor, cost):
    """The losses of the rows (or their sum over ``divisor``) and the slopes"""
    dtype = x.dtype
    x, target = np.ascontiguousarray(x), np.ascontiguousarray(target)
    slopes, losses = empty_like(x), empty((len(x),), dtype)
    scale = dtype.type(1 / (divisor or 1))
    launch.split(loop, (x, target, slopes, losses), *scalars, scale, cost=cost)
    if divisor is None:
        return losses, slopes
    out = np.empty((), dtype)
    sum_over(losses, divisor, out)
    return out, slopes


@quiet
def multi_margin(x, target, weight, p, margin, divisor):
    """ℓ = w_t Σ_{c ≠ t} max(0, margin − x_t + x_c)ᵖ / C of each row, and dℓ/dx"""
    if x.dtype not in FAST or not x.size:
        return reference.multi_margin(x, target, weight, p, margin, divisor)
    dtype, classes, bad = x.dtype, x.shape[1], np.zeros(1, np.bool_)
    scalars = weights(weight, classes, dtype), p == 2, dtype.type(margin), bad
    found = _rows(_multi, x, target, scalars, divisor, COST)
    if bad[0]:
        raise bad_target(target, classes)
    return found


@quiet
def multilabel_margin(x, target, divisor):
    """ℓ = Σ max(0, 1 − (x_t − x_c)) / C over targets t and other classes c of a row, and dℓ/dx"""
    if x.dtype not in FAST or not x.size:
        return reference.multilabel_margin(x, target, divisor)
    return _rows(_multilabel, x, target, (), divisor, COST * x.shape[1])
