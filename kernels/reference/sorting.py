"""Places in a sorted row, and rows that occur several times."""

import math

from ..registry import array_module, kernel


def _sorted(make, shape):
    xp = array_module(make.normal(shape))
    return xp.sort(make.normal(shape), -1), make.normal((*shape[:-1], 6)), False


@kernel(_sorted, min_ndim=1)
def search(rows, values, right):
    """How many elements of each sorted row lie below each value; with ``right`` also equal ones

    A NaN lies above all numbers.
    """
    xp = array_module(rows)
    side = "right" if right else "left"
    if rows.ndim == 1:
        return xp.searchsorted(rows, values, side)
    count = math.prod(rows.shape[:-1])
    flat_rows = rows.reshape(count, rows.shape[-1])
    flat_values = values.reshape(count, values.shape[-1])
    out = xp.empty(flat_values.shape, "int64")
    for i in range(count):
        out[i] = xp.searchsorted(flat_rows[i], flat_values[i], side)
    return out.reshape(values.shape)


@kernel(lambda make, shape: (make.integers(shape, 0, 3).reshape(shape[0], -1), True), min_ndim=1,
        allows_empty=False)
def distinct(rows, sort):
    """The rows of a matrix that differ: (where each is found first, which of them a row is, counts)

    They come in lexical order with ``sort``; without it only neighbours are compared.
    """
    xp = array_module(rows)
    count = len(rows)
    order = xp.arange(count)
    if sort and rows.shape[1] == 1:
        order = xp.argsort(rows[:, 0], kind="stable")
    elif sort:
        order = xp.lexsort(rows.T[::-1])
    ranked = rows[order]
    starts = xp.ones(count, bool)
    starts[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    which = xp.empty(count, "int64")
    which[order] = xp.cumsum(starts) - 1
    first = xp.nonzero(starts)[0]
    counts = xp.diff(xp.concatenate([first, xp.asarray([count])]))
    return order[first], which, counts
