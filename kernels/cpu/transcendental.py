"""exp, log and erf as single vectorised loops; what NumPy vectorises itself, by NumPy."""

import numpy as np

from ..compile import jit
from ..reference import transcendental as reference
from . import vmath
from .arithmetic import _binary as by_binary_ufunc
from .arithmetic import _unary as by_ufunc
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


def _define(table, build):
    for name, (function, formula, *_) in table.items():
        apply = build(getattr(np, function))
        apply.__name__ = apply.__qualname__ = name
        apply.__doc__ = formula
        globals()[name] = apply


_define(reference.UNARY, by_ufunc)
_define(reference.BINARY, by_binary_ufunc)
