"""Adam and AdamW."""

import numpy as np
import pytest

import minigrad as mg


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
