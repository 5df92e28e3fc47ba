"""assert_close: tolerances by dtype, shapes, dtypes, nesting."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import assert_close

TOLERANCES = {"float64": 1e-7, "float32": 1.3e-6, "float16": 1e-3, "bfloat16": 1.6e-2}


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_tolerances_by_dtype(dtype):
    kind, rtol = getattr(mg, dtype), TOLERANCES[dtype]
    base = mg.tensor([64.0], dtype=kind)
    eps = max(mg.finfo(kind).eps, 0.2 * rtol)
    assert_close((base * (1 + 0.5 * rtol)).to(kind), base)
    with pytest.raises(AssertionError, match=r"1 of 1.*index \(0,\).*rtol"):
        assert_close((base * (1 + 2 * rtol + 2 * eps)).to(kind), base)


def test_everything_else_is_exact():
    assert_close(mg.tensor([1, 2]), mg.tensor([1, 2]))
    with pytest.raises(AssertionError, match=r"index \(1,\): 3 and 2"):
        assert_close(mg.tensor([1, 3]), mg.tensor([1, 2]))
    with pytest.raises(AssertionError):
        assert_close(mg.tensor([True]), mg.tensor([False]))


def test_shapes_and_dtypes():
    with pytest.raises(AssertionError, match=r"shapes differ: \(1,\) and \(\)"):
        assert_close(mg.ones(1), mg.ones(()))
    with pytest.raises(AssertionError, match="dtypes differ.*float32.*float64"):
        assert_close(mg.ones(1), mg.ones(1, dtype=mg.float64))
    assert_close(mg.ones(1), mg.ones(1, dtype=mg.float64), check_dtype=False)


def test_nan_and_infinity():
    nan, inf = mg.tensor([float("nan")]), mg.tensor([float("inf")])
    with pytest.raises(AssertionError):
        assert_close(nan, nan)
    assert_close(nan, nan, equal_nan=True)
    assert_close(inf, inf)
    with pytest.raises(AssertionError):
        assert_close(inf, -inf)


def test_arrays_numbers_and_nesting():
    assert_close(np.ones(2), np.ones(2))
    assert_close(1.0, 1.0)
    assert_close({"a": [mg.ones(2), 3]}, {"a": [mg.ones(2), 3]})
    with pytest.raises(AssertionError, match=r"at \['a'\] at \[1\]"):
        assert_close({"a": [mg.ones(2), 3]}, {"a": [mg.ones(2), 4]})
    with pytest.raises(AssertionError, match="lengths differ"):
        assert_close([1], [1, 2])
    with pytest.raises(AssertionError, match="keys differ"):
        assert_close({"a": 1}, {"b": 1})


def test_own_tolerances_and_message():
    assert_close(mg.tensor([1.0]), mg.tensor([1.1]), rtol=0.2, atol=0.0)
    with pytest.raises(ValueError, match="both rtol and atol"):
        assert_close(1.0, 1.0, rtol=0.1)
    with pytest.raises(AssertionError, match="^mine$"):
        assert_close(1.0, 2.0, msg="mine")
