"""Convolutions by tiles against their definition in float64."""

import numpy as np
import pytest

from minigrad.kernels import launch
from minigrad.kernels.cpu import conv, conv_tiles, pixels, simd, winograd
from minigrad.kernels.reference import conv as reference

from .exactness import assert_near, counted, exactly

pytestmark = pytest.mark.skipif(not simd.LANES, reason="no fused multiply-add on this host")

# images, channels, outputs, height and width, extents of the kernel, stride, padding, dilation
CASES = [
    (2, 8, 20, 9, 11, (3, 3), (2, 2), (1, 1), (1, 1)),
    (2, 5, 64, 12, 12, (5, 5), (1, 1), (2, 2), (1, 1)),
    (2, 8, 40, 13, 12, (3, 3), (1, 1), (2, 2), (2, 2)),
    (2, 20, 16, 14, 9, (4, 4), (2, 2), (1, 1), (1, 1)),
    (3, 17, 32, 10, 10, (2, 3), (3, 1), (0, 2), (1, 3)),
    (4, 20, 16, 1, 40, (1, 5), (1, 1), (0, 2), (1, 1)),
    (2, 24, 16, 6, 5, (3, 3), (1, 2), (4, 3), (1, 2)),
    (7, 20, 24, 9, 8, (3, 3), (2, 2), (1, 1), (1, 1)),
    (40, 8, 16, 5, 5, (4, 4), (3, 2), (1, 2), (1, 1)),
    (1, 8, 16, 7, 7, (7, 7), (2, 2), (3, 3), (1, 1)),
    (3, 12, 16, 9, 9, (2, 2), (3, 3), (0, 0), (1, 1)),
]


def operands(rng, images, channels, outputs, height, width, kernel, stride, padding, dilation):
    x = rng.standard_normal((images, channels, height, width)).astype(np.float32)
    weight = rng.standard_normal((outputs, channels, *kernel)).astype(np.float32)
    axes = zip((height, width), kernel, stride, padding, dilation, strict=True)
    size = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)
    return x, weight, size, (stride, padding, dilation, 1)


@pytest.fixture
def used(monkeypatch):
    """How often the room computed something; Winograd's, where it would fit, computes nothing."""
    monkeypatch.setattr(winograd, "FORMS", {})
    return counted(monkeypatch, conv_tiles, ("correlate", "weight_grad", "spread"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_forward_and_both_gradients(rng, case, used):
    x, weight, size, window = operands(rng, *case)
    bias = rng.standard_normal(case[2]).astype(np.float32)
    call = x, weight, bias, size, *window
    assert_near(conv.conv(*call), exactly(reference.conv, *call))
    g = rng.standard_normal((len(x), len(weight), *size)).astype(np.float32)
    call = g, x, weight.shape[2:], *window
    assert_near(conv.conv_weight_grad(*call), exactly(reference.conv_weight_grad, *call))
    assert used == ["correlate", "weight_grad"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradient_of_the_input(rng, case, used):
    _, weight, size, window = operands(rng, *case)
    g = rng.standard_normal((case[0], case[2], *size)).astype(np.float32)
    for bias in (None, rng.standard_normal(case[1]).astype(np.float32)):
        call = g, weight, bias, case[3:5], *window
        assert_near(conv.conv_input_grad(*call), exactly(reference.conv_input_grad, *call))
    apart = all(np.gcd(s, d) == 1 for s, d in zip(window[0], window[2], strict=True))
    if apart and max(window[0]) > 1 and weight.size > conv.FEW_WEIGHTS:
        assert used == ["spread"] * 2
    else:
        assert "spread" not in used


def test_planes_of_three_axes(rng, used):
    x = np.flip(rng.standard_normal((2, 12, 3, 10, 9)).astype(np.float32), 1)
    weight = rng.standard_normal((16, 12, 1, 3, 2)).astype(np.float32)
    window = (1, 2, 1), (0, 1, 1), (1, 1, 1), 1
    size = (3, 5, 10)
    call = x, weight, None, size, *window
    assert_near(conv.conv(*call), exactly(reference.conv, *call))
    call = rng.standard_normal((2, 16, *size)).astype(np.float32), x, (1, 3, 2), *window
    assert_near(conv.conv_weight_grad(*call), exactly(reference.conv_weight_grad, *call))
    assert used == ["correlate", "weight_grad"]


def test_same_bits_for_any_number_of_threads(rng, monkeypatch, used):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    x, weight, size, window = operands(rng, 7, 20, 17, 9, 8, (3, 3), (2, 1), (1, 1), (1, 1))
    g, seen = rng.standard_normal((7, 17, *size)).astype(np.float32), set()
    before = launch.get_num_threads()
    for threads in (1, 2, 3):
        launch.set_num_threads(threads)
        found = conv.conv(x, weight, None, size, *window), conv.conv_weight_grad(
            g, x, (3, 3), *window
        )
        seen.add(tuple(array.tobytes() for array in found))
    launch.set_num_threads(before)
    assert len(seen) == 1 and len(used) == 6


def test_what_is_not_finite_stays_in_its_windows(rng, used):
    x, weight, size, window = operands(rng, 2, 8, 20, 9, 11, (3, 3), (1, 1), (1, 1), (1, 1))
    x[1, 3, 4, 5] = np.inf
    found = conv.conv(x, weight, None, size, *window)
    assert (~np.isfinite(found)).sum() == 9 * 20


def test_places_of_pixels():
    table = pixels.places((2, 3), (3, 4), (1, -1)).reshape(2, 3)
    np.testing.assert_array_equal(table, [[12, 4, 5], [12, 8, 9]])


def test_planes_to_pixels_and_back(rng):
    few = (1, 40), (3, 10), (6, 35), (6, 32)
    for channels, size in (*few, (16, 16), (17, 16), (19, 37), (35, 48)):
        x = rng.standard_normal((channels, size)).astype(np.float32)
        table, unit = np.delete(np.arange(size + 1), size // 3), channels + 2
        stored, back = np.zeros((size + 1) * unit + 16, np.float32), np.zeros_like(x)
        guarded = stored[: (size + 1) * unit - 2]
        stored[len(guarded) :] = np.nan
        pixels.planes_to_pixels(x.ravel(), 0, channels, size, guarded, unit, table)
        assert np.isnan(stored[len(guarded) :]).all()
        stored[len(guarded) :] = 0
        square = stored[: (size + 1) * unit].reshape(size + 1, unit)
        np.testing.assert_array_equal(square[table, :channels], x.T)
        assert not square[:, channels:].any() and not square[size // 3].any()
        bias = rng.standard_normal(channels).astype(np.float32)
        pixels.pixels_to_planes(stored, unit, table, back.reshape(-1), 0, channels, size, bias)
        np.testing.assert_array_equal(back, x + bias[:, None])
