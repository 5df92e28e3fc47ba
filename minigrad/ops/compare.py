"""Comparisons and tests of single elements: bool tensors, never part of a graph."""

from .. import backend
from ..engine.graph import as_array, new_tensor, values
from ..engine.op import explained
from .operands import operands, tensor_of

__all__ = [
    "allclose",
    "eq",
    "equal",
    "ge",
    "gt",
    "isfinite",
    "isnan",
    "le",
    "logical_not",
    "lt",
    "ne",
]


def _comparison(name, symbol):
    def function(input, other):
        a, b = operands(input, other)
        a, b = values(a), values(b)
        try:
            found = getattr(backend.kernels_of(a, b), name)(a, b)
        except ValueError as error:
            raise explained(error, name, (a, b)) from None
        return new_tensor(as_array(found))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"input {symbol} other, element by element, as a bool tensor."
    return function


eq = _comparison("eq", "==")
ne = _comparison("ne", "!=")
lt = _comparison("lt", "<")
le = _comparison("le", "<=")
gt = _comparison("gt", ">")
ge = _comparison("ge", ">=")


def _test(name, doc):
    def function(input):
        x = values(tensor_of(input))
        return new_tensor(as_array(getattr(backend.kernels_of(x), name)(x)))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


logical_not = _test("logical_not", "Whether each element is zero or False.")
isfinite = _test("isfinite", "Whether each element is neither infinite nor NaN.")


def isnan(input):
    """Whether each element is NaN."""
    return ne(input, input)


def equal(input, other):
    """Whether two tensors have the same shape and equal elements, as a Python bool."""
    if input._array.shape != other._array.shape:
        return False
    return bool(eq(input, other)._array.all())


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |input − other| <= atol + rtol · |other| everywhere, as a Python bool."""
    a, b = (values(t) for t in operands(input, other))
    xp = backend.array_module(a)
    return bool(xp.allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))
