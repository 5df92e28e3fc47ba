"""A strict stand-in for CuPy's array type, so that the references are tested without a GPU.

:class:`Device` wraps a NumPy array and refuses what CuPy refuses: implicit conversion to NumPy and
any mixing with NumPy arrays. It is stricter in that NumPy's own functions never take it.
:data:`xp` is the array module that belongs to it.
"""

import operator
import types

import numpy as np


def _refuse(what):
    raise TypeError(f"implicit conversion of a device array to NumPy ({what}); use .get()")


def wrap(value):
    """NumPy results become device arrays, also inside tuples and lists."""
    if isinstance(value, (np.ndarray, np.generic)):
        return Device(np.asarray(value))
    if isinstance(value, (tuple, list)):
        return (list if type(value) is list else tuple)(map(wrap, value))
    return value


def unwrap(value):
    """Device arrays become NumPy arrays; NumPy arrays are refused, scalars pass."""
    if isinstance(value, Device):
        return value._array
    if isinstance(value, np.ndarray):
        raise TypeError("a NumPy array where a device array is expected")
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return type(value)(map(unwrap, value))
    if isinstance(value, slice):
        return slice(*map(unwrap, (value.start, value.stop, value.step)))
    return value


def lifted(function):
    """``function`` of NumPy arrays as a function of device arrays."""

    def call(*args, **kwargs):
        keywords = {name: unwrap(value) for name, value in kwargs.items()}
        result = function(*map(unwrap, args), **keywords)
        out = kwargs.get("out")
        return out if isinstance(out, Device) else wrap(result)

    return call


class Device:
    """An array that lives "elsewhere"."""

    __array_ufunc__ = None  # NumPy's operators hand over to ours; its functions refuse
    __slots__ = ("_array",)

    def __init__(self, array):
        self._array = array

    def get(self):
        return self._array.copy()

    def __array__(self, *args, **kwargs):
        _refuse("__array__")

    def __array_function__(self, function, types, args, kwargs):
        _refuse(function.__name__)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(self._array, name)
        if name in ("item", "tolist"):
            return value
        return lifted(value) if callable(value) else wrap(value)

    @property
    def shape(self):
        return self._array.shape

    @property
    def dtype(self):
        return self._array.dtype

    def __len__(self):
        return len(self._array)

    def __iter__(self):
        return map(wrap, self._array)

    def __getitem__(self, key):
        return wrap(self._array[unwrap(key)])

    def __setitem__(self, key, value):
        self._array[unwrap(key)] = unwrap(value)

    def __bool__(self):
        return bool(self._array)

    def __int__(self):
        return int(self._array)

    def __float__(self):
        return float(self._array)

    def __index__(self):
        return operator.index(self._array)

    def __repr__(self):
        return f"Device({self._array!r})"

    __hash__ = None


_BINARY = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul",
    "and", "or", "xor", "lshift", "rshift",
)  # fmt: skip


def _add_operators():
    for name in _BINARY:
        for prefix in ("", "r"):
            setattr(Device, f"__{prefix}{name}__", _binary(f"__{prefix}{name}__"))
        setattr(Device, f"__i{name}__", _in_place(getattr(operator, f"i{name}")))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Device, f"__{name}__", _binary(f"__{name}__"))
    for name in ("neg", "pos", "abs", "invert"):
        setattr(Device, f"__{name}__", lifted(getattr(operator, name)))


def _binary(name):
    def method(self, other):
        return wrap(getattr(self._array, name)(unwrap(other)))

    return method


def _in_place(update):
    def method(self, other):
        update(self._array, unwrap(other))
        return self

    return method


_add_operators()


class _Ufunc:
    """A lifted ufunc with its methods (``at``, ``reduce``, ...)."""

    def __init__(self, ufunc):
        self._ufunc = ufunc

    def __call__(self, *args, **kwargs):
        return lifted(self._ufunc)(*args, **kwargs)

    def __getattr__(self, name):
        return lifted(getattr(self._ufunc, name))


class Module:
    """numpy (or a module of it) for device arrays: functions are lifted, the rest is as is."""

    ndarray = Device

    def __init__(self, module):
        self._module = module

    def asarray(self, value, dtype=None):
        """Also from NumPy, as CuPy's explicit transfer does."""
        value = unwrap(value) if isinstance(value, Device) else value
        return Device(np.asarray(value, dtype))

    def __getattr__(self, name):
        value = getattr(self._module, name)
        if isinstance(value, type):
            return value
        if isinstance(value, types.ModuleType):
            return Module(value)
        if isinstance(value, np.ufunc):
            return _Ufunc(value)
        return lifted(value) if callable(value) else value


xp = Module(np)
