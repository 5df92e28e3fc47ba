"""Cross-entropy and its gradient in one pass over the logits."""

from functools import lru_cache

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty, empty_like, zeros
from ..reference import cross_entropy as reference
from . import vmath
from .maps import FAST, same
from .softmax import _columns_shifted_exp as columns_shifted_exp
from .softmax import shifted_exp

COST = 1.3
ZERO, ONE = vmath.number(0), vmath.number(1)


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


@jit(SUM)
def sum_over(losses, divisor, out):
    """out[()] = Σ losses / divisor, summed in float64"""
    found = 0.0
    for i in range(losses.size):
        found += losses[i]
    out[()] = found / divisor


@jit()
def _cross_entropy_mean_at_once(logits, target, gradient, mean, ignore):
    """Whether all targets are classes"""
    kept, bad = _kept(target, ignore), np.zeros(1, np.bool_)
    losses = np.empty(len(logits), logits.dtype)
    _cross_entropy_mean(logits, target, gradient, losses, kept, ignore, bad)
    sum_over(losses, kept, mean)
    return not bad[0]


def _cross_entropy_mean_shared_out(logits, target, gradient, mean, ignore):
    """As :func:`_cross_entropy_mean_at_once`, by several threads"""
    losses, bad = empty((len(logits),), logits.dtype), np.zeros(1, np.bool_)
    kept, arrays = _kept(target, ignore), (logits, target, gradient, losses)
    launch.split(_cross_entropy_mean, arrays, kept, ignore, bad, cost=COST)
    sum_over(losses, kept, mean)
    return not bad[0]


def _fit(logits, target):
    """Whether the compiled loops take these operands."""
    return logits.dtype in FAST and logits.size and target.dtype == np.int64


def cross_entropy_mean(logits, target, ignore_index=-100):
    """Mean of −ln softmax(logits)_target over the rows not ignored, and its gradient"""
    if not _fit(logits, target) or logits.ndim != 2:
        return reference.cross_entropy_mean(logits, target, ignore_index)
    reference.check_shapes(logits, target)
    logits, target = np.ascontiguousarray(logits), np.ascontiguousarray(target)
    gradient, mean = empty_like(logits), np.empty((), logits.dtype)
    small = logits.size * COST < launch.SPLIT_ABOVE
    run = _cross_entropy_mean_at_once if small else _cross_entropy_mean_shared_out
    if not run(logits, target, gradient, mean, ignore_index):
        raise reference.bad_target(target, logits.shape[1], ignore_index)
    return mean, gradient


@jit(SUM, forceinline=True)
def _smoothed(z, largest, weight):
    """Σ_c w_c (max z − z_c), the part of Σ_c −w_c ln p_c beside Σ_c w_c ln Σ exp"""
    total = ZERO(largest)
    for j in range(z.size):
        total += weight[j] * (largest - z[j])
    return total


@jit(forceinline=True)
def _focused(loss, e_t, total, gamma):
    """f = (1 − p)ᵞ and γ f ℓ p / (1 − p), the pull towards p = 1 that f adds to the gradient"""
    one = ONE(loss)
    rest = vmath.maximum(total - e_t, ZERO(loss)) / total
    if gamma == ZERO(loss) or rest == ZERO(loss):
        return (one if gamma == ZERO(loss) else ZERO(loss)), ZERO(loss)
    f = vmath.exp(gamma * vmath.log(rest))
    return f, gamma * f * loss * (e_t / total) / rest


@jit()
def _rows(
    logits, target, gradient, losses, weight, weight_sum, smoothing, gamma, scale, ignore, bad
):
    """Logits (N, C), target and losses (N,)"""
    one, zero = ONE(smoothing), ZERO(smoothing)
    spread = smoothing / type(smoothing)(logits.shape[1])
    for i in range(len(logits)):
        t, dz = target[i], gradient[i]
        if t == ignore:
            dz[:] = losses[i] = zero
            continue
        if t < 0 or t >= logits.shape[1]:
            bad[0] = True
            continue
        z = logits[i]
        largest, total = shifted_exp(z, dz)
        log_total, hot = vmath.log(total), (one - smoothing) * weight[t]
        loss = hot * (log_total - (z[t] - largest))
        factor, share = hot, spread
        if smoothing > zero:
            loss += share * (_smoothed(z, largest, weight) + weight_sum * log_total)
            factor += share * weight_sum
        f, pull = _focused(loss, dz[t], total, gamma)
        losses[i] = f * loss
        hot, share = (f * hot + pull) * scale, f * share * scale
        factor = (f * factor + pull) * scale / total
        for j in range(dz.size):
            dz[j] = dz[j] * factor - share * weight[j]
        dz[t] -= hot


@jit()
def _columns(
    logits, target, gradient, losses, weight, weight_sum, smoothing, gamma, scale, ignore, bad
):
    """Logits (N, C, P), target and losses (N, P)"""
    one, zero = ONE(smoothing), ZERO(smoothing)
    classes, spread = logits.shape[1], smoothing / type(smoothing)(logits.shape[1])
    shares, hots = np.empty_like(losses[0]), np.empty_like(losses[0])
    for i in range(len(logits)):
        z, dz, t, loss = logits[i], gradient[i], target[i], losses[i]
        largest, total = columns_shifted_exp(z, dz)
        loss[:] = zero
        if smoothing > zero:
            for c in range(classes):
                for k in range(loss.size):
                    loss[k] += weight[c] * (largest[k] - z[c, k])
        for k in range(loss.size):
            c = t[k]
            if c == ignore or c < 0 or c >= classes:
                bad[0] |= c != ignore
                loss[k] = total[k] = shares[k] = hots[k] = zero
                continue
            log_total, hot = vmath.log(total[k]), (one - smoothing) * weight[c]
            plain = hot * (log_total - (z[c, k] - largest[k]))
            plain += spread * (loss[k] + weight_sum * log_total) if smoothing > zero else zero
            f, pull = _focused(plain, dz[c, k], total[k], gamma)
            loss[k] = f * plain
            hots[k], shares[k] = (f * hot + pull) * scale, f * spread * scale
            total[k] = (f * (hot + spread * weight_sum) + pull) * scale / total[k]
        for c in range(classes):
            row = dz[c]
            for k in range(row.size):
                value = row[k] * total[k] - shares[k] * weight[c]
                row[k] = zero if t[k] == ignore else value
        for k in range(loss.size):
            if t[k] != ignore and 0 <= t[k] < classes:
                dz[t[k], k] -= hots[k]


@jit()
def _weight_of(target, weight, ignore):
    """Σ w_t over the rows that count"""
    total = 0.0
    for i in range(target.size):
        if target[i] != ignore and 0 <= target[i] < weight.size:
            total += weight[target[i]]
    return total


def _divisor(target, weight, ignore_index, reduction):
    return _weight_of(target.ravel(), weight, ignore_index) if reduction == "mean" else 1.0


@lru_cache(maxsize=64)
def ones(classes, dtype):
    """The weights of classes that were given none"""
    return np.ones(classes, dtype)


def weights(weight, classes, dtype):
    """One weight per class, as the compiled loops take them"""
    return ones(classes, dtype) if weight is None else np.ascontiguousarray(weight, dtype)


def _inverse(divisor, dtype):
    with np.errstate(all="ignore"):
        return dtype.type(np.float64(1) / divisor)


def _reduced(losses, divisor, reduction):
    if reduction == "none":
        return losses
    out = np.empty((), losses.dtype)
    sum_over(losses.ravel(), divisor, out)
    return out


def cross_entropy(logits, target, weight, ignore_index, label_smoothing, gamma, reduction):
    """ℓ = f · (−(1 − ε) w_t ln p_t − ε/C Σ_c w_c ln p_c), p = softmax(logits), f = (1 − p_t)ᵞ"""
    if not _fit(logits, target):
        with np.errstate(all="ignore"):
            return reference.cross_entropy(
                logits, target, weight, ignore_index, label_smoothing, gamma, reduction
            )
    reference.check_shapes(logits, target, weight)
    logits, target = np.ascontiguousarray(logits), np.ascontiguousarray(target)
    dtype, bad, classes = logits.dtype, np.zeros(1, np.bool_), logits.shape[1]
    weight = weights(weight, classes, dtype)
    gradient, losses = empty_like(logits), empty(target.shape, dtype)
    divisor = _divisor(target, weight, ignore_index, reduction)
    numbers = weight.sum(), dtype.type(label_smoothing), dtype.type(gamma), _inverse(divisor, dtype)
    arrays = logits, target, gradient, losses
    if target.size == len(logits):
        arrays = [a.reshape(len(logits), -1) for a in (logits, gradient)]
        arrays = arrays[0], target.ravel(), arrays[1], losses.ravel()
    loop = _rows if target.size == len(logits) else _columns
    launch.split(loop, arrays, weight, *numbers, ignore_index, bad, cost=COST)
    if bad[0]:
        raise reference.bad_target(target, classes, ignore_index)
    return _reduced(losses, divisor, reduction), gradient


@jit(SUM, forceinline=True)
def _surprise(q, z, dz, log_total, largest):
    """Σ_c −q_c ln p_c and Σ_c q_c"""
    loss = total = ZERO(largest)
    for j in range(q.size):
        rest = q[j] * (log_total - (z[j] - largest))
        loss += rest if q[j] != ZERO(largest) else ZERO(largest)
        total += q[j]
    return loss, total


@jit()
def _soft_rows(logits, target, gradient, losses, weight, smoothing, scale):
    one, spread = ONE(smoothing), smoothing / type(smoothing)(logits.shape[1])
    q = np.empty_like(logits[0])
    for i in range(len(logits)):
        z, dz, y = logits[i], gradient[i], target[i]
        largest, total = shifted_exp(z, dz)
        for j in range(q.size):
            q[j] = ((one - smoothing) * y[j] + spread) * weight[j]
        losses[i], mass = _surprise(q, z, dz, vmath.log(total), largest)
        factor = mass * scale / total
        for j in range(q.size):
            dz[j] = dz[j] * factor - q[j] * scale


def soft_cross_entropy(logits, target, weight, label_smoothing, divisor):
    """ℓ = −Σ_c q_c ln p_c with q = ((1 − ε) target + ε/C) · weight, and its gradient"""
    if logits.dtype not in FAST or not logits.size or not same(logits, target):
        with np.errstate(all="ignore"):
            return reference.soft_cross_entropy(logits, target, weight, label_smoothing, divisor)
    logits, target = np.ascontiguousarray(logits), np.ascontiguousarray(target)
    (count, classes), dtype = logits.shape, logits.dtype
    weight = weights(weight, classes, dtype)
    gradient, losses = empty_like(logits), empty((count,), dtype)
    numbers = dtype.type(label_smoothing), dtype.type(1 / (divisor or 1))
    launch.split(_soft_rows, (logits, target, gradient, losses), weight, *numbers, cost=COST)
    return _reduced(losses, divisor or 1, "none" if divisor is None else "sum"), gradient


@jit()
def _pick(x, target, weight, mean, ignore, losses, flat_losses, factors, loss):
    """Losses (N, P) from log-probabilities (N, C, P), their slopes and sum, or mean

    Whether all targets are classes.
    """
    fine, divisor = True, 0.0
    for i in range(len(x)):
        for k in range(x.shape[2]):
            t = target[i, k]
            losses[i, k] = factors[i, k] = ZERO(weight[0])
            if 0 <= t < x.shape[1] and t != ignore:
                losses[i, k] = -weight[t] * x[i, t, k]
                factors[i, k] = -weight[t]
                divisor += weight[t]
            elif t != ignore:
                fine = False
    divisor = divisor if mean else 1.0
    sum_over(flat_losses, divisor, loss)
    scale = losses.dtype.type(1 / divisor)
    for i in range(len(x)):
        for k in range(x.shape[2]):
            if target[i, k] != ignore:
                factors[i, k] *= scale
    return fine


def nll(x, target, weight, ignore_index, reduction):
    """ℓ = −w_t x_t for log-probabilities (N, C, P) and target (N, P), and dℓ/dx_t of each row"""
    if not _fit(x, target) or x.ndim != 3:
        with np.errstate(all="ignore"):
            return reference.nll(x, target, weight, ignore_index, reduction)
    reference.check_shapes(x, target, weight)
    x, target = np.ascontiguousarray(x), np.ascontiguousarray(target)
    dtype, classes, mean = x.dtype, x.shape[1], reduction == "mean"
    weight = weights(weight, classes, dtype)
    losses, factors = empty(target.shape, dtype), empty(target.shape, dtype)
    loss = np.empty((), dtype)
    if not _pick(x, target, weight, mean, ignore_index, losses, losses.ravel(), factors, loss):
        raise reference.bad_target(target, classes, ignore_index)
    return losses if reduction == "none" else loss, factors


@jit()
def _spread(factor, target, g, out):
    for i in range(len(out)):
        for k in range(factor.shape[1]):
            t = target[i, k]
            if 0 <= t < out.shape[1]:
                out[i, t, k] = g[i % len(g), k % g.shape[1]] * factor[i, k]


def nll_vjp(g, factor, target, classes):
    """g · factor at the target of each row, 0 at the other classes: (N, C, P) from (N, P)"""
    if factor.dtype not in FAST or not factor.size or g.dtype != factor.dtype:
        return reference.nll_vjp(g, factor, target, classes)
    out = zeros((len(factor), classes, factor.shape[1]), factor.dtype)
    g = np.ascontiguousarray(g).reshape(factor.shape if g.ndim else (1, 1))
    factor, target = np.ascontiguousarray(factor), np.ascontiguousarray(target)
    _spread(factor, target, g, out)
    return out
