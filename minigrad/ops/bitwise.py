"""Bits of integers and bools, and common divisors: no gradients."""

from .. import backend
from ..engine.graph import as_array, new_tensor
from ..engine.op import explained
from .operands import BOOLS, INTEGERS, check_category, one_tensor, only_tensors, operands

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "gcd",
    "lcm",
]


def _integral(name, doc, *categories, numbers=True):
    def function(input, other):
        (one_tensor if numbers else only_tensors)(name, input, other)
        a, b = operands(input, other)
        check_category(name, a, *categories)
        a, b = a._array, b._array
        try:
            found = getattr(backend.kernels_of(a, b), name)(a, b)
        except ValueError as error:
            raise explained(error, name, (a, b)) from None
        return new_tensor(as_array(found))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


bitwise_and = _integral("bitwise_and", "The bits set in both inputs.", BOOLS, INTEGERS)
bitwise_or = _integral("bitwise_or", "The bits set in either.", BOOLS, INTEGERS)
bitwise_xor = _integral("bitwise_xor", "The bits set in one of the two.", BOOLS, INTEGERS)
bitwise_left_shift = _integral("bitwise_left_shift", "input · 2 to the power other.", INTEGERS)
bitwise_right_shift = _integral("bitwise_right_shift", "⌊input / 2 to the power other⌋", INTEGERS)
gcd = _integral("gcd", "The greatest common divisors.", INTEGERS, numbers=False)
lcm = _integral("lcm", "The least common multiples.", INTEGERS, numbers=False)


def bitwise_not(input):
    """All bits of integers turned over; of bools, the opposite."""
    only_tensors("bitwise_not", input)
    check_category("bitwise_not", input, BOOLS, INTEGERS)
    x = input._array
    return new_tensor(as_array(backend.kernels_of(x).bitwise_not(x)))
