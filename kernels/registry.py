"""Which function computes a kernel on which kind of array.

A kernel is declared by its reference (:func:`kernel`); a backend is declared by its array type
(:func:`register_backend`). :func:`of` gives the kernels for an array as attributes of one object;
what a backend does not provide falls back to the reference.
"""

import importlib
import importlib.util
from dataclasses import dataclass, field

import numpy as np

from .floating import quiet

FLOATS = ("float32", "float64")


@dataclass(frozen=True)
class Spec:
    """A kernel as its tests see it.

    ``arguments(make, shape)`` builds one call; ``make`` draws arrays (see samples.py). ``writes``
    lists the positions that the kernel updates by contract, ``optional`` those of arrays that may
    be None, each its own compiled variant; ``min_ndim`` is the fewest axes it takes.
    ``notes`` may hold ``sums=True`` (results are long sums: errors are relative to the largest
    element), ``nonfinite`` or ``threads`` (why a kernel is excused from that test).
    """

    name: str
    family: str
    reference: object
    arguments: object
    min_ndim: int = 0
    writes: tuple = ()
    optional: tuple = ()
    dtypes: tuple = FLOATS
    allows_empty: bool = True
    notes: dict = field(default_factory=dict)


KERNELS = {}


def kernel(arguments, **facts):
    """Declare a reference function as a kernel and say how to call it in tests."""

    def declare(function):
        family = function.__module__.rpartition(".")[2]
        KERNELS[function.__name__] = Spec(
            function.__name__, family, function, arguments, **facts
        )
        return function

    return declare


class Namespace:
    """The kernels of one backend, found at first use and then plain attributes."""

    records = False  # unlike ops, which stand for kernels where gradients are differentiated

    def __init__(self, backend, xp):
        self.backend = backend
        self.xp = xp

    def __getattr__(self, name):
        spec = KERNELS.get(name)
        if spec is None:
            raise AttributeError(f"there is no kernel named {name!r}")
        function = self.fast(spec) or quiet(spec.reference)
        setattr(self, name, function)
        return function

    def fast(self, spec):
        """The backend's own function for a kernel, or None."""
        path = f"{__package__}.{self.backend}.{spec.family}"
        if importlib.util.find_spec(path) is None:
            return None
        return getattr(importlib.import_module(path), spec.name, None)

    def __repr__(self):
        return f"<kernels of {self.backend}>"


CPU = Namespace("cpu", np)
REFERENCE = Namespace("reference", np)
_backends = {np.ndarray: CPU}


def register_backend(array_type, xp, backend="reference"):
    """Let arrays of ``array_type`` be computed with array module ``xp``."""
    _backends[array_type] = Namespace(backend, xp)
    return _backends[array_type]


def of(array):
    """The kernels for ``array``, chosen by its type alone."""
    found = _backends.get(type(array))
    if found is None:
        if not type(array).__module__.startswith("cupy"):
            raise TypeError(f"no kernels for arrays of type {type(array).__qualname__}")
        import cupy

        found = register_backend(cupy.ndarray, cupy, "cuda")
    return found


def array_module(array):
    """numpy, cupy or whatever module the array belongs to: the ``xp`` of the references."""
    if isinstance(array, (np.ndarray, np.generic)):
        return np
    return of(array).xp
