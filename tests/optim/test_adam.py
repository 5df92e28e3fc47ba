"""Adam and AdamW."""

import itertools

import numpy as np
import pytest

import minigrad as mg

from .common import trajectory_equals_torch

OPTIONS = [
    {"lr": 0.05, "weight_decay": w, "amsgrad": a, "maximize": m, "betas": (0.8, 0.95)}
    for w, a, m in itertools.product((0, 0.1), (False, True), (False, True))
]


@pytest.mark.torch
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_trajectory_is_that_of_torch(name, options):
    trajectory_equals_torch(pytest.importorskip("torch"), name, options, steps=30)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_defaults_are_those_of_torch(name):
    trajectory_equals_torch(pytest.importorskip("torch"), name, {})


def test_first_step_is_the_learning_rate():
    p = mg.zeros(4, requires_grad=True)
    p.grad = mg.tensor([1e-3, -1.0, 50.0, -1e4])
    mg.optim.Adam([p], lr=0.01).step()
    np.testing.assert_allclose(p.detach(), [-0.01, 0.01, -0.01, 0.01], rtol=1e-4)


def test_decoupled_decay():
    p = mg.ones(1, requires_grad=True)
    p.grad = mg.tensor([2.0])
    mg.optim.AdamW([p], lr=0.1, weight_decay=0.1).step()
    assert p.item() == pytest.approx(0.89)
    q = mg.ones(1, requires_grad=True)
    optimizer = mg.optim.AdamW([q], lr=0.1, weight_decay=0.1)
    for _ in range(10):
        q.grad = mg.zeros(1)
        optimizer.step()
    assert q.item() == pytest.approx(0.99**10)


def test_float64_state():
    p = mg.ones(2, dtype=mg.float64, requires_grad=True)
    p.grad = mg.ones(2, dtype=mg.float64)
    optimizer = mg.optim.Adam([p])
    optimizer.step()
    assert optimizer.state[p]["exp_avg"].dtype is mg.float64
    assert optimizer.state[p]["step"].dtype is mg.float32
