import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.data import datasets

from .untouched import specimen, untouched

F = nn.functional


def digits():
    return datasets.digits()[0].tensors


def quadratic(*curvatures):
    """A model and a loss ½ Σ cᵢ wᵢ² at w = (1, 1, …)."""
    model = nn.Linear(len(curvatures), 1, bias=False).double()
    model.weight.data.fill_(1.0)
    scales = mg.tensor(np.array(curvatures, float))

    def loss(output, target):
        return 0.5 * (scales * output[:, 0].square()).sum()

    one_hot = mg.eye(len(curvatures), dtype=mg.float64)  # the outputs are the weights
    return model, loss, (one_hot, None)


def test_N6_a_quadratic_has_its_own_numbers():
    model, loss, batch = quadratic(2.0, 2.0)
    around = mg.debug.landscape(model, loss, batch, lr_range=(0.5, 1.0), lr=0.2, points=2)
    assert around.steps == (0.1, 0.2)
    assert around.loss == pytest.approx(2.0)
    assert around.gradient_norm == pytest.approx(8**0.5)
    assert around.losses == pytest.approx((2 * 0.8**2, 2 * 0.6**2))
    assert around.loss_range == pytest.approx(2 * (0.64 - 0.36))
    assert around.gradient_change == pytest.approx(0.2 * 2 * 8**0.5)
    assert around.effective_beta == pytest.approx(2.0)
    assert "effective smoothness β 2" in str(around)


def test_N6_batch_norm_smooths_the_landscape_at_the_start():
    x, y = digits()
    found = {}
    for normed in (True, False):
        net = deep(normed)
        found[normed] = mg.debug.landscape(net, F.cross_entropy, (x[:128], y[:128]), lr=1.0)
    assert np.isfinite(found[True].losses).all()
    assert not found[False].loss_range < 10 * found[True].loss_range  # larger, or NaN


def deep(normed, width=64, depth=10, seed=0):
    """A multilayer perceptron with He's weights, the same with and without batch norm."""
    mg.manual_seed(seed)
    layers = []
    for _ in range(depth):
        norm = [nn.BatchNorm1d(width)] if normed else []
        layers += [nn.Linear(64, width), *norm, nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(width, 10))
    nn.init.apply_(net, "he")
    return net


def trained(normed, lr, steps=100, seed=0):
    """(medians of loss range, ‖Δg‖ and β over every fifth step, last loss)"""
    x, y = digits()
    net, rng, seen = deep(normed, seed=seed), np.random.default_rng(seed), []
    optimizer = mg.optim.SGD(net.parameters(), lr=lr)
    for step in range(steps):
        chosen = mg.tensor(rng.choice(len(x), 128, replace=False))
        batch = x[chosen], y[chosen]
        if step % 5 == 0:
            at = mg.debug.landscape(net, F.cross_entropy, batch, lr=lr)
            seen.append((at.loss_range, at.gradient_change, at.effective_beta))
        optimizer.zero_grad()
        loss = F.cross_entropy(net(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
    return np.median(seen, axis=0), loss.item()


@pytest.mark.full
def test_R4_batch_norm_smooths_the_landscape_and_takes_large_rates():
    ratios = [
        trained(True, 0.1, seed=seed)[0] / trained(False, 0.1, seed=seed)[0] for seed in range(5)
    ]
    assert (np.median(ratios, axis=0) <= (0.1, 0.2, 0.7)).all()
    assert trained(True, 1.0)[1] < 0.1
    assert not np.isfinite(trained(False, 1.0, steps=20)[1])


def test_B19_sharpness_is_the_largest_eigenvalue():
    assert mg.debug.sharpness(*quadratic(1.0, 3.0, 7.0)) == pytest.approx(7.0, rel=1e-6)
    assert mg.debug.sharpness(*quadratic(-5.0, 3.0), iterations=60) == pytest.approx(3.0, rel=1e-6)
    assert mg.debug.sharpness(*quadratic(-5.0, -3.0), iterations=60) == pytest.approx(-3.0)


def test_B19_sharpness_agrees_with_the_whole_hessian():
    model, (x, y) = specimen()
    net = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    x = x.detach().double()

    def loss(vector):
        parts, at = {}, 0
        for name, p in net.named_parameters():
            parts[name] = vector[at : at + p.numel()].reshape(p.shape)
            at += p.numel()
        return F.cross_entropy(mg.func.functional_call(net, parts, (x,)), y)

    vector = nn.utils.parameters_to_vector(net.parameters()).detach()
    hessian = mg.autograd.functional.hessian(loss, vector).numpy()
    expected = np.linalg.eigvalsh(hessian)[-1]
    found = mg.debug.sharpness(net, F.cross_entropy, (x, y), iterations=200)
    assert found == pytest.approx(expected, rel=1e-3)


def test_sharpness_of_a_linear_loss_is_0():
    assert mg.debug.sharpness(nn.Linear(2, 1), lambda y, t: y.sum(), (mg.ones(3, 2), None)) == 0


@pytest.mark.full
@pytest.mark.parametrize("seed", range(3))
def test_R21_larger_rates_end_in_flatter_minima(seed):
    x, y = digits()

    def run(lr):
        mg.manual_seed(seed)
        widths = (64, 64, 64, 64)
        pairs = zip(widths, widths[1:], strict=False)
        layers = [part for a, b in pairs for part in (nn.Linear(a, b), nn.ReLU())]
        net = nn.Sequential(*layers, nn.Linear(64, 10))
        optimizer, rng = mg.optim.SGD(net.parameters(), lr=lr), np.random.default_rng(seed)
        for _ in range(200):
            order = rng.permutation(len(x))
            for first in range(0, len(x), 64):
                chosen = mg.tensor(order[first : first + 64])
                optimizer.zero_grad()
                F.cross_entropy(net(x[chosen]), y[chosen]).backward()
                optimizer.step()
            if F.cross_entropy(net(x), y).item() < 0.03:
                break
        return mg.debug.sharpness(net, F.cross_entropy, (x, y))

    small, middle, large = map(run, (0.05, 0.1, 0.2))
    assert small > middle > large
    assert large <= 0.65 * small


@pytest.mark.parametrize("tool", [mg.debug.landscape, mg.debug.sharpness])
def test_untouched(tool):
    model, batch = specimen()
    with untouched(model, *batch), mg.no_grad():
        first = tool(model, F.cross_entropy, batch)
    assert str(tool(model, F.cross_entropy, batch)) == str(first)


def test_all_runs_have_the_same_dropout():
    model, (x, y) = specimen()
    tiny = mg.debug.landscape(model, F.cross_entropy, (x, y), lr=1e-6)
    assert tiny.loss_range < 1e-4
    assert tiny.gradient_change < 1e-3


def test_a_step_into_nan_is_said():
    model, loss, batch = quadratic(2.0)

    def root(output, target):
        return (loss(output, target) - 0.9).sqrt()

    with np.errstate(all="ignore"):
        around = mg.debug.landscape(model, root, batch, lr=0.1)
    assert np.isnan(around.loss_range)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": 0.0}, "lr positive"),
        ({"lr_range": (2, 1)}, "low <= high"),
        ({"points": 0}, "points at least 1"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        mg.debug.landscape(*quadratic(1.0), **options)
    with pytest.raises(ValueError, match="iterations must be at least 1"):
        mg.debug.sharpness(*quadratic(1.0), iterations=0)
