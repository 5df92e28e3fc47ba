"""Losses with their gradients in one pass over the logits."""

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty, empty_like
from ..reference import loss as reference
from . import vmath
from .maps import FAST, same
from .softmax import shifted_exp

CHUNK = 1 << 13  # elements of one partial sum: does not depend on the number of threads
COST = 1.3


@jit()
def _kept(target, ignore):
    count = 0
    for i in range(target.size):
        count += target[i] != ignore
    return count


@jit()
def _cross_entropy_mean(logits, target, gradient, losses, kept, ignore, bad):
    scale = losses.dtype.type(1 / kept)
    for i in range(len(logits)):
        t = target[i]
        if t == ignore:
            gradient[i, :] = losses[i] = 0
            continue
        if t < 0 or t >= logits.shape[1]:
            bad[0] = True
            continue
        z, dz = logits[i], gradient[i]
        largest, total = shifted_exp(z, dz)
        losses[i] = vmath.log(total) - (z[t] - largest)
        factor = scale / total
        for j in range(dz.size):
            dz[j] *= factor
        dz[t] -= scale


@jit(SUM, forceinline=True)
def _smoothed(z, largest, weight):
    """Σ_c w_c (max z − z_c), the part of Σ_c −w_c ln p_c beside Σ_c w_c ln Σ exp"""
    total = vmath.constants(largest).zero
    for j in range(z.size):
        total += weight[j] * (largest - z[j])
    return total


@jit()
def _cross_entropy(
    logits, target, gradient, losses, row_weights, weight, weight_sum, smoothing, ignore, bad
):
    one, zero = vmath.constants(smoothing).one, vmath.constants(smoothing).zero
    share = smoothing / type(smoothing)(logits.shape[1])
    for i in range(len(logits)):
        t, dz = target[i], gradient[i]
        if t == ignore:
            dz[:] = zero
            losses[i] = row_weights[i] = zero
            continue
        if t < 0 or t >= logits.shape[1]:
            bad[0] = True
            continue
        z = logits[i]
        largest, total = shifted_exp(z, dz)
        log_total = vmath.log(total)
        hot = (one - smoothing) * weight[t]
        loss = hot * (log_total - (z[t] - largest))
        factor = hot
        if smoothing > zero:
            loss += share * (_smoothed(z, largest, weight) + weight_sum * log_total)
            factor += share * weight_sum
        factor /= total
        for j in range(dz.size):
            dz[j] = dz[j] * factor - share * weight[j]
        dz[t] -= hot
        losses[i] = loss
        row_weights[i] = weight[t]


@jit(SUM)
def _mean(losses, kept, out):
    total = 0.0
    for i in range(losses.size):
        total += losses[i]
    out[()] = total / kept


@jit()
def _cross_entropy_mean_at_once(logits, target, gradient, losses, ignore, bad, mean):
    kept = _kept(target, ignore)
    _cross_entropy_mean(logits, target, gradient, losses, kept, ignore, bad)
    _mean(losses, kept, mean)


def _fit(logits, target):
    """Whether the compiled loops take these operands."""
    return logits.dtype in FAST and logits.size and target.dtype == np.int64


def cross_entropy_mean(logits, target, ignore_index=-100):
    """Mean of −ln softmax(logits)_target over the rows not ignored, and its gradient"""
    if not _fit(logits, target):
        return reference.cross_entropy_mean(logits, target, ignore_index)
    reference.check_shapes(logits, target)
    logits, target = np.ascontiguousarray(logits), np.ascontiguousarray(target)
    count, dtype, bad = len(logits), logits.dtype, np.zeros(1, np.bool_)
    gradient, losses, mean = empty_like(logits), empty((count,), dtype), np.empty((), dtype)
    if logits.size * COST < launch.SPLIT_ABOVE:
        _cross_entropy_mean_at_once(logits, target, gradient, losses, ignore_index, bad, mean)
    else:
        kept, arrays = _kept(target, ignore_index), (logits, target, gradient, losses)
        launch.split(_cross_entropy_mean, arrays, kept, ignore_index, bad, cost=COST)
        _mean(losses, kept, mean)
    if bad[0]:
        raise reference.bad_target(target, logits.shape[1], ignore_index)
    return mean, gradient


def cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """ℓ = −(1 − ε) w_t ln p_t − ε/C Σ_c w_c ln p_c with p = softmax(logits), for each row"""
    if not _fit(logits, target):
        return reference.cross_entropy(logits, target, weight, ignore_index, label_smoothing)
    reference.check_shapes(logits, target, weight)
    logits = np.ascontiguousarray(logits)
    (count, classes), dtype, bad = logits.shape, logits.dtype, np.zeros(1, np.bool_)
    weight = np.ones(classes, dtype) if weight is None else np.ascontiguousarray(weight, dtype)
    gradient, losses, row_weights = (
        empty_like(logits), empty((count,), dtype), empty((count,), dtype)
    )  # fmt: skip
    launch.split(
        _cross_entropy,
        (logits, np.ascontiguousarray(target), gradient, losses, row_weights),
        weight,
        weight.sum(),
        dtype.type(label_smoothing),
        ignore_index,
        bad,
        cost=COST,
    )
    if bad[0]:
        raise reference.bad_target(target, classes, ignore_index)
    return losses, gradient, row_weights


@jit(SUM)
def _squares(starts, partial, a, b):
    for i in range(starts.size):
        start = starts[i]
        x, y = a[start : start + CHUNK], b[start : start + CHUNK]
        total = vmath.constants(x[0]).zero
        for j in range(x.size):
            difference = x[j] - y[j]
            total += difference * difference
        partial[i] = total


@jit()
def _scaled_difference(a, b, out, scale):
    for i in range(a.size):
        out[i] = scale * (a[i] - b[i])


def _fit_pair(input, target):
    return input.dtype in FAST and input.size and same(input, target)


def mse(input, target):
    """Mean of (input − target)²"""
    if not _fit_pair(input, target):
        return reference.mse(input, target)
    starts = np.arange(0, input.size, CHUNK)
    partial = np.empty(starts.size)
    flats = input.ravel(), target.ravel()
    launch.split(_squares, (starts, partial), *flats, cost=0.2 * CHUNK)
    return np.asarray(partial.sum() / input.size, input.dtype)


def mse_vjp(g, input, target):
    """g · 2 (input − target) / N, the gradient for the input"""
    if not _fit_pair(input, target) or g.dtype != input.dtype:
        return reference.mse_vjp(g, input, target)
    out = empty_like(input)
    scale = input.dtype.type(g.item() * 2 / input.size)
    launch.split(
        _scaled_difference, (input.ravel(), target.ravel(), out.ravel()), scale, cost=0.2
    )
    return out
