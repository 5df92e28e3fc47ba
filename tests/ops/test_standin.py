"""Every op on the strict stand-in for CuPy arrays: the references instead of the fast kernels."""

from minigrad import backend

from ..standin import Device, xp
from ..tiers import by_turns
from .sweep import CASES, DTYPES, assert_near, cotangents

backend.register_backend(Device, xp)


def host(array):
    return array


def run(case, dtype, place):
    inputs = case.inputs(dtype, place=place)
    outputs = case.call(*inputs, place=place)
    return [*outputs, *case.gradients(outputs, inputs, cotangents(outputs, place))]


@by_turns("case, dtype", CASES, DTYPES)
def test_equals_the_fast_kernels(case, dtype):
    expected = run(case, dtype, host)
    for number, (actual, wanted) in enumerate(zip(run(case, dtype, Device), expected, strict=True)):
        assert_near(actual, wanted, dtype, f"{case} {dtype} result {number}")
        if actual is not None:
            assert type(actual._array) is Device
            assert actual.dtype is wanted.dtype
