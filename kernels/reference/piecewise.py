"""Functions made of three straight pieces, as hardtanh and the shrinking functions are.

The left piece holds for x <= low and the right one for x >= high; ``closed`` gives the ends to the
middle piece. A piece is (slope, offset).
"""

from ..registry import array_module, kernel

BENDS = (-0.5, 0.7)
PIECES = ((0.2, -0.4), (1.0, 0.0), (0.0, 0.7))


def _chosen(x, low, high, closed, left, middle, right):
    where = array_module(x).where
    below, above = (x < low, ~(x <= high)) if closed else (x <= low, x >= high)
    return where(below, left, where(above, right, middle)).astype(x.dtype)


def _line(x, slope, offset):
    return x * slope + offset if slope else offset


@kernel(lambda make, shape: (make.normal(shape), *BENDS, *PIECES, False))
def piecewise_linear(x, low, high, left, middle, right, closed):
    """y = slope · x + offset of the piece in which x lies; NaN stays NaN"""
    pieces = (_line(x, *piece) for piece in (left, middle, right))
    y = _chosen(x, low, high, closed, *pieces)
    return array_module(x).where(x == x, y, x)


@kernel(lambda make, shape: (make.normal(shape), make.normal(shape), *BENDS, *PIECES, True))
def piecewise_linear_vjp(g, x, low, high, left, middle, right, closed):
    """g · slope of the piece in which x lies"""
    return _chosen(x, low, high, closed, *(g * piece[0] for piece in (left, middle, right)))
