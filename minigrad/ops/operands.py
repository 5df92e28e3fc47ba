"""From what users pass to what ops take: tensors of one dtype, normalised axes."""

import functools
import numbers

import numpy as np

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of, new_tensor
from .cast import cast

__all__ = ["result_type"]

_constants = {}
_NUMBERS = (float, int)  # plain ones: they never change the dtype of a floating tensor


def tensor_of(value, argument="input"):
    """The value if it is a tensor; numbers and arrays become one; anything else is a TypeError."""
    if isinstance(value, TensorBase):
        return value
    if isinstance(value, bool | int | float):
        return constant(value, dtypes.check(type(value)) if type(value) is not float else None)
    if isinstance(value, np.ndarray | np.generic):
        return new_tensor(np.asarray(value))
    raise TypeError(f"{argument} must be a tensor or a number, got {type(value).__name__}")


def constant(value, dtype=None):
    """A 0-d tensor for a Python number, made once (nobody can write to it)."""
    dtype = dtype or dtypes.get_default_dtype()
    key = (value, type(value), dtype, str(value) if value == 0 else None)
    found = _constants.get(key)
    if found is None:
        if len(_constants) > 4096:
            _constants.clear()
        storage = np.dtype("float32") if dtype.emulated else dtype.storage
        array = np.array(value).astype(storage)
        array.flags.writeable = False
        found = _constants[key] = new_tensor(array)
    return found


def _strength(value):
    """What a value says about the result dtype: (priority class, dtype)."""
    if isinstance(value, TensorBase):
        return (2 if value._array.ndim else 1), dtype_of(value)
    if isinstance(value, bool | np.bool_):
        return 0, dtypes.bool_
    if isinstance(value, numbers.Integral):
        return 0, dtypes.int64
    return 0, dtypes.get_default_dtype()


def result_type(*values):
    """PyTorch's promotion: dimensioned tensors outrank 0-d tensors, which outrank numbers.

    A weaker operand changes the dtype only by a higher category (bool < integer < float).
    """
    result = None
    for priority in (2, 1, 0):
        group = None
        for value in values:
            strength, dtype = _strength(value)
            if strength == priority:
                group = dtype if group is None else dtypes.promote_types(group, dtype)
        if group is None:
            continue
        if result is None or dtypes.category(group) > dtypes.category(result):
            result = group
    return result


def operands(a, b):
    """Two operands as tensors of their common dtype."""
    if isinstance(a, TensorBase):
        if isinstance(b, TensorBase):
            if a._tag is b._tag and a._array.dtype is b._array.dtype:
                return a, b
        elif type(b) in _NUMBERS and a._array.dtype.kind == "f":
            return a, _like(b, a)
    elif type(a) in _NUMBERS and isinstance(b, TensorBase) and b._array.dtype.kind == "f":
        return _like(a, b), b
    a, b = number_or_tensor(a, "input"), number_or_tensor(b, "other")
    return converted(result_type(a, b), a, b)


def number_or_tensor(value, argument):
    """Tensors and numbers as they are, arrays as tensors; anything else is a TypeError."""
    if isinstance(value, TensorBase | numbers.Number):
        return value
    return tensor_of(value, argument)


def converted(dtype, *values, beside=None):
    """All values as tensors of ``dtype``; numbers on the backend of the first tensor.

    If all are numbers, on that of the tensor ``beside``.
    """
    model = next((v for v in values if isinstance(v, TensorBase)), beside)
    return tuple(
        cast(v, dtype) if isinstance(v, TensorBase) else _number(v, dtype, model) for v in values
    )


def _like(value, model):
    return _number(value, model._tag or dtypes.of_storage(model._array.dtype), model)


def _number(value, dtype, model):
    if isinstance(value, complex):
        raise TypeError(f"minigrad has no complex numbers, got {value!r}")
    found = constant(value, dtype)
    if model is None or type(model._array) is np.ndarray:
        return found
    return new_tensor(backend.kernels_of(model._array).xp.asarray(found._array))


def floating(x):
    """The tensor itself if it is floating, otherwise its cast to the default dtype."""
    x = tensor_of(x)
    if x._tag is not None or x._array.dtype.kind == "f":
        return x
    return cast(x, dtypes.get_default_dtype())


def floating_operands(a, b):
    """Two operands as tensors of their common dtype, or of the default one if that is no float."""
    if _is_float(a) or _is_float(b):
        return operands(a, b)
    a, b = number_or_tensor(a, "input"), number_or_tensor(b, "other")
    dtype = result_type(a, b)
    return converted(dtype if dtype.is_floating_point else dtypes.get_default_dtype(), a, b)


def _is_float(value):
    if isinstance(value, TensorBase):
        return value._tag is not None or value._array.dtype.kind == "f"
    return type(value) is float


def only_tensors(name, *values, arguments=("input", "other")):
    """Raise a TypeError unless the values that have an argument name are tensors."""
    for position, value in enumerate(values[: len(arguments)]):
        if not isinstance(value, TensorBase):
            kind = type(value).__name__
            raise TypeError(f"{name}: {arguments[position]} must be a tensor, got {kind}")


def optional_tensors(name, **values):
    """Raise a TypeError unless each of the named values is a tensor or None."""
    for argument, value in values.items():
        if value is not None and not isinstance(value, TensorBase):
            kind = type(value).__name__
            raise TypeError(f"{name}: {argument} must be a tensor, got {kind}")


def one_tensor(name, a, b):
    """Raise a TypeError if both operands are numbers."""
    if not isinstance(a, TensorBase) and not isinstance(b, TensorBase):
        raise TypeError(f"{name}: input or other must be a tensor, got {a!r} and {b!r}")


BOOLS, INTEGERS, FLOATS = range(3)  # see dtypes.category


def check_category(name, x, *allowed):
    """Raise a RuntimeError unless the dtype of x is of one of the allowed categories."""
    if x._array.dtype.kind == "f" and FLOATS in allowed:
        return
    dtype = dtype_of(x)
    if dtypes.category(dtype) not in allowed:
        names = " or ".join(("bools", "integers", "floats")[c] for c in allowed)
        raise RuntimeError(f"{name} takes {names}, got {dtype}")


def check_fits(name, value, dtype):
    """Raise a RuntimeError for a number beyond the range of a dtype.

    Infinities fit all floats; negative numbers fit unsigned integers, where they wrap around.
    """
    if dtype.is_floating_point:
        fits = value != value or abs(value) in (0, float("inf")) or (
            abs(value) <= dtypes.finfo(dtype).max
        )
    elif dtype is dtypes.bool_:
        fits = True
    else:
        limits = np.iinfo(dtype.storage)
        fits = (limits.min or -limits.max) <= value <= limits.max
    if not fits:
        raise RuntimeError(f"{name}: {value!r} does not fit {dtype}")


def check_axis(dim, ndim, argument="dim"):
    """A non-negative axis; raises IndexError outside [-ndim, ndim)."""
    if type(dim) is int and -ndim <= dim < ndim:
        return dim % ndim
    try:
        axis = None if isinstance(dim, bool) else dim.__index__()
    except (AttributeError, TypeError):  # a tensor of several elements, say
        axis = None
    if axis is None:
        raise TypeError(f"{argument} must be an int, got {type(dim).__name__} ({dim!r})")
    bound = max(ndim, 1)
    if not -bound <= axis < bound:
        raise IndexError(
            f"{argument}={dim} is out of range for {ndim} dimensions: "
            f"expected a value in [{-bound}, {bound - 1}]"
        )
    return axis % bound


def check_axes(dim, ndim, argument="dim"):
    """None (all axes) or a sorted tuple of distinct non-negative axes."""
    if type(dim) is int and -ndim <= dim < ndim:
        return (dim % ndim,)
    if dim is None or dim == () or dim == []:
        return None
    given = dim if isinstance(dim, tuple | list) else (dim,)
    axes = tuple(check_axis(d, ndim, argument) for d in given)
    if len(set(axes)) != len(axes):
        raise RuntimeError(f"{argument}={dim} names an axis twice")
    return tuple(sorted(axes)) if ndim else None


_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}


def numpy_names(function):
    """The function, which takes NumPy's axis= and keepdims= for dim= and keepdim= too."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if kwargs:
            kwargs = {_NUMPY_NAMES.get(name, name): value for name, value in kwargs.items()}
        return function(*args, **kwargs)

    return call


def check_shape(size):
    """A shape from ``f(2, 3)``, ``f((2, 3))`` or ``f([2, 3])``, as a tuple of ints."""
    if len(size) == 1 and isinstance(size[0], tuple | list):
        size = size[0]
    for extent in size:
        if isinstance(extent, bool) or not hasattr(extent, "__index__"):
            raise TypeError(f"a size must be made of ints, got {extent!r}")
    return tuple(extent.__index__() for extent in size)


def pointwise(op, any_dtype=False, bools=True):
    """The public function of an op with one input; integers become floats unless ``any_dtype``."""

    def function(input):
        x = tensor_of(input) if any_dtype else floating(input)
        if not bools:
            check_category(op.name, x, INTEGERS, FLOATS)
        return op.apply(x)

    return _named(function, op)


def pairwise(op, *categories):
    """The public function of an op with two tensor inputs, their common dtype of a category."""

    def function(input, other):
        only_tensors(op.name, input, other)
        a, b = operands(input, other)
        check_category(op.name, a, *categories)
        return op.apply(a, b)

    return _named(function, op)


def _named(function, op):
    function.__name__ = function.__qualname__ = op.name
    function.__doc__ = op.__doc__.partition(".    ")[0]
    function.__module__ = op.__module__
    return function


def beside(array, x):
    """A NumPy array of positions on the backend of a tensor."""
    return array if type(x._array) is np.ndarray else backend.move(array, x.device)
