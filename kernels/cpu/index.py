"""The adjoint of x[where], by one loop over the places that were read."""

import numpy as np

from ..compile import jit
from ..memory import zeros
from ..reference import index as reference
from .maps import FAST, flat


@jit()
def _add(g, places, out):
    """out[places[k]] += g[k]"""
    for k in range(g.size):
        out[np.uint64(places[k])] += g[k]


def index_adjoint(g, shape, where):
    """Zeros of ``shape`` with g added at ``where``; elements named twice receive both."""
    if g.dtype not in FAST or reference.names_once(where):
        return reference.index_adjoint(g, shape, where)
    out = zeros(shape, g.dtype)
    places = np.arange(out.size).reshape(shape)[where]
    _add(flat(g), flat(places), flat(out))
    return out
