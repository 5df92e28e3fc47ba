"""Special functions as single loops, and the references without NumPy's warnings."""

import math
from functools import wraps

import numpy as np

from ..compile import jit
from ..floating import quiet
from ..reference import special as reference
from ..reference.special import BERNOULLI
from ..reference.transcendental import ERF, SQRT_2
from . import vmath
from .maps import unary

HALF_ROOT_PI = math.sqrt(math.pi) / 2
BELOW_1 = 1 - 2.0**-53
PSI = tuple(b / (2 * k) for k, b in reversed(list(enumerate(BERNOULLI, 1))))
ONE = vmath.number(1)


def _silent(function):
    quietly = quiet(function)

    @wraps(function)
    def run(*operands):
        return np.asarray(quietly(*operands))

    return run


@jit()
def _erfc(x, y):
    for i in range(x.size):
        y[i] = math.erfc(x[i])


@jit()
def _lgamma(x, y):
    for i in range(x.size):
        y[i] = math.lgamma(x[i])


@jit()
def _digamma(x, y):
    for i in range(x.size):
        y[i] = _psi(np.float64(x[i]))


@jit(forceinline=True)
def _psi(x):
    """ψ by reflection below 0, recurrence up to 10, and from there its asymptotic series"""
    if x == 0:
        return math.copysign(math.inf, -x)
    value, y = 0.0, x
    if x < 0:
        if x == math.floor(x):
            return math.nan
        value, y = -math.pi / math.tan(math.pi * (x - np.rint(x))), 1 - x
    while y < 10:
        value -= 1 / y
        y += 1
    return value + (math.log(y) - 0.5 / y - vmath.polynomial(1 / (y * y), PSI) / y / y)


@jit(forceinline=True)
def _halley(y, a):
    """One step from y towards erf y = a"""
    tail, density = vmath.normal_tail(SQRT_2 * y)
    miss = y * vmath.polynomial(y * y, ERF) - a if a < 0.5 else (1 - a) - 2 * tail
    step = miss / density * HALF_ROOT_PI
    return y - step / (1 + y * step)


@jit()
def _erfinv(x, out):
    for i in range(x.size):
        wide = np.float64(x[i])
        a = vmath.minimum(abs(wide), BELOW_1)
        log = vmath.log((1 - a) * (1 + a))
        half = 2 / (math.pi * 0.147) + log / 2
        y = math.sqrt(-log / 0.147 / (math.sqrt(half * half - log / 0.147) + half))
        y = _halley(_halley(y, a), a)
        y = math.inf if abs(wide) == 1 else y
        out[i] = np.copysign(math.nan if abs(wide) > 1 else y, wide)


@jit()
def _logit(x, y):
    for i in range(x.size):
        one = ONE(x[i])
        z = x[i] + x[i] - one
        a = abs(z)
        near = np.copysign(vmath.log1p_positive((a + a) / (one - a)), z)
        y[i] = near if a + a < one else vmath.log(x[i] / (one - x[i]))


polygamma = _silent(reference.polygamma)
xlog1py = _silent(reference.xlog1py)
xlogy = _silent(reference.xlogy)
digamma = unary(_silent(reference.digamma), _digamma, cost=20)
erfinv = unary(_silent(reference.erfinv), _erfinv, cost=6)
logit = unary(_silent(reference.logit), _logit, cost=3)
erfc = unary(_silent(reference.erfc), _erfc, cost=4)
lgamma = unary(_silent(reference.lgamma), _lgamma, cost=8)
