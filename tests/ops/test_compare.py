"""Comparisons: what is close, and what a bool result is written into."""

import numpy as np
import pytest

import minigrad as mg


def test_closeness_of_what_is_not_finite():
    x = mg.tensor([np.nan, np.inf, -np.inf, np.inf])
    y = mg.tensor([np.nan, np.inf, np.inf, 1.0])
    assert mg.isclose(x, y).tolist() == [False, True, False, False]
    assert mg.isclose(x, y, rtol=np.inf, equal_nan=True).tolist() == [True, True, False, False]
    assert not mg.allclose(x, x)
    assert mg.allclose(x, x, equal_nan=True)


def test_closeness_is_relative_to_the_other():
    x, y = mg.tensor([100.0]), mg.tensor([110.0])
    assert mg.allclose(x, y, rtol=0.095, atol=0)
    assert not mg.allclose(y, x, rtol=0.095, atol=0)


@pytest.mark.parametrize("dtype", [mg.uint8, mg.int64, mg.bool])
def test_closeness_of_integers(dtype):
    x, y = mg.tensor([1, 0]).to(dtype), mg.tensor([0, 1]).to(dtype)
    assert mg.isclose(x, y).tolist() == [False, False]
    assert mg.isclose(x, y, atol=1.0).tolist() == [True, True]


def test_equal_is_about_shapes_too():
    assert mg.equal(mg.ones(2), mg.ones(2))
    assert not mg.equal(mg.ones(2), mg.ones(1, 2))
    assert not mg.equal(mg.tensor([np.nan]), mg.tensor([np.nan]))


def test_bools_compare_as_numbers():
    flags = mg.tensor([True, False])
    assert (flags < 1).tolist() == [False, True]
    assert (flags == 1.0).tolist() == [True, False]


def test_comparisons_are_never_recorded():
    x = mg.ones(2, requires_grad=True)
    for result in (x == x, x < 2, mg.logical_and(x, x), mg.isnan(x), mg.isin(x, 1)):
        assert not result.requires_grad
        assert result.dtype is mg.bool


def test_results_in_place_keep_the_dtype():
    x = mg.tensor([1.0, 0.0, -2.0])
    assert x.clone().gt_(0).tolist() == [1.0, 0.0, 0.0]
    assert x.clone().logical_xor_(mg.ones(3)).tolist() == [0.0, 1.0, 0.0]
    assert mg.tensor([6, 4]).gcd_(mg.tensor([4, 6])).tolist() == [2, 2]


def test_masks_combine():
    a, b = mg.tensor([True, True, False]), mg.tensor([True, False, False])
    assert (a & b).tolist() == [True, False, False]
    assert (a | ~b).tolist() == [True, True, True]
    assert (True ^ a).tolist() == [False, False, True]
