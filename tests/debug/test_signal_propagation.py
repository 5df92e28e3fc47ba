import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

from .untouched import specimen, untouched

WIDTH, DEPTH = 256, 50


def signal(fill, activation=nn.ReLU, depth=DEPTH, seed=0):
    """What 50 layers make of an input of variance 1, their weights filled by a function."""
    mg.manual_seed(seed)
    layers = []
    for _ in range(depth):
        linear = nn.Linear(WIDTH, WIDTH, bias=False)
        fill(linear.weight)
        layers += [linear, activation()] if activation else [linear]
    return mg.debug.signal_propagation(nn.Sequential(*layers), mg.randn(128, WIDTH))


def at(found, depth):
    return found.layers[depth - 1].mean_square


def he(weight):
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def test_I5_he_keeps_the_signal_of_fifty_layers():
    found = signal(he)
    assert len(found.layers) == DEPTH
    assert at(found, 1) == pytest.approx(1, rel=0.1)
    assert 0.1 < at(found, DEPTH) < 10
    assert abs(found.slope) < 0.1
    assert abs(found.gradient_slope) < 0.1


def test_I5_xavier_halves_it_at_every_layer():
    found = [signal(nn.init.xavier_normal_, seed=seed) for seed in range(4)]
    assert at(found[0], 1) == pytest.approx(0.5, rel=0.1)
    assert at(found[0], DEPTH) < 1e-13
    # of one draw of weights the slope has a standard deviation of 0.03
    assert np.mean([draw.slope for draw in found]) == pytest.approx(-1, abs=0.05)


def test_I5_linear_layers_keep_it_with_xavier():
    found = signal(nn.init.xavier_normal_, activation=None)
    assert 0.1 < at(found, DEPTH) < 10


def test_I5_small_weights_underflow_and_large_ones_overflow():
    small = signal(lambda weight: nn.init.normal_(weight, std=0.01))
    assert at(small, DEPTH) == 0
    large = signal(nn.init.normal_)
    assert np.isnan(at(large, DEPTH))
    assert np.isfinite(small.slope)  # fitted where there is a signal
    assert small.slope == pytest.approx(np.log2(WIDTH * 1e-4 / 2), abs=0.1)


def test_I6_tanh_decays_with_gain_1_and_is_stable_with_five_thirds():
    plain = signal(nn.init.xavier_normal_, nn.Tanh)
    values = [at(plain, depth) for depth in (1, 10, DEPTH)]
    assert values[0] == pytest.approx(0.394, rel=0.05)
    assert values[1] == pytest.approx(0.05, rel=0.5)
    assert 0.002 < values[2] < 0.03
    gained = signal(lambda weight: nn.init.xavier_normal_(weight, gain=5 / 3), nn.Tanh)
    assert at(gained, DEPTH) == pytest.approx(at(gained, 10), rel=0.15)


def test_gradients_of_linear_layers():
    model = nn.Sequential(nn.Linear(400, 400, bias=False), nn.Linear(400, 400, bias=False))
    for layer in model:
        nn.init.normal_(layer.weight, std=0.1)  # variance times 4, both ways
    first, last = mg.debug.signal_propagation(model, mg.randn(100, 400)).rows
    assert last.gradient_variance == pytest.approx(1, rel=0.05)
    assert first.gradient_variance == pytest.approx(4, rel=0.1)
    assert (first.mean_square, last.mean_square) == (
        pytest.approx(4, rel=0.1), pytest.approx(16, rel=0.2),
    )  # fmt: skip
    assert (first.depth, last.depth, first.kind) == (1, 2, "Linear")


def test_print():
    text = str(signal(he, depth=3))
    assert "log₂ per layer: signal" in text
    assert text.splitlines()[0].split()[:2] == ["layer", "kind"]
    assert len(text.splitlines()) == 2 + 6 + 2


def test_layers_without_weights_or_gradients():
    found = mg.debug.signal_propagation(nn.ReLU(), mg.ones(2, 3))
    assert [(r.path, r.mean_square, r.depth) for r in found.rows] == [("ReLU", 1.0, 0)]
    assert np.isnan(found.rows[0].gradient_variance)
    assert np.isnan(found.slope)


def test_several_inputs_and_outputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(4, 3), nn.Linear(3, 2)

        def forward(self, a, b):
            out, _ = self.lstm(a + b)
            return self.head(out), out

    found = mg.debug.signal_propagation(Two(), (mg.randn(5, 2, 4), mg.randn(5, 2, 4)))
    assert [row.path for row in found.rows] == ["lstm", "head"]
    assert [row.depth for row in found.rows] == [1, 2]


def test_untouched():
    model, (x, _) = specimen()
    with untouched(model, x), mg.no_grad():
        first = mg.debug.signal_propagation(model, x)
    assert str(mg.debug.signal_propagation(model, x)) == str(first)
    assert str(mg.debug.signal_propagation(model, x, seed=1)) != str(first)


def test_wrong_input():
    with pytest.raises(TypeError, match=r"model must be an nn\.Module"):
        mg.debug.signal_propagation(lambda x: x, mg.ones(1))
    with pytest.raises(TypeError, match="x must be a tensor"):
        mg.debug.signal_propagation(nn.ReLU(), np.ones(3))
