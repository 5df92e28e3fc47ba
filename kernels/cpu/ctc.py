"""Connectionist temporal classification, one sequence after the other.

Rows of states have two more places at an end, which hold −∞, so that the loops need no branches.
"""

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from ..reference import ctc as reference
from . import vmath
from .maps import FAST


@vmath.inlined
def _log_sum(a, b, c):
    """ln(eᵃ + eᵇ + eᶜ)"""
    largest = vmath.maximum(vmath.maximum(a, b), c)
    safe = largest if largest > -np.inf else 0.0
    total = vmath.exp(a - safe) + vmath.exp(b - safe) + vmath.exp(c - safe)
    return vmath.log(total) + safe


@jit()
def _forward(emitted, leap, alphas):
    """α of every step, behind two places of −∞"""
    steps, count = emitted.shape
    alphas[:] = -np.inf
    alphas[0, 2 : 2 + min(2, count)] = emitted[0, : min(2, count)]
    for t in range(1, steps):
        before, after, now = alphas[t - 1], alphas[t], emitted[t]
        for s in range(count):
            after[s + 2] = now[s] + _log_sum(before[s + 2], before[s + 1], before[s] + leap[s])


@jit()
def _backward(emitted, leap, alphas, labels, total, gradient):
    """Subtract P(state at t) from the gradient at its label; β is kept before two places of −∞."""
    steps, count = emitted.shape
    beta, ahead = np.full(count + 2, -np.inf), np.full(count + 2, -np.inf)
    beta[max(count - 2, 0) : count] = 0.0
    for t in range(steps - 1, -1, -1):
        if t < steps - 1:
            for s in range(count):
                ahead[s] = beta[s] + emitted[t + 1, s]
            for s in range(count):
                beta[s] = _log_sum(ahead[s], ahead[s + 1], ahead[s + 2] + leap[s + 2])
        row, into = alphas[t], gradient[t]
        for s in range(count):
            into[labels[s]] -= vmath.exp(row[s + 2] + beta[s] - total)


@jit()
def _ctc(x, gradient, losses, labels, skips, input_lengths, target_lengths):
    """x and gradient (N, T, C)"""
    for i in range(len(x)):
        steps, count = input_lengths[i], 2 * target_lengths[i] + 1
        gradient[i] = 0
        losses[i] = 0 if count == 1 else np.inf
        if not steps:
            continue
        emitted, leap = np.empty((steps, count)), np.full(count + 2, -np.inf)
        for s in range(count):
            leap[s] = 0.0 if skips[i, s] else -np.inf
        for t in range(steps):
            for s in range(count):
                emitted[t, s] = x[i, t, labels[i, s]]
        alphas = np.empty((steps, count + 2))
        _forward(emitted, leap, alphas)
        final = alphas[steps - 1]
        total = _log_sum(final[count + 1], final[count] if count > 1 else -np.inf, -np.inf)
        losses[i] = -total
        if total > -np.inf:
            _backward(emitted, leap, alphas, labels[i], total, gradient[i])


def ctc(log_probs, targets, input_lengths, target_lengths, blank):
    """−ln P(targets) of each sequence, and its gradient: −P(the state at t is c | targets)"""
    if log_probs.dtype not in FAST or not log_probs.size:
        with np.errstate(all="ignore"):
            return reference.ctc(log_probs, targets, input_lengths, target_lengths, blank)
    labels, skips = reference.states(np, targets, blank)
    x = np.ascontiguousarray(log_probs.transpose(1, 0, 2))
    gradient, losses = np.empty_like(x), empty((len(x),), x.dtype)
    arrays = x, gradient, losses, labels, skips, *map(
        np.ascontiguousarray, (input_lengths, target_lengths)
    )
    launch.split(_ctc, arrays, cost=6.0 * labels.shape[1] / x.shape[2])
    return losses, gradient.transpose(1, 0, 2)
