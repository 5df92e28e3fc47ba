"""Comparisons and tests of single elements: bool tensors, never part of a graph."""

import numpy as np

from .. import backend
from ..engine.graph import TensorBase, as_array, dtype_of, new_tensor, values
from ..engine.op import explained
from .operands import FLOATS, INTEGERS, check_category, one_tensor, only_tensors, operands

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "le",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
    "not_equal",
    "signbit",
]


def _comparison(name, formula, numbers=True):
    arguments = ("input",) if numbers else ("input", "other")

    def function(input, other):
        only_tensors(name, input, other, arguments=arguments)
        a, b = operands(input, other)
        a, b = values(a), values(b)
        plain = type(a) is type(b) is np.ndarray
        kernels = backend.CPU if plain else backend.kernels_of(a, b)
        try:
            found = getattr(kernels, name)(a, b)
        except ValueError as error:
            raise explained(error, name, (a, b)) from None
        return new_tensor(as_array(found))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{formula}, element by element, as a bool tensor."
    return function


eq = _comparison("eq", "input == other")
ne = not_equal = _comparison("ne", "input != other")
lt = less = _comparison("lt", "input < other")
le = less_equal = _comparison("le", "input <= other")
gt = greater = _comparison("gt", "input > other")
ge = greater_equal = _comparison("ge", "input >= other")
logical_and = _comparison("logical_and", "Whether both are not zero", numbers=False)
logical_or = _comparison("logical_or", "Whether one is not zero", numbers=False)
logical_xor = _comparison("logical_xor", "Whether exactly one is not zero", numbers=False)


def _test(name, doc):
    def function(input):
        only_tensors(name, input)
        x = values(input)
        return new_tensor(as_array(getattr(backend.kernels_of(x), name)(x)))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


logical_not = _test("logical_not", "Whether each element is zero or False.")
isfinite = _test("isfinite", "Whether each element is neither infinite nor NaN.")
isinf = _test("isinf", "Whether each element is ∞ or −∞.")
signbit = _test("signbit", "Whether each element is negative; −0 is.")


def isnan(input):
    """Whether each element is NaN."""
    only_tensors("isnan", input)
    return ne(input, input)


def isposinf(input):
    """Whether each element is ∞."""
    only_tensors("isposinf", input)
    return eq(input, float("inf"))


def isneginf(input):
    """Whether each element is −∞."""
    only_tensors("isneginf", input)
    return eq(input, -float("inf"))


def isreal(input):
    """True for each element: there are no complex numbers."""
    only_tensors("isreal", input)
    xp = backend.array_module(input._array)
    return new_tensor(xp.ones(input._array.shape, bool))


def equal(input, other):
    """Whether two tensors have the same shape and equal elements, as a Python bool."""
    only_tensors("equal", input, other)
    if input._array.shape != other._array.shape:
        return False
    return bool(eq(input, other)._array.all())


def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |input − other| <= atol + rtol · |other|, element by element.

    Infinities are close to their like, and NaN to NaN if ``equal_nan``.

    >>> import minigrad as mg
    >>> mg.isclose(mg.tensor([1.0, 2.0]), mg.tensor([1.000001, 2.1]))
    tensor([ True, False])
    """
    only_tensors("isclose", input, other)
    if dtype_of(input) is not dtype_of(other):
        raise RuntimeError(
            f"isclose: input and other must have one dtype, got {dtype_of(input)} and "
            f"{dtype_of(other)}"
        )
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"isclose: {name} must not be negative, got {value}")
    a, b = values(input), values(other)
    try:
        return new_tensor(as_array(_close(backend.kernels_of(a, b), a, b, rtol, atol, equal_nan)))
    except ValueError as error:
        raise explained(error, "isclose", (a, b)) from None


def _close(k, a, b, rtol, atol, equal_nan):
    if a.dtype.kind != "f":
        a, b = k.astype(a, "float64"), k.astype(b, "float64")
    error, allowed = k.abs(k.sub(a, b)), k.add(k.abs(k.mul(b, rtol)), atol)
    close = k.logical_or(k.eq(a, b), k.logical_and(k.isfinite(error), k.le(error, allowed)))
    return k.logical_or(close, k.logical_and(k.ne(a, a), k.ne(b, b))) if equal_nan else close


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements are close (see :func:`isclose`), as a Python bool."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Whether each of ``elements`` is among ``test_elements``; or is not, if ``invert``.

    One of the two may be a number. ``assume_unique`` is accepted and ignored.

    >>> import minigrad as mg
    >>> mg.isin(mg.tensor([1, 2, 3]), mg.tensor([2, 3]))
    tensor([False,  True,  True])
    """
    one_tensor("isin", elements, test_elements)
    a, b = operands(elements, test_elements)
    for given in (elements, test_elements):
        if isinstance(given, TensorBase):
            check_category("isin", given, INTEGERS, FLOATS)
    found = backend.array_module(values(a)).isin(values(a), values(b), invert=invert)
    return new_tensor(as_array(found))
