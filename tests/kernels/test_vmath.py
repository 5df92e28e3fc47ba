"""The vectorising functions against float64, over all of float32 and at special values."""

import math

import numba
import numpy as np
import pytest

from minigrad.kernels.compile import jit
from minigrad.kernels.cpu import vmath

STRIDE = 500_009 if numba.config.DISABLE_JIT else 1031  # every STRIDE-th of all bit patterns
PATTERNS = np.arange(0, 2**32, STRIDE, dtype=np.uint64).astype(np.uint32).view(np.float32)


def loop_over(function):
    @jit()
    def loop(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    def apply(x):
        y = np.empty_like(x)
        with np.errstate(all="ignore"):
            loop(x, y)
        return y

    return apply


NAMES = ("exp", "log", "tanh", "sigmoid", "erf")
FUNCTIONS = {name: loop_over(getattr(vmath, name)) for name in NAMES}


def _log(x):
    if x != x or x < 0:
        return math.nan
    return math.log(x) if x else -math.inf


def _sigmoid(x):
    e = math.exp(-abs(x)) if x == x else math.nan
    return (e if x < 0 else 1) / (1 + e)


def _exp(x):
    return math.exp(x) if not x > 709.7 else math.inf


EXACT = {"exp": _exp, "log": _log, "tanh": math.tanh, "sigmoid": _sigmoid, "erf": math.erf}
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan]
every_function = pytest.mark.parametrize("name", FUNCTIONS)


def float64_points():
    rng = np.random.default_rng(0)
    count = 200 if numba.config.DISABLE_JIT else 40_000
    parts = [scale * rng.standard_normal(count) for scale in (1e-300, 1e-3, 1, 6, 200)]
    return np.concatenate([*parts, SPECIAL])


def exactly(name, x):
    return np.array([EXACT[name](v) for v in x.tolist()])


@every_function
def test_float64_within_1e_14(name):
    x = float64_points()
    actual, expected = FUNCTIONS[name](x), exactly(name, x)
    normal = np.abs(expected) > 1e-307
    np.testing.assert_allclose(actual[normal], expected[normal], rtol=1e-14)
    np.testing.assert_allclose(actual[~normal], expected[~normal], atol=1e-307)


@every_function
def test_float32_within_2_5_ulp_over_the_whole_range(name):
    actual = FUNCTIONS[name](PATTERNS)
    with np.errstate(all="ignore"):
        expected = FUNCTIONS[name](PATTERNS.astype(np.float64))  # held to 1e-14 above
        rounded = expected.astype(np.float32)
        ulps = np.abs(actual - expected) / np.spacing(np.abs(rounded)).astype(np.float64)
    finite = np.isfinite(rounded)
    assert ulps[finite].max() <= 2.5
    np.testing.assert_array_equal(actual[~finite], rounded[~finite])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_function
def test_special_values(name, dtype):
    actual = FUNCTIONS[name](np.array(SPECIAL, dtype))
    expected = exactly(name, np.array(SPECIAL))
    np.testing.assert_array_equal(actual, expected.astype(dtype))
    signs = np.signbit(actual[:2]), np.signbit(expected[:2])
    np.testing.assert_array_equal(*signs, err_msg="sign of zero")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exp_ends(dtype):
    """The largest and smallest finite results, the first infinity, the last 0."""
    info = np.finfo(dtype)
    high, low = np.log(np.array([info.max, info.smallest_subnormal], np.longdouble))
    points = np.array([high * (1 - info.eps), high + 1, low + 1, low - 2]).astype(dtype)
    largest, beyond, smallest, nothing = FUNCTIONS["exp"](points)
    assert np.isfinite(largest)
    assert beyond == np.inf
    assert smallest > 0
    assert nothing == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exp_nonpositive_is_0_where_exp_is_not_normal(dtype):
    x = np.array([0, -1, -50, -1e4, -np.inf], dtype)
    actual = loop_over(vmath.exp_nonpositive)(x)
    np.testing.assert_allclose(actual, np.exp(x), rtol=4 * np.finfo(dtype).eps)
    assert actual[0] == 1
    assert actual[-1] == 0


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_maximum_and_minimum_propagate_nan(name):
    choose = getattr(vmath, name)

    @jit()
    def loop(a, b, out):
        for i in range(a.size):
            out[i] = choose(a[i], b[i])

    values = np.array([1, -2, np.inf, -np.inf, np.nan], np.float32)
    a, b = (grid.ravel() for grid in np.meshgrid(values, values))
    out = np.empty_like(a)
    loop(a, b, out)
    np.testing.assert_array_equal(out, getattr(np, name)(a, b))


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="there is no machine code to look at")
@every_function
def test_loops_are_vectorised(name):
    @jit()
    def loop(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    function = getattr(vmath, name)
    x = np.ones(64, np.float32)
    loop(x, x.copy())
    assert "x float>" in loop.inspect_llvm(loop.signatures[0])
