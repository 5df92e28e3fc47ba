"""Convolutions with few outputs against their definition in float64."""

import numpy as np
import pytest

from minigrad.kernels import launch
from minigrad.kernels.cpu import conv, conv_spread, simd, winograd
from minigrad.kernels.reference import conv as reference

from .exactness import assert_near, counted, exactly

pytestmark = pytest.mark.skipif(not simd.LANES, reason="no fused multiply-add on this host")

# images, channels, outputs, height and width, extents of the kernel, padding
CASES = [
    (3, 16, 6, 10, 10, (5, 5), (4, 4)),
    (2, 24, 5, 9, 7, (3, 3), (1, 1)),
    (2, 70, 1, 6, 11, (3, 5), (0, 2)),
    (2, 17, 9, 8, 8, (4, 5), (1, 2)),
    (2, 40, 3, 5, 4, (2, 3), (3, 4)),
    (1, 40, 10, 1, 30, (1, 5), (0, 2)),
]


@pytest.fixture
def used(monkeypatch):
    """How often the room computed something; those that would take it first take nothing."""
    monkeypatch.setattr(winograd, "FORMS", {})
    monkeypatch.setattr(conv, "_is_direct", lambda *_: False)
    return counted(monkeypatch, conv_spread, ["correlate"])


def operands(rng, images, channels, outputs, height, width, kernel, padding):
    x = rng.standard_normal((images, channels, height, width)).astype(np.float32)
    weight = rng.standard_normal((outputs, channels, *kernel)).astype(np.float32)
    axes = zip((height, width), kernel, padding, strict=True)
    size = tuple(n + 2 * p - k + 1 for n, k, p in axes)
    return x, weight, size, ((1, 1), padding, (1, 1), 1)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_forward(rng, case, used):
    x, weight, size, window = operands(rng, *case)
    for bias in (None, rng.standard_normal(case[2]).astype(np.float32)):
        call = x, weight, bias, size, *window
        assert_near(conv.conv(*call), exactly(reference.conv, *call))
    assert used == ["correlate"] * 2


def test_gradient_of_the_input(rng, used):
    x, weight, size, window = operands(rng, 3, 6, 16, 14, 14, (5, 5), (0, 0))
    g = rng.standard_normal((3, 16, *size)).astype(np.float32)
    call = g, weight, None, x.shape[2:], *window
    assert_near(conv.conv_input_grad(*call), exactly(reference.conv_input_grad, *call))
    assert used == ["correlate"]


def test_of_a_wider_padding_than_the_window_the_gradient_goes_elsewhere(rng, used):
    x, weight, size, window = operands(rng, 2, 6, 16, 7, 7, (3, 3), (4, 4))
    g = rng.standard_normal((2, 16, *size)).astype(np.float32)
    call = g, weight, None, x.shape[2:], *window
    assert_near(conv.conv_input_grad(*call), exactly(reference.conv_input_grad, *call))
    assert used == []


def test_same_bits_for_any_number_of_threads(rng, monkeypatch, used):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    x, weight, size, window = operands(rng, 7, 20, 6, 9, 8, (3, 3), (1, 1))
    before, seen = launch.get_num_threads(), set()
    for threads in (1, 2, 3):
        launch.set_num_threads(threads)
        seen.add(conv.conv(x, weight, None, size, *window).tobytes())
    launch.set_num_threads(before)
    assert len(seen) == 1
    assert len(used) == 3


def test_what_is_not_finite_stays_in_its_windows(rng, used):
    x, weight, size, window = operands(rng, 2, 40, 6, 9, 11, (3, 3), (1, 1))
    x[1, 3, 4, 5] = np.inf
    found = conv.conv(x, weight, None, size, *window)
    assert (~np.isfinite(found)).sum() == 9 * 6
    assert used


def test_small_weights_are_left_to_the_direct_way(rng, monkeypatch):
    used = counted(monkeypatch, conv_spread, ["correlate"])
    x, weight, size, window = operands(rng, 2, 3, 6, 9, 9, (3, 3), (1, 1))
    assert weight.size <= conv.FEW_WEIGHTS
    conv.conv(x, weight, None, size, *window)
    assert used == []
