"""Losses that compare an input with a target element by element.

A formula is a tuple of its numbers with the value of the loss and its slopes. They are written
against ``k``, which holds kernels (and then x, y and v are arrays) or ops (and they are tensors):
the same lines give the reference and the second derivatives. The slope is the one in x; that in y
is its negative for formulas ``of_difference`` x − y.
"""

import math
from typing import NamedTuple

from ..registry import REFERENCE, array_module, kernel

LOWEST_LOG = -100.0  # of a probability
LEAST_VARIANCE = 1e-12  # of a Bernoulli variable: p (1 − p)
HALF_LOG_2_PI = math.log(2 * math.pi) / 2


class Square(NamedTuple):
    """d², d = x − y"""

    of_difference = True

    def value(self, k, x, y, v):
        return (x - y) * (x - y)

    def slope(self, k, x, y, v):
        return 2.0 * (x - y)


class Absolute(NamedTuple):
    """|d|, d = x − y"""

    of_difference = True

    def value(self, k, x, y, v):
        return abs(x - y)

    def slope(self, k, x, y, v):
        return k.sign(x - y)


class SmoothL1(NamedTuple):
    """d² / 2β for |d| < β, else |d| − β / 2, d = x − y"""

    beta: float = 1.0
    of_difference = True

    def value(self, k, x, y, v):
        d = x - y
        return k.where(abs(d) < self.beta, d * d / (2 * self.beta), abs(d) - self.beta / 2)

    def slope(self, k, x, y, v):
        d = x - y
        return k.where(abs(d) < self.beta, d / self.beta, k.sign(d))


class Huber(NamedTuple):
    """d² / 2 for |d| <= δ, else δ (|d| − δ / 2), d = x − y"""

    delta: float = 1.0
    of_difference = True

    def value(self, k, x, y, v):
        d = x - y
        tail = self.delta * (abs(d) - self.delta / 2)
        return k.where(abs(d) <= self.delta, d * d / 2, tail)

    def slope(self, k, x, y, v):
        d = x - y
        return k.where(abs(d) <= self.delta, d, self.delta * k.sign(d))


class Bernoulli(NamedTuple):
    """−y ln x − (1 − y) ln(1 − x) of a probability x, no logarithm below −100"""

    def value(self, k, x, y, v):
        other = k.maximum(k.log1p(-x), LOWEST_LOG)
        return (y - 1.0) * other - y * k.maximum(k.log(x), LOWEST_LOG)

    def slope(self, k, x, y, v):
        return (x - y) / k.maximum(x * (1.0 - x), LEAST_VARIANCE)

    def target_slope(self, k, x, y, v):
        return k.maximum(k.log1p(-x), LOWEST_LOG) - k.maximum(k.log(x), LOWEST_LOG)


class Logistic(NamedTuple):
    """v y ln(1 + e⁻ˣ) + (1 − y) ln(1 + eˣ), v weighing the positives (1 if None)"""

    def value(self, k, x, y, v):
        positive = y if v is None else v * y
        return positive * _softplus(k, -x) + (1.0 - y) * _softplus(k, x)

    def slope(self, k, x, y, v):
        positive = y if v is None else v * y
        return (1.0 - y) * k.sigmoid(x) - positive * k.sigmoid(-x)

    def target_slope(self, k, x, y, v):
        if v is None:
            return -x
        return v * _softplus(k, -x) - _softplus(k, x)


def _softplus(k, x):
    """ln(1 + eˣ)"""
    return k.logaddexp(x, 0.0)


class KullbackLeibler(NamedTuple):
    """y (ln y − x) of a log-probability x, 0 where y = 0"""

    def value(self, k, x, y, v):
        return k.xlogy(y, y) - y * x

    def slope(self, k, x, y, v):
        return -y

    def target_slope(self, k, x, y, v):
        return k.log(y) + 1.0 - x


class LogKullbackLeibler(NamedTuple):
    """eʸ (y − x) of log-probabilities, 0 where y = −∞"""

    def value(self, k, x, y, v):
        return k.where(y == -math.inf, 0.0, k.exp(y) * (y - x))

    def slope(self, k, x, y, v):
        return -k.exp(y)

    def target_slope(self, k, x, y, v):
        return k.where(y == -math.inf, 0.0, k.exp(y) * (y - x + 1.0))


class LogPoisson(NamedTuple):
    """eˣ − y x, the rate of y being eˣ; with ``full`` plus Stirling's ln y! for y > 1"""

    full: float = 0.0

    def value(self, k, x, y, v):
        loss = k.exp(x) - y * x
        return loss + _stirling(k, y) if self.full else loss

    def slope(self, k, x, y, v):
        return k.exp(x) - y

    def target_slope(self, k, x, y, v):
        return _stirling_slope(k, y) - x if self.full else -x


class Poisson(NamedTuple):
    """x − y ln(x + ε), the rate of y being x; with ``full`` plus Stirling's ln y! for y > 1"""

    full: float = 0.0
    eps: float = 1e-8

    def value(self, k, x, y, v):
        loss = x - y * k.log(x + self.eps)
        return loss + _stirling(k, y) if self.full else loss

    def slope(self, k, x, y, v):
        return 1.0 - y / (x + self.eps)

    def target_slope(self, k, x, y, v):
        slope = -k.log(x + self.eps)
        return slope + _stirling_slope(k, y) if self.full else slope


def _stirling(k, y):
    """y ln y − y + ln(2π y) / 2 for y > 1, else 0"""
    large = k.where(y > 1.0, y, 1.0)
    log = k.log(large)
    return k.where(y > 1.0, large * log - large + HALF_LOG_2_PI + 0.5 * log, 0.0)


def _stirling_slope(k, y):
    large = k.where(y > 1.0, y, 1.0)
    return k.where(y > 1.0, k.log(large) + 0.5 / large, 0.0)


class Gaussian(NamedTuple):
    """(ln s + (x − y)² / s) / 2 with s = max(v, ε); with ``full`` plus ln(2π) / 2"""

    full: float = 0.0
    eps: float = 1e-6
    of_difference = True

    def value(self, k, x, y, v):
        d, s = x - y, k.maximum(v, self.eps)
        return 0.5 * (k.log(s) + d * d / s) + (HALF_LOG_2_PI if self.full else 0.0)

    def slope(self, k, x, y, v):
        return (x - y) / k.maximum(v, self.eps)

    def third_slope(self, k, x, y, v):
        d, s = x - y, k.maximum(v, self.eps)
        return 0.5 * (1.0 - d * d / s) / s


class SoftMargin(NamedTuple):
    """ln(1 + e^(−y x))"""

    def value(self, k, x, y, v):
        return _softplus(k, -y * x)

    def slope(self, k, x, y, v):
        return -y * k.sigmoid(-y * x)


class HingeEmbedding(NamedTuple):
    """x for y = 1, max(0, margin − x) for y = −1; their sum for any other y"""

    margin: float = 1.0

    def value(self, k, x, y, v):
        apart = k.where(y != 1.0, k.maximum(self.margin - x, 0.0), 0.0)
        return apart + k.where(y != -1.0, x, 0.0)

    def slope(self, k, x, y, v):
        near = k.where(x <= self.margin, -(y * 0.0 + 1.0), 0.0)
        return k.where(y != 1.0, near, 0.0) + k.where(y != -1.0, y * 0.0 + 1.0, 0.0)


class MarginRanking(NamedTuple):
    """max(0, margin − v (x − y))"""

    margin: float = 0.0
    of_difference = True

    def value(self, k, x, y, v):
        return k.maximum(self.margin - v * (x - y), 0.0)

    def slope(self, k, x, y, v):
        return k.where(self.margin - v * (x - y) >= 0.0, -v, 0.0)

    def third_slope(self, k, x, y, v):
        d = x - y
        return k.where(self.margin - v * d >= 0.0, -d, 0.0)


class SigmoidFocal(NamedTuple):
    """a qᵞ · (y ln(1 + e⁻ˣ) + (1 − y) ln(1 + eˣ)), q the probability of the other class

    q = (1 − y) σ(x) + y σ(−x) and a = α y + (1 − α) (1 − y), or 1 for a negative α.
    """

    alpha: float = 0.25
    gamma: float = 2.0

    def balance(self, y):
        return self.alpha * y + (1 - self.alpha) * (1.0 - y) if self.alpha >= 0 else 1.0

    def value(self, k, x, y, v):
        q = (1.0 - y) * k.sigmoid(x) + y * k.sigmoid(-x)
        return self.balance(y) * q**self.gamma * Logistic().value(k, x, y, None)

    def slope(self, k, x, y, v):
        p, other = k.sigmoid(x), k.sigmoid(-x)
        q = (1.0 - y) * p + y * other
        relative = k.where(q > 0.0, p * other / k.where(q > 0.0, q, 1.0), 0.0) * (1.0 - 2.0 * y)
        loss, slope = Logistic().value(k, x, y, None), Logistic().slope(k, x, y, None)
        return self.balance(y) * q**self.gamma * (self.gamma * relative * loss + slope)


FORMULAS = {
    formula.__name__: formula
    for formula in (
        Square, Absolute, SmoothL1, Huber, Bernoulli, Logistic, KullbackLeibler,
        LogKullbackLeibler, LogPoisson, Poisson, Gaussian, SoftMargin, HingeEmbedding,
        MarginRanking, SigmoidFocal,
    )
}  # fmt: skip


def _pair(make, shape):
    return make.normal(shape), make.normal(shape), None, Huber(0.8), 3


def _gradient_and_pair(make, shape):
    return (make.normal(shape), *_pair(make, shape)[:-1], None)


@kernel(_pair, notes={"sums": True})
def pointwise_loss(x, y, v, formula, divisor):
    """The losses of a formula, or their sum over ``divisor`` unless that is None"""
    losses = formula.value(REFERENCE, x, y, v)
    if divisor is not None:
        losses = array_module(x).asarray(losses).sum() / x.dtype.type(divisor)
    return array_module(x).asarray(losses, dtype=x.dtype)


@kernel(_gradient_and_pair)
def pointwise_loss_vjp(g, x, y, v, formula, divisor):
    """g · dℓ/dx, over ``divisor`` unless that is None"""
    slope = g * formula.slope(REFERENCE, x, y, v)
    if divisor is not None:
        slope = slope / x.dtype.type(divisor or 1)
    return array_module(x).asarray(slope, dtype=x.dtype)
