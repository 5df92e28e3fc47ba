"""Functions made of three straight pieces, each one pass over memory."""

from ..compile import jit
from ..reference import piecewise as reference
from . import vmath
from .maps import curve

PASS = 0.2
ZERO = vmath.number(0)


@jit()
def _piecewise_linear(x, y, low, high, left, middle, right, closed):
    zero = ZERO(low)
    for i in range(x.size):
        v = x[i]
        below = v < low if closed != zero else v <= low
        above = not (v <= high) if closed != zero else v >= high
        slope = left[0] if below else (right[0] if above else middle[0])
        offset = left[1] if below else (right[1] if above else middle[1])
        value = (v * slope if slope != zero else zero) + offset
        y[i] = value if v == v else v


@jit()
def _piecewise_linear_vjp(g, x, dx, low, high, left, middle, right, closed):
    zero = ZERO(low)
    for i in range(x.size):
        v = x[i]
        below = v < low if closed != zero else v <= low
        above = not (v <= high) if closed != zero else v >= high
        dx[i] = g[i] * (left[0] if below else (right[0] if above else middle[0]))


piecewise_linear = curve(reference.piecewise_linear, _piecewise_linear, cost=PASS)
piecewise_linear_vjp = curve(
    reference.piecewise_linear_vjp, _piecewise_linear_vjp, arrays=2, cost=PASS
)
