"""Tensors without maths, and what nodes save.

A tensor points to the node that made it; a node points to the nodes (or leaf tensors) that made its
inputs, never to its own outputs, so a graph dies by reference count.
"""

import itertools

import numpy as np

from .. import dtypes

clock = itertools.count(1).__next__  # counts nodes and writes, so that one is before the other


class TensorBase:
    """An array with a place in a graph.

    ``_array`` is the storage, ``_tag`` the emulated dtype or None, ``_node`` and ``_nr`` say which
    output of which node this is, ``_writes`` is the cell of in-place writes, shared with views
    (made when somebody needs it): how many there were, and the time of the last by :func:`clock`.
    """

    __slots__ = (
        "_array",
        "_tag",
        "_node",
        "_nr",
        "_writes",
        "_requires_grad",
        "_grad",
        "_hooks",
        "__weakref__",
    )


def new_tensor(array, tag=None, requires_grad=False):
    """A leaf tensor around an array (not copied)."""
    t = _new(_tensor_class)
    t._array = array
    t._tag = tag
    t._node = None
    t._nr = 0
    t._writes = None
    t._requires_grad = requires_grad
    t._grad = None
    t._hooks = None
    return t


_new = object.__new__
_tensor_class = TensorBase


def as_instance(tensor, cls):
    """The tensor as an instance of a subclass, which users may give a ``__dict__``."""
    made = _new(cls)
    for slot in TensorBase.__slots__[:-1]:
        setattr(made, slot, getattr(tensor, slot))
    return made


def set_tensor_class(cls):
    """Called once by the top floor: the class of every tensor that an op returns."""
    global _tensor_class
    _tensor_class = cls
    return cls


def version_cell(tensor):
    """The list of the number of in-place writes to a tensor's memory and the time of the last."""
    if tensor._writes is None:
        tensor._writes = [0, 0]
    return tensor._writes


def written(tensor):
    """Record an in-place write to ``tensor``."""
    cell = version_cell(tensor)
    cell[0] += 1
    cell[1] = clock()


def overwrite(tensor, array):
    """Write values, as :func:`values` gave them, into a tensor's memory (if they are not there)."""
    if array is not tensor._array:
        tag = tensor._tag
        tensor._array[...] = dtypes.encode(array, tag) if tag else array
    written(tensor)


def dtype_of(tensor):
    """The minigrad dtype of a tensor."""
    return tensor._tag or dtypes.of_storage(tensor._array.dtype)


def values(tensor):
    """The values of a tensor as an array to compute with (emulated formats become float32)."""
    return dtypes.decode(tensor._array, tensor._tag) if tensor._tag else tensor._array


def tag_of(kind):
    """The emulated dtype in an edge's or output's kind; None where it is a NumPy dtype."""
    return kind if type(kind) is dtypes.dtype else None


def as_array(value):
    """An ndarray from what a ufunc gave: NumPy returns scalars for 0-d results."""
    return value if not isinstance(value, np.generic) else np.asarray(value)


class Released:
    """Stands where saved arrays were after a backward pass freed them."""

    def __iter__(self):
        raise RuntimeError(
            "trying to backward through the graph a second time, but its saved arrays were freed; "
            "pass retain_graph=True to the first backward() or grad() call"
        )

    def __getitem__(self, _index):
        return iter(self)

    def __bool__(self):
        return True


RELEASED = Released()
