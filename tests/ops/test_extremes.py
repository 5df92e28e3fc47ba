"""Extremes: ties, NaN, and the forms of max."""

import numpy as np
import pytest

import minigrad as mg

NAN = float("nan")


def gradient(function, values):
    x = mg.tensor(values, requires_grad=True)
    function(x).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize(("function", "expected"), [
    (mg.max, [0.5, 0.5, 0.0]),
    (mg.amax, [0.5, 0.5, 0.0]),
    (lambda x: mg.max(x, 0).values, [1.0, 0.0, 0.0]),
    (lambda x: mg.aminmax(x).max, [0.5, 0.5, 0.0]),
    (mg.median, [0.5, 0.5, 0.0]),
])  # fmt: skip
def test_gradient_at_ties(function, expected):
    assert gradient(function, [3.0, 3.0, 1.0]) == expected


def test_gradient_of_the_largest_goes_to_nan():
    assert gradient(mg.max, [3.0, NAN, 1.0, NAN]) == [0.0, 0.5, 0.0, 0.5]


@pytest.mark.parametrize("count", [5, 3000])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_the_first_of_equals_is_found(count, name):
    x = mg.zeros(count, 2)
    assert getattr(mg, name)(x, 0).tolist() == [0, 0]
    x[3:5] = 1.0 if name == "argmax" else -1.0
    assert getattr(mg, name)(x, 0).tolist() == [3, 3]
    assert getattr(mg, name)(x).item() == 6
    x[4] = NAN
    assert getattr(mg, name)(x, 0).tolist() == [4, 4]
    assert getattr(mg, name)(x).item() == 8


def test_named_results():
    found = mg.max(mg.tensor([1.0, 3.0]), dim=0)
    values, indices = found
    assert found.values.item() == values.item() == 3.0
    assert found.indices.item() == indices.item() == 1
    assert isinstance(found, mg.return_types.max)
    assert repr(found) == "minigrad.return_types.max(\nvalues=tensor(3.),\nindices=tensor(1))"
    assert mg.aminmax(mg.tensor([1.0, 3.0]))._fields == ("min", "max")


def test_median_of_nothing():
    assert np.isnan(mg.median(mg.zeros(0)).item())
    assert np.isnan(mg.nanmedian(mg.tensor([NAN]), 0).values.item())


@pytest.mark.parametrize("x", [mg.ones(2, 3), mg.tensor(2.0)])
def test_argmax_takes_one_axis(x):
    with pytest.raises(TypeError, match="int"):
        x.argmax((0, 1))
    with pytest.raises(IndexError):
        x.argmin(5)


def test_bools_have_no_argmax():
    with pytest.raises(RuntimeError, match="must hold numbers"):
        mg.argmax(mg.tensor([True]))
