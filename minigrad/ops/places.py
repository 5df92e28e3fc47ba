"""Elements by place: index_put, take, put, masks, slices and diagonals written as a whole."""

import numpy as np

from .. import backend
from ..engine.autocast import casts
from ..engine.graph import TensorBase, dtype_of, new_tensor
from .along import TakeRows
from .indexing import Index, IndexAdjoint, Put, check_index, check_shapes, out_of_bounds
from .operands import BOOLS, beside, check_axis, check_category, numpy_names, only_tensors
from .shape import broadcast_to, reshape

__all__ = [
    "argwhere",
    "diagonal_scatter",
    "index_put",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "put",
    "select_scatter",
    "slice_scatter",
    "take",
]


def same_dtype(name, x, value, argument):
    """Refuse values of another dtype."""
    if dtype_of(x) is not dtype_of(value):
        raise RuntimeError(
            f"{name}: input and {argument} must have one dtype, got {dtype_of(x)} and "
            f"{dtype_of(value)}"
        )


@casts("widest")
def index_put(input, indices, values, accumulate=False):
    """The input with ``values``, broadcast, written at a tuple of index tensors.

    With ``accumulate`` they are added; else the last one counts where an element is named twice.

    >>> import minigrad as mg
    >>> mg.index_put(mg.zeros(3), (mg.tensor([0, 2]),), mg.tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """
    only_tensors("index_put", input, values, arguments=("input", "values"))
    if not isinstance(indices, tuple | list) or not all(isinstance(i, TensorBase) for i in indices):
        raise TypeError(f"index_put: indices must be a tuple of tensors, got {indices!r}")
    same_dtype("index_put", input, values, "values")
    parts = check_index(tuple(indices), input)
    check_shapes(parts)
    where = tuple(np.asarray(p) if isinstance(p, int) else p for p in parts)
    where = tuple(beside(p, input) for p in where)
    shape = input._array[where].shape
    if not _broadcasts(values._array.shape, shape):
        raise RuntimeError(
            f"index_put: values of shape {values._array.shape} do not broadcast to the indexed "
            f"shape {shape}"
        )
    if not accumulate:
        return Put.apply(input, values, where=where)
    values = broadcast_to(values, shape)
    return input + IndexAdjoint.apply(values, shape=input._array.shape, where=where)


def _broadcasts(shape, target):
    lead = len(target) - len(shape)
    return lead >= 0 and all(n in (1, m) for n, m in zip(shape, target[lead:], strict=True))


def _flat_places(name, index, size):
    """Indices into a flattened tensor, without negative ones."""
    if index._array.dtype != np.int64:
        raise RuntimeError(f"{name}: index must be int64, got {dtype_of(index)}")
    places = index._array.reshape(-1)
    outside = (places < -size) | (places >= size)
    if outside.any():
        raise IndexError(
            f"{name}: index {int(places[outside][0])} is out of bounds for {size} elements"
        )
    return places + size * (places < 0)


def take(input, index):
    """Elements of the flattened input, in the shape of ``index``; negative ones from the end."""
    only_tensors("take", input, index, arguments=("input", "index"))
    x = reshape(input, -1)
    places = _flat_places("take", index, x._array.size)
    return reshape(TakeRows.apply(x, new_tensor(places), axis=0), index._array.shape)


def put(input, index, source, accumulate=False):
    """The input with the elements of ``source`` written (or added) at indices of it flattened."""
    only_tensors("put", input, index, source, arguments=("input", "index", "source"))
    same_dtype("put", input, source, "source")
    places = _flat_places("put", index, input._array.size)
    if places.size != source._array.size:
        raise RuntimeError(
            f"put: index has {places.size} elements and source {source._array.size}; "
            "they must be as many"
        )
    flat = index_put(reshape(input, -1), (new_tensor(places),), reshape(source, -1), accumulate)
    return reshape(flat, input._array.shape)


def masked_select(input, mask):
    """The elements of the input where the bool tensor ``mask`` holds, as a vector.

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, -1.0, 2.0])
    >>> mg.masked_select(x, x > 0)
    tensor([3., 2.])
    """
    only_tensors("masked_select", input, mask, arguments=("input", "mask"))
    check_category("masked_select: mask", mask, BOOLS)
    shape = _common_shape("masked_select", input, mask)
    chosen = broadcast_to(mask, shape)._array.reshape(shape or (1,))
    x = broadcast_to(input, shape)
    return Index.apply(x if shape else reshape(x, 1), where=(chosen,))


def _common_shape(name, x, mask):
    shapes = x._array.shape, mask._array.shape
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise RuntimeError(
            f"{name}: shapes {shapes[0]} and {shapes[1]} cannot be broadcast together"
        ) from None


def masked_scatter(input, mask, source):
    """The input with the first elements of ``source`` written where ``mask`` holds, in order."""
    arguments = ("input", "mask", "source")
    only_tensors("masked_scatter", input, mask, source, arguments=arguments)
    check_category("masked_scatter: mask", mask, BOOLS)
    same_dtype("masked_scatter", input, source, "source")
    shape = _common_shape("masked_scatter", input, mask)
    chosen = broadcast_to(mask, shape)._array
    count = int(chosen.sum())
    if count > source._array.size:
        raise RuntimeError(
            f"masked_scatter: mask chooses {count} elements but source has {source._array.size}"
        )
    values = Index.apply(reshape(source, -1), where=(slice(0, count),))
    return Put.apply(broadcast_to(input, shape), values, where=(chosen,))


def nonzero(input, *, as_tuple=False):
    """The indices of the elements that are not zero: a row for each, or a vector per axis.

    >>> import minigrad as mg
    >>> mg.nonzero(mg.tensor([[0, 5], [7, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    only_tensors("nonzero", input)
    x = input._array
    xp = backend.array_module(x)
    found = xp.nonzero(x if x.ndim else x.reshape(1))
    if as_tuple:
        return tuple(map(new_tensor, found))
    if not x.ndim:
        return new_tensor(xp.zeros((len(found[0]), 0), "int64"))
    return new_tensor(xp.stack(found, 1))


def argwhere(input):
    """The indices of the elements that are not zero, a row for each."""
    return nonzero(input)


def _scattered(name, input, src, where):
    """The input with ``src`` in the place of a view of the same shape."""
    shape = input._array[where].shape
    if src._array.shape != shape:
        raise RuntimeError(
            f"{name}: src of shape {src._array.shape} must have the shape {shape} of the slice"
        )
    return Put.apply(input, src.to(dtype_of(input)), where=where)


@numpy_names
def select_scatter(input, src, dim, index):
    """The input with ``src`` written at ``index`` along ``dim``."""
    only_tensors("select_scatter", input, src, arguments=("input", "src"))
    if not input._array.ndim:
        raise IndexError("select_scatter: a 0-d input has no slices")
    axis = check_axis(dim, input._array.ndim)
    extent = input._array.shape[axis]
    if not -extent <= index < extent:
        raise out_of_bounds(index, axis, extent)
    return _scattered("select_scatter", input, src, (*(slice(None),) * axis, index))


@numpy_names
def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """The input with ``src`` written at start:end:step along ``dim``."""
    only_tensors("slice_scatter", input, src, arguments=("input", "src"))
    if not input._array.ndim:
        raise RuntimeError("slice_scatter: a 0-d input has no slices")
    axis = check_axis(dim, input._array.ndim)
    if step <= 0:
        raise RuntimeError(f"slice_scatter: step must be positive, got {step}")
    where = (*(slice(None),) * axis, slice(start, end, step))
    return _scattered("slice_scatter", input, src, where)


def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """The input with ``src`` written on a diagonal of two axes."""
    only_tensors("diagonal_scatter", input, src, arguments=("input", "src"))
    ndim = input._array.ndim
    axes = check_axis(dim1, ndim, "dim1"), check_axis(dim2, ndim, "dim2")
    if axes[0] == axes[1]:
        raise RuntimeError(f"diagonal_scatter: dim1={dim1} and dim2={dim2} are the same axis")
    shape, xp = input._array.shape, backend.array_module(input._array)
    places = xp.arange(input._array.size).reshape(shape).diagonal(offset, *axes)
    if src._array.shape != places.shape:
        raise RuntimeError(
            f"diagonal_scatter: src of shape {src._array.shape} must have the shape "
            f"{places.shape} of the diagonal"
        )
    flat = Put.apply(reshape(input, -1), src.to(dtype_of(input)), where=(places,))
    return reshape(flat, shape)
