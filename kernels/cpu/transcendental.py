"""exp, log and erf as single vectorised loops."""

from ..compile import jit
from ..reference import transcendental as reference
from . import vmath
from .maps import unary


@jit()
def _exp(x, y):
    for i in range(x.size):
        y[i] = vmath.exp(x[i])


@jit()
def _log(x, y):
    for i in range(x.size):
        y[i] = vmath.log(x[i])


@jit()
def _erf(x, y):
    for i in range(x.size):
        y[i] = vmath.erf(x[i])


exp = unary(reference.exp, _exp)
log = unary(reference.log, _log)
erf = unary(reference.erf, _erf)
