"""Special functions: poles, infinities, and gradients of higher order."""

import math

import numpy as np
import pytest

import minigrad as mg

inf = math.inf


def test_poles():
    x = mg.tensor([0.0, -1.0, inf])
    assert mg.lgamma(x).tolist() == [inf, inf, inf]
    zero, pole, end = mg.digamma(x).tolist()
    assert (zero, end) == (-inf, inf)
    assert math.isnan(pole)
    assert mg.erfinv(mg.tensor([1.0, -1.0, 0.0])).tolist() == [inf, -inf, 0]
    assert mg.logit(mg.tensor([0.0, 1.0])).tolist() == [-inf, inf]


def test_derivatives_of_lgamma_of_every_order():
    x = mg.tensor(2.5, dtype=mg.float64, requires_grad=True)
    y = mg.lgamma(x)
    for n in range(4):
        (y,) = mg.grad(y, x, create_graph=True)
        np.testing.assert_allclose(y.item(), mg.polygamma(n, x).item(), rtol=1e-14)


def test_polygamma_as_a_method_has_its_order_second():
    x = mg.tensor([0.5, 3.0])
    assert x.polygamma(2).tolist() == mg.polygamma(2, x).tolist()


def test_erfc_where_1_minus_erf_is_0():
    x = mg.tensor([10.0, 26.0], dtype=mg.float64)
    np.testing.assert_allclose(mg.erfc(x).tolist(), [math.erfc(10), math.erfc(26)], rtol=1e-14)


def test_gradient_of_logit_outside_its_interval():
    x = mg.tensor([-0.5, 0.5, 1.5], requires_grad=True)
    mg.logit(x).sum().backward()
    below, inside, above = x.grad.tolist()
    assert math.isnan(below)
    assert inside == 4
    assert math.isnan(above)
    x.grad = None
    mg.logit(x, eps=0.25).sum().backward()
    assert x.grad.tolist() == [0, 4, 0]


def test_xlogy_at_0():
    x = mg.tensor([0.0, 0.0, 0.0], requires_grad=True)
    y = mg.tensor([0.0, 2.0, math.nan])
    z = mg.xlogy(x, y)
    assert z.tolist()[:2] == [0, 0]
    assert math.isnan(z.tolist()[2])
    z[:2].sum().backward()
    np.testing.assert_allclose(x.grad.tolist()[:2], [0, math.log(2)], rtol=1e-6)


def test_entropy_at_its_ends():
    assert mg.special.entr(mg.tensor([0.0, 1.0, -1.0])).tolist() == [0, 0, -inf]


def test_normal_distribution_in_its_tail():
    x = mg.tensor([-30.0], dtype=mg.float64)
    np.testing.assert_allclose(mg.special.ndtr(x).tolist(), [4.906713927148187e-198], rtol=1e-12)


@pytest.mark.torch
def test_names_of_the_door_are_pytorchs():
    import torch

    assert all(hasattr(torch.special, name) for name in mg.special.__all__)
