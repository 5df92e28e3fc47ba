"""Tensors from data, from nothing, and from random numbers."""

import math

import numpy as np

from .. import backend, dtypes, random
from ..engine.graph import TensorBase, dtype_of, new_tensor, values
from .cast import cast
from .operands import check_shape

__all__ = [
    "arange",
    "as_tensor",
    "empty",
    "empty_like",
    "eye",
    "from_numpy",
    "full",
    "full_like",
    "linspace",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
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
    return _placed(array, tag, dtype, device, requires_grad)


def as_tensor(data, dtype=None, device=None):
    """As :func:`tensor`, but shares memory with an array or tensor where nothing must change."""
    if isinstance(data, TensorBase):
        return data if dtype is None else cast(data, dtypes.check(dtype))
    array, tag = _from_data(data, dtype, copy=False)
    return _placed(array, tag, dtype, device, False)


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


def _placed(array, tag, dtype, device, requires_grad):
    """A leaf of the dtype and on the device asked for."""
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


def _extents(size):
    """A shape to make a tensor of: no extent may be negative."""
    shape = check_shape(size)
    if any(extent < 0 for extent in shape):
        raise RuntimeError(f"the extents of a new tensor must not be negative, got shape {shape}")
    return shape


def _filled(shape, value, dtype, device, requires_grad):
    dtype = dtypes.check(dtype) if dtype is not None else dtypes.get_default_dtype()
    storage = np.dtype(np.float32) if dtype.emulated else dtype.storage
    return _placed(np.full(shape, value, storage), None, dtype, device, requires_grad)


def zeros(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of zeros.

    >>> import minigrad as mg
    >>> mg.zeros(2, 3).shape
    (2, 3)
    """
    return _filled(_extents(size), 0, dtype, device, requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False):
    """A tensor of ones."""
    return _filled(_extents(size), 1, dtype, device, requires_grad)


def empty(*size, dtype=None, device=None, requires_grad=False):
    """A tensor whose elements mean nothing yet (zeros here: never stale memory)."""
    return _filled(_extents(size), 0, dtype, device, requires_grad)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """A tensor of one repeated value, of the value's own kind unless ``dtype`` is given."""
    if dtype is None and isinstance(fill_value, bool | int):
        dtype = dtypes.check(type(fill_value))
    return _filled(_extents((size,)), fill_value, dtype, device, requires_grad)


def zeros_like(input, *, dtype=None, requires_grad=False):
    """Zeros in the shape and dtype of ``input``."""
    return full_like(input, 0, dtype=dtype, requires_grad=requires_grad)


def ones_like(input, *, dtype=None, requires_grad=False):
    """Ones in the shape and dtype of ``input``."""
    return full_like(input, 1, dtype=dtype, requires_grad=requires_grad)


empty_like = zeros_like


def full_like(input, fill_value, *, dtype=None, requires_grad=False):
    """One repeated value in the shape and dtype of ``input``, on its device."""
    device = backend.device_of(input._array)
    device = None if device == "cpu" else device
    dtype = dtype or dtype_of(input)
    return _filled(input._array.shape, fill_value, dtype, device, requires_grad)


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """start, start + step, … below ``end``; int64 for ints, otherwise the default dtype."""
    if end is None:
        start, end = 0, start
    start, end, step = (v.item() if isinstance(v, TensorBase) else v for v in (start, end, step))
    if step == 0:
        raise RuntimeError("arange: step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError(f"arange: from {start} to {end} with step {step} is inconsistent")
    whole = all(isinstance(v, int) for v in (start, end, step))
    count = math.ceil((end - start) / step)
    array = np.arange(count) * step + start
    wanted = dtype or (dtypes.int64 if whole else dtypes.get_default_dtype())
    return _placed(array, None, wanted, device, requires_grad)


def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False):
    """``steps`` evenly spaced values from ``start`` to ``end``, both included."""
    if steps < 0:
        raise RuntimeError(f"linspace: steps must be non-negative, got {steps}")
    wanted = dtype or dtypes.get_default_dtype()
    return _placed(np.linspace(start, end, steps), None, wanted, device, requires_grad)


def eye(n, m=None, *, dtype=None, device=None, requires_grad=False):
    """Ones on the diagonal, zeros elsewhere."""
    wanted = dtype or dtypes.get_default_dtype()
    return _placed(np.eye(n, m), None, wanted, device, requires_grad)


def _drawn(kernel, size, generator, dtype, device, requires_grad):
    """A tensor filled by one of the random kernels."""
    dtype = dtypes.check(dtype) if dtype is not None else dtypes.get_default_dtype()
    if not dtype.is_floating_point:
        raise RuntimeError(f"random floats need a floating-point dtype, got {dtype}")
    storage = np.dtype(np.float64 if dtype is dtypes.float64 else np.float32)
    array = backend.empty(_extents(size), storage)
    fill(kernel, array, generator)
    return _placed(array, None, dtype, device, requires_grad)


def fill(kernel, array, generator=None):
    """Fill an array by the named random kernel from the next counters of a generator."""
    per_counter = 4 if array.dtype.itemsize == 4 else 2
    generator = generator or random.default_generator
    key, counter = generator.reserve(-(-array.size // per_counter))
    getattr(backend.kernels_of(array), kernel)(array, key, counter)


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Uniform random numbers in [0, 1)."""
    return _drawn("fill_uniform", size, generator, dtype, device, requires_grad)


def randn(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Standard normal random numbers.

    >>> import minigrad as mg
    >>> mg.randn(2, 3, generator=mg.Generator().manual_seed(0)).shape
    (2, 3)
    """
    return _drawn("fill_normal", size, generator, dtype, device, requires_grad)


def rand_like(input, *, dtype=None, requires_grad=False):
    """Uniform random numbers in the shape and dtype of ``input``."""
    return rand(input._array.shape, dtype=dtype or dtype_of(input), requires_grad=requires_grad)


def randn_like(input, *, dtype=None, requires_grad=False):
    """Standard normal random numbers in the shape and dtype of ``input``."""
    return randn(input._array.shape, dtype=dtype or dtype_of(input), requires_grad=requires_grad)


def randint(low, high=None, size=None, *, generator=None, dtype=dtypes.int64, device=None):
    """Random integers in [low, high); ``randint(high, size)`` starts at 0."""
    if high is None or size is None:
        low, high, size = 0, low, high if size is None else size
    if size is None or low >= high:
        raise RuntimeError(f"randint: low={low} must be below high={high}, and size be given")
    array = np.empty(_extents((size,)), np.float64)
    fill("fill_uniform", array, generator)
    return _placed(np.floor(array * (high - low)) + low, None, dtype, device, False)


def randperm(n, *, generator=None, dtype=dtypes.int64, device=None):
    """A random order of the integers 0 to n − 1."""
    array = np.empty(n, np.float64)
    fill("fill_uniform", array, generator)
    return _placed(np.argsort(array, kind="stable"), None, dtype, device, False)


def item(input):
    """The only element of a tensor as a Python number."""
    if input._array.size != 1:
        raise RuntimeError(
            f"a tensor with {input._array.size} elements cannot be converted to a number"
        )
    return values(input).item()
