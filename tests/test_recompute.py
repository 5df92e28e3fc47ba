"""Parts of a graph that are computed again in backward."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.utils.checkpoint import checkpoint, checkpoint_sequential


def model(p=0.0):
    mg.manual_seed(1)
    return nn.Sequential(
        nn.Linear(6, 5), nn.Tanh(), nn.Dropout(p), nn.Linear(5, 4), nn.GELU(), nn.Linear(4, 1)
    )


def gradients(run, p=0.0):
    net = model(p)
    x = mg.randn(8, 6, requires_grad=True)
    mg.manual_seed(2)
    loss = run(net, x).square().mean()
    loss.backward()
    return [loss, x.grad, *(q.grad for q in net.parameters())]


@pytest.mark.parametrize("p", [0.0, 0.4])
@pytest.mark.parametrize(
    "run",
    [
        lambda net, x: checkpoint(net, x),
        lambda net, x: checkpoint(net[3:], checkpoint(net[:3], x, use_reentrant=False)),
        lambda net, x: checkpoint_sequential(net, 3, x),
    ],
)
def test_gives_the_same_gradients(run, p):
    for ours, plain in zip(gradients(run, p), gradients(lambda net, x: net(x), p), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), plain.detach().numpy())


def test_runs_again_once_per_backward():
    calls = []

    def part(x):
        calls.append(1)
        return x.exp()

    x = mg.ones(3, requires_grad=True)
    y = checkpoint(part, x)
    assert len(calls) == 1
    y.sum().backward()
    assert len(calls) == 2


def test_is_twice_differentiable():
    x = mg.tensor([0.3, -0.8], dtype=mg.float64, requires_grad=True)
    w = mg.tensor([1.2, 0.4], dtype=mg.float64, requires_grad=True)

    def function(x, w):
        return checkpoint(lambda a: (a * w).tanh(), x)

    assert mg.gradcheck(function, (x, w))
    assert mg.gradgradcheck(function, (x, w))


def test_nested_arguments_and_several_results():
    x = mg.ones(2, requires_grad=True)
    y = mg.tensor([3.0, 4.0], requires_grad=True)

    def part(pair, scale=1.0):
        return {"product": pair["a"] * pair["b"] * scale, "largest": pair["b"].argmax()}

    found = checkpoint(part, {"a": x, "b": y}, scale=2.0)
    assert found["largest"].item() == 1
    found["product"].sum().backward()
    assert x.grad.tolist() == [6.0, 8.0]
    assert y.grad.tolist() == [2.0, 2.0]


def test_nothing_is_recorded_without_gradients():
    assert not checkpoint(lambda t: t * 2, mg.ones(2)).requires_grad
    with mg.no_grad():
        assert not checkpoint(lambda t: t * 2, mg.ones(2, requires_grad=True)).requires_grad


def test_memory_of_the_inner_activations_is_not_kept():
    x = mg.zeros(1000, requires_grad=True)
    y = checkpoint(lambda t: t.exp().exp().exp(), x)
    kept = [a for a in y.grad_fn.saved if a is not None]
    assert sum(a.nbytes for a in kept) == x.nbytes


def test_refuses():
    with pytest.raises(TypeError, match="callable, got int"):
        checkpoint(3, mg.ones(2))
    with pytest.raises(ValueError, match="segments must be from 1 to 2, got 3"):
        checkpoint_sequential([mg.exp, mg.sin], 3, mg.ones(2))
