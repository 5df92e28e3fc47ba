"""Adafactor."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import Adafactor


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(7,), (1, 6), (6, 1), (4, 3, 2, 2)], ids=str)
@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-12), ("float32", 5e-6)])
def test_any_number_of_axes_as_in_torch(shape, dtype, rtol):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    start, *grads = rng.normal(size=(11, *shape)).astype(dtype)
    found = []
    for lib in (mg, torch):
        p = lib.tensor(np.array(start), requires_grad=True)
        optimizer = lib.optim.Adafactor([p], lr=0.1, weight_decay=0.1)
        for grad in grads:
            p.grad = lib.tensor(np.array(grad))
            optimizer.step()
        found.append({"p": p.detach(), **optimizer.state[p]})
    ours, theirs = found
    assert set(ours) == set(theirs)
    for name, value in theirs.items():
        assert ours[name].shape == tuple(value.shape)
        np.testing.assert_allclose(ours[name], value.numpy(), rtol=rtol, atol=rtol, err_msg=name)


def test_the_state_of_a_matrix_is_a_row_and_a_column():
    p = mg.ones(50, 30, requires_grad=True)
    p.grad = mg.ones(50, 30)
    optimizer = Adafactor([p])
    optimizer.step()
    state = optimizer.state[p]
    assert (state["row_var"].shape, state["col_var"].shape) == ((50, 1), (1, 30))
    assert sum(value.numel() for value in state.values()) == 81


def test_loading_checks_the_shapes_of_the_factors():
    p = mg.ones(4, 3, requires_grad=True)
    p.grad = mg.ones(4, 3)
    optimizer = Adafactor([p])
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    assert optimizer.state[p]["col_var"].shape == (1, 3)
    saved = optimizer.state_dict()
    saved["state"][0]["row_var"] = mg.ones(4, 3)
    with pytest.raises(ValueError, match=r"row_var.*\(4, 3\).*must have shape \(4, 1\)"):
        optimizer.load_state_dict(saved)


def test_the_largest_step_is_relative_to_the_parameter():
    p = mg.full((10,), 50.0, requires_grad=True)
    p.grad = mg.tensor([1e6] + [1.0] * 9)
    Adafactor([p], lr=0.01).step()
    np.testing.assert_allclose(p.detach(), 49.5, rtol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"lr": -1}, "Learning rate should be >= 0 but is: -1"),
        ({"beta2_decay": 0.5}, "beta2_decay should be <= 0 but is: 0.5"),
        ({"eps": (-1, 0)}, "epsilon1 should be >= 0 but is: -1"),
        ({"eps": (None, -2)}, "epsilon2 should be >= 0 but is: -2"),
        ({"d": 0.5}, "Clipping threshold d should be >= 1 but is: 0.5"),
        ({"weight_decay": float("nan")}, "weight_decay should be >= 0 but is: nan"),
    ],
)
def test_bad_hyper_parameters(options, message):
    with pytest.raises(ValueError, match=message):
        Adafactor([mg.ones(1, requires_grad=True)], **options)
