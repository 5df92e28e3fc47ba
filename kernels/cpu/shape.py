"""Views that NumPy makes slowly: its ``broadcast_to`` costs more than a small kernel."""

import math

import numpy as np

from ..memory import SMALL
from ..reference import shape as reference


def expand(x, shape):
    """Repeat along axes of extent 1 or new leading axes, as a read-only view."""
    lead = len(shape) - x.ndim
    if lead < 0 or not x.flags.c_contiguous or not x.size:
        return reference.expand(x, shape)
    strides = [0] * lead
    for extent, wanted, step in zip(x.shape, shape[lead:], x.strides, strict=True):
        if extent != wanted and extent != 1:
            return reference.expand(x, shape)  # which raises
        strides.append(step if extent == wanted else 0)
    view = np.ndarray(shape, x.dtype, x, 0, strides)
    view.flags.writeable = False
    return view


def repeated(x, shape):
    """As expand, for reading only: small results are copies, quicker to make and to read."""
    if math.prod(shape) * x.itemsize >= SMALL:
        return expand(x, shape)
    out = np.empty(shape, x.dtype)
    out[...] = x
    return out
