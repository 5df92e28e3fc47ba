"""Elementwise arithmetic: what the sweep does not ask."""

import numpy as np
import pytest

from minigrad.kernels.cpu import arithmetic, select
from minigrad.kernels.reference.arithmetic import BINARY, UNARY

LARGE = 1 << 16


@pytest.mark.parametrize("name", UNARY)
def test_a_result_without_axes_is_an_array(name):
    assert type(getattr(arithmetic, name)(np.array(1.5))) is np.ndarray


@pytest.mark.parametrize("name", BINARY)
def test_two_operands_without_axes_give_an_array(name):
    assert type(getattr(arithmetic, name)(np.array(1.5), 2.0)) is np.ndarray


@pytest.mark.parametrize("size", [4, LARGE])
@pytest.mark.parametrize("other", [2, 2.0, True, np.float64(2), np.ones((3, 1), np.float32)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "bool"])
def test_promotion_is_numpys(size, other, dtype):
    x = np.ones((3, size), dtype)
    for name in ("add", "mul", "div", "lt"):
        for operands in ((x, other), (other, x)):
            expected = getattr(np, BINARY[name][0])(*operands)
            actual = getattr(arithmetic, name)(*operands)
            assert actual.dtype == expected.dtype
            np.testing.assert_array_equal(actual, expected)


def test_large_operands_broadcast():
    x, bias = np.ones((300, 400), np.float32), np.arange(400, dtype=np.float32)
    np.testing.assert_array_equal(arithmetic.add(x, bias), x + bias)
    np.testing.assert_array_equal(arithmetic.sub(bias, x), bias - x)


@pytest.mark.parametrize("exponent", [2.0, -1.0, 0.5, 3.0])
def test_powers(exponent):
    x = np.array([-np.inf, -0.0, 0.0, 0.5, 3.0, np.inf, np.nan], np.float32)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(arithmetic.pow(x, exponent), x**exponent, rtol=1e-6)


def test_sign_of_nan_is_zero():
    x = np.array([np.nan, -np.inf, -0.0, 0.0, 2.0])
    np.testing.assert_array_equal(select.sign(x), [0, -1, 0, 0, 1])


def test_where_takes_numbers():
    condition = np.arange(2000) % 3 == 0
    x = np.arange(2000, dtype=np.float32)
    result = select.where(condition, x, 0.5)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, np.where(condition, x, np.float32(0.5)))
