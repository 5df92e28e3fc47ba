"""Elementwise arithmetic by NumPy's ufuncs, which run at the speed of memory.

What is added: large results get their buffer from the free list and are computed on several
threads, a result without axes is still an array, and infinities and NaN arise without warnings.
"""

from functools import lru_cache

import numpy as np

from .. import launch
from ..memory import SMALL, empty
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
        launch.split(_quiet(ufunc), (*operands, out), cost=PASS_COST)
    else:
        _quiet(ufunc)(*operands, out)
    return out


def _type(x):
    """What promotion looks at: a dtype, or int or float for Python numbers."""
    if isinstance(x, (bool, np.ndarray, np.generic)):
        return np.asarray(x).dtype
    return type(x)


def _errstate_setter():
    """(set, reset, quiet state) of NumPy's floating-point warnings in this context.

    ``np.errstate`` costs more than a small ufunc; the context variable behind it costs a quarter.
    """
    try:
        from numpy._core.umath import _extobj_contextvar, _make_extobj
    except ImportError:  # another NumPy: the documented way
        return lambda _: np.seterr(all="ignore"), lambda before: np.seterr(**before), None
    return _extobj_contextvar.set, _extobj_contextvar.reset, _make_extobj(all="ignore")


_set, _reset, _QUIET = _errstate_setter()


def _quiet(ufunc):
    """The ufunc without floating-point warnings, also in a worker thread."""

    def call(*operands):
        before = _set(_QUIET)
        try:
            return ufunc(*operands)
        finally:
            _reset(before)

    return call


def _unary(ufunc):
    ndarray, asarray, small = np.ndarray, np.asarray, SMALL

    def apply(x):
        if x.nbytes >= small:
            return _large(ufunc, x)
        before = _set(_QUIET)
        try:
            y = ufunc(x)
        finally:
            _reset(before)
        return y if type(y) is ndarray else asarray(y)

    return apply


def _binary(ufunc):
    ndarray, asarray, small = np.ndarray, np.asarray, SMALL

    def apply(a, b):
        if (type(a) is ndarray and a.nbytes >= small) or (type(b) is ndarray and b.nbytes >= small):
            return _large(ufunc, a, b)
        before = _set(_QUIET)
        try:
            y = ufunc(a, b)
        finally:
            _reset(before)
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
_POWERS = {2: globals()["square"], -1: globals()["reciprocal"], 0.5: globals()["sqrt"]}


def pow(a, b):
    """aᵇ, by a cheaper function where the exponent is the number 2, −1 or ½"""
    if type(b) is float and type(a) is np.ndarray and a.dtype.kind == "f" and b in _POWERS:
        return _POWERS[b](a)
    return _power(a, b)


def astype(x, dtype):
    """A copy of x with elements of another type"""
    if x.nbytes < SMALL:
        return x.astype(dtype)
    out = empty(x.shape, np.dtype(dtype))
    np.copyto(out, x, casting="unsafe")
    return out
