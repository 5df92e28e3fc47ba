"""Nested Python values as JSON, with the arrays of their tensors set aside."""

import math

import numpy as np

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of, new_tensor


class Packed:
    """A nested value as JSON (``tree``) and the arrays it refers to by number."""

    def __init__(self, value):
        self.arrays = []
        self.dtypes = []
        self._numbers = {}
        try:
            self.tree = self._pack(value, "obj")
        except RecursionError:
            raise ValueError("save: the object is nested too deeply or contains itself") from None

    def _pack(self, value, where):
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"float": repr(float(value))}
        if isinstance(value, TensorBase):
            return {"tensor": self._number(value, value._array, dtype_of(value).name)}
        if isinstance(value, np.ndarray):
            return {"array": self._number(value, value, _plain_name(value, where))}
        if isinstance(value, list):
            return [self._pack(item, f"{where}[{i}]") for i, item in enumerate(value)]
        if isinstance(value, tuple):
            return {"tuple": [self._pack(item, f"{where}[{i}]") for i, item in enumerate(value)]}
        if isinstance(value, dict):
            return {"dict": [self._pair(key, item, where) for key, item in value.items()]}
        raise TypeError(
            f"save: {where} is a {type(value).__name__}; only tensors, arrays, numbers, strings, "
            "None and lists, tuples and dicts of them can be saved (a module: its state_dict())"
        )

    def _pair(self, key, value, where):
        if not isinstance(key, str | int):
            raise TypeError(
                f"save: {where} has a key of type {type(key).__name__}; keys must be str or int"
            )
        key = key if isinstance(key, bool) else int(key) if isinstance(key, int) else str(key)
        return [key, self._pack(value, f"{where}[{key!r}]")]

    def _number(self, owner, array, name):
        """The number under which an array is kept; an object met twice is kept once."""
        known = self._numbers.get(id(owner))
        if known is not None:
            return known
        number = self._numbers[id(owner)] = len(self.arrays)
        self.arrays.append(np.ascontiguousarray(backend.move(array, "cpu")).reshape(array.shape))
        self.dtypes.append(name)
        return number


def _plain_name(array, where):
    if array.dtype.newbyteorder("=").str[1:] not in {d.storage.str[1:] for d in _plain()}:
        raise TypeError(f"save: {where} is an array of dtype {array.dtype}, which has no place")
    return dtypes.of_storage(array.dtype.newbyteorder("=")).name


def _plain():
    return (d for d in dtypes.BY_NAME.values() if d is not dtypes.bfloat16)


def unpack(tree, arrays, kinds):
    """The nested value of a tree; ValueError where the tree is not one that Packed made."""
    leaves = {}

    def leaf(kind, number):
        if type(number) is not int or not 0 <= number < len(arrays):
            raise ValueError(f"it refers to an array {number!r} that is not there")
        made = leaves.get((kind, number))
        if made is None:
            tag = kinds[number] if kinds[number].emulated else None
            made = new_tensor(arrays[number], tag) if kind == "tensor" else arrays[number]
            leaves[kind, number] = made
        return made

    def build(node):
        if node is None or isinstance(node, bool | str | int | float):
            return node
        if isinstance(node, list):
            return [build(item) for item in node]
        ((kind, content),) = node.items()
        if kind == "dict":
            return {_key(key): build(item) for key, item in content}
        if kind == "tuple":
            return tuple(build(item) for item in content)
        if kind == "float" and content in ("inf", "-inf", "nan"):
            return float(content)
        if kind in ("tensor", "array"):
            return leaf(kind, content)
        raise ValueError(f"it holds a value of unknown kind {kind!r}")

    return build(tree)


def move(value, device):
    """The nested value, its tensors moved to a device where they stand."""
    if isinstance(value, TensorBase):
        value._array = backend.move(value._array, device)
    elif isinstance(value, dict):
        move(list(value.values()), device)
    elif isinstance(value, list | tuple):
        for item in value:
            move(item, device)
    return value


def _key(key):
    if not isinstance(key, str | int):
        raise ValueError(f"it holds a dict key {key!r}")
    return key
