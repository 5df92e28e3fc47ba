"""Convolutions and the gradients of their weights are shared out alike: they are as much work."""

import numpy as np
import pytest

from minigrad.kernels import launch
from minigrad.kernels.cpu import conv

WAYS = {  # what the choice in conv.py depends on: channels, outputs, kernel, stride, dtype
    "winograd": (16, 32, 3, 1, np.float32),
    "winograd, 5 × 5": (16, 32, 5, 1, np.float32),
    "winograd, stride 2": (32, 64, 3, 2, np.float32),
    "tiles": (16, 32, 3, 2, np.float32),
    "direct": (1, 8, 3, 1, np.float32),
    "tiles and direct": (1, 32, 3, 1, np.float32),
    "matrices": (16, 32, 3, 1, np.float64),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_work_of_both_is_estimated_alike(rng, monkeypatch, way):
    channels, outputs, kernel, stride, dtype = WAYS[way]
    x = rng.standard_normal((8, channels, 16, 16)).astype(dtype)
    w = rng.standard_normal((outputs, channels, kernel, kernel)).astype(dtype)
    window, split, work = ((stride,) * 2, (kernel // 2,) * 2, (1, 1)), launch.split, []

    def recorded(loop, arrays, *scalars, cost=1.0, **options):
        work.append(arrays[0].size * cost)
        split(loop, arrays, *scalars, cost=cost, **options)

    monkeypatch.setattr(launch, "split", recorded)
    size = (16 // stride, 16 // stride)
    y = conv.conv(x, w, None, size, *window, 1)
    conv.conv_weight_grad(y, x, (kernel, kernel), *window, 1)
    forward, weight = work
    assert forward / 2 <= weight <= forward * 2
