"""Loss scaling."""

from ..registry import array_module, kernel


@kernel(lambda make, shape: (make.normal(shape), 2.0**-4), writes=(0,))
def unscale_(x, factor):
    """x ← factor · x in place; returns whether all of x was finite, a bool of no axes"""
    finite = array_module(x).isfinite(x).all()
    x *= factor
    return finite
