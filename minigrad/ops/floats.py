"""Floating-point numbers from within: their two parts, and their neighbours."""

import numpy as np

from .. import backend, return_types
from ..engine.graph import as_array, dtype_of, new_tensor, values
from ..engine.op import explained
from .arithmetic import mul
from .cast import cast
from .operands import FLOATS, check_category, only_tensors, operands

__all__ = ["frexp", "nextafter"]


def frexp(input):
    """(mantissa, exponent) with input = mantissa · 2 to the exponent, 0.5 <= |mantissa| < 1.

    >>> import minigrad as mg
    >>> mg.frexp(mg.tensor([6.0]))
    minigrad.return_types.frexp(
    mantissa=tensor([0.7500]),
    exponent=tensor([3], dtype=minigrad.int32))
    """
    only_tensors("frexp", input)
    check_category("frexp", input, FLOATS)
    x = values(input)
    xp = backend.array_module(x)
    exponent = xp.asarray(xp.frexp(x)[1]).astype(np.int32)
    mantissa, half = input, exponent // 2
    for part in (half, exponent - half):  # in two steps, neither of which overflows
        power = xp.asarray(xp.ldexp(xp.ones_like(x), -part))
        mantissa = mul(mantissa, cast(new_tensor(power), dtype_of(input)))
    return return_types.frexp(mantissa, new_tensor(exponent))


def nextafter(input, other):
    """The next floating-point number after ``input`` towards ``other``; it has no gradient."""
    only_tensors("nextafter", input, other)
    a, b = operands(input, other)
    if a._tag is not None or a._array.dtype.kind != "f":
        raise RuntimeError(f"nextafter takes float32 or float64, got {dtype_of(a)}")
    try:
        found = backend.array_module(a._array).nextafter(a._array, b._array)
    except ValueError as error:
        raise explained(error, "nextafter", (a._array, b._array)) from None
    return new_tensor(as_array(found))
