"""The largest elements of windows."""

import itertools
import math

import numpy as np

from ..registry import array_module, kernel
from .resample import Table, example


def _windows(make, shape):
    """Windows of two neighbours, the last repeating its one element."""
    x, _ = example(make, shape)
    pairs = [np.minimum([np.arange(n), np.arange(n) + 1], n - 1) for n in x.shape[1:]]
    return x, tuple(Table(pair, np.ones(pair.shape), pair.shape[1]) for pair in pairs)


def place_dtype(extents):
    """The dtype that counts the elements of a plane"""
    return np.dtype("int32" if math.prod(extents) < 2**31 else "int64")


@kernel(_windows, allows_empty=False)
def max_pool(x, tables):
    """The largest element of every window, and where it is among those of its plane

    A window holds all combinations of the taps that the tables of the last axes have for one
    output, duplicates included. The first of equal elements is taken, and the last NaN. Places are
    int32 (int64 in planes that need it).
    """
    xp, lead = array_module(x), x.ndim - len(tables)
    indices = [xp.asarray(table.index).astype("int64") for table in tables]
    y = None
    for taps in itertools.product(*(range(len(index)) for index in indices)):
        value, place = x, xp.zeros((), "int64")
        for axis, (tap, index) in enumerate(zip(taps, indices, strict=True), lead):
            value = xp.take(value, index[tap], axis)
            place = place[..., None] * x.shape[axis] + index[tap]
        if y is None:
            y, at = value, xp.broadcast_to(place, value.shape)
            continue
        better = (value > y) | (value != value)
        y, at = xp.where(better, value, y), xp.where(better, place, at)
    return y, xp.ascontiguousarray(at.astype(place_dtype(x.shape[lead:])))
