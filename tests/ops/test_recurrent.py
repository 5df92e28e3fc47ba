"""Recurrent layers as ops: the two ways to run a step, threads, and what is saved."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.kernels import launch
from minigrad.kernels.cpu import recurrent

KINDS = (nn.RNN, nn.LSTM, nn.GRU)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def results_of(layer, x):
    """The output and all gradients of one call."""
    layer.zero_grad()
    x = mg.tensor(x, requires_grad=True)
    y, _ = layer(x)
    (y * y).sum().backward()
    return [y.detach().numpy(), x.grad.numpy(), *(p.grad.numpy() for p in layer.parameters())]


@every_kind
def test_loops_and_blas_agree(kind, rng, monkeypatch):
    layer, x = kind(3, 20, 2, bidirectional=True), rng.normal(size=(5, 7, 3)).astype("float32")
    loops = results_of(layer, x)
    monkeypatch.setattr(recurrent, "FEW", 0)
    blas = results_of(layer, x)
    monkeypatch.setattr(recurrent, "MANY", 0)
    transposed = results_of(layer, x)
    for a, b, c in zip(loops, blas, transposed, strict=True):
        scale = np.abs(a).max()
        np.testing.assert_allclose(a, b, atol=1e-6 * scale)
        np.testing.assert_allclose(a, c, atol=1e-6 * scale)


@every_kind
@pytest.mark.parametrize("few", [0, recurrent.FEW])
def test_threads_share_the_sequences(kind, few, rng, monkeypatch):
    layer, x = kind(3, 20), rng.normal(size=(5, 7, 3)).astype("float32")
    monkeypatch.setattr(recurrent, "FEW", few)
    before, alone = launch.get_num_threads(), results_of(layer, x)
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    try:
        launch.set_num_threads(3)
        together = results_of(layer, x)
    finally:
        launch.set_num_threads(before)
    for a, b in zip(alone, together, strict=True):
        if few:
            np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, b, atol=1e-6 * np.abs(a).max())


@every_kind
def test_weights_written_to_before_backward_are_noticed(kind):
    layer = kind(2, 3)
    y, _ = layer(mg.ones(4, 1, 2))
    with mg.no_grad():
        layer.weight_hh_l0 *= 2
    with pytest.raises(RuntimeError, match="modified in place.*input 2"):
        y.sum().backward()


@every_kind
def test_inputs_are_left_alone(kind, rng):
    layer, numbers = kind(3, 3), rng.normal(size=(5, 7, 3)).astype("float32")
    x = mg.tensor(numbers, requires_grad=True)
    before = [p.detach().numpy().copy() for p in layer.parameters()]
    layer(x)[0].sum().backward()
    np.testing.assert_array_equal(x.detach().numpy(), numbers)
    for a, p in zip(before, layer.parameters(), strict=True):
        np.testing.assert_array_equal(a, p.detach().numpy())


@every_kind
def test_backward_twice_through_one_graph(kind):
    layer = kind(2, 3)
    y, _ = layer(mg.ones(4, 2, 2))
    y.sum().backward(retain_graph=True)
    first = [p.grad.numpy().copy() for p in layer.parameters()]
    y.sum().backward()
    for a, p in zip(first, layer.parameters(), strict=True):
        np.testing.assert_allclose(2 * a, p.grad.numpy(), rtol=1e-6)
