"""Every op on the strict stand-in for CuPy arrays: the references instead of the fast kernels."""

import pytest

from minigrad import backend

from ..standin import Device, xp
from .sweep import DTYPES, assert_near, cotangents, every_case

backend.register_backend(Device, xp)


def host(array):
    return array


def run(case, dtype, place):
    inputs = case.inputs(dtype, place=place)
    outputs = case.call(*inputs, place=place)
    return [*outputs, *case.gradients(outputs, inputs, cotangents(outputs, place))]


@pytest.mark.parametrize("dtype", DTYPES)
@every_case
def test_equals_the_fast_kernels(case, dtype):
    expected = run(case, dtype, host)
    for number, (actual, wanted) in enumerate(zip(run(case, dtype, Device), expected, strict=True)):
        assert_near(actual, wanted, dtype, f"{case} {dtype} result {number}")
        if actual is not None:
            assert type(actual._array) is Device
            assert actual.dtype is wanted.dtype
