"""Selection: NaN, ties, bounds and what does not fit a dtype."""

import numpy as np
import pytest

import minigrad as mg

NAN = float("nan")


def slopes(function, *tensors):
    return [g.tolist() for g in mg.grad(function(*tensors).sum(), tensors)]


@pytest.mark.parametrize("function", [mg.maximum, mg.minimum])
def test_extremes_propagate_nan_and_share_ties(function):
    x = mg.tensor([NAN, 1.0, 2.0], requires_grad=True)
    y = mg.tensor([1.0, NAN, 2.0], requires_grad=True)
    assert mg.isnan(function(x, y)).tolist() == [True, True, False]
    assert slopes(function, x, y) == [[1.0, 1.0, 0.5], [1.0, 1.0, 0.5]]


@pytest.mark.parametrize("function", [mg.fmax, mg.fmin])
def test_fmax_and_fmin_pass_over_nan_and_give_ties_to_the_first(function):
    x = mg.tensor([NAN, 1.0, 2.0], requires_grad=True)
    y = mg.tensor([1.0, NAN, 2.0], requires_grad=True)
    assert function(x, y).tolist() == [1.0, 1.0, 2.0]
    assert slopes(function, x, y) == [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("low", "high", "values", "slope"),
    [
        (0.0, 1.0, [NAN, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]),
        (1.0, 1.0, [NAN, 1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0]),
        (2.0, 1.0, [NAN, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_slopes_at_the_bounds(low, high, values, slope):
    for bound in (float, mg.tensor):
        x = mg.tensor([NAN, 1.0, 2.0, 0.0], requires_grad=True)
        y = mg.clamp(x, bound(low), bound(high))
        np.testing.assert_array_equal(y.detach().numpy(), values)
        assert mg.grad(y.sum(), x)[0].tolist() == slope


@pytest.mark.parametrize(("low", "expected"), [(1.0, (0.0, 1.0)), (2.0, (0.0, 3.0))])
def test_slopes_of_the_bounds(low, expected):
    x = mg.tensor([0.0, 1.0, 2.0])
    low, high = mg.tensor(low, requires_grad=True), mg.tensor(1.0, requires_grad=True)
    assert tuple(slopes(lambda a, b: mg.clamp(x, a, b), low, high)) == expected


def test_a_bound_that_is_nan():
    assert mg.isnan(mg.clamp(mg.ones(2), min=NAN)).all()


def test_numbers_that_do_not_fit():
    small, flags = mg.tensor([1], dtype=mg.uint8), mg.tensor([True])
    with pytest.raises(RuntimeError, match="300 does not fit.*uint8"):
        mg.masked_fill(small, flags, 300)
    with pytest.raises(RuntimeError, match="-300 does not fit.*uint8"):
        mg.clamp(small, -300, 10)
    assert mg.clamp(small, -5).tolist() == [251]  # in unsigned integers −5 wraps around
    with pytest.raises(RuntimeError, match="1000000.0 does not fit.*float16"):
        mg.masked_fill(mg.ones(1).half(), flags, 1e6)
    assert mg.ones(1).half().masked_fill(flags, -np.inf).tolist() == [-np.inf]
    assert mg.ones(1).masked_fill(flags, np.nan).isnan().all()


def test_a_filling_stops_the_gradient_of_what_it_covers():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    value = mg.tensor(5.0, requires_grad=True)
    mask = mg.tensor([True, False])
    assert slopes(lambda a, b: mg.masked_fill(a, mask, b), x, value) == [[0.0, 1.0], 1.0]
    (mg.masked_fill(x, mask, 0.0) * mg.tensor([np.inf, 1.0])).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0]


def test_nan_to_num_takes_the_limits_of_the_dtype():
    odd = mg.tensor([NAN, np.inf, -np.inf, 1.0])
    for dtype in (mg.float64, mg.float32, mg.float16, mg.bfloat16):
        limits = mg.finfo(dtype)
        assert odd.to(dtype).nan_to_num().tolist() == [0.0, limits.max, limits.min, 1.0]
    x = odd.detach().requires_grad_()
    x.nan_to_num().sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0, 1.0]


def test_heaviside_has_no_gradient():
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="heaviside has no gradient"):
        mg.heaviside(x, x).sum().backward()


def test_selection_in_place():
    x = mg.tensor([1.0, NAN, 3.0])
    assert x.nan_to_num_(nan=-1.0) is x
    assert x.clamp_(0, 2).tolist() == [1.0, 0.0, 2.0]
    assert x.masked_fill_(x == 0, 7.0).tolist() == [1.0, 7.0, 2.0]


def test_where_takes_uint8_as_a_condition():
    found = mg.where(mg.tensor([0, 1, 2], dtype=mg.uint8), mg.ones(3), 5.0)
    assert found.tolist() == [5.0, 1.0, 1.0]
