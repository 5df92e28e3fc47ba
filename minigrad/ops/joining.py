"""Joining tensors, and cutting them into parts; parts are views."""

import itertools

import numpy as np

from ..dtypes import category
from ..engine.graph import TensorBase, dtype_of
from ..engine.op import Op, Sample
from .creation import zeros
from .grids import meshgrid
from .indexing import Index
from .operands import (
    INTEGERS,
    beside,
    check_axis,
    check_shape,
    converted,
    numpy_names,
    result_type,
    tensor_of,
)
from .padding import Pad
from .shape import atleast_1d, atleast_2d, atleast_3d, ravel, reshape, unsqueeze

__all__ = [
    "block_diag",
    "cartesian_prod",
    "cat",
    "chunk",
    "column_stack",
    "combinations",
    "concat",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "narrow",
    "row_stack",
    "select",
    "split",
    "split_with_sizes",
    "stack",
    "tensor_split",
    "unbind",
    "vsplit",
    "vstack",
]


class Cat(Op):
    """y = tensors one after another along an axis.    Each gets its slice of g"""

    def forward(ctx, k, *arrays, axis):
        ctx.axis = axis
        ctx.ends = []
        end = 0
        for array in arrays:
            end += array.shape[axis]
            ctx.ends.append(end)
        return k.cat(axis, *arrays)

    def vjp(ctx, k, g):
        before = (slice(None),) * ctx.axis
        starts = (0, *ctx.ends)
        return tuple(
            k.index(g, (*before, slice(low, high))) if ctx.needs(i) else None
            for i, (low, high) in enumerate(zip(starts, ctx.ends, strict=False))
        )

    def samples(rng):
        parts = (rng.normal(size=(2, 3)), rng.normal(size=(1, 3)), rng.normal(size=(0, 3)))
        yield Sample("rows", parts, {"axis": 0})
        yield Sample("columns", (rng.normal(size=(2, 1)), rng.normal(size=(2, 3))), {"axis": 1})

    def peer(torch, *tensors, axis):
        return torch.cat(tensors, dim=axis)


def _order_in_memory(x):
    """The axes from that of the longest steps to that of the shortest."""
    axes = range(x.ndim)
    return tuple(axes if x.flags.c_contiguous else sorted(axes, key=lambda i: -x.strides[i]))


class Parts(Op):
    """Parts of x of some sizes along an axis, as views.    dL/dx = their gradients, joined

    Without ``sizes`` each part is one slice, without that axis. The gradient has its axes in memory
    in the order that x has them: so the view that x may be is undone without a copy.
    """

    view = True
    moves = True

    def forward(ctx, k, x, *, sizes, axis):
        ctx.axis, ctx.shape, ctx.sizes, ctx.order = axis, x.shape, sizes, _order_in_memory(x)
        before, ends = (slice(None),) * axis, itertools.accumulate(sizes or ())
        if sizes is None:
            return tuple(k.index(x, (*before, i)) for i in range(x.shape[axis]))
        cuts = (slice(end - size, end) for size, end in zip(sizes, ends, strict=True))
        return tuple(k.index(x, (*before, cut)) for cut in cuts)

    def vjp(ctx, k, *gradients):
        if ctx.sizes is None:
            one = (*ctx.shape[: ctx.axis], 1, *ctx.shape[ctx.axis + 1 :])
            gradients = [k.reshape(g, one) for g in gradients]
        gradients = [k.permute(g, ctx.order) for g in gradients]
        axis = ctx.order.index(ctx.axis)
        joined = Cat.apply(*gradients, axis=axis) if k.records else k.cat(axis, *gradients)
        return k.permute(joined, tuple(sorted(ctx.order, key=ctx.order.__getitem__)))

    def samples(rng):
        x = rng.normal(size=(5, 3))
        yield Sample("rows", (x,), {"sizes": (2, 0, 3), "axis": 0})
        yield Sample("columns", (rng.normal(size=(2, 6)),), {"sizes": (2, 2, 2), "axis": 1})
        yield Sample("slices", (x,), {"sizes": None, "axis": 1})

    def peer(torch, x, *, sizes, axis):
        return torch.unbind(x, axis) if sizes is None else torch.split(x, sizes, axis)


@numpy_names
def cat(tensors, dim=0):
    """Tensors one after another along ``dim``; their other extents must agree."""
    tensors = _sequence("cat", tensors)
    dtype = _common_dtype(tensors)
    axis = check_axis(dim, max(t._array.ndim for t in tensors))
    if len({t._array.ndim for t in tensors}) > 1:  # PyTorch skips empty 1-D tensors
        tensors = [t for t in tensors if t._array.shape != (0,)]
    shapes = [t._array.shape for t in tensors]
    if len({(len(s), s[:axis], s[axis + 1 :]) for s in shapes}) > 1 or not shapes[0]:
        raise RuntimeError(f"cat: shapes {shapes} must be equal except along dim={dim}")
    return Cat.apply(*(converted(dtype, *tensors) if dtype else tensors), axis=axis)


def _common_dtype(tensors):
    """The dtype that joins all; None if they have one dtype already."""
    first = tensors[0]
    for t in tensors:
        if t._array.dtype is not first._array.dtype or t._tag is not first._tag:
            return result_type(*tensors)
    return None


@numpy_names
def stack(tensors, dim=0):
    """Tensors of one shape along a new axis ``dim``."""
    tensors = _sequence("stack", tensors)
    shapes = [t._array.shape for t in tensors]
    if len(set(shapes)) > 1:
        raise RuntimeError(f"stack: the shapes must be equal, got {shapes}")
    return cat([unsqueeze(t, dim) for t in tensors], check_axis(dim, len(shapes[0]) + 1))


def _sequence(name, tensors):
    if isinstance(tensors, TensorBase) or not isinstance(tensors, tuple | list):
        raise TypeError(f"{name}: tensors must be a tuple or list, got {type(tensors).__name__}")
    if not tensors:
        raise ValueError(f"{name}: expected at least one tensor, got none")
    return [tensor_of(t, f"tensors[{i}]") for i, t in enumerate(tensors)]


@numpy_names
def unbind(input, dim=0):
    """The slices along ``dim``, as a tuple."""
    x = tensor_of(input)
    if not x._array.ndim:
        raise RuntimeError("unbind: a 0-d tensor has no axis to take slices along")
    axis = check_axis(dim, x._array.ndim)
    return Parts.apply(x, sizes=None, axis=axis) if x._array.shape[axis] else ()


concat = concatenate = cat


def _rows(name, tensors, raised):
    """The tensors with the axes that a joining function takes for granted."""
    return [raised(t) for t in _sequence(name, tensors)]


def hstack(tensors):
    """Tensors side by side: along the second axis, or the only one of vectors.

    >>> import minigrad as mg
    >>> mg.hstack([mg.tensor([1, 2]), mg.tensor([3])])
    tensor([1, 2, 3])
    """
    rows = _rows("hstack", tensors, atleast_1d)
    return cat(rows, 0 if rows[0]._array.ndim == 1 else 1)


def vstack(tensors):
    """Tensors below each other; vectors are rows."""
    return cat(_rows("vstack", tensors, atleast_2d), 0)


row_stack = vstack


def dstack(tensors):
    """Tensors behind each other: along the third axis."""
    return cat(_rows("dstack", tensors, atleast_3d), 2)


def column_stack(tensors):
    """Tensors side by side; vectors are columns."""
    return hstack(_rows("column_stack", tensors, _column))


def _column(x):
    return x if x._array.ndim > 1 else reshape(x, -1, 1)


def block_diag(*tensors):
    """A matrix with the given matrices along its diagonal and zeros elsewhere."""
    blocks = [tensor_of(t, f"tensors[{i}]") for i, t in enumerate(tensors)]
    for i, block in enumerate(blocks):
        if block._array.ndim > 2:
            raise RuntimeError(
                f"block_diag: tensors[{i}] must have at most 2 dimensions, got shape "
                f"{block._array.shape}"
            )
    blocks = [atleast_2d(b) for b in blocks]
    blocks = converted(result_type(*blocks), *blocks) if blocks else ()
    width = sum(b._array.shape[1] for b in blocks)
    rows, before = [], 0
    for block in blocks:
        own = block._array.shape[1]
        sides = ((0, 0), (before, width - before - own))
        rows.append(Pad.apply(block, widths=sides, value=0))
        before += own
    return cat(rows, 0) if rows else zeros(1, 0)


def cartesian_prod(*tensors):
    """All combinations of one element from each vector, as rows; the last varies fastest."""
    vectors = [tensor_of(t, f"tensors[{i}]") for i, t in enumerate(tensors)]
    for i, vector in enumerate(vectors):
        if vector._array.ndim != 1:
            raise RuntimeError(
                f"cartesian_prod: tensors[{i}] must be a vector, got shape {vector._array.shape}"
            )
    if len(vectors) == 1:
        return vectors[0]
    grids = meshgrid(*vectors, indexing="ij")
    return stack([ravel(g) for g in grids], 1)


def combinations(input, r=2, with_replacement=False):
    """All ways to take ``r`` elements of a vector in their order, as rows.

    >>> import minigrad as mg
    >>> mg.combinations(mg.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    x = tensor_of(input)
    if x._array.ndim != 1:
        raise RuntimeError(f"combinations: input must be a vector, got shape {x._array.shape}")
    if r < 0:
        raise RuntimeError(f"combinations: r must not be negative, got {r}")
    ways = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = np.array(list(ways(range(x._array.size), r)), np.int64).reshape(-1, r)
    return Index.apply(x, where=(beside(chosen, x),)) if r else x.new_empty(0)


@numpy_names
def select(input, dim, index):
    """The slice at one position of an axis, without that axis (a view)."""
    x = tensor_of(input)
    if not x._array.ndim:
        raise IndexError("select: a 0-d tensor has no axis to select from")
    axis = check_axis(dim, x._array.ndim)
    extent = x._array.shape[axis]
    if not -extent <= index < extent:
        raise IndexError(f"select: index={index} is out of range for extent {extent} of dim={dim}")
    return Index.apply(x, where=(*(slice(None),) * axis, int(index)))


@numpy_names
def narrow(input, dim, start, length):
    """``length`` positions of an axis from ``start`` on (a view)."""
    x = tensor_of(input)
    if not x._array.ndim:
        raise RuntimeError("narrow: a 0-d tensor has no axis to narrow")
    axis = check_axis(dim, x._array.ndim)
    extent = x._array.shape[axis]
    start = _whole(start)
    first = start + extent if start < 0 else start
    if not -extent <= start <= extent or length < 0 or first + length > extent:
        raise (IndexError if not -extent <= start <= extent else RuntimeError)(
            f"narrow: start={start} and length={length} leave the extent {extent} of dim={dim}"
        )
    return _slice(x, axis, first, first + length)


def _whole(start):
    """``start`` of narrow as an int: it may be a 0-d tensor of integers."""
    if not isinstance(start, TensorBase):
        if isinstance(start, bool) or not hasattr(start, "__index__"):
            raise TypeError(f"narrow: start must be an int, got {start!r}")
        return start.__index__()
    if start._array.ndim or category(dtype_of(start)) != INTEGERS:
        raise RuntimeError(
            f"narrow: start must be an int or a 0-d tensor of integers, got {dtype_of(start)} of "
            f"shape {start._array.shape}"
        )
    return start.item()


def _slice(x, axis, start, stop):
    return Index.apply(x, where=(*(slice(None),) * axis, slice(start, stop)))


def _cut(x, axis, sizes):
    return Parts.apply(x, sizes=tuple(sizes), axis=axis) if sizes else ()


def _axis_to_cut(name, x, dim):
    if not x._array.ndim:
        raise RuntimeError(f"{name}: a 0-d tensor cannot be cut")
    axis = check_axis(dim, x._array.ndim)
    return axis, x._array.shape[axis]


@numpy_names
def split(tensor, split_size_or_sections, dim=0):
    """Parts of one size along ``dim`` (the last may be smaller), or of the listed sizes.

    >>> import minigrad as mg
    >>> mg.split(mg.arange(5), 2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    x = tensor_of(tensor, "tensor")
    axis, extent = _axis_to_cut("split", x, dim)
    if isinstance(split_size_or_sections, tuple | list):
        sizes = check_shape((split_size_or_sections,))
        if sum(sizes) != extent or min(sizes, default=0) < 0:
            raise RuntimeError(
                f"split: sizes {list(sizes)} must be non-negative and sum to the extent {extent} "
                f"of dim={dim}"
            )
        return _cut(x, axis, sizes)
    (size,) = check_shape((split_size_or_sections,))
    if size < 0 or size == 0 and extent:
        raise RuntimeError(f"split: split_size must be positive, got {size}")
    return _cut(x, axis, _equal_sizes(extent, size))


def split_with_sizes(input, split_sizes, dim=0):
    """Parts of the listed sizes along ``dim``."""
    if not isinstance(split_sizes, tuple | list):
        raise TypeError(f"split_with_sizes: split_sizes must be a tuple, got {split_sizes!r}")
    return split(input, split_sizes, dim)


def _equal_sizes(extent, size):
    starts = range(0, extent, size) if extent else ()
    return [min(size, extent - start) for start in starts] or [0]


@numpy_names
def chunk(input, chunks, dim=0):
    """At most ``chunks`` parts of equal size along ``dim``; the last may be smaller."""
    x = tensor_of(input)
    axis, extent = _axis_to_cut("chunk", x, dim)
    if chunks < 1:
        raise RuntimeError(f"chunk: chunks must be positive, got {chunks}")
    if not extent:
        return _cut(x, axis, [0] * chunks)
    return _cut(x, axis, _equal_sizes(extent, -(-extent // chunks)))


@numpy_names
def tensor_split(input, indices_or_sections, dim=0):
    """Parts along ``dim``: a number of nearly equal ones, or cut before the given positions."""
    x = tensor_of(input)
    axis, extent = _axis_to_cut("tensor_split", x, dim)
    if isinstance(indices_or_sections, TensorBase):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, tuple | list):
        cuts = [slice(0, c).indices(extent)[1] for c in indices_or_sections]
        ends = [*cuts, extent]
        starts = [0, *cuts]
        return tuple(_slice(x, axis, a, max(a, b)) for a, b in zip(starts, ends, strict=True))
    count = indices_or_sections
    if count < 1:
        raise RuntimeError(f"tensor_split: the number of sections must be positive, got {count}")
    size, larger = divmod(extent, count)
    return _cut(x, axis, [size + 1] * larger + [size] * (count - larger))


def _cut_along(name, fewest, axis_of):
    """hsplit and its kin: tensor_split along a fixed axis that must divide evenly."""

    def function(input, indices_or_sections):
        x = tensor_of(input)
        if x._array.ndim < fewest:
            raise RuntimeError(
                f"{name}: input needs at least {fewest} dimensions, got shape {x._array.shape}"
            )
        axis = axis_of(x._array.ndim)
        extent = x._array.shape[axis]
        count = indices_or_sections
        if isinstance(count, int) and (count < 1 or extent % count):
            raise RuntimeError(
                f"{name}: indices_or_sections={count} does not divide the extent {extent}"
            )
        return tensor_split(x, indices_or_sections, axis)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Parts along one axis, for at least {fewest} axes; as tensor_split."
    return function


hsplit = _cut_along("hsplit", 1, lambda ndim: 1 if ndim > 1 else 0)
vsplit = _cut_along("vsplit", 2, lambda ndim: 0)
dsplit = _cut_along("dsplit", 3, lambda ndim: 2)
