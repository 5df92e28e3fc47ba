"""Wrappers of flat loops: element by element, from arrays of one shape to arrays of that shape.

Calls on small arrays are nothing but overhead, so the three wrappers are written out. Other dtypes
than float32 and float64, mixed operands and empty arrays go to the reference.
"""

import inspect
from functools import wraps

import numpy as np

from .. import launch
from ..memory import SMALL, empty_like

FAST = (np.dtype(np.float32), np.dtype(np.float64))


def flat(x):
    """The elements in C order as a 1-D array, without a copy where they lie so."""
    return x if x.ndim == 1 and x.strides[0] == x.itemsize else x.ravel()


def same(a, b):
    """Whether two arrays agree in shape and dtype."""
    return a.shape == b.shape and a.dtype == b.dtype


def _launch(loop, arrays, cost):
    launch.split(loop, [flat(x) for x in arrays], cost=cost)


def unary(reference, loop, cost=1.0):
    """The kernel x -> y that runs ``loop(x, y)``; ``cost`` as in launch.split."""

    def run(x, fast=FAST, small=SMALL, empty=np.empty):
        if x.dtype not in fast or not x.size:
            return reference(x)
        if x.nbytes < small:
            y = empty(x.shape, x.dtype)
            loop(x.ravel(), y.ravel())
        else:
            y = empty_like(x)
            _launch(loop, (x, y), cost)
        return y

    return wraps(reference)(run)


def binary(reference, loop, cost=1.0):
    """The kernel a, b -> y that runs ``loop(a, b, y)``."""

    def run(a, b, fast=FAST, small=SMALL, empty=np.empty):
        if a.dtype not in fast or a.dtype != b.dtype or a.shape != b.shape or not a.size:
            return reference(a, b)
        if a.nbytes < small:
            y = empty(a.shape, a.dtype)
            loop(a.ravel(), b.ravel(), y.ravel())
        else:
            y = empty_like(a)
            _launch(loop, (a, b, y), cost)
        return y

    return wraps(reference)(run)


def pair(reference, loop, cost=1.0):
    """The kernel x -> y, z that runs ``loop(x, y, z)``."""

    def run(x):
        if x.dtype not in FAST or not x.size:
            return reference(x)
        y, z = empty_like(x), empty_like(x)
        _launch(loop, (x, y, z), cost)
        return y, z

    return wraps(reference)(run)


def curve(reference, loop, arrays=1, cost=1.0):
    """The kernel of ``arrays`` arrays and some numbers (or pairs) that runs ``loop``.

    The loop is called as ``loop(*arrays, y, *numbers)``, the numbers in the dtype of the arrays.
    """
    names = tuple(inspect.signature(reference).parameters)[arrays:]

    def run(*args, **kwargs):
        x, numbers = args[0], args[arrays:] or [kwargs[name] for name in names]
        given = args[:arrays]
        if x.dtype not in FAST or not x.size or not all(same(x, other) for other in given[1:]):
            return np.asarray(_quietly(reference, *given, *numbers))
        y = empty_like(x)
        launch.split(loop, [*map(flat, given), flat(y)], *_typed(x.dtype.type, numbers), cost=cost)
        return y

    return wraps(reference)(run)


def _typed(kind, numbers):
    return [_typed_pair(kind, v) if type(v) is tuple else kind(v) for v in numbers]


def _typed_pair(kind, pair):
    return kind(pair[0]), kind(pair[1])


def _quietly(function, *args):
    with np.errstate(all="ignore"):
        return function(*args)
