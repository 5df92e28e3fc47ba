"""Embedding: rows of a table, with what its gradient leaves out."""

import numpy as np

from ..engine.graph import new_tensor
from ..engine.modes import state
from ..engine.op import Op, Sample
from .along import TakeRows
from .operands import only_tensors
from .scatter import wide_index
from .shape import reshape

__all__ = ["embedding"]


class Embedding(Op):
    """y = rows of a table.    dL/dtable = zeros with g added at the rows

    There ``padding`` gets no gradient, and ``by_frequency`` divides g by how often a row is read.
    """

    def forward(ctx, k, table, index, *, padding, by_frequency):
        ctx.padding, ctx.by_frequency, ctx.extent = padding, by_frequency, table.shape[0]
        ctx.save(index)
        return k.take_rows(table, index, 0)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        if ctx.padding is not None:
            g = k.where(k.reshape(k.eq(index, ctx.padding), (-1, 1)), 0.0, g)
        if ctx.by_frequency:
            count = k.frequency(index, ctx.extent)
            g = k.div(g, k.reshape(k.astype(count, g.dtype), (-1, 1)))
        return k.add_rows(g, index, 0, ctx.extent), None

    def samples(rng):
        plain = {"padding": 1, "by_frequency": False}
        table = rng.normal(size=(4, 3))
        yield Sample("rows", (table, np.array([2, 0, 2])), plain)
        yield Sample("by frequency", (table, np.array([2, 0])), {**plain, "by_frequency": True})

    def peer(torch, table, index, *, padding, by_frequency):
        return torch.nn.functional.embedding(index, table, padding, None, 2.0, by_frequency)


def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """The rows of the matrix ``weight`` at integer indices, in the shape of ``input`` + (columns,).

    The row ``padding_idx`` gets no gradient. With ``max_norm``, rows that are read and whose
    ``norm_type``-norm is larger are scaled down to it first, in place. ``scale_grad_by_freq``
    divides gradients by how often a row is read; ``sparse`` is ignored.

    >>> import minigrad as mg
    >>> mg.nn.functional.embedding(mg.tensor([1, 0]), mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    only_tensors("embedding", input, weight, arguments=("input", "weight"))
    if weight._array.ndim != 2:
        raise RuntimeError(f"embedding: weight must be a matrix, got shape {weight._array.shape}")
    rows = len(weight._array)
    index = wide_index("embedding", input)
    at = index if index._array.ndim == 1 else reshape(index, -1)
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise RuntimeError(f"embedding: padding_idx={padding_idx} must be one of {rows} rows")
        padding_idx %= rows
    if max_norm is not None:
        _shorten(weight, at._array, max_norm, norm_type)
    if padding_idx is None and not scale_grad_by_freq:
        y = TakeRows.apply(weight, at, axis=0)
    else:
        y = Embedding.apply(weight, at, padding=padding_idx, by_frequency=scale_grad_by_freq)
    return y if at is index else reshape(y, (*index._array.shape, weight._array.shape[1]))


def _shorten(weight, index, max_norm, norm_type):
    """Scale the rows at ``index`` whose norm is above ``max_norm`` down to it, in place."""
    before, state.recording = state.recording, False
    try:
        rows = new_tensor(weight._array, weight._tag)[new_tensor(index)]
        norms = rows.norm(norm_type, 1, True)
        shorter = rows * (max_norm / (norms + 1e-7))
        weight[new_tensor(index)] = shorter.where(norms > max_norm, rows)
    finally:
        state.recording = before
