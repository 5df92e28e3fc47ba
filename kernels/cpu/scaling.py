"""Loss scaling: the check and the multiplication in one pass."""

import numpy as np

from ..compile import jit
from ..reference import scaling as reference

_FLOATS = (np.dtype("float32"), np.dtype("float64"))


@jit()
def _unscale(x, factor):
    """Whether x was finite; one flag, looked at after the last element"""
    scale, wrong = x.dtype.type(factor), False
    for i in range(x.size):
        v = x[i]
        wrong |= not (abs(v) < np.inf)
        x[i] = v * scale
    return not wrong


def unscale_(x, factor):
    """x ← factor · x in place; returns whether all of x was finite"""
    if x.dtype not in _FLOATS or not x.flags.c_contiguous:
        return reference.unscale_(x, factor)
    return np.asarray(_unscale(x.reshape(-1), float(factor)))
