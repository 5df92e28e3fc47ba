"""Softmax: any axis, extreme logits, rows without a finite entry."""

import numpy as np
import pytest

from minigrad.kernels.registry import CPU, REFERENCE

KERNELS = pytest.mark.parametrize("k", [CPU, REFERENCE], ids=["cpu", "reference"])
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("name", ["softmax", "softmax_vjp", "log_softmax", "log_softmax_vjp"])
@DTYPES
def test_every_axis(name, axis, dtype):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((3, 5, 4)).astype(dtype) for _ in range(1 + ("vjp" in name))]
    arrays[-1] -= 4  # an output of log_softmax is negative
    actual = getattr(CPU, name)(*arrays, axis)
    expected = getattr(REFERENCE, name)(*arrays, axis)
    rtol = {"float32": 2e-6, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol)
    assert actual.flags.c_contiguous


@DTYPES
@KERNELS
def test_large_logits_are_stable(k, dtype):
    x = np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4]], dtype)
    np.testing.assert_allclose(k.softmax(x, -1), [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    logs = [[0, -2e4, -1e4], [-np.log(3)] * 3]
    np.testing.assert_allclose(k.log_softmax(x, -1), logs, rtol=1e-6)


@KERNELS
@pytest.mark.parametrize("axis", [0, 1])
def test_slices_without_a_finite_entry_are_nan(k, axis):
    x = np.full((2, 3), -np.inf, np.float32)
    x[0, 0] = 1
    with np.errstate(invalid="ignore"):
        y = k.softmax(x, axis)
    finite = np.zeros((2, 3), bool)
    finite[(slice(None), 0) if axis == 0 else 0] = True
    np.testing.assert_array_equal(np.isfinite(y), finite)
    assert y[0, 0] == 1
    assert np.isnan(y[~finite]).all()


@KERNELS
def test_nan_stays_in_its_row(k):
    x = np.zeros((2, 4), np.float32)
    x[1, 2] = np.nan
    y = k.log_softmax(x, -1)
    assert np.isnan(y[1]).all()
    assert np.isfinite(y[0]).all()


@pytest.mark.parametrize("axis", [2, -3])
def test_axis_out_of_range(axis):
    with pytest.raises(np.exceptions.AxisError):
        CPU.softmax(np.zeros((2, 3), np.float32), axis)
