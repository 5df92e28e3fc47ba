"""Sums of a few weighted elements along each axis: average pooling, interpolation, their adjoints.

What a sum reads is written in a :class:`Table` for each axis. Its transpose is a table again, so
the gradient of any such sum is one.
"""

import functools

import numpy as np

from ..registry import array_module, kernel


class Table:
    """A sparse matrix for one axis: y[o] = Σ_t weight[t, o] x[index[t, o]].

    A weight of 0 is no entry: what its index names is left out of the sum, even if it is NaN.
    Tables live on the host; kernels bring them to where the arrays are.
    """

    def __init__(self, index, weight, extent):
        self.index = np.ascontiguousarray(index, np.uint32)
        self.weight = np.ascontiguousarray(weight, np.float64)
        self.extent = extent
        self.size = self.index.shape[1]
        self._weights = {}

    def weights(self, dtype):
        """The weights in the dtype of an array."""
        if dtype not in self._weights:
            self._weights[dtype] = self.weight.astype(dtype)
        return self._weights[dtype]

    @functools.cached_property
    def runs(self):
        """For each tap (low, high, start, step): index[t, o] = start + o · step for low <= o < high

        A run lies around the middle; ends are what borders leave over.
        """
        found, middle = [], (self.size - 1) // 2
        for index in self.index.astype(np.int64):
            steps = np.diff(index)
            step = steps[middle] if self.size > 1 else 1
            (breaks,) = np.nonzero(steps != step)
            low = breaks[breaks < middle].max(initial=-1) + 1
            high = breaks[breaks > middle].min(initial=self.size - 1) + 1
            found.append((low, high, index[low] - low * step, step))
        return np.array(found)

    @functools.cached_property
    def transposed(self):
        """The table of the transposed matrix."""
        tap, out = np.nonzero(self.weight)
        source = self.index[tap, out]
        order = np.lexsort((out, source))
        source, out, weight = source[order], out[order], self.weight[tap, out][order]
        turn = np.arange(len(source)) - np.searchsorted(source, source)
        shape = turn.max(initial=0) + 1, self.extent
        index, weights = np.zeros(shape, np.uint32), np.zeros(shape)
        index[turn, source], weights[turn, source] = out, weight
        table = Table(index, weights, self.size)
        table.transposed = self
        return table

    def matrix(self):
        """The dense matrix, (size, extent)."""
        dense = np.zeros((self.size, self.extent))
        np.add.at(dense, (np.arange(self.size), self.index), self.weight)
        return dense


def example(make, shape):
    """An array with one to three axes after the first, and a table for each."""
    shape = (1, *shape)[-4:] if len(shape) else (2, 3)
    tables = tuple(
        Table([[0] * 4, [n - 1] * 4, [n // 2] * 4], [[0.5] * 4, [1, 0, 2, 0], [-1, 0.25, 0, 1]], n)
        if n
        else Table(np.zeros((1, 2)), np.zeros((1, 2)), 0)
        for n in shape[1:]
    )
    return make.normal(shape), tables


@kernel(example, notes={"sums": True})
def resample(x, tables):
    """y[…, o] = Σ_t weight[t, o] x[…, index[t, o]] along the last axes, one table for each"""
    for axis, table in enumerate(tables, x.ndim - len(tables)):
        x = _along(x, table, axis)
    return x


def _along(x, table, axis):
    xp, zero = array_module(x), x.dtype.type(0)
    y = xp.zeros((*x.shape[:axis], table.size, *x.shape[axis + 1 :]), x.dtype)
    if not x.size:
        return y
    weights = xp.asarray(table.weights(x.dtype))
    for index, weight in zip(xp.asarray(table.index), weights, strict=True):
        weight = weight.reshape(-1, *(1,) * (x.ndim - axis - 1))
        y += xp.where(weight != 0, xp.take(x, index, axis) * weight, zero)
    return y
