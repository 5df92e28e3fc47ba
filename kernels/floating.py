"""NumPy's floating-point warnings, off: infinities and NaN are values like any others here."""

import functools

import numpy as np


def _errstate_setter():
    """(set, reset, quiet state) of NumPy's floating-point warnings in this context.

    ``np.errstate`` costs more than a small ufunc; the context variable behind it costs a quarter.
    """
    try:
        from numpy._core.umath import _extobj_contextvar, _make_extobj
    except ImportError:  # another NumPy: the documented way
        return lambda _: np.seterr(all="ignore"), lambda before: np.seterr(**before), None
    return _extobj_contextvar.set, _extobj_contextvar.reset, _make_extobj(all="ignore")


set_warnings, reset_warnings, QUIET = _errstate_setter()


def quiet(function):
    """The function without floating-point warnings, also in a worker thread."""

    @functools.wraps(function)
    def call(*operands, **options):
        before = set_warnings(QUIET)
        try:
            return function(*operands, **options)
        finally:
            reset_warnings(before)

    return call
