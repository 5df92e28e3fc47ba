"""Muon."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import Muon

OPTIONS = {
    "defaults": {},
    "no nesterov": {"nesterov": False, "lr": 0.02},
    "rates of AdamW": {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.0},
    "other steps": {"ns_steps": 3, "momentum": 0.5, "ns_coefficients": (1.5, -0.5, 0.0)},
}


def moved(lib, shape, options):
    """Where a parameter starts, and where twenty steps take it."""
    rng = np.random.default_rng(0)
    start, *grads = rng.normal(size=(21, *shape)).astype(np.float32)
    p = lib.tensor(start, requires_grad=True)
    optimizer = lib.optim.Muon([p], **options)
    for grad in grads:
        p.grad = lib.tensor(grad)
        optimizer.step()
    return start, p.detach().numpy()


@pytest.mark.torch
@pytest.mark.parametrize("case", OPTIONS)
@pytest.mark.parametrize("shape", [(48, 64), (40, 30)], ids=str)
def test_trajectory_of_larger_matrices_is_that_of_torch_within_bfloat16(case, shape):
    """The order of long sums decides which way some of them are rounded."""
    torch = pytest.importorskip("torch")
    start, ours = moved(mg, shape, OPTIONS[case])
    _, theirs = moved(torch, shape, OPTIONS[case])
    assert np.linalg.norm(ours - theirs) < 2.0**-8 * np.linalg.norm(theirs - start)


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (16, 16)], ids=str)
def test_singular_values_of_the_step_are_near_one(shape):
    p = mg.zeros(*shape, requires_grad=True)
    p.grad = mg.tensor(np.random.default_rng(0).normal(size=shape).astype("float32"))
    Muon([p], lr=1.0, adjust_lr_fn="original").step()
    factor = max(1, shape[0] / shape[1]) ** 0.5
    values = np.linalg.svd(p.detach().numpy(), compute_uv=False) / factor
    assert values.min() > 0.5 and values.max() < 1.3
    left, _, right = np.linalg.svd(p.grad.numpy(), full_matrices=False)
    step = -p.detach().numpy()
    assert np.trace((left @ right).T @ step) / np.linalg.norm(step) > 0.97 * min(shape) ** 0.5


def test_a_gradient_of_zero_only_decays():
    p = mg.ones(3, 2, requires_grad=True)
    p.grad = mg.zeros(3, 2)
    Muon([p], lr=0.5, weight_decay=0.5).step()
    np.testing.assert_array_equal(p.detach(), 0.75)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"lr": -1}, "Learning rate should be >= 0 but is: -1"),
        ({"momentum": -0.5}, "momentum should be >= 0 but is: -0.5"),
        ({"weight_decay": -2}, "weight decay should be >= 0 but is: -2"),
        ({"adjust_lr_fn": "adam"}, "Adjust learning rate function adam is not supported"),
        ({"ns_steps": 100}, "Number of steps must be less than 100"),
        ({"ns_coefficients": (1, 2)}, "exactly 3 values"),
    ],
)
def test_bad_hyper_parameters(options, message):
    with pytest.raises(ValueError, match=message):
        Muon([mg.ones(1, 1, requires_grad=True)], **options)


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2)])
def test_only_matrices(shape):
    with pytest.raises(ValueError, match="only supports 2D parameters.*AdamW"):
        Muon([mg.ones(*shape, requires_grad=True)])
