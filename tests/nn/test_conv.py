"""Convolutional layers: what is special to them."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_I1_fan_of_a_convolution_counts_its_window():
    mg.manual_seed(0)
    weight = mg.empty(512, 32, 3, 3)
    nn.init.kaiming_normal_(weight)
    assert np.isclose(weight.numpy().std(), math.sqrt(2 / (32 * 9)), rtol=0.01)
    assert nn.init.fans(nn.Conv2d(64, 8, 3, groups=2).weight)[0] == 32 * 9


@pytest.mark.parametrize("groups", [1, 4])
def test_initial_values_lie_within_the_root_of_the_fan(groups):
    layer = nn.Conv2d(16, 64, 3, groups=groups)
    bound = 1 / math.sqrt(16 // groups * 9)
    for parameter in (layer.weight, layer.bias):
        largest = np.abs(parameter.detach().numpy()).max()
        assert 0.9 * bound < largest <= bound


def test_autoencoder_restores_every_size():
    for size in (7, 8, 9):
        x = mg.zeros(1, 2, size, size)
        down = nn.Conv2d(2, 3, 3, stride=2, padding=1)
        up = nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1)
        assert up(down(x), output_size=x.shape).shape == x.shape
