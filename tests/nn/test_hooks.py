"""Hooks of modules."""

import pytest

import minigrad as mg
from minigrad import nn


class Scale(nn.Module):
    def forward(self, x, factor=2.0):
        if factor is None:
            raise ValueError("no factor")
        return x * factor


def test_forward_hooks_see_and_replace():
    m, seen = Scale(), []
    x = mg.tensor(3.0)
    with m.register_forward_pre_hook(lambda m, args: (args[0] + 1,)):
        with m.register_forward_hook(lambda m, args, out: seen.append((*args, out))):
            assert m(x).item() == 8
        with m.register_forward_hook(lambda m, args, out: out + 0.5):
            assert m(x).item() == 8.5
    assert m(x).item() == 6 and [v.item() for v in seen[0]] == [4, 8]


def test_forward_hooks_with_kwargs():
    m, x = Scale(), mg.tensor(3.0)
    m.register_forward_pre_hook(lambda m, args, kw: (args, {"factor": 5.0}), with_kwargs=True)
    m.register_forward_hook(lambda m, args, kw, out: out + kw["factor"], with_kwargs=True)
    assert m(x, factor=1.0).item() == 20
    m.register_forward_pre_hook(lambda m, args, kw: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match="pre-hook"):
        m(x)


def test_order_and_always_call():
    m, seen = Scale(), []
    m.register_forward_hook(lambda *_: seen.append("last"))
    m.register_forward_hook(lambda *_: seen.append("first"), prepend=True)
    m.register_forward_hook(lambda *_: seen.append("always"), always_call=True)
    m(mg.tensor(1.0))
    assert seen == ["first", "last", "always"]
    with pytest.raises(ValueError, match="no factor"):
        m(mg.tensor(1.0), factor=None)
    assert seen[3:] == ["always"]
    with pytest.raises(TypeError, match="callable"):
        m.register_forward_hook(3)


def test_backward_hooks_see_and_replace():
    m, seen = Scale(), []

    def hook(module, grad_input, grad_output):
        seen.append((grad_input[0].item(), grad_output[0].item()))
        return (grad_input[0] * 10,)

    m.register_full_backward_pre_hook(lambda m, grads: (grads[0] * 3,))
    m.register_full_backward_hook(hook)
    x = mg.tensor(1.0, requires_grad=True)
    m(x).backward()
    assert seen == [(6.0, 3.0)] and x.grad.item() == 60


def test_backward_hook_without_input_gradient():
    m, seen = nn.Linear(2, 1), []
    m.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go[0].item())))
    m(mg.ones(1, 2)).sum().backward()
    assert seen == [((None,), 1.0)] and m.weight.grad is not None


def test_backward_hooks_under_create_graph():
    m = Scale()
    m.register_full_backward_hook(lambda m, gi, go: None)
    x = mg.tensor(2.0, requires_grad=True)
    (g,) = mg.grad(m(x) ** 2, x, create_graph=True)
    (gg,) = mg.grad(g, x)
    assert (g.item(), gg.item()) == (16.0, 8.0)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
def test_backward_hooks_are_those_of_torch():
    torch = pytest.importorskip("torch")
    results = []
    for lib in (mg, torch):
        net = lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.Tanh())
        for p in net.parameters():
            lib.nn.init.constant_(p, 0.5)
        seen = []

        def hook(module, gi, go, seen=seen):
            seen.append([None if g is None else g.tolist() for g in (*gi, *go)])

        for m in net.modules():
            m.register_full_backward_hook(hook)
        net(lib.tensor([[1.0, 2.0]])).sum().backward()
        results.append(seen)
    for ours, theirs in zip(*results, strict=True):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert (a is None) == (b is None) and (a is None or a[0] == pytest.approx(b[0], 1e-5))
