"""Elementary functions: aliases, ends of domains, integers."""

import math

import numpy as np
import pytest

import minigrad as mg

ALIASES = ("acos", "acosh", "asin", "asinh", "atan", "atanh", "atan2")


@pytest.mark.parametrize("name", ALIASES)
def test_both_names_of_an_inverse(name):
    assert getattr(mg, f"arc{name[1:]}") is getattr(mg, name)


@pytest.mark.parametrize("name", ["exp", "log1p", "sinc", "deg2rad", "atan"])
def test_integers_become_floats(name):
    y = getattr(mg, name)(mg.tensor([0, 1]))
    assert y.dtype is mg.float32
    assert getattr(mg, name)(mg.tensor([True])).dtype is mg.float32


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
def test_equal_infinities(name):
    inf = math.inf
    a, b = mg.tensor([inf, -inf, inf, -inf]), mg.tensor([inf, -inf, -inf, 2.0])
    assert getattr(mg, name)(a, b).tolist() == [inf, -inf, inf, 2]


def test_logaddexp_of_large_numbers():
    x = mg.tensor([1000.0], requires_grad=True)
    y = mg.logaddexp(x, mg.tensor([1000.0]))
    y.sum().backward()
    np.testing.assert_allclose(y.tolist(), [1000 + math.log(2)], rtol=1e-6)
    assert x.grad.tolist() == [0.5]


def test_outside_their_domains():
    x = mg.tensor([2.0, -2.0])
    for name in ("asin", "acos", "atanh"):
        assert mg.isnan(getattr(mg, name)(x)).all()
    assert mg.log(mg.tensor([0.0, -1.0])).tolist()[0] == -math.inf
    assert mg.isnan(mg.acosh(mg.tensor([0.5]))).all()


def test_sinc_is_flat_at_0():
    x = mg.tensor([0.0], requires_grad=True)
    y = mg.sinc(x)
    y.backward()
    assert y.tolist() == [1]
    assert x.grad.tolist() == [0]


def test_quadrants_of_atan2():
    y, x = mg.tensor([1.0, 1.0, -1.0, 0.0]), mg.tensor([1.0, -1.0, -1.0, -1.0])
    quarter = math.pi / 4
    np.testing.assert_allclose(
        mg.atan2(y, x).tolist(), [quarter, 3 * quarter, -3 * quarter, math.pi], rtol=1e-6
    )


@pytest.mark.parametrize("name", ["exp2", "log10", "acosh", "atan", "sinc", "deg2rad"])
def test_in_place(name):
    x = mg.tensor([1.5, 2.5])
    expected = getattr(mg, name)(x).tolist()
    assert getattr(x, f"{name}_")() is x
    assert x.tolist() == expected


def test_the_angle_of_the_origin_has_gradient_zero():
    y, x = (mg.zeros(1, requires_grad=True) for _ in range(2))
    assert [t.item() for t in mg.grad(mg.atan2(y, x), [y, x])] == [0, 0]
