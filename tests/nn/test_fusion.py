"""Linear layers and activations of a Sequential as one op: the same bits as one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.engine import observe
from minigrad.nn import fusion

ACTIVATIONS = (nn.ReLU, nn.Tanh, nn.Sigmoid)


def network(sizes, activation):
    mg.manual_seed(1)
    layers = []
    for low, high in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(low, high), activation()]
    return nn.Sequential(*layers[:-1])


def outcome(model, x, fused):
    """Output and all gradients, with fusion on or off."""
    before, fusion.enabled = fusion.enabled, fused
    try:
        x = x.detach().requires_grad_()
        y = model(x)
        model.zero_grad()
        (y * y).mean().backward()
        return [y.detach(), x.grad, *(p.grad for p in model.parameters())]
    finally:
        fusion.enabled = before


def assert_same_bits(model, x):
    for ours, theirs in zip(outcome(model, x, True), outcome(model, x, False), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@given(
    sizes=st.lists(st.integers(1, 20), min_size=3, max_size=5),
    rows=st.integers(1, 40),
    activation=st.sampled_from(ACTIVATIONS),
    dtype=st.sampled_from([mg.float32, mg.float64]),
)
def test_small_networks_give_the_same_bits(sizes, rows, activation, dtype):
    assert_same_bits(network(sizes, activation).to(dtype), mg.randn(rows, sizes[0], dtype=dtype))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_networks_that_blas_computes_give_the_same_bits(activation):
    assert_same_bits(network((100, 300, 200, 10), activation), mg.randn(70, 100))


def test_one_node_stands_for_the_chain_unless_somebody_looks():
    model, x = network((3, 4, 2), nn.Tanh), mg.ones(5, 3)
    assert repr(model(x).grad_fn) == "<LinearChainBackward>"
    with_hook = network((3, 4, 2), nn.Tanh)
    handle = with_hook[0].register_forward_hook(lambda *_: None)
    assert repr(with_hook(x).grad_fn) == "<LinearBackward>"
    handle.remove()
    stop = observe.subscribe(lambda *_: None)
    try:
        assert repr(model(x).grad_fn) == "<LinearBackward>"
    finally:
        stop()
    assert repr(model.half()(x.half()).grad_fn) == "<LinearBackward>"


def test_a_layer_that_does_not_fit_is_named():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 2))
    with pytest.raises(RuntimeError, match=r"\(4,\).*\(2, 5\)"):
        model(mg.ones(2, 3))
