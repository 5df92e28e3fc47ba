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
