"""Kernels: arrays in, arrays out. This package knows neither tensors nor graphs.

``reference`` holds the truth in readable array code, ``cpu`` and ``cuda`` override it by name
where that is faster, ``registry`` picks by the type of the array. Nothing here imports minigrad,
and Numba is imported only when the first compiled kernel is asked for.
"""

from . import reference as _reference  # noqa: F401  (declares every kernel)
