"""Tensor methods that fill a tensor with numbers, random ones mostly; nothing is recorded."""

import math

import numpy as np

from . import backend, dtypes
from .engine.graph import TensorBase, values
from .ops import sampling

__all__ = [
    "apply_",
    "bernoulli_",
    "cauchy_",
    "exponential_",
    "fill_diagonal_",
    "geometric_",
    "log_normal_",
    "map_",
    "normal_",
    "random_",
    "uniform_",
]


def uniform_(self, from_=0.0, to=1.0, *, generator=None):
    """Write uniform random numbers from [from_, to); returns self."""
    if not from_ <= to:
        raise RuntimeError(f"uniform_: from={from_} must not be above to={to}")
    _refuse_integers(self, "uniform_")
    drawn = sampling.uniform_like(self._array, generator)
    return self._assign("uniform_", drawn * (to - from_) + from_)


def normal_(self, mean=0.0, std=1.0, *, generator=None):
    """Write normal random numbers; returns self."""
    return self._assign("normal_", _normal(self, "normal_", mean, std, generator))


def log_normal_(self, mean=1.0, std=2.0, *, generator=None):
    """Write exp of normal random numbers of this mean and deviation; returns self."""
    drawn = _normal(self, "log_normal_", mean, std, generator)
    return self._assign("log_normal_", backend.array_module(drawn).exp(drawn))


def _normal(tensor, name, mean, std, generator):
    if not std >= 0:
        raise RuntimeError(f"{name}: std must not be negative, got {std}")
    _refuse_integers(tensor, name)
    return sampling.normal_like(tensor._array, generator) * std + mean


def cauchy_(self, median=0.0, sigma=1.0, *, generator=None):
    """Write random numbers of density σ / (π (σ² + (x − median)²)); returns self."""
    if not sigma > 0:
        raise RuntimeError(f"cauchy_: sigma must be positive, got {sigma}")
    _refuse_integers(self, "cauchy_")
    drawn = sampling.uniform_like(self._array, generator)
    tangent = backend.array_module(drawn).tan(math.pi * (drawn - 0.5))
    return self._assign("cauchy_", tangent * sigma + median)


def exponential_(self, lambd=1.0, *, generator=None):
    """Write random numbers of density λ · exp(−λ x); returns self."""
    if not lambd > 0:
        raise RuntimeError(f"exponential_: lambd must be positive, got {lambd}")
    _refuse_integers(self, "exponential_")
    drawn = sampling.exponential_like(self._array, generator)
    return self._assign("exponential_", drawn / lambd)


def geometric_(self, p, *, generator=None):
    """Write how many trials of chance p it takes to succeed, at least 1; returns self."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_: p must lie in (0, 1), got {p}")
    drawn = sampling.exponential_like(self._array, generator)
    trials = backend.array_module(drawn).ceil(drawn / -math.log1p(-p))
    return self._assign("geometric_", trials.clip(1))


def bernoulli_(self, p=0.5, *, generator=None):
    """Write 1 with probability p (a number or a tensor), else 0; returns self."""
    chance = values(p) if isinstance(p, TensorBase) else np.full((), p)
    sampling.check_probability(chance)
    drawn = sampling.uniform_like(self._array, generator)
    return self._assign("bernoulli_", (drawn < chance).astype(drawn.dtype))


def random_(self, from_=0, to=None, *, generator=None):
    """Write random integers from [from_, to), or [0, from_); returns self.

    Without limits, as far as the dtype holds all integers.
    """
    if to is None and from_ == 0:
        kind = self.dtype
        to = 2 ** (kind.mantissa_bits + 1) if kind.is_floating_point else dtypes.iinfo(kind).max
    elif to is None:
        from_, to = 0, from_
    if from_ >= to:
        raise RuntimeError(f"random_: from={from_} must be below to={to}")
    return self.copy_(sampling.randint(from_, to, self.shape, generator=generator))


def _refuse_integers(tensor, name):
    if not tensor.dtype.is_floating_point:
        raise NotImplementedError(f"{name} needs a floating-point tensor, got {tensor.dtype}")


def fill_diagonal_(self, fill_value, wrap=False):
    """Write one value where all indices are equal; returns self.

    With ``wrap`` the diagonal of a tall matrix starts again a row below its last column.
    """
    shape = self._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"fill_diagonal_: needs at least 2 dimensions, got shape {shape}")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError(f"fill_diagonal_: above 2 dimensions all must be equal, got {shape}")
    period = shape[1] + 1 if wrap and len(shape) == 2 else max(shape) + 1
    places = [i for i in range(shape[0]) if i % period < min(shape[1:])]
    if places:
        self[(places, *[[i % period for i in places]] * (len(shape) - 1))] = fill_value
    return self


def apply_(self, callable):
    """Write callable(x) for each element x, a Python number; returns self."""
    results = [callable(x) for x in self.reshape(-1).tolist()]
    return self._assign("apply_", _like(self, results))


def map_(self, other, callable):
    """Write callable(x, y) for the elements of self and ``other``; returns self."""
    pairs = zip(self.reshape(-1).tolist(), other.expand_as(self).reshape(-1).tolist(), strict=True)
    return self._assign("map_", _like(self, [callable(x, y) for x, y in pairs]))


def _like(tensor, numbers):
    """Python numbers as an array of a tensor's shape, of the dtype to compute with."""
    kind = np.float32 if tensor._tag else tensor._array.dtype
    array = np.array(numbers).astype(kind).reshape(tensor._array.shape)
    return backend.array_module(tensor._array).asarray(array)
