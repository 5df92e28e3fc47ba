"""Clipping gradients."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import utils


def parameters(*gradients, dtype=mg.float32):
    made = []
    for gradient in gradients:
        p = mg.zeros(len(gradient), dtype=dtype, requires_grad=True)
        p.grad = mg.tensor(np.array(gradient, np.float64)).to(dtype)
        made.append(p)
    return made


def test_C1_norm():
    p = parameters([3.0, 4.0])
    total = utils.clip_grad_norm_(p, 1.0)
    assert total.item() == 5 and total.shape == () and total.dtype is mg.float32
    np.testing.assert_allclose(p[0].grad, [0.6, 0.8], rtol=1e-6)
    assert p[0].grad._version == 1


def test_C1_below_the_threshold_nothing_is_written():
    p = parameters([3.0], [4.0])
    assert utils.clip_grad_norm_(iter(p), 6.0).item() == 5
    assert p[0].grad._version == 0 and p[0].grad.item() == 3


def test_C1_no_gradients():
    assert utils.clip_grad_norm_([mg.ones(2, requires_grad=True)], 1.0).item() == 0.0


def test_C1_nonfinite():
    p = parameters([math.inf, 1.0])
    with pytest.raises(RuntimeError, match="non-finite"):
        utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    assert utils.clip_grad_norm_(p, 1.0).item() == math.inf
    assert math.isnan(p[0].grad[0].item()) and p[0].grad[1].item() == 0
    q = parameters([math.nan], [2.0])
    utils.clip_grad_norm_(q, 1.0)
    assert math.isnan(q[1].grad.item())


def test_C2_direction_is_kept():
    g = np.random.default_rng(0).normal(size=50) * 100
    p = parameters(g)
    utils.clip_grad_norm_(p, 1.0)
    c = p[0].grad.numpy()
    assert g @ c / np.linalg.norm(g) / np.linalg.norm(c) == pytest.approx(1, abs=1e-6)


def test_C3_value():
    p = parameters([-3.0, 0.5, math.nan, math.inf])
    utils.clip_grad_value_(p, 1.0)
    np.testing.assert_array_equal(p[0].grad, [-1, 0.5, math.nan, 1])


def test_bad_norm_type():
    with pytest.raises(ValueError, match="norm_type"):
        utils.clip_grad_norm_(parameters([1.0]), 1.0, norm_type=0)


def test_half_gradients_do_not_overflow():
    p = parameters([60000.0] * 100, dtype=mg.float16)
    assert utils.clip_grad_norm_(p, 1.0).item() == pytest.approx(6e5, rel=1e-3)
    assert p[0].grad.dtype is mg.float16
    np.testing.assert_allclose(p[0].grad.numpy().astype(np.float64), 0.1, rtol=1e-3)


@pytest.mark.torch
@pytest.mark.parametrize("norm_type", [1, 2.0, 3, math.inf, "inf"])
@pytest.mark.parametrize("name", ["float32", "float64"])
def test_norms_are_those_of_torch(norm_type, name):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    gradients = [rng.normal(size=n) for n in (3, 5, 1)]
    ours = parameters(*gradients, dtype=getattr(mg, name))
    theirs = [torch.zeros(len(g), dtype=getattr(torch, name)) for g in gradients]
    for p, g in zip(theirs, gradients, strict=True):
        p.grad = torch.tensor(g, dtype=getattr(torch, name))
    a = utils.clip_grad_norm_(ours, 0.7, norm_type)
    b = torch.nn.utils.clip_grad_norm_(theirs, 0.7, norm_type)
    assert a.item() == pytest.approx(b.item(), rel=1e-6) and a.dtype is getattr(mg, name)
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=2e-6)


def test_C3_clamping_can_change_the_direction():
    g = np.random.default_rng(0).normal(size=50) ** 3 * 100
    p = parameters(g)
    utils.clip_grad_value_(p, 1.0)
    c = p[0].grad.numpy()
    assert g @ c / np.linalg.norm(g) / np.linalg.norm(c) < 0.95


def test_C5_gradients_are_unscaled_before_they_are_clipped():
    """Clipped first, gradients that were scaled by 2¹⁰ end 2¹⁰ times too small."""
    scale = 1024.0
    right, wrong = parameters([3 * scale, 4 * scale]), parameters([3 * scale, 4 * scale])
    right[0].grad.mul_(1 / scale)
    utils.clip_grad_norm_(right, 1.0)
    utils.clip_grad_norm_(wrong, 1.0)
    wrong[0].grad.mul_(1 / scale)
    assert right[0].grad.norm().item() == pytest.approx(1, rel=1e-5)
    assert wrong[0].grad.norm().item() == pytest.approx(1 / scale, rel=1e-5)


def test_C6_the_two_halves_of_clipping():
    together, apart = parameters([3.0, 4.0], [12.0]), parameters([3.0, 4.0], [12.0])
    total = utils.get_total_norm([p.grad for p in apart])
    assert total.item() == 13 == utils.clip_grad_norm_(together, 2.0).item()
    utils.clip_grads_with_norm_(apart, 2.0, total)
    for p, q in zip(together, apart, strict=True):
        np.testing.assert_array_equal(p.grad, q.grad)
