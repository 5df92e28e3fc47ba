"""Embedding: rows of a table, with what its gradient leaves out."""

import numpy as np

from ..backend import array_module
from ..engine import graph, modes
from ..engine.graph import dtype_of, new_tensor
from ..engine.modes import no_grad
from ..engine.op import Op, Sample
from .along import TakeRows
from .operands import only_tensors, optional_tensors
from .scatter import index_add, index_reduce, wide_index
from .shape import Reshape, reshape

__all__ = ["embedding", "embedding_bag"]


class Lookup:
    """The rows of a table that an input is, so that a recurrent layer may read the table itself.

    With x = E[index], x Wᵀ = (E Wᵀ)[index]: where E has fewer rows than there are indices, the
    product with E is the smaller one. Going back, the gradients of the gates are summed by rows of
    E into S, then dL/dE = S W and dL/dW = Sᵀ E.

    That hands nothing to x, which is right for E since the contributions of all that depend on x
    are added up. Whether somebody looks at x is asked when the gradient is there: if x has a hook
    (retain_grad is one) or is among the inputs of this grad() or backward(), or if E was written to
    since, the gradient goes by way of x as without fusion.
    """

    __slots__ = ("table", "index", "padding", "nodes", "read")

    def __init__(self, table, read, index, padding, nodes):
        self.table, self.read, self.index = table, read, index
        self.padding, self.nodes = padding, nodes

    def fresh(self):
        """Whether the table still has the values that were read."""
        array, version = self.read
        return self.table._array is array and graph.version_cell(self.table)[0] == version

    def unseen(self):
        """Whether nobody looks at the gradient of what was looked up."""
        return not any(node.hooks or node in modes.state.captures for node in self.nodes)


def lookup(x, by_columns=False):
    """The :class:`Lookup` that x comes from, or None.

    There is one if x is what :func:`embedding` returned in this graph, perhaps reshaped, if the
    table is a leaf that has fewer rows than x has, and neither it nor the index was written to
    since. ``by_columns`` takes the first two axes of x in reverse order.
    """
    nodes = (x._node,)
    if type(x._node) is Reshape:
        nodes += (x._node.edges[0][0],)
    table, *read = getattr(nodes[-1], "read", (None,))
    if table is None or nodes[-1].saved is graph.RELEASED:
        return None
    (index,), (cell,) = nodes[-1].saved, nodes[-1].cells
    rows, columns = table._array.shape
    written = cell is not None and cell[1] > nodes[-1].sequence
    if written or x._array.shape[-1] != columns or rows >= index.size:
        return None
    index = index.reshape(x._array.shape[:-1])
    index = (index.T if by_columns else index).flatten()
    found = Lookup(table, read, index, getattr(nodes[-1], "padding", None), nodes)
    return found if found.fresh() else None


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
        padding_idx = _padding_row("embedding", padding_idx, rows)
    if max_norm is not None:
        _shorten(weight, at._array, max_norm, norm_type)
    if padding_idx is None and not scale_grad_by_freq:
        y = TakeRows.apply(weight, at, axis=0)
    else:
        y = Embedding.apply(weight, at, padding=padding_idx, by_frequency=scale_grad_by_freq)
    if y._node is not None and weight._node is None and not scale_grad_by_freq:
        y._node.read = weight, weight._array, graph.version_cell(weight)[0]
    return y if at is index else reshape(y, (*index._array.shape, weight._array.shape[1]))


def _padding_row(name, padding_idx, rows):
    """The row without a gradient, counted from the first."""
    if not hasattr(padding_idx, "__index__"):
        raise TypeError(f"{name}: padding_idx must be an int or None, got {padding_idx!r}")
    if not -rows <= padding_idx < rows:
        raise RuntimeError(f"{name}: padding_idx={padding_idx} must be one of {rows} rows")
    return padding_idx % rows


@no_grad()
def _shorten(weight, index, max_norm, norm_type):
    """Scale the rows at ``index`` whose norm is above ``max_norm`` down to it, in place."""
    rows = new_tensor(weight._array, weight._tag)[new_tensor(index)]
    norms = rows.norm(norm_type, 1, True)
    shorter = rows * (max_norm / (norms + 1e-7))
    weight[new_tensor(index)] = shorter.where(norms > max_norm, rows)


def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """The sum, mean or maximum (``mode``) of the rows of ``weight`` in each bag: (bags, columns).

    A matrix of indices has a bag in each row; in a vector of indices, bags begin at ``offsets``
    (``include_last_offset``: its last entry is the end). Rows ``padding_idx`` do not count; empty
    bags give zeros. ``per_sample_weights``, in the shape of ``input``, multiply rows of a sum.
    Other options are those of :func:`embedding`.
    """
    only_tensors("embedding_bag", input, weight, arguments=("input", "weight"))
    _check_bags(input, weight, offsets, mode, scale_grad_by_freq, sparse, per_sample_weights)
    index, bag, count = _bags(wide_index("embedding_bag", input), offsets, include_last_offset)
    factors = None if per_sample_weights is None else reshape(per_sample_weights, -1)
    if padding_idx is not None:
        kept = index != _padding_row("embedding_bag", padding_idx, len(weight._array))
        index, bag = index[kept], bag[kept]
        factors = None if factors is None else factors[kept]
    found = embedding(index, weight, None, max_norm, norm_type, scale_grad_by_freq)
    if factors is not None:
        found = found * factors.reshape(-1, 1)
    empty_bags = found.new_zeros(count, weight._array.shape[1])
    if mode == "max":
        return index_reduce(empty_bags, 0, bag, found, "amax", include_self=False)
    total = index_add(empty_bags, 0, bag, found)
    if mode == "sum":
        return total
    sizes = array_module(bag._array).bincount(bag._array, minlength=count).reshape(-1, 1)
    return total / new_tensor(sizes).clamp(min=1).to(dtype_of(total))


def _bags(index, offsets, include_last_offset):
    """(indices in one vector, the bag of each, number of bags)."""
    xp = array_module(index._array)
    if index._array.ndim == 2:
        count, length = index._array.shape
        return reshape(index, -1), new_tensor(xp.repeat(xp.arange(count), length)), count
    starts = wide_index("embedding_bag", offsets)._array
    count = len(starts)
    total = len(index._array)
    if count and (int(starts[0]) != 0 or int(starts[-1]) > total):
        raise RuntimeError(
            f"embedding_bag: offsets must begin with 0 and end within the {total} indices, got "
            f"{int(starts[0])} and {int(starts[-1])}"
        )
    if (starts[1:] < starts[:-1]).any():
        raise RuntimeError(f"embedding_bag: offsets must not decrease, got {starts.tolist()}")
    if include_last_offset:
        if not count or int(starts[-1]) != total:
            raise RuntimeError(
                f"embedding_bag: with include_last_offset the last offset must be {total}, the "
                f"number of indices, got {starts.tolist()}"
            )
        starts, count = starts[:-1], count - 1
    places = xp.arange(total)
    return index, new_tensor(xp.searchsorted(starts, places, side="right") - 1), count


def _check_bags(input, weight, offsets, mode, by_frequency, sparse, factors):
    name, shape = "embedding_bag", input._array.shape
    optional_tensors(name, offsets=offsets, per_sample_weights=factors)
    if weight._array.ndim != 2:
        raise ValueError(f"{name}: weight must be a matrix, got shape {weight._array.shape}")
    if len(shape) not in (1, 2):
        raise ValueError(f"{name}: input must have 1 or 2 axes, got shape {shape}")
    if len(shape) == 1 and offsets is None:
        raise ValueError(f"{name}: an input vector needs offsets")
    if len(shape) == 2 and offsets is not None:
        raise ValueError(f"{name}: an input matrix has a bag per row, so offsets must be None")
    if offsets is not None and offsets._array.ndim != 1:
        raise ValueError(f"{name}: offsets must be a vector, got shape {offsets._array.shape}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"{name}: mode must be 'sum', 'mean' or 'max', got {mode!r}")
    if mode == "max" and (by_frequency or sparse):
        raise ValueError(f"{name}: mode='max' goes with neither scale_grad_by_freq nor sparse")
    if factors is None:
        return
    if factors._array.shape != shape:
        raise ValueError(
            f"{name}: per_sample_weights of shape {factors._array.shape} must have the shape "
            f"{shape} of input"
        )
    if mode != "sum":
        raise NotImplementedError(f"{name}: per_sample_weights need mode='sum', got {mode!r}")
