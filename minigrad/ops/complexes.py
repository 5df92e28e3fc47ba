"""What complex numbers have, of real ones."""

import math

from ..engine.graph import dtype_of
from .arithmetic import sign
from .operands import floating, only_tensors
from .select import where

__all__ = [
    "angle",
    "conj",
    "conj_physical",
    "imag",
    "is_complex",
    "is_conj",
    "is_neg",
    "is_signed",
    "real",
    "resolve_conj",
    "resolve_neg",
]


def _itself(name, meaning):
    def function(input):
        only_tensors(name, input)
        return input

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{meaning}: a real tensor itself."
    return function


conj = _itself("conj", "The complex conjugate")
conj_physical = _itself("conj_physical", "The complex conjugate")
real = _itself("real", "The real part")
resolve_conj = _itself("resolve_conj", "The tensor with a pending conjugation done")
resolve_neg = _itself("resolve_neg", "The tensor with a pending negation done")


def imag(input):
    """The imaginary part, which real tensors do not have: raises RuntimeError."""
    only_tensors("imag", input)
    raise RuntimeError(f"imag: needs a complex tensor, got {dtype_of(input)}")


def angle(input):
    """π where the input is negative, else 0; NaN of NaN."""
    only_tensors("angle", input)
    x = floating(input)
    return where(x != x, x, where(x < 0, math.pi, sign(x) * 0))


def is_complex(input):
    """False: there are no complex numbers."""
    only_tensors("is_complex", input)
    return False


def is_conj(input):
    """False: nothing is conjugated lazily."""
    only_tensors("is_conj", input)
    return False


def is_neg(input):
    """False: nothing is negated lazily."""
    only_tensors("is_neg", input)
    return False


def is_signed(input):
    """Whether the dtype has negative numbers."""
    only_tensors("is_signed", input)
    return dtype_of(input).is_signed
