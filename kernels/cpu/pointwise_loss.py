"""Pointwise losses: one loop each for the values, their sum and the slopes, for every formula.

Numba compiles the loops once per formula, which it knows by the type of the tuple of its numbers.
"""

import numpy as np
from numba.extending import overload

from .. import launch
from ..compile import SUM, jit
from ..memory import empty_like
from ..reference import pointwise_loss as reference
from ..reference.pointwise_loss import HALF_LOG_2_PI, LEAST_VARIANCE, LOWEST_LOG
from . import vmath
from .cross_entropy import sum_over
from .maps import FAST, flat, same

CHUNK = 1 << 13  # elements of one partial sum: does not depend on the number of threads
ONE_CHUNK = np.zeros(1, np.int64)
ZERO, HALF, ONE, TWO, INF = map(vmath.number, (0, 0.5, 1, 2, np.inf))
LOWEST, LEAST, ROOT = map(vmath.number, (LOWEST_LOG, LEAST_VARIANCE, HALF_LOG_2_PI))


def _square(x, y, v, n):
    return (x - y) * (x - y)


def _square_slope(x, y, v, n):
    return TWO(x) * (x - y)


def _absolute(x, y, v, n):
    return abs(x - y)


def _absolute_slope(x, y, v, n):
    d = x - y
    slope = ONE(d) if d > ZERO(d) else ZERO(d)
    return -ONE(d) if d < ZERO(d) else slope


def _smooth_l1(x, y, v, n):
    d = x - y
    inside = d * d * (HALF(d) / n.beta)
    return inside if abs(d) < n.beta else abs(d) - HALF(d) * n.beta


def _smooth_l1_slope(x, y, v, n):
    d = x - y
    return d / n.beta if abs(d) < n.beta else _absolute_sign(d)


@vmath.inlined
def _absolute_sign(d):
    return np.copysign(ONE(d), d) if d == d else ZERO(d)


def _huber(x, y, v, n):
    d = x - y
    inside = HALF(d) * d * d
    return inside if abs(d) <= n.delta else n.delta * (abs(d) - HALF(d) * n.delta)


def _huber_slope(x, y, v, n):
    d = x - y
    return d if abs(d) <= n.delta else n.delta * _absolute_sign(d)


@vmath.inlined
def _log1m(x):
    """ln(1 − x), exact where x is small: what rounding took from 1 − x is added again"""
    one = ONE(x)
    u = one - x
    rest = ((one - u) - x) / u
    return vmath.log(u) + (rest if u > ZERO(x) else ZERO(x))


@vmath.inlined
def _bernoulli_logs(x):
    return vmath.maximum(vmath.log(x), LOWEST(x)), vmath.maximum(_log1m(x), LOWEST(x))


def _bernoulli(x, y, v, n):
    log, other = _bernoulli_logs(x)
    return (y - ONE(x)) * other - y * log


def _bernoulli_slope(x, y, v, n):
    return (x - y) / vmath.maximum(x * (ONE(x) - x), LEAST(x))


@vmath.inlined
def _softplus_pair(x):
    """ln(1 + eˣ) and ln(1 + e⁻ˣ)"""
    rest = vmath.log1p_positive(vmath.exp_gradual(-abs(x)))
    return vmath.maximum(x, ZERO(x)) + rest, vmath.maximum(-x, ZERO(x)) + rest


def _logistic(x, y, v, n):
    high, low = _softplus_pair(x)
    return y * low + (ONE(x) - y) * high


def _logistic_slope(x, y, v, n):
    p, other = vmath.sigmoid_pair(x)
    return (ONE(x) - y) * p - y * other


def _weighted_logistic(x, y, v, n):
    high, low = _softplus_pair(x)
    return v * y * low + (ONE(x) - y) * high


def _weighted_logistic_slope(x, y, v, n):
    p, other = vmath.sigmoid_pair(x)
    return (ONE(x) - y) * p - v * y * other


def _kullback_leibler(x, y, v, n):
    entropy = ZERO(x) if y == ZERO(y) else y * vmath.log(y)
    return entropy - y * x


def _kullback_leibler_slope(x, y, v, n):
    return -y


def _log_kullback_leibler(x, y, v, n):
    return ZERO(x) if y == -INF(y) else vmath.exp(y) * (y - x)


def _log_kullback_leibler_slope(x, y, v, n):
    return -vmath.exp(y)


@vmath.inlined
def _stirling(y):
    log = vmath.log(y)
    return y * log - y + ROOT(y) + HALF(y) * log if y > ONE(y) else ZERO(y)


def _log_poisson(x, y, v, n):
    loss = vmath.exp(x) - y * x
    return loss + _stirling(y) if n.full > ZERO(x) else loss


def _log_poisson_slope(x, y, v, n):
    return vmath.exp(x) - y


def _poisson(x, y, v, n):
    loss = x - y * vmath.log(x + n.eps)
    return loss + _stirling(y) if n.full > ZERO(x) else loss


def _poisson_slope(x, y, v, n):
    return ONE(x) - y / (x + n.eps)


def _gaussian(x, y, v, n):
    d, s = x - y, vmath.maximum(v, n.eps)
    loss = HALF(x) * (vmath.log(s) + d * d / s)
    return loss + ROOT(x) if n.full > ZERO(x) else loss


def _gaussian_slope(x, y, v, n):
    return (x - y) / vmath.maximum(v, n.eps)


def _soft_margin(x, y, v, n):
    return _softplus_pair(-y * x)[0]


def _soft_margin_slope(x, y, v, n):
    return -y * vmath.sigmoid(-y * x)


def _hinge_embedding(x, y, v, n):
    apart = vmath.maximum(n.margin - x, ZERO(x)) if y != ONE(y) else ZERO(x)
    return apart + (x if y != -ONE(y) else ZERO(x))


def _hinge_embedding_slope(x, y, v, n):
    apart = ONE(x) if (y != ONE(y)) & (x <= n.margin) else ZERO(x)
    return (ONE(x) if y != -ONE(y) else ZERO(x)) - apart


def _margin_ranking(x, y, v, n):
    return vmath.maximum(n.margin - v * (x - y), ZERO(x))


def _margin_ranking_slope(x, y, v, n):
    return -v if n.margin - v * (x - y) >= ZERO(x) else ZERO(x)


@vmath.inlined
def _focal_factor(x, y, n):
    """a qᵞ, q, σ(x) and σ(−x)"""
    p, other = vmath.sigmoid_pair(x)
    q = (ONE(x) - y) * p + y * other
    power = vmath.exp(n.gamma * vmath.log(q))
    power = ONE(x) if n.gamma == ZERO(x) else power
    balance = n.alpha * y + (ONE(x) - n.alpha) * (ONE(x) - y)
    return (balance if n.alpha >= ZERO(x) else ONE(x)) * power, q, p, other


def _sigmoid_focal(x, y, v, n):
    high, low = _softplus_pair(x)
    return _focal_factor(x, y, n)[0] * (y * low + (ONE(x) - y) * high)


def _sigmoid_focal_slope(x, y, v, n):
    high, low = _softplus_pair(x)
    factor, q, p, other = _focal_factor(x, y, n)
    relative = p * other / q if q > ZERO(x) else ZERO(x)
    loss = y * low + (ONE(x) - y) * high
    steepness = n.gamma * relative * (ONE(x) - TWO(x) * y) * loss
    return factor * (steepness + (ONE(x) - y) * p - y * other)


class WeightedLogistic(reference.NamedTuple):
    """The formula Logistic where there is a third array."""


LOOPS = {  # formula: value, slope, cost in units of one exp
    reference.Square: (_square, _square_slope, 0.2),
    reference.Absolute: (_absolute, _absolute_slope, 0.2),
    reference.SmoothL1: (_smooth_l1, _smooth_l1_slope, 0.3),
    reference.Huber: (_huber, _huber_slope, 0.2),
    reference.Bernoulli: (_bernoulli, _bernoulli_slope, 2),
    reference.Logistic: (_logistic, _logistic_slope, 2),
    WeightedLogistic: (_weighted_logistic, _weighted_logistic_slope, 2),
    reference.KullbackLeibler: (_kullback_leibler, _kullback_leibler_slope, 1),
    reference.LogKullbackLeibler: (_log_kullback_leibler, _log_kullback_leibler_slope, 1),
    reference.LogPoisson: (_log_poisson, _log_poisson_slope, 1),
    reference.Poisson: (_poisson, _poisson_slope, 1),
    reference.Gaussian: (_gaussian, _gaussian_slope, 1),
    reference.SoftMargin: (_soft_margin, _soft_margin_slope, 2),
    reference.HingeEmbedding: (_hinge_embedding, _hinge_embedding_slope, 0.3),
    reference.MarginRanking: (_margin_ranking, _margin_ranking_slope, 0.3),
    reference.SigmoidFocal: (_sigmoid_focal, _sigmoid_focal_slope, 5),
}
COMPILED = {kind: (vmath.inlined(f), vmath.inlined(df)) for kind, (f, df, _) in LOOPS.items()}


INLINED = {"forceinline": True}  # a loop with a call left in it does not vectorise


def _value(x, y, v, numbers):
    return LOOPS[type(numbers)][0](x, y, v, numbers)


def _slope(x, y, v, numbers):
    return LOOPS[type(numbers)][1](x, y, v, numbers)


@overload(_value, jit_options=INLINED)
def _compiled_value(x, y, v, numbers):
    function = COMPILED[numbers.instance_class][0]
    return lambda x, y, v, numbers: function(x, y, v, numbers)


@overload(_slope, jit_options=INLINED)
def _compiled_slope(x, y, v, numbers):
    function = COMPILED[numbers.instance_class][1]
    return lambda x, y, v, numbers: function(x, y, v, numbers)


@jit()
def _values(x, y, v, out, numbers):
    for i in range(x.size):
        out[i] = _value(x[i], y[i], v[i], numbers)


@jit(SUM)
def _sums(starts, partial, x, y, v, numbers):
    for i in range(starts.size):
        start = starts[i]
        a, b, c = x[start : start + CHUNK], y[start : start + CHUNK], v[start : start + CHUNK]
        total = ZERO(a[0])
        for j in range(a.size):
            total += _value(a[j], b[j], c[j], numbers)
        partial[i] = total


@jit()
def _slopes(g, x, y, v, out, numbers):
    for i in range(x.size):
        out[i] = g[i] * _slope(x[i], y[i], v[i], numbers)


@jit()
def _slopes_of_sum(x, y, v, out, numbers, scale):
    for i in range(x.size):
        out[i] = scale * _slope(x[i], y[i], v[i], numbers)


def _fit(x, y, v):
    """Whether the compiled loops take these operands."""
    return x.dtype in FAST and x.size and same(x, y) and (v is None or same(x, v))


def _typed(x, v, formula):
    """The tuple that selects a compiled loop, in the dtype of x, and the cost of the loop."""
    kind = type(formula)
    if kind is reference.Logistic and v is not None:
        kind = WeightedLogistic
    numbers = kind(*map(x.dtype.type, formula)) if formula else kind()
    return numbers, LOOPS[kind][2]


def pointwise_loss(x, y, v, formula, divisor):
    """The losses of a formula, or their sum over ``divisor`` unless that is None"""
    if not _fit(x, y, v):
        with np.errstate(all="ignore"):
            return reference.pointwise_loss(x, y, v, formula, divisor)
    numbers, cost = _typed(x, v, formula)
    arrays = flat(x), flat(y), flat(x if v is None else v)
    if divisor is None:
        out = empty_like(x)
        launch.split(_values, (*arrays, flat(out)), numbers, cost=cost)
        return out
    starts = ONE_CHUNK if x.size <= CHUNK else np.arange(0, x.size, CHUNK)
    partial, out = np.empty(starts.size), np.empty((), x.dtype)
    launch.split(_sums, (starts, partial), *arrays, numbers, cost=cost * CHUNK)
    sum_over(partial, divisor, out)
    return out


def pointwise_loss_vjp(g, x, y, v, formula, divisor):
    """g · dℓ/dx, over ``divisor`` unless that is None"""
    if not _fit(x, y, v) or g.dtype != x.dtype or (divisor is None and g.shape != x.shape):
        with np.errstate(all="ignore"):
            return reference.pointwise_loss_vjp(g, x, y, v, formula, divisor)
    numbers, cost = _typed(x, v, formula)
    out = empty_like(x)
    arrays = flat(x), flat(y), flat(x if v is None else v), flat(out)
    if divisor is None:
        launch.split(_slopes, (flat(g), *arrays), numbers, cost=cost)
    else:
        scale = x.dtype.type(g.item() / divisor)
        launch.split(_slopes_of_sum, arrays, numbers, scale, cost=cost)
    return out
