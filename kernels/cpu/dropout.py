"""Dropout of whole rows."""

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty_like
from ..reference import dropout as reference
from .maps import FAST
from .random import dropout

COST = 0.2


@jit()
def _scaled_rows(x, mask, y):
    for i in range(len(x)):
        row, out, factor = x[i], y[i], mask[i]
        for j in range(row.size):
            out[j] = row[j] * factor


def dropout_rows(x, p, key, rows):
    """x · mask / (1 − p) with one element of the mask, hashed from index and key, for each row"""
    if x.dtype not in FAST or not x.size:
        return reference.dropout_rows(x, p, key, rows)
    y, mask = empty_like(x), dropout(np.ones(rows, x.dtype), p, key)
    arrays = np.ascontiguousarray(x).reshape(rows, -1), mask, y.reshape(rows, -1)
    launch.split(_scaled_rows, arrays, cost=COST)
    return y
