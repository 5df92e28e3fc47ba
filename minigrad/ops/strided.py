"""Views of any layout."""

import numpy as np

from .. import backend
from ..engine.gradients import recording
from ..engine.graph import new_tensor, version_cell
from .indexing import Index
from .operands import check_shape, tensor_of
from .shape import reshape

__all__ = ["as_strided"]


def as_strided(input, size, stride, storage_offset=None):
    """The elements at storage_offset + Σ index · stride of the input's memory: a view.

    The offset is that of the input unless given. In a graph the input must be all of its memory in
    row-major order, and the result is a copy.

    >>> import minigrad as mg
    >>> mg.as_strided(mg.arange(5), (3, 2), (1, 2))
    tensor([[0, 2],
            [1, 3],
            [2, 4]])
    """
    x, size, stride = tensor_of(input), check_shape((size,)), check_shape((stride,))
    if len(size) != len(stride):
        raise RuntimeError(f"as_strided: size={size} and stride={stride} differ in length")
    if min((*size, *stride), default=0) < 0:
        raise RuntimeError(f"as_strided: size={size} and stride={stride} must not be negative")
    memory, start = _memory(x._array)
    start = start if storage_offset is None else storage_offset
    last = start + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if start < 0 or 0 not in size and last >= memory.size:
        raise RuntimeError(
            f"as_strided: size={size}, stride={stride} and storage_offset={start} leave the "
            f"{memory.size} elements in memory"
        )
    if not recording(x):
        view = new_tensor(_strided(memory, size, stride, start), x._tag)
        view._writes = version_cell(x)
        return view
    if x._array.size != memory.size or not x.is_contiguous():
        raise RuntimeError("as_strided: in a graph the input must not be a view; use .clone()")
    places = backend.array_module(memory).arange(memory.size)
    return Index.apply(reshape(x, -1), where=(_strided(places, size, stride, start),))


def _memory(array):
    """(all elements of the memory below an array as a vector, where the array starts in it)"""
    whole = array
    while isinstance(whole.base, np.ndarray) and whole.base.dtype == array.dtype:
        whole = whole.base
    if not whole.flags.c_contiguous:
        raise RuntimeError("as_strided: the memory below the input is not in row-major order")
    start = 0
    if whole is not array:
        start = array.ctypes.data - whole.ctypes.data
    return whole.reshape(-1), start // array.itemsize


def _strided(memory, size, stride, start):
    steps = tuple(s * memory.itemsize for s in stride)
    tricks = backend.array_module(memory).lib.stride_tricks
    return tricks.as_strided(memory[start:], shape=size, strides=steps)
