"""One value or another, element by element."""

from ..registry import array_module, kernel


@kernel(lambda make, shape: (make.booleans(shape), make.normal(shape), make.normal(shape[-1:])))
def where(condition, a, b):
    """a where the condition holds, b elsewhere"""
    return array_module(condition).where(condition, a, b)


@kernel(lambda make, shape: (make.normal(shape), 0.0, 1.0, -1.0))
def nan_to_num(x, nan, posinf, neginf):
    """x with numbers in the place of NaN, ∞ and −∞"""
    return array_module(x).nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@kernel(lambda make, shape: (make.normal(shape), make.normal(shape)))
def heaviside(x, values):
    """0 below 0 and for NaN, 1 above, ``values`` at 0"""
    return array_module(x).where(x == 0, values, (x > 0).astype(x.dtype))


@kernel(lambda make, shape: (make.normal(shape),))
def sign(x):
    """−1, 0 or 1; 0 for NaN"""
    xp = array_module(x)
    return xp.where(x == x, xp.sign(x), x.dtype.type(0))
