"""exp, log and erf as kernels: the fast ones agree with the references, which agree with math."""

import math

import numpy as np
import pytest

from minigrad.kernels.reference import transcendental as reference
from minigrad.kernels.registry import CPU, REFERENCE

KERNELS = pytest.mark.parametrize("k", [CPU, REFERENCE], ids=["cpu", "reference"])


@KERNELS
def test_erf_to_the_last_digits(k):
    x = np.linspace(-6.5, 6.5, 2001)
    np.testing.assert_allclose(k.erf(x), [math.erf(v) for v in x], rtol=1e-15)
    assert math.copysign(1, k.erf(np.array([-0.0] * 3))[0]) == -1


def test_normal_tail_keeps_its_relative_accuracy():
    a = np.linspace(0, 37, 2001)
    expected = [math.erfc(v / math.sqrt(2)) / 2 for v in a]
    np.testing.assert_allclose(reference.normal_tail(a), expected, rtol=4e-13)  # erfc(v/√2) errs


@KERNELS
@pytest.mark.parametrize("name", ["exp", "log", "erf"])
def test_other_dtypes_are_kept(k, name):
    x = np.array([0.5, 1, 2], np.float16)
    y = getattr(k, name)(x)
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, getattr(k, name)(x.astype(np.float64)), rtol=1e-3)
