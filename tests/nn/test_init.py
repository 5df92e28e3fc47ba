"""Initial values."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import Parameter, init

FILLS = {
    "uniform_": ({"a": -1, "b": 3}, 4 / math.sqrt(12)),
    "normal_": ({"mean": 1, "std": 2}, 2),
    "xavier_uniform_": ({"gain": 2}, 2 * math.sqrt(2 / 500)),
    "xavier_normal_": ({}, math.sqrt(2 / 500)),
    "kaiming_uniform_": ({"nonlinearity": "relu"}, math.sqrt(2 / 300)),
    "kaiming_normal_": ({"mode": "fan_out", "nonlinearity": "tanh"}, 5 / 3 / math.sqrt(200)),
}


@pytest.mark.parametrize("name", FILLS)
def test_in_place_with_the_right_spread(name):
    options, std = FILLS[name]
    p = Parameter(mg.zeros(200, 300))
    y = (p * p).sum()
    generator = mg.Generator().manual_seed(0)
    assert getattr(init, name)(p, **options, generator=generator) is p
    assert p.detach().numpy().std() == pytest.approx(std, rel=0.02)
    again = getattr(init, name)(mg.zeros(200, 300), **options, generator=generator.manual_seed(0))
    np.testing.assert_array_equal(p.detach(), again)
    with pytest.raises(RuntimeError, match="modified in place"):
        y.backward()


def test_constants():
    p = Parameter(mg.zeros(2))
    assert init.constant_(p, 3.0).tolist() == [3, 3]
    assert init.ones_(p).tolist() == [1, 1] and init.zeros_(p) is p and p.tolist() == [0, 0]


def test_bad_arguments():
    for fill in (init.xavier_normal_, init.kaiming_uniform_):
        with pytest.raises(ValueError, match="fewer than 2 dimensions"):
            fill(mg.zeros(3))
    with pytest.raises(ValueError, match="Mode fan_both not supported"):
        init.kaiming_normal_(mg.zeros(2, 2), mode="fan_both")
    with pytest.raises(ValueError, match="Unsupported nonlinearity gelu"):
        init.calculate_gain("gelu")
    with pytest.raises(ValueError, match="negative_slope"):
        init.calculate_gain("leaky_relu", True)
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_uniform_(mg.zeros(0, 3))


@pytest.mark.torch
def test_gains_are_those_of_torch():
    torch = pytest.importorskip("torch")
    for name in init.GAINS:
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    for slope in (None, 0, 0.2, 1):
        assert init.calculate_gain("leaky_relu", slope) == torch.nn.init.calculate_gain(
            "leaky_relu", slope
        )
