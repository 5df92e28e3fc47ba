"""Data types: NumPy's own, and float formats emulated on top of them.

An emulated format computes in float32 and rounds every result to its grid. float16 and bfloat16 are
stored in two bytes (NumPy half, and the upper half of a float32 as uint16); any other
:func:`float_format` is stored as the float32 that lies on its grid.
"""

import threading
from dataclasses import dataclass

import numpy as np

from . import backend


@dataclass(frozen=True, eq=False, repr=False)
class dtype:  # noqa: N801  (PyTorch's spelling)
    """A type of tensor elements; ``storage`` is the NumPy dtype that holds them."""

    name: str
    storage: np.dtype
    is_floating_point: bool = False
    is_signed: bool = True
    emulated: bool = False
    exponent_bits: int = 0
    mantissa_bits: int = 0
    is_complex = False

    @property
    def itemsize(self):
        """Bytes per element as stored."""
        return self.storage.itemsize

    def __repr__(self):
        return f"minigrad.{self.name}"

    def __reduce__(self):
        """Copies, also those in another process, are the one object of the name."""
        return _of_name, (self.name, self.exponent_bits, self.mantissa_bits)


def _of_name(name, exponent_bits, mantissa_bits):
    return BY_NAME[name] if name in BY_NAME else float_format(exponent_bits, mantissa_bits)


def _native(name, **facts):
    return dtype(name, np.dtype(name), **facts)


float64 = double = _native("float64", is_floating_point=True, exponent_bits=11, mantissa_bits=52)
float32 = float_ = _native("float32", is_floating_point=True, exponent_bits=8, mantissa_bits=23)
float16 = half = dtype("float16", np.dtype("float16"), True, True, True, 5, 10)
bfloat16 = dtype("bfloat16", np.dtype("uint16"), True, True, True, 8, 7)
int64 = long = _native("int64")
int32 = int_ = _native("int32")
int16 = short = _native("int16")
int8 = _native("int8")
uint8 = _native("uint8", is_signed=False)
bool_ = dtype("bool", np.dtype("bool"), is_signed=False)

BY_NAME = {
    d.name: d
    for d in (float64, float32, float16, bfloat16, int64, int32, int16, int8, uint8, bool_)
}
_NATIVE = {d.storage: d for d in BY_NAME.values() if not d.emulated}
_PYTHON = {float: float32, int: int64, bool: bool_}
_formats = {}


def float_format(exponent_bits, mantissa_bits):
    """An IEEE-like float format: one sign bit, and these many exponent and mantissa bits.

    float16 is (5, 10) and bfloat16 (8, 7); fp8 e4m3 would be (4, 3), tf32 (8, 10).

    >>> float_format(5, 10)
    minigrad.float16
    >>> float_format(4, 3)
    minigrad.float_e4m3
    """
    if not (2 <= exponent_bits <= 8 and 1 <= mantissa_bits <= 23):
        raise ValueError(
            "float_format needs 2 to 8 exponent bits and 1 to 23 mantissa bits, "
            f"got ({exponent_bits}, {mantissa_bits})"
        )
    key = (exponent_bits, mantissa_bits)
    for known in (float32, float16, bfloat16):
        if key == (known.exponent_bits, known.mantissa_bits):
            return known
    if key not in _formats:
        name = f"float_e{exponent_bits}m{mantissa_bits}"
        _formats[key] = dtype(name, np.dtype("float32"), True, True, True, *key)
    return _formats[key]


def of_storage(storage):
    """The dtype of a plain NumPy dtype; float16 arrays are emulated halves.

    >>> of_storage(np.dtype("int64"))
    minigrad.int64
    """
    found = _NATIVE.get(storage)
    if found is not None:
        return found
    if storage == np.float16:
        return float16
    raise TypeError(
        f"minigrad has no dtype for NumPy's {storage}; convert with .astype() to one of "
        f"{', '.join(BY_NAME)}"
    )


def check(value):
    """A dtype from a dtype, its name, a NumPy dtype or type, or float, int, bool."""
    if isinstance(value, dtype):
        return value
    if value in _PYTHON:
        return _PYTHON[value]
    if isinstance(value, str) and value in BY_NAME:
        return BY_NAME[value]
    try:
        return of_storage(np.dtype(value))
    except TypeError:
        raise TypeError(f"expected a minigrad dtype, got {value!r}") from None


def decode(array, tag):
    """The float32 values of an array stored in an emulated format."""
    if tag is float16:
        return backend.kernels_of(array).float16_to_float32(array)
    if tag is bfloat16:
        return backend.kernels_of(array).bfloat16_to_float32(array)
    return array


def decode_all(arrays, tags):
    """As decode, of each. Views that use up one array are views of what it decodes to.

    So the queries, keys and values of one projection become float32 in one pass over it.
    """
    parts = [tag is not None and _is_part(a) for a, tag in zip(arrays, tags, strict=True)]
    if sum(parts) < 2:
        return [decode(a, tag) for a, tag in zip(arrays, tags, strict=True)]
    used, wholes, decoded = {}, {}, []
    for array, part in zip(arrays, parts, strict=True):
        if part:
            used[id(array.base)] = used.get(id(array.base), 0) + array.size
    for array, part, tag in zip(arrays, parts, tags, strict=True):
        if not part or used[id(array.base)] < array.base.size:
            decoded.append(decode(array, tag))
            continue
        if id(array.base) not in wholes:
            wholes[id(array.base)] = decode(array.base, tag)
        decoded.append(_same_part(array, wholes[id(array.base)]))
    return decoded


def _is_part(array):
    """Whether an array is a strided view of a whole one of the same two-byte elements."""
    return (
        type(array) is np.ndarray
        and array.itemsize == 2
        and not array.flags.c_contiguous
        and type(array.base) is np.ndarray
        and array.base.dtype == array.dtype
        and array.base.flags.c_contiguous
    )


def _same_part(view, decoded):
    """The view of ``decoded`` that ``view`` is of its base; elements are twice as wide there."""
    start = view.__array_interface__["data"][0] - view.base.__array_interface__["data"][0]
    strides = [2 * stride for stride in view.strides]
    return np.ndarray(view.shape, decoded.dtype, decoded, 2 * start, strides)


class _Rounding(threading.local):
    draw_key = None  # gives a new key for each array while rounding is stochastic

    def __init__(self):
        self.outer = []  # what it was in the contexts around the innermost one


rounding = _Rounding()


def encode(array, tag):
    """A floating array rounded to an emulated format, as stored; to nearest unless told else."""
    if rounding.draw_key is None:
        return encode_nearest(array, tag)
    k, key = backend.kernels_of(array), rounding.draw_key()
    if array.dtype != np.float32:
        array = array.astype(np.float32)
    return encode_nearest(k.round_randomly(array, tag.exponent_bits, tag.mantissa_bits, key), tag)


def encode_nearest(array, tag):
    """A floating array rounded to the nearest numbers of an emulated format, as stored."""
    k = backend.kernels_of(array)
    if array.dtype != np.float32:
        array = array.astype(np.float32)
    if tag is float16:
        return k.float32_to_float16(array)
    if tag is bfloat16:
        return k.float32_to_bfloat16(array)
    return k.round_to(array, tag.exponent_bits, tag.mantissa_bits)


_default = float32


def get_default_dtype():
    """The dtype of new floating tensors: float32 unless changed."""
    return _default


def set_default_dtype(value):
    """Make ``value`` the dtype of tensors created from Python floats."""
    global _default
    value = check(value)
    if not value.is_floating_point:
        raise TypeError(f"only floating-point dtypes can be the default, got {value}")
    _default = value


def category(d):
    """0 for bool, 1 for integers, 2 for floats: a higher one decides the result of an op."""
    return 2 if d.is_floating_point else 0 if d is bool_ else 1


def promote_types(a, b):
    """The smallest dtype that holds both, as in PyTorch.

    >>> promote_types(bfloat16, float16), promote_types(uint8, int8), promote_types(int64, float16)
    (minigrad.float32, minigrad.int16, minigrad.float16)
    """
    if a is b:
        return a
    if category(a) != category(b):
        return a if category(a) > category(b) else b
    if a.emulated and b.emulated:
        return float32
    if a.emulated or b.emulated:
        return b if a.emulated else a
    return of_storage(np.promote_types(a.storage, b.storage))


@dataclass(frozen=True)
class finfo:  # noqa: N801
    """Limits of a floating dtype: ``eps``, ``max``, ``min``, ``tiny``, ``bits``.

    >>> finfo(bfloat16).eps
    0.0078125
    """

    dtype: dtype = float32

    def __post_init__(self):
        if not check(self.dtype).is_floating_point:
            raise TypeError(f"finfo needs a floating-point dtype, got {self.dtype}")

    @property
    def bits(self):
        return 8 * self.dtype.itemsize

    @property
    def eps(self):
        return 2.0**-self.dtype.mantissa_bits

    @property
    def _bias(self):
        return 2 ** (self.dtype.exponent_bits - 1) - 1

    @property
    def max(self):
        return (2.0 - self.eps) * 2.0**self._bias

    @property
    def min(self):
        return -self.max

    @property
    def tiny(self):
        return 2.0 ** (1 - self._bias)

    smallest_normal = tiny


@dataclass(frozen=True)
class iinfo:  # noqa: N801
    """Limits of an integer dtype: ``min``, ``max``, ``bits``.

    >>> iinfo(int8).min, iinfo(int8).max
    (-128, 127)
    """

    dtype: dtype

    def __post_init__(self):
        if category(check(self.dtype)) != 1:
            raise TypeError(f"iinfo needs an integer dtype, got {self.dtype}")

    @property
    def bits(self):
        return 8 * self.dtype.itemsize

    @property
    def min(self):
        return int(np.iinfo(self.dtype.storage).min)

    @property
    def max(self):
        return int(np.iinfo(self.dtype.storage).max)


def can_cast(from_, to):
    """Whether PyTorch's rules let ``from_`` be cast to ``to``: never to a lower category.

    >>> can_cast(float64, float16), can_cast(float32, int64)
    (True, False)
    """
    return category(check(from_)) <= category(check(to))
