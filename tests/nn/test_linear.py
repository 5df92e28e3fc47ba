"""Linear layers and layers that change shapes."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_linear():
    layer = nn.Linear(400, 300)
    x = mg.randn(5, 400)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-4, atol=1e-5)
    for p in layer.parameters():
        values = p.detach().numpy()
        bound = 1 / math.sqrt(400)
        assert np.abs(values).max() <= bound and np.isclose(
            values.std(), bound / math.sqrt(3), rtol=0.15
        )
    assert nn.Linear(2, 3, bias=False).bias is None
    assert nn.Linear(2, 3, dtype=mg.float64).weight.dtype is mg.float64


def test_linear_without_inputs_is_left_alone():
    layer = nn.Linear(0, 2)
    assert layer.weight.shape == (2, 0) and layer.bias.tolist() == [0.0, 0.0]


def test_shapes():
    x = mg.ones(2, 6, 2)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Unflatten(1, (2, 3))(x).shape == (2, 2, 3, 2)
    assert nn.Unflatten(-2, [3, -1])(x).shape == (2, 3, 2, 2)
    assert nn.Identity(1, unused=2)(x) is x
    with pytest.raises(TypeError, match="unflatten"):
        nn.Unflatten(1, 3)
    with pytest.raises(TypeError, match="unflatten"):
        nn.Unflatten("a", (3,))
