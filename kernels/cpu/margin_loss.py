"""Losses that ask the scores of classes to keep a margin: a row at a time."""

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..floating import quiet
from ..memory import empty, empty_like
from ..reference import margin_loss as reference
from . import vmath
from .cross_entropy import sum_over
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
def _multi(x, target, slopes, losses, weight, squared, margin, scale):
    for i in range(len(x)):
        row, slope, t = x[i], slopes[i], target[i]
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


@jit()
def _multilabel(x, target, slopes, losses, scale):
    classes = x.shape[1]
    others, places = np.empty_like(x[0]), np.empty(classes, np.int64)
    counts = np.empty_like(x[0])
    share = ONE(scale) / type(scale)(classes)
    for i in range(len(x)):
        row, slope, wanted = x[i], slopes[i], target[i]
        listed = 0
        places[:] = 0
        while listed < classes and wanted[listed] >= 0:
            places[wanted[listed]] = 1
            listed += 1
        rest = 0  # the scores of the other classes, side by side
        for j in range(classes):
            if not places[j]:
                others[rest] = row[j]
                counts[rest] = ZERO(share)
                rest += 1
        slope[:] = ZERO(share)
        total = 0.0
        for k in range(listed):
            t = wanted[k]
            threshold = row[t] - ONE(share)
            loss, above = _linear(others[:rest], threshold)
            _count(others[:rest], counts[:rest], threshold)
            total += loss
            slope[t] -= above * (share * scale)
        rest = 0
        for j in range(classes):
            if not places[j]:
                slope[j] = counts[rest] * (share * scale)
                rest += 1
        losses[i] = total * share


@jit(forceinline=True)
def _count(scores, counts, threshold):
    """Those above the threshold count one more"""
    for j in range(scores.size):
        counts[j] += ONE(threshold) if scores[j] - threshold > ZERO(threshold) else ZERO(threshold)


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
    dtype = x.dtype
    weight = np.ones(x.shape[1], dtype) if weight is None else np.ascontiguousarray(weight, dtype)
    return _rows(_multi, x, target, (weight, p == 2, dtype.type(margin)), divisor, COST)


@quiet
def multilabel_margin(x, target, divisor):
    """ℓ = Σ max(0, 1 − (x_t − x_c)) / C over targets t and other classes c of a row, and dℓ/dx"""
    if x.dtype not in FAST or not x.size:
        return reference.multilabel_margin(x, target, divisor)
    return _rows(_multilabel, x, target, (), divisor, COST * x.shape[1])
