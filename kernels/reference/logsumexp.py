"""The logarithm of a sum of exponentials, and what its gradient is made of."""

from ..registry import array_module, kernel
from .reduce import amax, normalized_axes, sum


@kernel(lambda make, shape: (make.normal(shape), (-1 if shape else None)), allows_empty=False)
def logsumexp(x, axis=None, keepdims=False):
    """ln Σ exp(x) over ``axis`` (None: all, an int or a tuple), without overflow"""
    xp = array_module(x)
    axes = normalized_axes(axis, x.ndim)
    largest = amax(x, axes, True)
    shift = xp.where(xp.isfinite(largest), largest, x.dtype.type(0))
    y = xp.asarray(xp.log(sum(xp.exp(x - shift), axes, True)) + shift)
    return y if keepdims else y.reshape([n for i, n in enumerate(x.shape) if i not in axes])


def _reduced(make, shape):
    kept = (*shape[:-1], 1) if shape else ()
    return make.normal(kept), make.normal(shape), make.normal(kept)


@kernel(_reduced)
def scaled_exp(g, x, y):
    """g · exp(x − y), broadcast"""
    return g * array_module(x).exp(x - y)
