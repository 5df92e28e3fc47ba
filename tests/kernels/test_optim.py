"""Parameter updates: PyTorch's trajectories, and operands in any layout."""

import numpy as np
import pytest

from minigrad.kernels.cpu import optim
from minigrad.kernels.reference import optim as reference

ROOMS = pytest.mark.parametrize("room", [optim, reference], ids=["cpu", "reference"])
STEPS = 20

SGD = {
    "plain": {},
    "decay": {"weight_decay": 0.1},
    "momentum": {"momentum": 0.9},
    "dampening": {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "maximize": {"momentum": 0.9, "maximize": True},
}
ADAM = {
    "plain": {},
    "decay": {"weight_decay": 0.1},
    "amsgrad": {"amsgrad": True},
    "maximize": {"maximize": True, "betas": (0.5, 0.9), "eps": 1e-3},
}


def gradients(seed=0, shape=(3, 5)):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for _ in range(STEPS)]


def torch_trajectory(name, start, grads, **options):
    torch = pytest.importorskip("torch")
    param = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = getattr(torch.optim, name)([param], **options)
    for grad in grads:
        param.grad = torch.from_numpy(grad.copy())
        optimizer.step()
    return param.detach().numpy()


@pytest.mark.torch
@ROOMS
@pytest.mark.parametrize("case", SGD)
def test_sgd_is_pytorchs(room, case):
    start, grads, options = gradients(1)[0], gradients(), SGD[case]
    expected = torch_trajectory("SGD", start, grads, lr=0.1, **options)
    param = start.copy()
    buffer = np.full_like(param, np.nan) if options.get("momentum") else None
    get = options.get
    for i, grad in enumerate(grads):
        room.sgd_update(
            param, grad, buffer, 0.1, get("momentum", 0), get("dampening", 0),
            get("weight_decay", 0), get("nesterov", False), get("maximize", False), i == 0,
        )  # fmt: skip
    np.testing.assert_allclose(param, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.torch
@ROOMS
@pytest.mark.parametrize("decoupled", [False, True], ids=["Adam", "AdamW"])
@pytest.mark.parametrize("case", ADAM)
def test_adam_is_pytorchs(room, decoupled, case):
    start, grads, options = gradients(1)[0], gradients(), {"weight_decay": 0.0, **ADAM[case]}
    name = "AdamW" if decoupled else "Adam"
    expected = torch_trajectory(name, start, grads, **options, lr=0.1)
    param, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
    largest = np.zeros_like(start) if options.get("amsgrad") else None
    beta1, beta2 = options.get("betas", (0.9, 0.999))
    for step, grad in enumerate(grads, 1):
        room.adam_update(
            param, grad, mean, square, largest, 0.1, beta1, beta2, options.get("eps", 1e-8),
            options["weight_decay"], decoupled, step, options.get("maximize", False),
        )  # fmt: skip
    np.testing.assert_allclose(param, expected, rtol=2e-6, atol=2e-6)


def test_an_infinite_parameter_without_decay_keeps_its_state_finite():
    param, grad = np.array([np.inf], np.float32), np.ones(1, np.float32)
    mean, square = np.zeros_like(grad), np.zeros_like(grad)
    optim.adam_update(param, grad, mean, square, None, 0.1, 0.9, 0.999, 1e-8, 0.1, True, 1, False)
    assert np.isfinite([mean, square]).all()


def test_mixed_dtypes_fall_back():
    param, grad = np.ones(3), np.ones(3, np.float32)
    optim.sgd_update(param, grad, None, 0.5, 0, 0, 0, False, False, True)
    np.testing.assert_array_equal(param, 0.5)
