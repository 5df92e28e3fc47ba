"""What is promised of initial values, by the codes of docs/behaviour.md."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import init


def spread(fill, *shape, **options):
    return float(fill(mg.empty(*shape), **options).numpy().var())


@pytest.mark.parametrize("fill", [init.kaiming_normal_, init.kaiming_uniform_])
def test_I1_he_variance_is_two_over_fan_in(fill):
    assert spread(fill, 1000, 1000, nonlinearity="relu") == pytest.approx(2 / 1000, rel=0.03)
    assert spread(fill, 1000, 1000) == pytest.approx(2 / 1000, rel=0.03)
    assert spread(fill, 500, 2000, mode="fan_out", nonlinearity="linear") == pytest.approx(
        1 / 500, rel=0.03
    )
    grouped = nn.Conv2d(64, 128, 3, groups=2)
    assert init.fans(grouped.weight) == (32 * 9, 128 * 9)
    filters = mg.empty(3000, 32, 3, 3)
    assert fill(filters, nonlinearity="relu").numpy().std() == pytest.approx(0.0833, rel=0.01)
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        fill(mg.empty(3))


@pytest.mark.parametrize("fill", [init.xavier_normal_, init.xavier_uniform_])
def test_I2_xavier_variance_is_two_over_both_fans(fill):
    assert spread(fill, 500, 2000) == pytest.approx(2 / 2500, rel=0.03)
    assert spread(fill, 500, 2000, gain=3) == pytest.approx(9 * 2 / 2500, rel=0.03)


def test_I3_gains():
    assert init.calculate_gain("linear") == init.calculate_gain("conv2d") == 1
    assert init.calculate_gain("tanh") == 5 / 3 and init.calculate_gain("selu") == 3 / 4
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu", 0.5) == pytest.approx(math.sqrt(2 / 1.25))
    z = np.linspace(-12, 12, 200_001)
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    for name in ("gelu", "silu"):
        y = getattr(nn.functional, name)(mg.tensor(z)).numpy()
        assert init.calculate_gain(name) == pytest.approx(1 / math.sqrt((y * y * density).sum()))


def test_I4_truncation_is_absolute():
    values = init.trunc_normal_(mg.empty(10_000), mean=1.0, std=1.0, a=-2, b=2).numpy()
    assert values.min() >= -2 and values.max() <= 2
    small = init.trunc_normal_(mg.empty(100_000), std=0.02).numpy()
    assert small.std() == pytest.approx(0.02, rel=0.02)


def variance_after(depth, fill, activation, width=256):
    """E[h²] of the layers of a network with these weights, on normal inputs."""
    h, found = mg.randn(256, width), []
    for _ in range(depth):
        h = activation(h @ fill(mg.empty(width, width)).T)
        found.append((h * h).mean().item())
    return found


def test_I5_variance_scales_as_one_over_fan_in():
    he = variance_after(50, lambda w: init.kaiming_normal_(w, nonlinearity="relu"), mg.relu)
    assert 0.1 < he[-1] < 10
    xavier = variance_after(50, init.xavier_normal_, mg.relu)
    assert np.polyfit(range(50), np.log2(xavier), 1)[0] == pytest.approx(-1, abs=0.05)
    assert variance_after(50, lambda w: init.normal_(w, 0, 0.01), mg.relu)[-1] == 0
    assert 0.3 < variance_after(50, init.xavier_normal_, lambda h: h)[-1] < 3


def test_I6_tanh_needs_the_gain_of_five_thirds():
    plain = variance_after(50, init.xavier_normal_, mg.tanh)
    assert plain[0] > 4 * plain[9] > 16 * plain[49]
    gained = variance_after(50, lambda w: init.xavier_normal_(w, 5 / 3), mg.tanh)
    assert gained[49] == pytest.approx(gained[9], rel=0.2)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_I7_equal_weights_stay_equal(value):
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    for parameter in model.parameters():
        init.constant_(parameter, value)
    x, y = mg.randn(30, 4), mg.randint(0, 3, (30,))
    for _ in range(5):
        model.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        with mg.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
    rows = model[0].weight.detach().numpy()
    assert np.abs(rows - rows[0]).max() == 0


def test_I8_linear_starts_as_in_pytorch_and_rules_have_zero_biases():
    layer = nn.Linear(100, 2000)
    for parameter in layer.parameters():
        values = parameter.detach().numpy()
        assert np.abs(values).max() <= 0.1
        assert values.std() == pytest.approx(0.1 / math.sqrt(3), rel=0.05)
    model = nn.Sequential(
        nn.Linear(64, 256), nn.LayerNorm(256), nn.ReLU(), nn.Linear(256, 256), nn.Tanh(),
        nn.Dropout(), nn.Linear(256, 256), nn.GELU(), nn.Linear(256, 10),
    )  # fmt: skip
    assert init.apply_(model, "auto") is model
    assert not any(p.any() for n, p in model.named_parameters() if n.endswith("bias"))
    assert model[1].weight.tolist() == [1] * 256
    gains = {0: math.sqrt(2 / 64), 3: 5 / 3 / 16, 6: 1.5335 / 16, 8: math.sqrt(2 / 266)}
    for number, std in gains.items():
        assert model[number].weight.detach().numpy().std() == pytest.approx(std, rel=0.05)
    assert [(w.name, w.activation) for w in init.plan(model)] == [
        ("0.weight", "relu"), ("3.weight", "tanh"), ("6.weight", "gelu"), ("8.weight", "linear"),
    ]  # fmt: skip
    for rule, std in (("he", math.sqrt(2 / 256)), ("xavier", 1 / 16)):
        init.apply_(model, rule)
        assert model[3].weight.detach().numpy().std() == pytest.approx(std, rel=0.05)
    with pytest.raises(ValueError, match="rule"):
        init.apply_(model, "hee")
    with pytest.raises(TypeError, match="Module"):
        init.apply_([model])


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3)])
def test_I9_orthogonal(shape):
    w = init.orthogonal_(mg.empty(*shape), gain=2).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)
