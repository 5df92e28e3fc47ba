"""Selection without branches: NumPy's ``where`` jumps, ten times slower on mixed conditions."""

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty, empty_like
from ..reference import select as reference

SMALL = 512  # elements of the condition; below, NumPy's call is as fast
COST = 0.2
_FLOATS = (np.dtype("float32"), np.dtype("float64"))


@jit()
def _where(condition, a, b, out):
    for i in range(out.size):
        out[i] = a[i] if condition[i] else b[i]


@jit()
def _sign(x, out):
    for i in range(out.size):
        out[i] = np.int32(x[i] > 0) - np.int32(x[i] < 0)


def _flat(x, shape, dtype):
    """A flat contiguous array of ``shape`` and ``dtype`` with the values of x."""
    if type(x) is np.ndarray and x.shape == shape and x.dtype == dtype:
        return x.ravel()
    return np.broadcast_to(np.asarray(x, dtype), shape).ravel()


def where(condition, a, b):
    """a where the condition holds, b elsewhere"""
    if condition.size < SMALL or condition.dtype != np.bool_:
        return np.asarray(reference.where(condition, a, b))
    dtype, shape = np.result_type(a, b), condition.shape
    if dtype not in _FLOATS:
        return reference.where(condition, a, b)
    if not shape == getattr(a, "shape", ()) == getattr(b, "shape", ()):
        shape = np.broadcast_shapes(shape, np.shape(a), np.shape(b))
    out = empty(shape, dtype)
    operands = (_flat(condition, shape, np.bool_), _flat(a, shape, dtype), _flat(b, shape, dtype))
    launch.split(_where, (*operands, out.ravel()), cost=COST)
    return out


def sign(x):
    """−1, 0 or 1; 0 for NaN"""
    if x.dtype not in _FLOATS:
        return np.asarray(reference.sign(x))
    out = empty_like(x)
    launch.split(_sign, (x.ravel(), out.ravel()), cost=COST)
    return out
