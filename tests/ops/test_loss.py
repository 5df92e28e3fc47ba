"""Losses at their edges."""

import pytest

import minigrad as mg
from minigrad.nn import functional as F


@pytest.mark.parametrize("create_graph", [False, True])
def test_ignored_rows_have_no_gradient_even_if_all_are_ignored(create_graph):
    x = mg.randn(3, 4, requires_grad=True)
    loss = F.cross_entropy(x, mg.full((3,), -100))
    assert mg.isnan(loss).item()
    (gradient,) = mg.grad(loss, x, create_graph=create_graph)
    assert gradient.tolist() == mg.zeros(3, 4).tolist()


def test_ignored_rows_take_the_one_pass_kernel_too():
    logits = mg.tensor([[1.0, 2.0], [3.0, 1.0], [0.0, 0.5]], requires_grad=True)
    loss = F.cross_entropy(logits, mg.tensor([0, -100, 1]))
    assert repr(loss.grad_fn) == "<CrossEntropyMeanBackward>"
    loss.backward()
    kept = F.cross_entropy(logits.detach()[[0, 2]], mg.tensor([0, 1]))
    assert loss.item() == pytest.approx(kept.item(), rel=1e-6)
    assert logits.grad[1].tolist() == [0.0, 0.0]
