"""Arithmetic and comparisons: what is refused, and what promotion gives."""

import operator

import numpy as np
import pytest

import minigrad as mg


@pytest.mark.parametrize("function", [mg.add, mg.mul, mg.maximum, mg.eq, mg.lt, mg.pow])
@pytest.mark.parametrize("dtype", [mg.float32, mg.bfloat16, mg.int64])
def test_shapes_that_do_not_broadcast(function, dtype):
    a, b = mg.ones(2, 3, dtype=dtype), mg.ones(2, dtype=dtype)
    with pytest.raises(RuntimeError, match=r"\(2, 3\) and \(2,\) cannot be broadcast"):
        function(a, b)


@pytest.mark.parametrize("other", [True, mg.tensor(True), mg.tensor([True, False])])
@pytest.mark.parametrize("dtype", [mg.float32, mg.int64, mg.bool])
def test_bools_are_not_subtracted(other, dtype):
    x = mg.ones(2, dtype=dtype)
    with pytest.raises(RuntimeError, match="logical_not"):
        x - other
    with pytest.raises(RuntimeError, match="logical_not"):
        operator.sub(other, x)


def test_powers_of_bools():
    x = mg.tensor([True, False])
    assert (x**2).dtype is mg.int64
    assert (x**2).tolist() == [1, 0]
    assert (x**2.0).dtype is mg.float32
    with pytest.raises(RuntimeError, match="bools"):
        x**x


def test_numbers_wrap_around_in_small_integers():
    x = mg.tensor([1], dtype=mg.uint8)
    assert (x + 300).tolist() == [45]
    assert (x - 2).tolist() == [255]


def test_equality_with_what_is_no_number():
    x = mg.ones(2)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert (x == "a") is False
    assert (x == np.ones(2)).tolist() == [True, True]
    with pytest.raises(TypeError):
        x < None  # noqa: B015
