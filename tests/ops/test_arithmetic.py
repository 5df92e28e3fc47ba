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


def test_division_of_integers_rounds_down_or_towards_zero():
    x = mg.tensor([7, -7, 6, -6])
    assert (x // 2).tolist() == [3, -4, 3, -3]
    assert mg.div(x, 2, rounding_mode="trunc").tolist() == [3, -3, 3, -3]
    assert (x % 4).tolist() == [3, 1, 2, 2]
    assert mg.fmod(x, 4).tolist() == [3, -3, 2, -2]
    assert (x % -4).tolist() == [-1, -3, -2, -2]


def test_division_by_zero():
    x = mg.tensor([1.0, -1.0])
    assert (x // 0).tolist() == [np.inf, -np.inf]
    assert mg.div(x, 0.0, rounding_mode="trunc").tolist() == [np.inf, -np.inf]
    assert mg.isnan(x % 0).all()
    assert mg.isnan(mg.fmod(x, 0)).all()
    assert x.reciprocal().mul(0).isnan().tolist() == [False, False]
    assert mg.zeros(1).rsqrt().tolist() == [np.inf]


def test_floor_division_has_no_gradient():
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="floor_divide has no gradient"):
        (x // 2).sum().backward()
    mg.div(x, 2, rounding_mode="floor").sum().backward()
    assert x.grad.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("function", [mg.floor, mg.ceil, mg.trunc, mg.round, mg.sign])
def test_steps_have_zero_gradients_even_of_infinite_ones(function):
    x = mg.tensor([0.4, -1.6, np.nan], requires_grad=True)
    function(x).backward(mg.full((3,), np.inf))
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_rounding_of_halves_and_what_is_not_finite():
    x = mg.tensor([0.5, 1.5, -2.5, np.inf, np.nan])
    np.testing.assert_array_equal(x.round().numpy(), [0, 2, -2, np.inf, np.nan])
    np.testing.assert_array_equal(x.trunc().numpy(), [0, 1, -2, np.inf, np.nan])
    np.testing.assert_array_equal(x.frac().numpy(), [0.5, 0.5, -0.5, np.nan, np.nan])


def test_integers_to_negative_powers():
    x = mg.tensor([-2, -1, 1, 2])
    assert (x**-x).tolist() == [4, -1, 1, 0]
    assert (2**-x).tolist() == [4, 2, 0, 0]
    assert mg.tensor([3, 2], dtype=mg.uint8).pow(2).tolist() == [9, 4]


def test_powers_of_half_precision():
    x = mg.tensor([2.0, 4.0], dtype=mg.bfloat16)
    assert (x**-1).tolist() == [0.5, 0.25]
    assert (x**-1).dtype is mg.bfloat16


@pytest.mark.parametrize(
    ("exponent", "slopes"), [(0.0, (0.0, 0.0)), (1.0, (1.0, 0.0)), (-1.0, (-np.inf, -np.inf))]
)
def test_slopes_of_powers_of_zero(exponent, slopes):
    x = mg.tensor(0.0, requires_grad=True)
    y = mg.tensor(exponent, requires_grad=True)
    assert tuple(t.item() for t in mg.grad(x**y, (x, y))) == slopes


def test_slopes_at_zero():
    x = mg.zeros(1, requires_grad=True)
    for function in (mg.abs, mg.sgn, lambda t: mg.copysign(t, -1.0)):
        assert mg.grad(function(x).sum(), x)[0].tolist() == [0.0]


def test_float_power_is_double():
    assert mg.float_power(mg.tensor([2]), 3).dtype is mg.float64
    assert mg.float_power(3, mg.ones(1)).dtype is mg.float64


def test_lerp_is_exact_at_both_ends():
    a, b = mg.tensor([1e8, -3.3]), mg.tensor([1.1, 7e7])
    for weight in (1, mg.tensor(1.0), mg.ones(2)):
        assert mg.lerp(a, b, weight).tolist() == b.tolist()
    assert mg.lerp(a, b, 0).tolist() == a.tolist()


def test_ldexp_of_halves_does_not_overflow_on_the_way():
    x = mg.tensor([2.0**-10], dtype=mg.float16)
    assert mg.ldexp(x, mg.tensor([20])).tolist() == [1024.0]


def test_positive_is_the_tensor_itself():
    x = mg.ones(2)
    assert +x is x
    with pytest.raises(RuntimeError, match="bool"):
        +mg.tensor([True])  # noqa: B018


UPDATES = {
    "//=": (operator.ifloordiv, operator.floordiv),
    "%=": (operator.imod, operator.mod),
    "&=": (operator.iand, operator.and_),
    "|=": (operator.ior, operator.or_),
    "^=": (operator.ixor, operator.xor),
    "<<=": (operator.ilshift, operator.lshift),
    ">>=": (operator.irshift, operator.rshift),
}


@pytest.mark.parametrize(("update", "binary"), UPDATES.values(), ids=list(UPDATES))
def test_augmented_assignment_of_integers_is_in_place(update, binary):
    x = mg.tensor([5, 12, -7])
    memory, expected = x.numpy(), binary(x, 3).tolist()
    assert update(x, 3) is x
    assert memory.tolist() == expected == [binary(n, 3) for n in (5, 12, -7)]
    y = mg.tensor([1, 2, 3])
    assert binary(20, y).tolist() == [binary(20, n) for n in (1, 2, 3)]


def test_in_place_twins():
    x = mg.tensor([1.5, -2.5])
    assert x.lerp_(mg.zeros(2), 0.5) is x
    assert x.tolist() == [0.75, -1.25]
    assert x.addcmul_(mg.ones(2), mg.ones(2), value=2).tolist() == [2.75, 0.75]
    assert x.trunc_().tolist() == [2.0, 0.0]
    assert x.logical_not_().tolist() == [0.0, 1.0]
    assert x.eq_(1).dtype is mg.float32
    whole = mg.tensor([5, 7])
    assert whole.div_(2, rounding_mode="floor").tolist() == [2, 3]
    assert whole.lt_(3).tolist() == [1, 0]
    assert whole.masked_fill_(mg.tensor([True, False]), 9.5).tolist() == [9, 0]
