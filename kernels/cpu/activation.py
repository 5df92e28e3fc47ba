"""Activations and their gradients, each one pass over memory."""

from ..compile import jit
from ..reference import activation as reference
from ..reference.activation import TANH_CUBIC, TANH_SCALE
from . import vmath
from .maps import binary, pair, unary

PASS = 0.2  # the cost of an element where no exp is computed
ZERO, ONE = vmath.number(0), vmath.number(1)
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
        dx[i] = g[i] if y[i] > ZERO(y[i]) else ZERO(y[i])


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
