"""Reductions: accuracy, axes, and independence of the number of threads."""

import math

import numpy as np
import pytest

from minigrad.kernels import launch
from minigrad.kernels.cpu import reduce
from minigrad.kernels.reference import reduce as reference

from .conftest import compiled_only

AXES = [None, 0, 1, -1, (0, 2), (0, 1), (1, 2), (2, 0), (0, 1, 2)]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin"])
def test_any_axes(name, axis, keepdims):
    x = np.random.default_rng(0).standard_normal((7, 30, 11))
    actual = getattr(reduce, name)(x, axis, keepdims)
    expected = getattr(reference, name)(x, axis, keepdims)
    assert type(actual) is np.ndarray
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


@compiled_only
@pytest.mark.parametrize("shape, axis", [((2**20,), None), ((2**16, 16), 0), ((16, 2**16), 1)])
def test_sums_are_as_accurate_as_numpys(shape, axis):
    x = np.random.default_rng(1).uniform(0, 1, shape).astype(np.float32)
    exact = x.astype(np.float64).sum(axis)
    ours = np.abs(reduce.sum(x, axis) - exact).max()
    pairwise = np.abs(x.copy("F" if axis == 0 else "C").sum(axis) - exact).max()
    assert ours <= max(pairwise, np.spacing(np.float32(exact.max())))


@compiled_only
@pytest.mark.parametrize("shape, axis", [((300_001,), None), ((5003, 40), 0), ((40, 5003), 1)])
def test_same_bits_for_any_number_of_threads(shape, axis, monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    x = np.random.default_rng(2).standard_normal(shape).astype(np.float32)
    before, seen = launch.get_num_threads(), set()
    for threads in (1, 2, 3):
        launch.set_num_threads(threads)
        parts = reduce.sum(x, axis), reduce.amax(x, axis), reduce.sum_of_squares(x)
        seen.add(b"".join(part.tobytes() for part in parts))
    launch.set_num_threads(before)
    assert len(seen) == 1


@pytest.mark.parametrize("position", [0, 4999, 9999])
@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin"])
def test_nan_anywhere_is_seen(name, position):
    x = np.zeros(10_000, np.float32)
    x[position] = np.nan
    assert np.isnan(getattr(reduce, name)(x))
    assert np.isnan(getattr(reduce, name)(x.reshape(100, 100), 0)).sum() == 1


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
def test_integers_are_summed_in_int64(dtype):
    total = reduce.sum(np.ones((3, 5), dtype), 0)
    assert total.dtype == np.int64
    np.testing.assert_array_equal(total, [3] * 5)


def test_mean_of_nothing_is_nan():
    assert np.isnan(reduce.mean(np.ones((0,), np.float32)))


@pytest.mark.parametrize("shape", [(), (1,), (5,), (4, 1), (1, 5), (3, 1, 1), (3, 4, 5)])
def test_unbroadcast_is_the_adjoint_of_broadcasting(shape):
    rng = np.random.default_rng(3)
    g, x = rng.standard_normal((3, 4, 5)), rng.standard_normal(shape)
    actual = reduce.unbroadcast(g, shape)
    assert actual.shape == shape
    assert math.isclose((actual * x).sum(), (g * np.broadcast_to(x, g.shape)).sum(), rel_tol=1e-12)


def test_squares_do_not_overflow():
    x = np.full(10_000, 1e30, np.float32)
    assert math.isclose(float(reduce.sum_of_squares(x)), 1e64, rel_tol=1e-6)


@pytest.mark.parametrize("axis, error", [(2, IndexError), ((0, 0), ValueError)])
def test_wrong_axes_raise(axis, error):
    for shape in ((3, 5), (100, 100)):
        with pytest.raises(error):
            reduce.sum(np.ones(shape, np.float32), axis)


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin"])
def test_infinities_and_nan_arise_silently(name):
    x = np.array([np.inf, -np.inf, np.nan], np.float32)
    with np.errstate(all="ignore"):
        expected = getattr(reference, name)(x, None)
    np.testing.assert_array_equal(getattr(reduce, name)(x, None), expected)
