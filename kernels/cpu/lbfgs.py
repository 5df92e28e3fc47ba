"""The two loops of L-BFGS: one pass over the vector for each entry of the history and loop."""

import numpy as np

from ..compile import SUM, jit
from ..memory import empty_like
from ..reference import lbfgs as reference

CHUNK = 1024
_FLOATS = (np.dtype("float32"), np.dtype("float64"))


@jit(SUM)
def _add_and_dot(x, factor, direction, scale, other):
    """x ← scale (x + factor · direction); what ``other`` · x is then, in float64"""
    kind, total = x.dtype.type, 0.0
    f, s = kind(factor), kind(scale)
    for start in range(0, x.size, CHUNK):
        chunk = slice(start, start + CHUNK)
        xs, ds, others, part = x[chunk], direction[chunk], other[chunk], kind(0)
        for i in range(xs.size):
            xs[i] = s * (xs[i] + f * ds[i])
        for i in range(xs.size):
            part += xs[i] * others[i]
        total += part
    return total


def inverse_hessian_times(vector, steps, changes, inverses, scale, coefficients):
    """H v, the product with the next entry of the history computed where the last one is added"""
    arrays = vector, *steps, *changes
    if not steps or vector.dtype not in _FLOATS or any(
        x.dtype != vector.dtype or not x.flags.c_contiguous for x in arrays
    ):
        return reference.inverse_hessian_times(
            vector, steps, changes, inverses, scale, coefficients
        )
    out = empty_like(vector)
    out[...] = vector
    x, last = out.ravel(), len(steps) - 1
    s, y = ([array.ravel() for array in row] for row in (steps, changes))
    product = _add_and_dot(x, 0.0, x, 1.0, s[last])
    for i in range(last, -1, -1):
        coefficients[i] = product * inverses[i]
        final = i == 0
        product = _add_and_dot(
            x, -coefficients[i], y[i], scale if final else 1.0, y[0] if final else s[i - 1]
        )
    for i in range(last + 1):
        factor = coefficients[i] - product * inverses[i]
        product = _add_and_dot(x, factor, s[i], 1.0, y[min(i + 1, last)])
    return out
