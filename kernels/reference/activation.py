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
    """g where y > 0, else 0; y may be the output or the input"""
    return array_module(y).where(y > 0, g, 0)


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
