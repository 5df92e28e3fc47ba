"""Dropout as a module."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_dropout():
    x = mg.ones(1000)
    layer = nn.Dropout(0.25)
    assert layer.eval()(x) is x
    y = layer.train()(x).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)} and 0.15 < (y == 0).mean() < 0.35
    own = [nn.Dropout(0.5, generator=mg.Generator().manual_seed(1))(x).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*own)
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(1.5)
