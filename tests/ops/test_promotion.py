"""The dtype of every function of two operands, for every pair of dtypes, 0-d tensors, numbers."""

import itertools

import numpy as np
import pytest

import minigrad as mg

from .sweep import wide

pytestmark = pytest.mark.torch
DTYPES = (
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
)  # fmt: skip
NUMBERS = {"True": True, "2": 2, "2.0": 2.0}
FUNCTIONS = (
    "add", "sub", "rsub", "mul", "div", "floor_divide", "remainder", "fmod", "pow", "float_power",
    "hypot", "copysign", "heaviside", "gcd", "lcm", "maximum", "minimum", "fmax", "fmin",
    "clamp_min", "clamp_max", "logical_and", "bitwise_and", "bitwise_left_shift", "isclose", "eq",
    "lt",
)  # fmt: skip
# raising True to a power that is True is refused here: powers of bools are
UNLIKE = {("pow", "bool[]", "True"), ("pow", "bool[1]", "True")}
REFUSES = (TypeError, ValueError, RuntimeError)


def kinds(package):
    """Ones by the name of their kind: 0-d and 1-d tensors of every dtype, and numbers."""
    found = dict(NUMBERS)
    for dtype in DTYPES:
        found[f"{dtype}[]"] = package.tensor(1).to(getattr(package, dtype))
        found[f"{dtype}[1]"] = package.tensor([1]).to(getattr(package, dtype))
    return found


def result(package, function, a, b):
    """(dtype, values) of the call, or None where it is refused."""
    try:
        found = getattr(package, function)(a, b)
    except REFUSES:
        return None
    values = wide(found) if package is mg else found.double().numpy()
    return str(found.dtype).partition(".")[2], np.asarray(values, float)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_equals_torch(function):
    import torch

    ours, theirs = kinds(mg), kinds(torch)
    for a, b in itertools.product(ours, ours):
        if (function, a, b) in UNLIKE:
            continue
        found = result(mg, function, ours[a], ours[b])
        expected = result(torch, function, theirs[a], theirs[b])
        what = f"{function}({a}, {b}): {found}, in PyTorch {expected}"
        assert (found is None) == (expected is None), what
        if found is not None:
            assert found[0] == expected[0], what
            np.testing.assert_allclose(found[1], expected[1], rtol=4e-3, err_msg=what)
