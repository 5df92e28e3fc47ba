"""assert_close with tolerances that fit the dtype."""

import numpy as np

from .. import dtypes
from ..engine.graph import TensorBase, dtype_of, values
from ..ops.creation import as_tensor

#                      rtol    atol
TOLERANCES = {
    dtypes.float64: (1e-7, 1e-7),
    dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float16: (1e-3, 1e-5),
    dtypes.bfloat16: (1.6e-2, 1e-5),
}


def assert_close(
    actual, expected, rtol=None, atol=None, *, equal_nan=False, check_dtype=True, msg=None
):
    """AssertionError unless |actual − expected| <= atol + rtol · |expected| everywhere.

    Shapes and dtypes must be equal too. Without ``rtol`` and ``atol`` (give both or none) the
    dtype chooses: float64 1e-7, float32 1.3e-6, float16 1e-3, bfloat16 1.6e-2, others exact. Takes
    tensors, arrays, numbers, and lists, tuples and dicts of them.

    >>> import minigrad as mg
    >>> assert_close(mg.tensor([1.0]), mg.tensor([1.0 + 1e-7]))
    """
    if (rtol is None) != (atol is None):
        raise ValueError("give both rtol and atol, or neither of them")
    options = {"equal_nan": equal_nan, "check_dtype": check_dtype, "msg": msg}
    for where, a, b in _pairs(actual, expected, ""):
        _compare(where, as_tensor(a), as_tensor(b), rtol, atol, **options)


def _pairs(actual, expected, where):
    """Every (place, actual leaf, expected leaf) of two equally nested values."""
    if isinstance(expected, dict):
        if not isinstance(actual, dict) or actual.keys() != expected.keys():
            raise AssertionError(f"keys differ{where}: {_keys(actual)} and {_keys(expected)}")
        items = [(key, actual[key], expected[key]) for key in expected]
    elif isinstance(expected, list | tuple):
        if not isinstance(actual, list | tuple) or len(actual) != len(expected):
            raise AssertionError(f"lengths differ{where}: {actual!r} and {expected!r}")
        items = list(zip(range(len(actual)), actual, expected, strict=True))
    else:
        yield where, actual, expected
        return
    for key, a, b in items:
        yield from _pairs(a, b, f"{where} at [{key!r}]")


def _keys(value):
    return list(value) if isinstance(value, dict) else type(value).__name__


def _compare(where, a, b, rtol, atol, equal_nan, check_dtype, msg):
    kind = dtype_of(b)
    if check_dtype and dtype_of(a) is not kind:
        raise AssertionError(msg or f"dtypes differ{where}: {dtype_of(a)} and {kind}")
    if a._array.shape != b._array.shape:
        raise AssertionError(msg or f"shapes differ{where}: {a._array.shape} and {b._array.shape}")
    if rtol is None:
        options = [TOLERANCES.get(dtype_of(t), (0.0, 0.0)) for t in (a, b)]
        rtol, atol = (max(pair) for pair in zip(*options, strict=True))
    x, y = (_wide(t) for t in (a, b))
    close = np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if not close.all():
        raise AssertionError(msg or _mismatch(where, x, y, close, rtol, atol))


def _wide(tensor: TensorBase):
    array = values(tensor)
    array = array if isinstance(array, np.ndarray) else array.get()
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _mismatch(where, x, y, close, rtol, atol):
    gap = np.abs(np.subtract(x, y, dtype=np.float64))
    gap = np.where(close, -1, np.where(np.isnan(gap), np.inf, gap))
    worst = tuple(map(int, np.unravel_index(np.argmax(gap), gap.shape)))
    return (
        f"values differ{where}: {int((~close).sum())} of {close.size} elements, worst at index "
        f"{worst}: {x[worst]} and {y[worst]}, allowed rtol={rtol} and atol={atol}"
    )
