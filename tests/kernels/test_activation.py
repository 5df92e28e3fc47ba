"""Activations: special values, tails and the derivative against the formula."""

import math

import numpy as np
import pytest

from minigrad.kernels.registry import CPU, REFERENCE

KERNELS = pytest.mark.parametrize("k", [CPU, REFERENCE], ids=["cpu", "reference"])
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])

GELU_30_DIGITS = [
    (-0.5, -0.15426876936299344818),
    (-1, -0.15865525393145705141),
    (-2, -0.045500263896358414401),
    (-4, -0.00012668496733247968502),
    (-8, -4.9767684594174272988e-15),
    (-12, -2.1317785344932147972e-32),
    (-20, -5.5072482372124673902e-88),
    (-30, -1.4720141781444561179e-196),
]


def values(dtype, low=-12, high=12):
    return np.linspace(low, high, 4001).astype(dtype)


def exact_gelu(x):
    return np.array([v * math.erfc(-v / math.sqrt(2)) / 2 for v in x.tolist()])


def exact_gelu_slope(x):
    phi = np.exp(-(x.astype(float) ** 2) / 2) / math.sqrt(2 * math.pi)
    return np.array([math.erfc(-v / math.sqrt(2)) / 2 for v in x.tolist()]) + x * phi


@DTYPES
@KERNELS
def test_gelu_keeps_its_relative_accuracy_in_the_negative_tail(k, dtype):
    x = values(dtype)
    rtol = {np.float32: 6e-7, np.float64: 4e-14}[dtype]  # erfc(x/√2) itself errs by x² eps
    np.testing.assert_allclose(k.gelu(x), exact_gelu(x), rtol=rtol, atol=0)


@KERNELS
def test_gelu_of_float64_against_30_digits(k):
    x, y = np.array(GELU_30_DIGITS).T
    np.testing.assert_allclose(k.gelu(x), y, rtol=1e-15 * 3)


@DTYPES
@KERNELS
def test_gelu_derivative(k, dtype):
    x = values(dtype)
    y, slope = k.gelu_with_derivative(x)
    eps = np.finfo(dtype).eps
    np.testing.assert_array_equal(y, k.gelu(x))
    np.testing.assert_allclose(slope, exact_gelu_slope(x), rtol=0, atol=4 * eps)
    np.testing.assert_array_equal(k.gelu_vjp(np.full_like(x, 2), x), 2 * slope)


@DTYPES
@KERNELS
def test_tanh_form_of_gelu(k, dtype):
    x = values(dtype, -5, 5)
    wide = x.astype(np.longdouble)  # 1 + tanh cancels
    inner = math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)
    t = np.tanh(inner)
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * wide**2)
    eps = np.finfo(dtype).eps
    y, derivative = k.gelu_tanh_with_derivative(x)
    np.testing.assert_allclose(y, wide * (1 + t) / 2, rtol=0, atol=8 * eps)
    expected = (1 + t) / 2 + wide / 2 * (1 - t * t) * slope
    np.testing.assert_allclose(derivative, expected, rtol=0, atol=8 * eps)


@DTYPES
@KERNELS
def test_gelu_at_the_ends(k, dtype):
    x = np.array([0, -0.0, np.inf, -np.inf, np.nan, 60, -60], dtype)
    with np.errstate(invalid="ignore"):
        y, slope = k.gelu_with_derivative(x)
    np.testing.assert_array_equal(y, np.array([0, 0, np.inf, np.nan, np.nan, 60, 0], dtype))
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(slope[[0, 1, 5, 6]], [0.5, 0.5, 1, 0], rtol=2 * eps, atol=0)


@DTYPES
@KERNELS
def test_relu_propagates_nan_and_is_flat_at_0(k, dtype):
    x = np.array([-1, 0, 2, np.nan, -np.inf, np.inf], dtype)
    np.testing.assert_array_equal(k.relu(x), np.array([0, 0, 2, np.nan, 0, np.inf], dtype))
    gradient = k.relu_vjp(np.ones_like(x), x)
    np.testing.assert_array_equal(gradient, np.array([0, 0, 1, 1, 0, 1], dtype))


@KERNELS
def test_signed_zero_of_tanh(k):
    x = np.zeros(5000, np.float32)
    x[1::2] = -0.0
    np.testing.assert_array_equal(np.signbit(k.tanh(x)), np.signbit(x))


@KERNELS
def test_mixed_dtypes_promote(k):
    g, y = np.ones(3), np.full(3, 0.5, np.float32)
    assert k.tanh_vjp(g, y).dtype == np.float64
    np.testing.assert_array_equal(k.tanh_vjp(g, y), 0.75)


def softplus(v):
    return max(v, 0) + math.log1p(math.exp(-abs(v)))


def sigmoid(v):
    return math.exp(min(v, 0)) / (1 + math.exp(-abs(v)))


CURVES = {  # the formulas, without a care for overflow
    "silu": ((), lambda v: v * sigmoid(v)),
    "mish": ((), lambda v: v * math.tanh(softplus(v))),
    "softplus": ((1.0, 20.0), lambda v: v if v > 20 else softplus(v)),
    "elu": ((1.0, 1.0, 1.0), lambda v: v if v > 0 else math.expm1(v)),
    "hardswish": ((), lambda v: v * min(max(v + 3, 0), 6) / 6),
    "softsign": ((), lambda v: v / (1 + abs(v))),
}
every_curve = pytest.mark.parametrize("name", CURVES)


@DTYPES
@KERNELS
@every_curve
def test_curves_keep_their_relative_accuracy(k, dtype, name):
    settings, exact = CURVES[name]
    x = np.concatenate([values(dtype, -40, 40), values(dtype, -1e-3, 1e-3)])
    expected = [exact(v) for v in x.tolist()]
    rtol = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(getattr(k, name)(x, *settings), expected, rtol=rtol, atol=0)


@KERNELS
@every_curve
def test_slopes_of_curves(k, name):
    """Against symmetric differences, away from the kinks."""
    settings, exact = CURVES[name]
    x, step = np.linspace(-7.95, 8.05, 161), 1e-5
    expected = [(exact(v + step) - exact(v - step)) / (2 * step) for v in x.tolist()]
    actual = getattr(k, f"{name}_vjp")(np.full_like(x, 2), x, *settings)
    np.testing.assert_allclose(actual, 2 * np.array(expected), rtol=1e-8, atol=1e-8)


@DTYPES
@KERNELS
@every_curve
def test_curves_do_not_overflow(k, dtype, name):
    settings, _ = CURVES[name]
    x = np.array([-1e4, 1e4, np.inf, np.nan], dtype)
    with np.errstate(all="ignore"):
        y = getattr(k, name)(x, *settings)
        slope = getattr(k, f"{name}_vjp")(np.ones_like(x), x, *settings)
    assert np.isfinite(y[:2]).all()
    assert np.isfinite(slope[:2]).all()
    assert np.isnan(y[3])


@KERNELS
def test_elu_with_a_falling_rate(k):
    x = np.linspace(-3, 3, 31)
    expected = np.where(x > 0, x, -1.5 * np.expm1(np.minimum(x, 0) / -1.5))
    np.testing.assert_allclose(k.elu(x, -1.5, 1.0, -1 / 1.5), expected, rtol=1e-14)


HARDTANH = {
    "low": -1.0, "high": 1.0, "left": (0.0, -1.0), "middle": (1.0, 0.0), "right": (0.0, 1.0),
}  # fmt: skip


@DTYPES
@KERNELS
@pytest.mark.parametrize("closed", [False, True])
def test_pieces_at_their_ends(k, dtype, closed):
    x = np.array([-np.inf, -2, -1, 0, 1, 2, np.inf, np.nan], dtype)
    with np.errstate(invalid="ignore"):
        y = k.piecewise_linear(x, **HARDTANH, closed=closed)
    np.testing.assert_array_equal(y, np.array([-1, -1, -1, 0, 1, 1, 1, np.nan], dtype))
    slope = k.piecewise_linear_vjp(np.ones_like(x), x, **HARDTANH, closed=closed)
    np.testing.assert_array_equal(slope[:-1], [0, 0, closed, 1, closed, 0, 0])
