"""Powers that NumPy takes several passes for."""

from ..compile import jit
from .maps import unary


@jit()
def _cube(x, y):
    for i in range(x.size):
        y[i] = x[i] * x[i] * x[i]


def _three_factors(x):
    """x · x · x"""
    return x * x * x


cube = unary(_three_factors, _cube, cost=0.2)
