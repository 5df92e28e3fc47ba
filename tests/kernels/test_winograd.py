"""Winograd's convolutions against their definition in float64."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.kernels import launch
from minigrad.kernels.cpu import conv, simd, winograd
from minigrad.kernels.reference import conv as reference

from .exactness import assert_near, counted, exactly

pytestmark = pytest.mark.skipif(not simd.LANES, reason="this host has no fused multiply-add")

# images, channels, outputs, height and width, padding, taps, stride
CASES = [
    (4, 16, 16, 16, 16, 1, 3),
    (6, 160, 130, 6, 5, 1, 3),
    (16, 20, 33, 9, 11, 1, 3),
    (32, 32, 16, 7, 5, 0, 3),
    (70, 17, 16, 3, 3, 1, 3),
    (20, 16, 24, 6, 6, 2, 3),
    (70, 16, 16, 2, 1, 3, 3),
    (2, 48, 64, 29, 30, 1, 3),
    (2, 16, 16, 16, 16, 2, 5),
    (6, 20, 33, 9, 11, 2, 5),
    (70, 17, 16, 5, 6, 0, 5),
    (20, 16, 24, 4, 3, 3, 5),
    (18, 32, 33, 16, 15, 1, 3, 2),
    (4, 36, 32, 31, 31, 0, 3, 2),
    (4, 32, 40, 29, 29, 2, 3, 2),
    (3, 32, 32, 32, 32, 3, 3, 2),
    (20, 130, 140, 15, 16, 1, 3, 2),
]


def operands(rng, images, channels, outputs, height, width, padding, taps=3, stride=1):
    x = rng.standard_normal((images, channels, height, width)).astype(np.float32)
    weight = rng.standard_normal((outputs, channels, taps, taps)).astype(np.float32) * (0.3 / taps)
    size = tuple((n + 2 * padding - taps) // stride + 1 for n in (height, width))
    return x, weight, size, ((stride, stride), (padding, padding), (1, 1), 1)


def numbers(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


@pytest.fixture
def used(monkeypatch):
    """How often the room computed something."""
    return counted(monkeypatch, winograd)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_forward_and_both_gradients(rng, case, used):
    x, weight, size, window = operands(rng, *case)
    bias = rng.standard_normal(case[2]).astype(np.float32)
    call = x, weight, bias, size, *window
    assert_near(conv.conv(*call), exactly(reference.conv, *call))
    g = rng.standard_normal((len(x), len(weight), *size)).astype(np.float32)
    call = g, weight, None, x.shape[2:], *window
    assert_near(conv.conv_input_grad(*call), exactly(reference.conv_input_grad, *call))
    call = g, x, weight.shape[2:], *window
    assert_near(conv.conv_weight_grad(*call), exactly(reference.conv_weight_grad, *call))
    assert used == ["correlate", "correlate", "weight_grad"]


@pytest.mark.parametrize("threads", [1, 2])
def test_wide_layers_go_in_pieces(rng, monkeypatch, threads):
    x, weight, size, window = operands(rng, 8, 20, 70, 12, 12, 1)
    bias, g = numbers(rng, 70), numbers(rng, 8, 70, 12, 12)
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    monkeypatch.setattr(winograd, "SUMS", 1)
    calls = x, weight, bias, size, *window
    gradient = g, x, weight.shape[2:], *window
    before = launch.get_num_threads()
    launch.set_num_threads(1)
    whole = conv.conv(*calls), conv.conv_weight_grad(*gradient)
    monkeypatch.setattr(winograd, "LARGEST", 36 * 20 * 40)
    monkeypatch.setattr(winograd, "PIECE", 36 * 20 * 40)
    used = counted(monkeypatch, winograd, ["_correlate", "_weight_grad"])
    launch.set_num_threads(threads)
    pieces = conv.conv(*calls), conv.conv_weight_grad(*gradient)
    call = g, weight, None, x.shape[2:], *window
    assert_near(conv.conv_input_grad(*call), exactly(reference.conv_input_grad, *call))
    launch.set_num_threads(before)
    np.testing.assert_array_equal(pieces[0], whole[0])
    np.testing.assert_array_equal(pieces[1], whole[1])
    assert sorted(used) == ["_correlate"] * (3 + 2) + ["_weight_grad"] * 3


def test_padded_pixels_give_the_same(rng, monkeypatch):
    x, weight, size, window = operands(rng, 8, 20, 40, 12, 12, 1)
    g, found = numbers(rng, 8, 40, 12, 12), []
    for wide in (winograd.WIDE, 16):
        monkeypatch.setattr(winograd, "WIDE", wide)
        winograd._plan.cache_clear()
        found.append(conv.conv(x, weight, None, size, *window))
        found.append(conv.conv_weight_grad(g, x, weight.shape[2:], *window))
    winograd._plan.cache_clear()
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[3])


def test_planes_of_three_axes(rng, used):
    x = rng.standard_normal((3, 16, 4, 10, 9)).astype(np.float32)
    weight = rng.standard_normal((16, 16, 1, 3, 3)).astype(np.float32)
    window = (1, 1, 1), (0, 1, 1), (1, 1, 1), 1
    call = x, weight, None, x.shape[2:], *window
    assert_near(conv.conv(*call), exactly(reference.conv, *call))
    g = np.flip(rng.standard_normal(x.shape).astype(np.float32), -1)
    call = g, x, (1, 3, 3), *window
    assert_near(conv.conv_weight_grad(*call), exactly(reference.conv_weight_grad, *call))
    assert used == ["correlate", "weight_grad"]


def test_it_is_left_where_it_does_not_fit(rng, used):
    few = {"images": 1, "height": 7, "width": 7}
    thin = {"images": 32, "height": 16, "width": 16, "stride": 2, "channels": 24, "outputs": 32}
    empty = {**thin, "height": 12, "width": 12, "channels": 32}
    for change in ({"channels": 8}, {"outputs": 8}, few, {"padding": 2, "taps": 4}, thin, empty):
        shape = {"images": 8, "channels": 16, "outputs": 16, "height": 12, "width": 12}
        x, weight, size, window = operands(rng, **{**shape, "padding": 1, **change})
        conv.conv(x, weight, None, size, *window)
    x, weight, size, window = operands(rng, 8, 16, 16, 12, 12, 1)
    conv.conv(x.astype(float), weight.astype(float), None, size, *window)
    conv.conv(x, weight, None, (4, 4), (3, 3), *window[1:])
    conv.conv(x, weight, None, (10, 10), *window[:2], (2, 2), 1)
    conv.conv(x, weight, None, (6, 12), (2, 1), *window[1:])
    assert used == []


def test_same_bits_for_any_number_of_threads(rng, monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    x, weight, size, window = operands(rng, 9, 16, 32, 13, 12, 1)
    g, before, seen = rng.standard_normal((9, 32, 13, 12)).astype(np.float32), [], set()
    before = launch.get_num_threads()
    for threads in (1, 2, 3):
        launch.set_num_threads(threads)
        found = conv.conv(x, weight, None, size, *window), conv.conv_weight_grad(
            g, x, (3, 3), *window
        )
        seen.add(tuple(array.tobytes() for array in found))
    launch.set_num_threads(before)
    assert len(seen) == 1


def test_weights_of_wide_layers_have_the_same_bits_for_any_number_of_threads(rng, monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    monkeypatch.setattr(winograd, "SHARE", 16)
    x, g = numbers(rng, 24, 272, 12, 12), numbers(rng, 24, 176, 12, 12)
    before, seen = launch.get_num_threads(), set()
    try:
        for threads in (1, 2, 3, 8):
            launch.set_num_threads(threads)
            weight = conv.conv_weight_grad(g, x, (3, 3), (1, 1), (1, 1), (1, 1), 1)
            seen.add(weight.tobytes())
    finally:
        launch.set_num_threads(before)
    assert len(seen) == 1


def test_an_image_does_not_depend_on_the_others(rng):
    x, weight, size, window = operands(rng, 20, 16, 16, 16, 16, 1)
    whole = conv.conv(x, weight, None, size, *window)
    np.testing.assert_array_equal(conv.conv(x[3:13], weight, None, size, *window), whole[3:13])


def test_what_is_not_finite_fills_its_tiles_unless_exact(rng):
    x, weight, size, window = operands(rng, 8, 16, 16, 16, 16, 1)
    x[2, 5, 7, 7] = np.nan
    tiles = np.isnan(conv.conv(x, weight, None, size, *window))
    mg.set_exact_convolutions(True)
    try:
        assert mg.get_exact_convolutions()
        exact = np.isnan(conv.conv(x, weight, None, size, *window))
    finally:
        mg.set_exact_convolutions(False)
    assert exact[2, 0].sum() == 9 and tiles[2, 0].sum() > 9 and (tiles | ~exact).all()
    tiles[2, :, 4:12, 4:12] = False
    assert not tiles.any()
    with pytest.raises(TypeError, match="bool"):
        mg.set_exact_convolutions(1)


def test_a_transposed_layer_goes_by_the_form_that_spreads(rng, used):
    layer = mg.nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)
    x = numbers(rng, 4, 16, 8, 12)
    found = layer(mg.tensor(x)).detach().numpy()
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    call = x, weight, bias, (16, 24), (2, 2), (1, 1), (1, 1), 1
    assert_near(found, exactly(reference.conv_input_grad, *call))
    assert used == ["correlate"]


def test_a_layer_trains_with_it(used):
    layer = mg.nn.Conv2d(16, 16, 3, padding=1)
    x = mg.randn(8, 16, 12, 12, requires_grad=True)
    loss = layer(x).square().mean()
    loss.backward()
    assert used == ["correlate", "correlate", "weight_grad"]
    assert layer.weight.grad.isfinite().all() and x.grad.abs().max() > 0
