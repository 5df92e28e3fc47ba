"""Activations and their gradients, each one pass over memory."""

from functools import wraps

import numpy as np

from ..compile import jit
from ..reference import activation as reference
from ..reference.activation import TANH_CUBIC, TANH_SCALE
from . import vmath
from .maps import binary, curve, pair, unary

PASS = 0.2  # the cost of an element where no exp is computed
ZERO, HALF, ONE = vmath.number(0), vmath.number(0.5), vmath.number(1)
THREE, SIX = vmath.number(3), vmath.number(6)
SLOPE = vmath.number(2 * TANH_SCALE)
CUBIC = vmath.number(TANH_CUBIC)
CUBIC_SLOPE = vmath.number(3 * TANH_CUBIC)


@jit()
def _tanh(x, y):
    for i in range(x.size):
        y[i] = vmath.tanh(x[i])


@jit()
def _tanh_vjp(g, y, dx):
    for i in range(g.size):
        dx[i] = g[i] * (ONE(y[i]) - y[i] * y[i])


@jit()
def _sigmoid(x, y):
    for i in range(x.size):
        y[i] = vmath.sigmoid(x[i])


@jit()
def _sigmoid_vjp(g, y, dx):
    for i in range(g.size):
        dx[i] = g[i] * y[i] * (ONE(y[i]) - y[i])


@jit()
def _relu(x, y):
    for i in range(x.size):
        y[i] = vmath.maximum(x[i], ZERO(x[i]))


@jit()
def _relu_vjp(g, y, dx):
    for i in range(g.size):
        dx[i] = ZERO(y[i]) if y[i] <= ZERO(y[i]) else g[i]


@jit()
def _gelu(x, y):
    for i in range(x.size):
        y[i] = x[i] * vmath.normal(x[i])[0]


@jit()
def _gelu_vjp(g, x, dx):
    for i in range(g.size):
        probability, density = vmath.normal(x[i])
        dx[i] = g[i] * (probability + x[i] * density)


@jit()
def _gelu_with_derivative(x, y, slope):
    for i in range(x.size):
        probability, density = vmath.normal(x[i])
        y[i] = x[i] * probability
        slope[i] = probability + x[i] * density


@jit(forceinline=True)
def _gelu_tanh_pair(x):
    one, square = ONE(x), x * x
    s, rest = vmath.sigmoid_pair(SLOPE(x) * (x + CUBIC(x) * square * x))
    y = x * s
    return y, s + y * rest * (SLOPE(x) * (one + CUBIC_SLOPE(x) * square))


@jit()
def _gelu_tanh(x, y):
    for i in range(x.size):
        y[i] = _gelu_tanh_pair(x[i])[0]


@jit()
def _gelu_tanh_vjp(g, x, dx):
    for i in range(g.size):
        dx[i] = g[i] * _gelu_tanh_pair(x[i])[1]


@jit()
def _gelu_tanh_with_derivative(x, y, slope):
    for i in range(x.size):
        y[i], slope[i] = _gelu_tanh_pair(x[i])


@jit()
def _silu(x, y):
    for i in range(x.size):
        y[i] = x[i] * vmath.sigmoid(x[i])


@jit()
def _silu_vjp(g, x, dx):
    for i in range(x.size):
        s, rest = vmath.sigmoid_pair(x[i])
        dx[i] = g[i] * (s * (ONE(s) + x[i] * rest))


@jit(forceinline=True)
def _tanh_softplus(x):
    one, e = ONE(x), vmath.exp_gradual(-abs(x))
    high, low = one if x < ZERO(x) else e, e if x < ZERO(x) else one
    rise, rest = low * (low + high + high), high * high + high * high
    total = rise + rest
    return rise / total, rest / total


@jit()
def _mish(x, y):
    for i in range(x.size):
        y[i] = x[i] * _tanh_softplus(x[i])[0]


@jit()
def _mish_vjp(g, x, dx):
    for i in range(x.size):
        t, rest = _tanh_softplus(x[i])
        dx[i] = g[i] * (t + x[i] * vmath.sigmoid(x[i]) * rest * (ONE(t) + t))


@jit()
def _softplus(x, y, beta, threshold):
    for i in range(x.size):
        z = beta * x[i]
        smooth = vmath.maximum(z, ZERO(z)) + vmath.log1p_positive(vmath.exp_gradual(-abs(z)))
        y[i] = x[i] if z > threshold else smooth / beta


@jit()
def _softplus_vjp(g, x, dx, beta, threshold):
    for i in range(x.size):
        z = beta * x[i]
        dx[i] = g[i] * (ONE(z) if z > threshold else vmath.sigmoid(z))


@jit()
def _elu(x, y, alpha, scale, rate):
    for i in range(x.size):
        low = vmath.expm1_nonpositive(rate * vmath.minimum(x[i], ZERO(x[i])))
        y[i] = scale * x[i] if x[i] > ZERO(x[i]) else scale * alpha * low


@jit()
def _elu_vjp(g, x, dx, alpha, scale, rate):
    for i in range(x.size):
        slope = scale * alpha * rate * vmath.exp_gradual(rate * vmath.minimum(x[i], ZERO(x[i])))
        dx[i] = g[i] * (scale if x[i] > ZERO(x[i]) else slope)


@jit()
def _hardswish(x, y):
    for i in range(x.size):
        lifted = vmath.maximum(x[i] + THREE(x[i]), ZERO(x[i]))
        y[i] = x[i] * vmath.minimum(lifted, SIX(x[i])) / SIX(x[i])


@jit()
def _hardswish_vjp(g, x, dx):
    for i in range(x.size):
        v = x[i]
        slope = v / THREE(v) + HALF(v) if v < THREE(v) else ONE(v)
        dx[i] = ZERO(v) if v <= -THREE(v) else g[i] * slope


@jit()
def _softsign(x, y):
    for i in range(x.size):
        y[i] = x[i] / (ONE(x[i]) + abs(x[i]))


@jit()
def _softsign_vjp(g, x, dx):
    for i in range(x.size):
        grown = ONE(x[i]) + abs(x[i])
        dx[i] = g[i] / (grown * grown)


def _rising(fast):
    """The loops of elu need exp of negative numbers only: rates below 0 go to the reference."""

    @wraps(fast)
    def run(*args, **kwargs):
        rate = kwargs["rate"] if kwargs else args[-1]
        if rate > 0:
            return fast(*args, **kwargs)
        with np.errstate(over="ignore"):
            return np.asarray(fast.__wrapped__(*args, **kwargs))

    return run


tanh = unary(reference.tanh, _tanh)
tanh_vjp = binary(reference.tanh_vjp, _tanh_vjp, cost=PASS)
sigmoid = unary(reference.sigmoid, _sigmoid)
sigmoid_vjp = binary(reference.sigmoid_vjp, _sigmoid_vjp, cost=PASS)
relu = unary(reference.relu, _relu, cost=PASS)
relu_vjp = binary(reference.relu_vjp, _relu_vjp, cost=PASS)
gelu = unary(reference.gelu, _gelu)
gelu_vjp = binary(reference.gelu_vjp, _gelu_vjp)
gelu_with_derivative = pair(reference.gelu_with_derivative, _gelu_with_derivative)
gelu_tanh = unary(reference.gelu_tanh, _gelu_tanh)
gelu_tanh_vjp = binary(reference.gelu_tanh_vjp, _gelu_tanh_vjp)
gelu_tanh_with_derivative = pair(
    reference.gelu_tanh_with_derivative, _gelu_tanh_with_derivative
)
silu = curve(reference.silu, _silu)
silu_vjp = curve(reference.silu_vjp, _silu_vjp, arrays=2)
mish = curve(reference.mish, _mish)
mish_vjp = curve(reference.mish_vjp, _mish_vjp, arrays=2, cost=2)
softplus = curve(reference.softplus, _softplus, cost=2)
softplus_vjp = curve(reference.softplus_vjp, _softplus_vjp, arrays=2)
elu = _rising(curve(reference.elu, _elu))
elu_vjp = _rising(curve(reference.elu_vjp, _elu_vjp, arrays=2))
hardswish = curve(reference.hardswish, _hardswish, cost=PASS)
hardswish_vjp = curve(reference.hardswish_vjp, _hardswish_vjp, arrays=2, cost=PASS)
softsign = curve(reference.softsign, _softsign, cost=PASS)
softsign_vjp = curve(reference.softsign_vjp, _softsign_vjp, arrays=2, cost=PASS)
