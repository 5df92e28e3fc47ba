"""One value or another, element by element."""

from ..registry import array_module, kernel


@kernel(lambda make, shape: (make.booleans(shape), make.normal(shape), make.normal(shape[-1:])))
def where(condition, a, b):
    """a where the condition holds, b elsewhere"""
    return array_module(condition).where(condition, a, b)


@kernel(lambda make, shape: (make.normal(shape),))
def sign(x):
    """−1, 0 or 1; 0 for NaN"""
    xp = array_module(x)
    return xp.where(x == x, xp.sign(x), x.dtype.type(0))
