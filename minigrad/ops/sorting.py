"""Order: sorting, the largest k, and places in a sorted row. NaN is the largest number."""

import numpy as np

from .. import backend, dtypes, return_types
from ..engine.graph import TensorBase, as_array, dtype_of, new_tensor, values
from .along import TakeAlong
from .operands import (
    FLOATS,
    INTEGERS,
    check_axis,
    check_category,
    numpy_names,
    only_tensors,
    result_type,
    tensor_of,
)
from .reduce import constant_kernel
from .shape import reshape

__all__ = [
    "argsort",
    "bucketize",
    "kthvalue",
    "msort",
    "searchsorted",
    "sort",
    "topk",
]


def _ranked(name, input, dim, descending=False):
    """(input as at least 1-D, axis, the indices that sort along it)"""
    only_tensors(name, input)
    axis = check_axis(dim, input._array.ndim)
    row = input if input._array.ndim else reshape(input, 1)
    return row, axis, constant_kernel("order", row, axis, descending)


def _chosen(name, row, indices, axis, shape=None):
    """The named tuple (values, indices); both under another shape if one is given."""
    found = TakeAlong.apply(row, indices, axis=axis), indices
    if shape is not None:
        found = (reshape(t, shape) for t in found)
    return getattr(return_types, name)(*found)


@numpy_names
def sort(input, dim=-1, descending=False, stable=False):
    """(values, indices) in order along ``dim``; equal elements keep theirs, stable or not.

    >>> import minigrad as mg
    >>> values, indices = mg.sort(mg.tensor([3.0, 1.0, 2.0]))
    >>> values, indices
    (tensor([1., 2., 3.]), tensor([1, 2, 0]))
    """
    row, axis, order = _ranked("sort", input, dim, descending)
    return _chosen("sort", row, order, axis, input._array.shape)


@numpy_names
def argsort(input, dim=-1, descending=False, stable=False):
    """The indices that sort along ``dim``; equal elements keep their order."""
    _, _, order = _ranked("argsort", input, dim, descending)
    return reshape(order, input._array.shape)


def msort(input):
    """The elements in order along the first axis."""
    return sort(input, 0).values


@numpy_names
def topk(input, k, dim=-1, largest=True, sorted=True):
    """(values, indices) of the ``k`` largest, or smallest, along ``dim``, the best first.

    >>> import minigrad as mg
    >>> mg.topk(mg.tensor([3.0, 1.0, 2.0]), 2).values
    tensor([3., 2.])
    """
    only_tensors("topk", input)
    check_category("topk", input, INTEGERS, FLOATS)
    k = _count("topk", k)
    axis = check_axis(dim, input._array.ndim)
    extent = input._array.shape[axis] if input._array.ndim else 1
    if not 0 <= k <= extent:
        raise RuntimeError(f"topk: k={k} must lie in [0, {extent}], the extent of dim={dim}")
    row = input if input._array.ndim else reshape(input, 1)
    if not input._array.ndim:
        k = 1
    indices = constant_kernel("first_in_order", row, axis, k, largest)
    return _chosen("topk", row, indices, axis, None if input._array.ndim else ())


def _count(name, k):
    if isinstance(k, bool) or not hasattr(k, "__index__"):
        raise TypeError(f"{name}: k must be an int, got {k!r}")
    return k.__index__()


@numpy_names
def kthvalue(input, k, dim=-1, keepdim=False):
    """(value, index) of the ``k``-th smallest element along ``dim``, counted from 1."""
    only_tensors("kthvalue", input)
    check_category("kthvalue", input, INTEGERS, FLOATS)
    k, axis = _count("kthvalue", k), check_axis(dim, input._array.ndim)
    extent = input._array.shape[axis] if input._array.ndim else 1
    if not extent:
        raise IndexError(f"kthvalue: k={k} along dim={dim} of extent 0, {input._array.shape}")
    if not 1 <= k <= extent:
        raise RuntimeError(f"kthvalue: k={k} must lie in [1, {extent}], the extent of dim={dim}")
    row, axis, order = _ranked("kthvalue", input, dim)
    indices = new_tensor(order._array[(slice(None),) * axis + (slice(k - 1, k),)])
    kept = tuple(1 if a == axis else n for a, n in enumerate(input._array.shape))
    shape = kept if keepdim else kept[:axis] + kept[axis + 1 :]
    return _chosen("kthvalue", row, indices, axis, shape)


def searchsorted(
    sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None
):
    """Where each value would go in the sorted last axis: before equal elements, or after.

    The sequence is a vector, or has the axes of the input but the last. ``right`` (or ``side``
    "right") means after; ``sorter`` holds indices that would sort the sequence.

    >>> import minigrad as mg
    >>> mg.searchsorted(mg.tensor([1, 3, 5]), mg.tensor([3, 4]))
    tensor([1, 2])
    """
    rows = tensor_of(sorted_sequence, "searchsorted: sorted_sequence")
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted: side must be 'left' or 'right', got {side!r}")
    if side == "left" and right:
        raise RuntimeError("searchsorted: side='left' contradicts right=True")
    return _places("searchsorted", rows, input, right or side == "right", out_int32, sorter)


def _places(name, rows, input, right, out_int32, sorter=None):
    if not rows._array.ndim:
        raise RuntimeError(f"{name}: the sorted sequence must have an axis, got a 0-d tensor")
    if not isinstance(input, TensorBase):
        tensor_of(input, f"{name}: input")
        if rows._array.ndim > 1:
            raise RuntimeError(
                f"{name}: a number needs a 1-D sequence, got shape {rows._array.shape}"
            )
    found = tensor_of(input)
    if found._array.size and result_type(rows, found) is dtypes.bool_:
        raise RuntimeError(f"{name} takes integers or floats, got bools to find among bools")
    xp = backend.array_module(rows._array)
    x, sequence = xp.asarray(values(found)), values(rows)
    if rows._array.ndim > 1 and sequence.shape[:-1] != x.shape[:-1]:
        raise RuntimeError(
            f"{name}: shapes {sequence.shape} and {x.shape} must agree but for the last extent"
        )
    if sorter is not None:
        sequence = _sorted_by(sorter, sequence)
    at = as_array(backend.kernels_of(sequence).search(sequence, x, right))
    return new_tensor(at.astype("int32" if out_int32 else "int64"))


def _sorted_by(sorter, sequence):
    only_tensors("searchsorted", sorter, arguments=("sorter",))
    order = sorter._array
    if order.shape != sequence.shape:
        raise RuntimeError(
            f"searchsorted: sorter of shape {order.shape} must have the shape {sequence.shape} of "
            "the sequence"
        )
    if order.dtype != np.int64:
        raise RuntimeError(f"searchsorted: sorter must be int64, got {dtype_of(sorter)}")
    try:
        return backend.kernels_of(sequence).take_along(sequence, order, order.ndim - 1)
    except IndexError as error:
        raise RuntimeError(f"searchsorted: sorter: {error}") from None


def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The bucket of each value: how many of the sorted boundaries lie below it.

    With ``right`` a boundary equal to the value counts too.
    """
    only_tensors("bucketize", boundaries, arguments=("boundaries",))
    if boundaries._array.ndim != 1:
        raise RuntimeError(
            f"bucketize: boundaries must be 1-D, got shape {boundaries._array.shape}"
        )
    return _places("bucketize", boundaries, input, right, out_int32)
