"""Activations: where pieces meet, what NaN becomes, and those that draw random numbers."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F

KINKS = {  # the gradient at each of these points
    "relu": ([0.0], [0]),
    "relu6": ([0.0, 6.0], [0, 0]),
    "hardtanh": ([-1.0, 1.0], [0, 0]),
    "hardsigmoid": ([-3.0, 3.0], [0, 0]),
    "hardswish": ([-3.0, 3.0], [0, 1]),
    "hardshrink": ([-0.5, 0.5], [0, 0]),
    "softshrink": ([-0.5, 0.5], [0, 0]),
    "leaky_relu": ([0.0], [0.01]),
    "elu": ([0.0], [1]),
}
EVERY = sorted(
    {*KINKS, "celu", "selu", "gelu", "silu", "mish", "softplus", "softsign", "logsigmoid", "tanh"}
)


def gradient(name, points):
    x = mg.tensor(points, requires_grad=True)
    getattr(F, name)(x).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize("name", KINKS)
def test_gradients_at_kinks(name):
    points, expected = KINKS[name]
    np.testing.assert_allclose(gradient(name, points), expected, rtol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("name", KINKS)
def test_gradients_at_kinks_are_pytorchs(name):
    import torch

    points, expected = KINKS[name]
    x = torch.tensor(points, requires_grad=True)
    getattr(torch.nn.functional, name)(x).sum().backward()
    np.testing.assert_allclose(expected, x.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", EVERY)
def test_nan_stays_nan(name):
    assert math.isnan(getattr(F, name)(mg.tensor(math.nan)).item())


def test_prelu_at_0_and_for_infinities():
    x = mg.tensor([0.0, math.inf, -2.0], requires_grad=True)
    w = mg.tensor([0.5], requires_grad=True)
    y = F.prelu(x, w)
    assert y.tolist() == [0, math.inf, -1]
    y.backward(mg.ones(3))
    assert x.grad.tolist() == [0.5, 1, 0.5]
    assert w.grad.tolist() == [-2]


def test_rrelu_draws_a_slope_for_each_element():
    x = mg.full((2000,), -1.0, requires_grad=True)
    y = F.rrelu(x, 0.1, 0.3, training=True, generator=mg.Generator().manual_seed(1))
    y.sum().backward()
    slopes = np.array(x.grad.tolist())
    np.testing.assert_array_equal(-slopes, y.tolist())
    assert 0.1 <= slopes.min() < 0.11
    assert 0.29 < slopes.max() <= 0.3
    again = F.rrelu(x, 0.1, 0.3, training=True, generator=mg.Generator().manual_seed(1))
    assert again.tolist() == y.tolist()


def test_gumbel_softmax_draws_from_the_softmax():
    logits = mg.log(mg.tensor([0.2, 0.3, 0.5])).expand(4000, 3)
    drawn = F.gumbel_softmax(logits, hard=True, generator=mg.Generator().manual_seed(2))
    assert set(np.unique(drawn.detach().numpy())) == {0, 1}
    np.testing.assert_allclose(drawn.mean(0).tolist(), [0.2, 0.3, 0.5], atol=0.03)


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_has_the_gradient_of_the_soft_values(hard):
    def sampled(hard):
        logits = mg.tensor([[0.5, -0.5, 1.0]], requires_grad=True)
        generator = mg.Generator().manual_seed(3)
        y = F.gumbel_softmax(logits, tau=0.7, hard=hard, generator=generator)
        (y * mg.tensor([1.0, 2.0, 3.0])).sum().backward()
        return y, logits.grad.tolist()

    y, found = sampled(hard)
    np.testing.assert_allclose(y.sum().item(), 1, rtol=1e-6)
    assert found == sampled(False)[1]


@pytest.mark.parametrize("name", ["silu", "relu6", "elu", "hardtanh"])
def test_inplace_is_accepted(name):
    x = mg.tensor([-1.0, 2.0])
    assert getattr(F, name)(x, inplace=True).tolist() == getattr(F, name)(x).tolist()


def test_relu_hands_the_gradient_on_to_nan():
    x = mg.tensor([float("nan"), -1.0, 2.0], requires_grad=True)
    mg.relu(x).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]
