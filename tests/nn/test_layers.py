"""Linear, shape layers, activations, dropout and losses as modules."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F


def test_linear():
    layer = nn.Linear(400, 300)
    x = mg.randn(5, 400)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach(), expected, rtol=1e-4, atol=1e-5)
    for p in layer.parameters():
        values = p.detach().numpy()
        bound = 1 / math.sqrt(400)
        assert np.abs(values).max() <= bound and np.isclose(
            values.std(), bound / math.sqrt(3), rtol=0.15
        )
    assert nn.Linear(2, 3, bias=False).bias is None
    assert nn.Linear(2, 3, dtype=mg.float64).weight.dtype is mg.float64


def test_linear_without_inputs_is_left_alone():
    layer = nn.Linear(0, 2)
    assert layer.weight.shape == (2, 0) and layer.bias.tolist() == [0.0, 0.0]


def test_shapes():
    x = mg.ones(2, 6, 2)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Unflatten(1, (2, 3))(x).shape == (2, 2, 3, 2)
    assert nn.Unflatten(-2, [3, -1])(x).shape == (2, 3, 2, 2)
    assert nn.Identity(1, unused=2)(x) is x
    with pytest.raises(TypeError, match="unflatten"):
        nn.Unflatten(1, 3)
    with pytest.raises(TypeError, match="unflatten"):
        nn.Unflatten("a", (3,))


def test_softmax_needs_an_axis():
    for kind in (nn.Softmax, nn.LogSoftmax):
        with pytest.raises(ValueError, match="dim"):
            kind()(mg.ones(2))


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


@pytest.mark.parametrize("kind", [nn.MSELoss, nn.CrossEntropyLoss])
@pytest.mark.parametrize("old", [{"size_average": True}, {"reduce": False}])
def test_legacy_arguments_are_refused(kind, old):
    with pytest.raises(TypeError, match="reduction='mean'"):
        kind(**old)
    with pytest.raises(ValueError, match="reduction"):
        kind(reduction="average")


def test_losses_are_their_functions():
    x, t = mg.randn(4, 3), mg.tensor([0, 1, 2, 1])
    weight = mg.tensor([1.0, 2.0, 3.0])
    loss = nn.CrossEntropyLoss(weight, ignore_index=1, reduction="sum", label_smoothing=0.1)
    expected = F.cross_entropy(x, t, weight, 1, "sum", 0.1)
    assert loss(x, t).item() == expected.item()
    assert list(loss.state_dict()) == ["weight"]
    assert nn.MSELoss(reduction="sum")(x, mg.zeros(4, 3)).item() == F.mse_loss(
        x, mg.zeros(4, 3), reduction="sum"
    ).item()


LAYERS = {
    "Linear": lambda nn: nn.Linear(4, 3), "ReLU": lambda nn: nn.ReLU(),
    "Tanh": lambda nn: nn.Tanh(), "Sigmoid": lambda nn: nn.Sigmoid(),
    "GELU": lambda nn: nn.GELU(), "GELU tanh": lambda nn: nn.GELU("tanh"),
    "Softmax": lambda nn: nn.Softmax(1), "LogSoftmax": lambda nn: nn.LogSoftmax(-1),
    "Flatten": lambda nn: nn.Flatten(0), "Unflatten": lambda nn: nn.Unflatten(1, (2, 2)),
}  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("name", LAYERS)
def test_layers_equal_those_of_torch(name):
    torch = pytest.importorskip("torch")
    ours, theirs = LAYERS[name](nn), LAYERS[name](torch.nn)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    a, b = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, z = ours(a), theirs(b)
    (y * y).sum().backward()
    (z * z).sum().backward()
    np.testing.assert_allclose(y.detach(), z.detach().numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-5, atol=1e-6)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-5, atol=1e-6)
