"""SGD."""

import itertools

import pytest

import minigrad as mg

from .common import trajectory_equals_torch

OPTIONS = [
    {"lr": 0.1, "momentum": m, "dampening": d, "weight_decay": w, "nesterov": n, "maximize": x}
    for m, d, w, n, x in itertools.product((0, 0.9), (0, 0.3), (0, 0.1), *[(False, True)] * 2)
    if not (n and (m == 0 or d != 0))
]


@pytest.mark.torch
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_trajectory_is_that_of_torch(options):
    trajectory_equals_torch(pytest.importorskip("torch"), "SGD", options, steps=30)


def test_first_step_has_no_dampening():
    p = mg.tensor([0.0], requires_grad=True)
    p.grad = mg.tensor([1.0])
    optimizer = mg.optim.SGD([p], lr=1.0, momentum=0.9, dampening=0.5)
    optimizer.step()
    assert optimizer.state[p]["momentum_buffer"].item() == 1 and p.item() == -1
    optimizer.step()
    assert optimizer.state[p]["momentum_buffer"].item() == pytest.approx(1.4)


def test_strided_parameters_and_tensor_rates():
    base = mg.zeros(4, 2)
    p = base.t().requires_grad_()
    p.grad = mg.ones(2, 4)
    mg.optim.SGD([p], lr=mg.tensor(0.5), momentum=0.9).step()
    assert base.sum().item() == -4
