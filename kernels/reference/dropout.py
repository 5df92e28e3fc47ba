"""Dropout of whole rows, with masks that are hashed as those of single elements."""

from ..registry import array_module, kernel
from .random import dropout


def _rows(make, shape):
    return make.normal(shape), 0.3, 12345, shape[0]


@kernel(_rows, min_ndim=1)
def dropout_rows(x, p, key, rows):
    """x · mask / (1 − p) with one element of the mask, hashed from index and key, for each row

    x is divided into ``rows`` rows in C order.
    """
    mask = dropout(array_module(x).ones((rows, 1), x.dtype), p, key)
    return (x.reshape(rows, x.size // max(rows, 1)) * mask).reshape(x.shape)
