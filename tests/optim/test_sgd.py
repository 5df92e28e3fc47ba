"""SGD."""

import pytest

import minigrad as mg


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
