"""Elementwise arithmetic by NumPy's ufuncs, which run at the speed of memory.

What is added: large results get their buffer from the free list and are computed on several
threads, a result without axes is still an array, and infinities and NaN arise without warnings.
"""

from functools import lru_cache

import numpy as np

from .. import launch
from ..floating import QUIET, quiet, reset_warnings, set_warnings
from ..memory import SMALL, empty
from ..reference import arithmetic as reference
from ..reference.arithmetic import BINARY, UNARY

PASS_COST = 0.2  # one read and write of an element, in units of one exp


@lru_cache(maxsize=1024)
def _result_dtype(ufunc, *operand_types):
    return ufunc.resolve_dtypes((*operand_types, None))[-1]


def _large(ufunc, *operands):
    """``ufunc(*operands)`` into a buffer from the free list."""
    arrays = [x for x in operands if isinstance(x, np.ndarray)]
    shape = arrays[0].shape
    same = len(arrays) == len(operands) and all(x.shape == shape for x in arrays[1:])
    if not same:
        shape = np.broadcast_shapes(*(x.shape for x in arrays))
    out = empty(shape, _result_dtype(ufunc, *(_type(x) for x in operands)))
    if same:
        launch.split(quiet(ufunc), (*operands, out), cost=PASS_COST)
    else:
        quiet(ufunc)(*operands, out)
    return out


def _type(x):
    """What promotion looks at: a dtype, or int or float for Python numbers."""
    if isinstance(x, (bool, np.ndarray, np.generic)):
        return np.asarray(x).dtype
    return type(x)


def _unary(ufunc):
    ndarray, asarray, small = np.ndarray, np.asarray, SMALL

    def apply(x):
        if x.nbytes >= small:
            return _large(ufunc, x)
        before = set_warnings(QUIET)
        try:
            y = ufunc(x)
        finally:
            reset_warnings(before)
        return y if type(y) is ndarray else asarray(y)

    return apply


def _binary(ufunc):
    ndarray, asarray, small = np.ndarray, np.asarray, SMALL

    def apply(a, b):
        if (type(a) is ndarray and a.nbytes >= small) or (type(b) is ndarray and b.nbytes >= small):
            return _large(ufunc, a, b)
        before = set_warnings(QUIET)
        try:
            y = ufunc(a, b)
        finally:
            reset_warnings(before)
        return y if type(y) is ndarray else asarray(y)

    return apply


def _define(table, build):
    for name, (function, formula) in table.items():
        apply = build(getattr(np, function))
        apply.__name__ = apply.__qualname__ = name
        apply.__doc__ = formula
        globals()[name] = apply


_define(UNARY, _unary)
_define(BINARY, _binary)
_power = _binary(np.power)
_square, _mul = globals()["square"], globals()["mul"]


def _cube(x):
    from .powers import cube  # compiled, unlike all else here: casts and sums start without Numba

    return cube(x)


_POWERS = {-1: globals()["reciprocal"], 0.5: globals()["sqrt"], 2: _square, 3: _cube}
MOST_FACTORS = 8  # rounding errors grow with the exponent


def pow(a, b):
    """aᵇ, by a cheaper function where the exponent is one small number"""
    if a.dtype.kind != "f":
        return np.asarray(_integer_power(a, b))
    if type(b) is float or not b.ndim:
        exponent = float(b)
        if exponent in _POWERS:
            return _POWERS[exponent](a)
        if 2 < exponent <= MOST_FACTORS and exponent.is_integer():
            return _product(a, int(exponent))
    return _power(a, b)


def _product(a, count):
    """a multiplied with itself, by repeated squaring."""
    if count == 1:
        return a
    squared = _square(_product(a, count // 2))
    return _mul(squared, a) if count % 2 else squared


_integer_power, _round = quiet(reference.pow), quiet(reference.round)


def div_trunc(a, b):
    """a / b without its fraction"""
    if a.dtype.kind != "f":
        return np.asarray(reference.div_trunc(a, b))
    return globals()["trunc"](globals()["div"](a, b))


def round(x, decimals):
    """x rounded to ``decimals`` digits after the point, halves to even"""
    return np.asarray(_round(x, decimals))


def lerp(a, b, weight):
    """a + weight (b − a), exactly a where weight is 0 and b where it is 1"""
    return np.asarray(_lerp(a, b, weight))


def _lerp_by_one(a, b, weight):
    if weight.ndim:
        return reference.lerp(a, b, weight)
    return a + weight * (b - a) if weight < 0.5 else b - (1 - weight) * (b - a)


_lerp = quiet(_lerp_by_one)


@quiet
def astype(x, dtype):
    """A copy of x with elements of another type"""
    if x.nbytes < SMALL:
        return x.astype(dtype)
    out = empty(x.shape, np.dtype(dtype))
    np.copyto(out, x, casting="unsafe")
    return out
