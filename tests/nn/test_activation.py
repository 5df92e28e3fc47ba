"""Activations as modules, and every simple layer beside PyTorch's."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_softmax_needs_an_axis():
    for kind in (nn.Softmax, nn.LogSoftmax):
        with pytest.raises(ValueError, match="dim"):
            kind()(mg.ones(2))


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
