"""Weighted sums of a few elements along each axis, which are means of windows or interpolation."""

import numpy as np

from ..backend import Table
from ..engine.op import Op, Sample

__all__ = []


class Resample(Op):
    """y = x times a sparse matrix along each of the last axes.    dL/dx = g times their transposes

    Each matrix is a table of the elements that an output reads and of their weights.
    """

    def forward(ctx, k, x, *, tables):
        ctx.tables = tables
        return k.resample(x, tables)

    def vjp(ctx, k, g):
        return k.resample(g, tuple(table.transposed for table in ctx.tables))

    def samples(rng):
        for name, extents in (("line", (4,)), ("plane", (3, 5)), ("space", (2, 3, 4))):
            tables = tuple(
                Table(rng.integers(0, n, (2, n + 1)), rng.normal(size=(2, n + 1)), n)
                for n in extents
            )
            yield Sample(name, (rng.normal(size=(2, 1, *extents)),), {"tables": tables})

    def peer(torch, x, *, tables):
        for axis, table in enumerate(tables, x.ndim - len(tables)):
            matrix = torch.as_tensor(table.matrix().T).to(x.dtype)
            x = torch.movedim(torch.tensordot(x, matrix, ([axis], [0])), -1, axis)
        return x


def around(first, weights, extent):
    """The table of runs from ``first`` on, (taps, outputs) weights; beyond the input, its edge."""
    index = first + np.arange(len(weights))[:, None]
    return Table(np.clip(index, 0, extent - 1), weights, extent)
