"""Activations and their gradients."""

import math

from ..registry import array_module, kernel
from .transcendental import normal_cdf

DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)
TANH_SCALE = math.sqrt(2 / math.pi)  # gelu's tanh form: 0.5 x (1 + tanh(SCALE (x + CUBIC x³)))
TANH_CUBIC = 0.044715


def _inputs(make, shape):
    return (make.normal(shape),)


def _gradient_and_input(make, shape):
    return make.normal(shape), make.normal(shape)


def _gradient_and_output(low):
    return lambda make, shape: (make.normal(shape), make.uniform(shape, low, 1))


@kernel(_inputs)
def tanh(x):
    """y = tanh(x)"""
    return array_module(x).tanh(x)


@kernel(_gradient_and_output(-1))
def tanh_vjp(g, y):
    """g · (1 − y²), from the output y"""
    return g * (1 - y * y)


@kernel(_inputs)
def sigmoid(x):
    """y = 1 / (1 + exp(−x)), with exp of negative numbers only"""
    xp = array_module(x)
    e = xp.exp(-abs(x))
    return xp.where(x < 0, e / (1 + e), 1 / (1 + e))


@kernel(_gradient_and_output(0))
def sigmoid_vjp(g, y):
    """g · y · (1 − y), from the output y"""
    return g * y * (1 - y)


@kernel(_inputs)
def relu(x):
    """y = max(x, 0); NaN stays NaN"""
    return array_module(x).maximum(x, 0)


@kernel(_gradient_and_input)
def relu_vjp(g, y):
    """0 where y ≤ 0, else g (for NaN too); y may be the output or the input"""
    return array_module(y).where(y <= 0, 0, g)


@kernel(_inputs)
def gelu_with_derivative(x):
    """y = x · Φ(x) and dy/dx = Φ(x) + x · φ(x), with the normal distribution's Φ and φ"""
    xp = array_module(x)
    wide = x.astype("float64")
    probability = normal_cdf(wide)
    density = DENSITY_AT_0 * xp.exp(-wide * wide / 2)
    return (wide * probability).astype(x.dtype), (probability + wide * density).astype(x.dtype)


@kernel(_inputs)
def gelu(x):
    """y = x · Φ(x) = x/2 · (1 + erf(x/√2)), without cancellation in the negative tail"""
    wide = x.astype("float64")
    return (wide * normal_cdf(wide)).astype(x.dtype)


@kernel(_gradient_and_input)
def gelu_vjp(g, x):
    """g · (Φ(x) + x · φ(x))"""
    return g * gelu_with_derivative(x)[1]


@kernel(_inputs)
def gelu_tanh_with_derivative(x):
    """y = x · σ(u) with u = 2√(2/π) (x + 0.044715 x³), and dy/dx = σ(u) + y · σ(−u) · du/dx

    σ(u) is (1 + tanh(u/2)) / 2 without the cancellation in the negative tail.
    """
    u = 2 * TANH_SCALE * (x + TANH_CUBIC * x * x * x)
    s = sigmoid(u)
    y = x * s
    slope = 2 * TANH_SCALE * (1 + 3 * TANH_CUBIC * x * x)
    return y, s + y * sigmoid(-u) * slope


@kernel(_inputs)
def gelu_tanh(x):
    """y = x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))"""
    return gelu_tanh_with_derivative(x)[0]


@kernel(_gradient_and_input)
def gelu_tanh_vjp(g, x):
    """g · dy/dx of gelu_tanh"""
    return g * gelu_tanh_with_derivative(x)[1]


@kernel(_inputs)
def silu(x):
    """y = x · σ(x)"""
    return x * sigmoid(x)


@kernel(_gradient_and_input)
def silu_vjp(g, x):
    """g · σ(x) · (1 + x · σ(−x))"""
    return g * (sigmoid(x) * (1 + x * sigmoid(-x)))


def _tanh_softplus(x):
    """t = tanh(ln(1 + eˣ)) and 1 − t, with exp of negative numbers only"""
    xp = array_module(x)
    e = xp.exp(-abs(x))
    high, low = xp.where(x < 0, 1, e), xp.where(x < 0, e, 1)  # eˣ = low / high
    rise, rest = low * (low + 2 * high), 2 * high * high
    return rise / (rise + rest), rest / (rise + rest)


@kernel(_inputs)
def mish(x):
    """y = x · tanh(ln(1 + eˣ))"""
    return x * _tanh_softplus(x)[0]


@kernel(_gradient_and_input)
def mish_vjp(g, x):
    """g · (t + x · σ(x) · (1 − t²)) with t = tanh(ln(1 + eˣ))"""
    t, rest = _tanh_softplus(x)
    return g * (t + x * sigmoid(x) * rest * (1 + t))


@kernel(lambda make, shape: (make.normal(shape), 2.0, 3.0))
def softplus(x, beta, threshold):
    """y = ln(1 + exp(βx)) / β, and x where βx > threshold"""
    xp = array_module(x)
    z = beta * x
    smooth = (xp.maximum(z, 0) + xp.log1p(xp.exp(-abs(z)))) / beta
    return xp.where(z > threshold, x, smooth)


@kernel(lambda make, shape: (make.normal(shape), make.normal(shape), 2.0, 3.0))
def softplus_vjp(g, x, beta, threshold):
    """g · σ(βx), and g where βx > threshold"""
    z = beta * x
    return array_module(x).where(z > threshold, g, g * sigmoid(z))


@kernel(lambda make, shape: (make.normal(shape), 1.5, 2.0, 0.5))
def elu(x, alpha, scale, rate):
    """y = scale · x for x > 0, else scale · α · (exp(rate · x) − 1)"""
    xp = array_module(x)
    return xp.where(x > 0, scale * x, scale * alpha * xp.expm1(rate * xp.minimum(x, 0)))


@kernel(lambda make, shape: (make.normal(shape), make.normal(shape), 1.5, 2.0, 0.5))
def elu_vjp(g, x, alpha, scale, rate):
    """g · scale for x > 0, else g · scale · α · rate · exp(rate · x)"""
    xp = array_module(x)
    slope = scale * alpha * rate * xp.exp(rate * xp.minimum(x, 0))
    return g * xp.where(x > 0, scale, slope)


@kernel(_inputs)
def hardswish(x):
    """y = x · min(max(x + 3, 0), 6) / 6"""
    xp = array_module(x)
    return x * xp.minimum(xp.maximum(x + 3, 0), 6) / 6


@kernel(_gradient_and_input)
def hardswish_vjp(g, x):
    """g · (x/3 + ½) for −3 < x < 3; 0 below, g above"""
    xp = array_module(x)
    return xp.where(x <= -3, 0, xp.where(x < 3, g * (x / 3 + 0.5), g))


@kernel(_inputs)
def softsign(x):
    """y = x / (1 + |x|)"""
    return x / (1 + abs(x))


@kernel(_gradient_and_input)
def softsign_vjp(g, x):
    """g / (1 + |x|)²"""
    grown = 1 + abs(x)
    return g / (grown * grown)
