"""Bits of integers, and common divisors: single array functions."""

from ..registry import array_module, kernel

BINARY = {  # kernel: array function, formula
    "bitwise_and": ("bitwise_and", "the bits set in a and in b"),
    "bitwise_or": ("bitwise_or", "the bits set in a or in b"),
    "bitwise_xor": ("bitwise_xor", "the bits set in one of a and b"),
    "bitwise_left_shift": ("left_shift", "a 2ᵇ; 0 where all bits leave"),
    "bitwise_right_shift": ("right_shift", "⌊a / 2ᵇ⌋"),
    "gcd": ("gcd", "the greatest common divisor of a and b"),
    "lcm": ("lcm", "the least common multiple of a and b"),
}


def _declare(name, function, formula):
    def apply(a, b):
        return getattr(array_module(a), function)(a, b)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = formula
    arguments = lambda make, shape: (  # noqa: E731
        make.integers(shape, -9, 9),
        make.integers(shape[-1:], 0, 9),
    )
    globals()[name] = kernel(arguments)(apply)


for _name, (_function, _formula) in BINARY.items():
    _declare(_name, _function, _formula)


@kernel(lambda make, shape: (make.integers(shape, -9, 9),))
def bitwise_not(x):
    """All bits turned over"""
    return array_module(x).invert(x)
