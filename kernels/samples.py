"""Sample calls of every kernel, for the generated tests and for warm-up alike."""

from itertools import chain, combinations

import numpy as np

SMALL_SHAPES = ((), (1,), (7,), (3, 5), (2, 3, 4))
EMPTY_SHAPES = ((0,), (0, 3), (3, 0))
LARGE_SHAPES = ((48, 65), (3000,))  # above the size where a NumPy call beats a compiled one
SHAPES = SMALL_SHAPES + EMPTY_SHAPES + LARGE_SHAPES


class Make:
    """Draws the arrays of one call; floating arrays get ``dtype``."""

    def __init__(self, rng, dtype):
        self.rng = rng
        self.dtype = np.dtype(dtype)

    def normal(self, shape):
        return np.asarray(self.rng.standard_normal(shape)).astype(self.dtype)

    def uniform(self, shape, low, high):
        return np.asarray(self.rng.uniform(low, high, shape)).astype(self.dtype)

    def integers(self, shape, low, high):
        """int64 in [low, high)"""
        return np.asarray(self.rng.integers(low, high, shape, dtype=np.int64))

    def booleans(self, shape):
        return np.asarray(self.rng.random(shape) < 0.5)


def contiguous(x):
    return x


def strided(x):
    """The same values, every second element of a longer last axis."""
    if x.ndim == 0:
        return x
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def backwards(x):
    """The same values, laid out from back to front along the last axis."""
    return x[..., ::-1].copy()[..., ::-1] if x.ndim else x


def transposed(x):
    """The same values in Fortran order."""
    return x.copy("F")


LAYOUTS = (contiguous, strided, backwards, transposed)


def relayout(arguments, layout):
    """The call with every array argument laid out anew."""
    return tuple(layout(a) if isinstance(a, np.ndarray) else a for a in arguments)


def shapes_of(spec, shapes=SHAPES):
    """Those of ``shapes`` that a kernel takes."""
    return [
        shape
        for shape in shapes
        if len(shape) >= spec.min_ndim and (spec.allows_empty or 0 not in shape)
    ]


def sample(spec, dtype, shape, seed=0):
    """The arguments of one call of a kernel."""
    return spec.arguments(Make(np.random.default_rng(seed), dtype), shape)


def calls(spec, shapes=SHAPES):
    """Yield ``(dtype, shape, arguments)``: all dtypes, shapes and choices of optional arrays."""
    for dtype in spec.dtypes:
        for shape in shapes_of(spec, shapes):
            for absent in subsets(spec.optional):
                arguments = enumerate(sample(spec, dtype, shape))
                yield dtype, shape, tuple(None if i in absent else a for i, a in arguments)


def subsets(values):
    """All subsets of some values, as tuples."""
    return chain.from_iterable(combinations(values, n) for n in range(len(values) + 1))
