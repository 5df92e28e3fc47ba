"""Tensors from data and from nothing."""

import functools

import numpy as np

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of, new_tensor, values
from .cast import cast
from .operands import check_fits, check_shape, only_tensors

__all__ = [
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "fill",
    "frombuffer",
    "from_dlpack",
    "from_numpy",
    "full",
    "full_like",
    "ones",
    "ones_like",
    "scalar_tensor",
    "tensor",
    "zeros",
    "zeros_like",
]


def tensor(data, *, dtype=None, device=None, requires_grad=False):
    """A tensor with a copy of ``data``: numbers, nested lists, arrays or tensors.

    Python floats become the default dtype (float32), ints int64, bools bool; arrays keep theirs.

    >>> import minigrad as mg
    >>> mg.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    array, tag = _from_data(data, dtype, copy=True)
    return placed(array, tag, dtype, device, requires_grad)


def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A tensor on the memory of a bytes-like object: ``count`` elements from byte ``offset`` on."""
    dtype = dtypes.check(dtype)
    size = len(memoryview(buffer).cast("B"))
    if not 0 <= offset < size or (count < 0 and (size - offset) % dtype.itemsize):
        raise ValueError(f"frombuffer: offset={offset} leaves no whole {dtype} of {size} bytes")
    array = np.frombuffer(buffer, dtype.storage, count, offset)
    made = new_tensor(array, dtype if dtype.emulated else None)
    return made.requires_grad_() if requires_grad else made


def fill(input, value):
    """A tensor like ``input`` of one value everywhere, a number or a 0-d tensor."""
    return input.masked_fill(ones_like(input, dtype=dtypes.bool_), value)


def as_tensor(data, dtype=None, device=None):
    """As :func:`tensor`, but shares memory with an array or tensor where nothing must change."""
    if isinstance(data, TensorBase):
        return data if dtype is None else cast(data, dtypes.check(dtype))
    array, tag = _from_data(data, dtype, copy=False)
    return placed(array, tag, dtype, device, False)


def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=False):
    """A tensor of any data; memory is shared where possible unless ``copy`` is True.

    ``copy=False`` raises where sharing is impossible.
    """
    made = tensor(obj, dtype=dtype, device=device) if copy else as_tensor(obj, dtype, device)
    source = obj._array if isinstance(obj, TensorBase) else obj
    if copy is False and not _shares(made, source):
        raise ValueError("asarray: copy=False, but this data or dtype needs a copy")
    return made.requires_grad_() if requires_grad else made


def _shares(tensor, source):
    return isinstance(source, np.ndarray) and np.may_share_memory(tensor._array, source)


def from_dlpack(ext_tensor):
    """A tensor that shares memory with any object that speaks DLPack (PyTorch, CuPy, NumPy, …).

    >>> import minigrad as mg
    >>> mg.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    if isinstance(ext_tensor, TensorBase):
        return ext_tensor
    if not hasattr(ext_tensor, "__dlpack__"):
        kind = type(ext_tensor).__name__
        raise TypeError(f"from_dlpack expects an object with __dlpack__, got {kind}")
    on_cpu = int(ext_tensor.__dlpack_device__()[0]) == _DLPACK_CPU
    array = (np if on_cpu else backend.cupy()).from_dlpack(ext_tensor)
    writable = not on_cpu or array.flags.writeable
    return as_tensor(array if writable else array.copy())


_DLPACK_CPU = 1


def to_dlpack(array, tag, **arguments):
    """A DLPack capsule of a tensor's array: a copy where a consumer could not read it as it is."""
    if tag is not None and tag is not dtypes.float16:
        raise BufferError(f"NumPy's DLPack has no {tag}; convert with .float() first")
    if isinstance(array, np.ndarray):
        backwards = min(array.strides, default=0) < 0
        array = array.copy() if backwards or not array.flags.writeable else array
    return array.__dlpack__(**arguments)


def sized(function):
    """``function(*size, …)`` that takes its shape as ``size=`` too."""

    @functools.wraps(function)
    def inner(*args, size=None, **options):
        if not args and size is None:
            raise TypeError(f"{function.__name__}: size is missing")
        return function(*(args if size is None else (size,)), **options)

    return inner


def from_numpy(ndarray):
    """A tensor that shares memory with a NumPy array."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy expects a numpy.ndarray, got {type(ndarray).__name__}")
    return as_tensor(ndarray)


def _from_data(data, dtype, copy):
    """(array, tag) for any accepted data; numbers keep all their digits if a dtype is to come."""
    if isinstance(data, TensorBase):
        return data._array.copy(), data._tag
    if hasattr(data, "dtype") and hasattr(data, "shape"):
        array = np.asarray(data) if isinstance(data, np.generic) else data
        known = dtypes.of_storage(array.dtype)
        return (array.copy() if copy else array), known if known.emulated else None
    if isinstance(data, list | tuple) and _holds_tensors(data):
        data = _untensored(data)
    try:
        array = np.array(data)
    except ValueError as error:
        raise ValueError(f"tensor: the nested lists are ragged: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"tensor: cannot hold {array.dtype} (from {type(data).__name__})")
    if dtype is None and (array.size == 0 or array.dtype.kind == "f" and not _numpy_leaf(data)):
        default = dtypes.get_default_dtype()
        if default.emulated:
            return dtypes.encode(array.astype(np.float32), default), default
        return array.astype(default.storage), None
    if dtype is not None and array.size and not dtypes.check(dtype).is_floating_point:
        for extreme in (array.min(), array.max()):
            check_fits("tensor", extreme.item(), dtypes.check(dtype))
    return array, None


def _numpy_leaf(data):
    """Whether the first number in nested lists is a NumPy float, which keeps its precision."""
    while isinstance(data, list | tuple):
        data = data[0]
    return isinstance(data, np.floating | np.ndarray)


def _holds_tensors(data):
    return any(
        isinstance(d, TensorBase) or isinstance(d, list | tuple) and _holds_tensors(d) for d in data
    )


def _untensored(data):
    if isinstance(data, TensorBase):
        return data.tolist()
    return [_untensored(d) for d in data] if isinstance(data, list | tuple) else data


def placed(array, tag, dtype, device, requires_grad):
    """A leaf of the dtype and on the device asked for."""
    device = device or backend.default_device()
    if device is not None:
        array = backend.move(array, device)
    result = new_tensor(array, tag)
    if dtype is not None:
        result = cast(result, dtypes.check(dtype))
    if requires_grad:
        check_differentiable(dtype_of(result))
        result._requires_grad = True
    return result


def check_differentiable(dtype):
    """Raise RuntimeError unless tensors of this dtype can have gradients."""
    if not dtype.is_floating_point:
        raise RuntimeError(f"only floating-point tensors can require gradients, not {dtype}")


def extents(size):
    """A shape to make a tensor of: no extent may be negative."""
    shape = check_shape(size)
    if any(extent < 0 for extent in shape):
        raise RuntimeError(f"the extents of a new tensor must not be negative, got shape {shape}")
    return shape


def _filled(shape, value, dtype, device, requires_grad):
    dtype = dtypes.check(dtype) if dtype is not None else dtypes.get_default_dtype()
    storage = np.dtype(np.float32) if dtype.emulated else dtype.storage
    array = np.full(shape, one_number(value, dtype, storage))
    return placed(array, None, dtype, device, requires_grad)


def one_number(value, dtype, storage):
    """A number or 0-d tensor to fill with, as a NumPy number; RuntimeError beyond the dtype."""
    value = value.item() if isinstance(value, TensorBase) else value
    check_fits("fill_value", value, dtype)
    return np.array(value).astype(storage)[()]


@sized
def zeros(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of zeros.

    >>> import minigrad as mg
    >>> mg.zeros(2, 3).shape
    (2, 3)
    """
    return _filled(extents(size), 0, dtype, device, requires_grad)


@sized
def ones(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of ones."""
    return _filled(extents(size), 1, dtype, device, requires_grad)


@sized
def empty(*size, dtype=None, device=None, requires_grad=False):
    """A tensor whose elements mean nothing yet (zeros here: never stale memory)."""
    return _filled(extents(size), 0, dtype, device, requires_grad)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """A tensor of one repeated value, of the value's own kind unless ``dtype`` is given."""
    if not isinstance(size, tuple | list):
        raise TypeError(f"full: size must be a tuple of ints, got {size!r}")
    if isinstance(fill_value, TensorBase):
        fill_value = fill_value.item()
    if dtype is None and isinstance(fill_value, bool | int):
        dtype = dtypes.check(type(fill_value))
    return _filled(extents((size,)), fill_value, dtype, device, requires_grad)


def full_like(input, fill_value, *, dtype=None, device=None, requires_grad=False, **_layout):
    """One repeated value in the shape, dtype and on the device of ``input``."""
    only_tensors("full_like", input)
    device = device or backend.device_of(input._array)
    dtype = dtype or dtype_of(input)
    return _filled(input._array.shape, fill_value, dtype, device, requires_grad)


def zeros_like(input, **options):
    """Zeros in the shape, dtype and on the device of ``input``; options as :func:`full_like`."""
    return full_like(input, 0, **options)


def ones_like(input, **options):
    """Ones in the shape, dtype and on the device of ``input``; options as :func:`full_like`."""
    return full_like(input, 1, **options)


empty_like = zeros_like


def scalar_tensor(s, *, dtype=None, device=None, requires_grad=False):
    """A 0-d tensor of a number, in the default dtype unless another is given."""
    wanted = dtype or dtypes.get_default_dtype()
    if isinstance(s, list | tuple):
        raise TypeError(f"scalar_tensor: s must be a number, got {s!r}")
    return tensor(s, dtype=wanted, device=device, requires_grad=requires_grad)


def item(input):
    """The only element of a tensor as a Python number."""
    if input._array.size != 1:
        raise RuntimeError(
            f"a tensor with {input._array.size} elements cannot be converted to a number"
        )
    return values(input).item()
