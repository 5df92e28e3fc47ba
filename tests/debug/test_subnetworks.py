import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.data import datasets

from .untouched import untouched

F = nn.functional


def softmax_linear(units, p):
    return nn.Sequential(nn.Dropout(p), nn.Linear(units, 4)).double()


@pytest.mark.parametrize("p", [0.5, 0.2])
def test_D2_weight_scaling_is_the_geometric_mean_of_a_softmax_layer(p):
    x = mg.randn(5, 10, dtype=mg.float64)
    found = mg.debug.subnetworks(softmax_linear(10, p), x)
    assert found.count == 1024
    assert found.geometric_difference < 1e-12
    assert found.arithmetic_difference > 1e-3


@pytest.mark.parametrize("p", [0.5, 0.2])
def test_D2_means_are_those_of_every_subnetwork(p):
    model, x = softmax_linear(3, p), mg.randn(2, 3, dtype=mg.float64)
    arithmetic, logs = 0.0, 0.0
    for mask in itertools.product((0.0, 1.0), repeat=3):
        kept = sum(mask)
        weight = (1 - p) ** kept * p ** (3 - kept)
        probabilities = model[1](x * mg.tensor(np.array(mask)) / (1 - p)).softmax(1)
        probabilities = probabilities.detach().numpy()
        arithmetic = arithmetic + weight * probabilities
        logs = logs + weight * np.log(probabilities)
    geometric = np.exp(logs) / np.exp(logs).sum(1, keepdims=True)
    found = mg.debug.subnetworks(model, x)
    np.testing.assert_allclose(found.arithmetic, arithmetic, atol=1e-14)
    np.testing.assert_allclose(found.geometric, geometric, atol=1e-14)
    np.testing.assert_allclose(found.weight_scaling, model.eval()(x).softmax(1).detach().numpy())


def test_D2_deeper_nets_only_come_near():
    model = nn.Sequential(
        nn.Linear(6, 8), nn.Tanh(), nn.Dropout(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3)
    ).double()
    found = mg.debug.subnetworks(model, mg.randn(4, 6, dtype=mg.float64))
    assert 1e-6 < found.geometric_difference < 0.2
    assert "256 subnetworks" in str(found)


def test_R9_twenty_sampled_masks_do_as_well_as_weight_scaling():
    """Of a net that has fitted its data: one that has not is better off with weight scaling."""
    (x, y), (x_test, y_test) = (part.tensors for part in datasets.digits())
    x, y = x[:200], y[:200]
    mg.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))
    optimizer = mg.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(1000):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()
    rows = np.arange(len(y_test)), y_test.numpy()
    with mg.no_grad():
        with nn.mc_dropout(net):
            samples = np.stack([net(x_test).softmax(1).numpy() for _ in range(300)])
        scaled = F.cross_entropy(net.eval()(x_test), y_test).item()
    means = np.cumsum(samples, 0) / np.arange(1, 301)[:, None, None]
    loss = {k: -np.log(means[k - 1][rows]).mean() for k in (1, 5, 20, 300)}
    assert loss[1] > loss[5] > loss[20] > loss[300]
    assert loss[1] > scaled > loss[20]


def test_one_of_several_layers_and_images():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 2), nn.Dropout(), nn.Flatten(), nn.Linear(8, 3), nn.Dropout(), nn.ReLU(),
        nn.Linear(3, 2),
    )  # fmt: skip
    x = mg.randn(2, 1, 3, 3)
    assert mg.debug.subnetworks(model, x, layer="1").count == 2**8
    assert mg.debug.subnetworks(model, x, layer="4").count == 2**3
    with pytest.raises(ValueError, match=r"2 Dropout layers \(1, 4\): name one as layer="):
        mg.debug.subnetworks(model, x)
    with pytest.raises(ValueError, match="'2' is no Dropout layer"):
        mg.debug.subnetworks(model, x, layer="2")


def test_untouched():
    model, x = softmax_linear(4, 0.5), mg.randn(3, 4, dtype=mg.float64)
    model(x).sum().backward()
    with untouched(model, x), mg.amp.autocast():
        mg.debug.subnetworks(model, x)
    assert model[0].training


def test_wrong_input():
    x = mg.randn(2, 20)
    with pytest.raises(ValueError, match="20 units, so 2\\^20 masks; n_max is 16"):
        mg.debug.subnetworks(nn.Sequential(nn.Dropout(), nn.Linear(20, 2)), x)
    with pytest.raises(ValueError, match="has 0 Dropout layers"):
        mg.debug.subnetworks(nn.Linear(20, 2), x)
    with pytest.raises(ValueError, match="p = 1 drops every unit"):
        mg.debug.subnetworks(nn.Sequential(nn.Dropout(1.0), nn.Linear(20, 2)), x)
    with pytest.raises(ValueError, match=r"must give logits \(N, C\), got \(2,\)"):
        mg.debug.subnetworks(nn.Sequential(nn.Dropout(), nn.Flatten(0)), x[0, :2])
    with pytest.raises(TypeError, match="x must be a tensor"):
        mg.debug.subnetworks(nn.Dropout(), np.ones((2, 2)))
