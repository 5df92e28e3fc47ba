"""Views that NumPy makes slowly (``broadcast_to`` costs more than a small kernel), and copies.

Large copies lie in memory that is used again.
"""

import math

import numpy as np

from ..memory import SMALL, empty, empty_like
from ..reference import shape as reference


def reshape(x, shape):
    """The same elements in row-major order under another shape; a view where possible."""
    if x.nbytes < SMALL or x.flags.c_contiguous:
        return x.reshape(shape)
    try:
        return np.reshape(x, shape, copy=False)
    except ValueError:
        copy = empty_like(x)
        copy[...] = x
        return copy.reshape(shape)


def cat(axis, *arrays):
    """Arrays one after another along ``axis``, in C order whatever theirs is."""
    first = arrays[0]
    if first.nbytes * len(arrays) < SMALL or any(a.dtype != first.dtype for a in arrays):
        return np.asarray(np.concatenate(arrays, axis), order="C")
    length = sum(a.shape[axis] for a in arrays)
    out = empty((*first.shape[:axis], length, *first.shape[axis + 1 :]), first.dtype)
    return np.concatenate(arrays, axis, out)


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
