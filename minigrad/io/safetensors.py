"""Flat dicts of tensors in ``.safetensors`` files, which PyTorch and others read too."""

import sys

import numpy as np

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of, new_tensor
from .files import atomic_write

NAMES = {
    "F64": dtypes.float64, "F32": dtypes.float32, "F16": dtypes.float16,
    "BF16": dtypes.bfloat16, "I64": dtypes.int64, "I32": dtypes.int32, "I16": dtypes.int16,
    "I8": dtypes.int8, "U8": dtypes.uint8, "BOOL": dtypes.bool_,
}  # fmt: skip


def _library():
    try:
        import safetensors
    except ImportError as error:
        raise RuntimeError(
            ".safetensors files need the safetensors package: pip install minigrad[io]"
        ) from error
    return safetensors


def save(tensors, path):
    """Write a dict from names to tensors."""
    if not isinstance(tensors, dict):
        raise TypeError(
            f"a .safetensors file holds a flat dict of tensors, not a {type(tensors).__name__}"
        )
    arrays = {name: _checked(name, tensor) for name, tensor in tensors.items()}
    library = _library()
    described = {
        name: _described(library, array, dtype_of(tensors[name]).name)
        for name, array in arrays.items()
    }
    content = library.serialize(described, metadata={"format": "pt"})
    with atomic_write(path) as file:
        file.write(content)


def _checked(name, tensor):
    """The elements in row-major little-endian memory, of a dtype that the format knows."""
    if not isinstance(name, str) or not isinstance(tensor, TensorBase):
        raise TypeError(
            "a .safetensors file holds a flat dict from str to tensors, but "
            f"{name!r} is a {type(tensor).__name__}; .npz files hold nested values"
        )
    if dtype_of(tensor) not in NAMES.values():
        raise TypeError(f"a .safetensors file cannot hold {name!r} of dtype {dtype_of(tensor)}")
    array = np.ascontiguousarray(backend.move(tensor._array, "cpu")).reshape(tensor.shape)
    return array.byteswap() if sys.byteorder == "big" else array


def _described(library, array, name):
    """What serialize takes: a TensorSpec from version 0.8 on, a dict before."""
    if not hasattr(library, "TensorSpec"):
        return {"dtype": name, "shape": array.shape, "data": array.tobytes()}
    return library.TensorSpec(
        dtype=name, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes
    )


def load(path):
    """Read a dict from names to tensors."""
    library = _library()
    with open(path, "rb") as file:
        content = file.read()
    try:
        return {name: _tensor(facts) for name, facts in library.deserialize(content)}
    except Exception as problem:
        raise ValueError(f"{path} is not a whole safetensors file: {problem}") from None


def _tensor(facts):
    kind = NAMES.get(facts["dtype"])
    if kind is None:
        raise ValueError(f"minigrad has no dtype {facts['dtype']}")
    array = np.frombuffer(bytearray(facts["data"]), kind.storage.newbyteorder("<"))
    array = array.astype(kind.storage, copy=False).reshape(facts["shape"])
    return new_tensor(array, kind if kind.emulated else None)
