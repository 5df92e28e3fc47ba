"""Losses against their formulas in float64, and against their references."""

import numpy as np
import pytest

from minigrad.kernels import launch
from minigrad.kernels.reference.pointwise_loss import FORMULAS
from minigrad.kernels.registry import CPU, REFERENCE

from ..tolerances import assert_close

KERNELS = pytest.mark.parametrize("k", [CPU, REFERENCE], ids=["cpu", "reference"])
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
RTOL = {"float32": 3e-6, "float64": 1e-13}


def one_row_loss(z, t, w, smoothing):
    """−(1 − ε) w_t ln p_t − ε/C Σ w_c ln p_c"""
    log_p = z - z.max() - np.log(np.exp(z - z.max()).sum())
    return -(1 - smoothing) * w[t] * log_p[t] - smoothing / len(z) * (w * log_p).sum()


def one_axis(k, logits, target, weight=None, ignore=-100, smoothing=0.0, reduction="none"):
    """The kernel for logits (N, C) and target (N,)"""
    loss, gradient = k.cross_entropy(
        logits[:, :, None], target[:, None], weight, ignore, smoothing, 0.0, reduction
    )
    return loss[:, 0] if reduction == "none" else loss, gradient[:, :, 0]


def numeric_gradient(f, z, step=1e-6):
    return np.array([(f(z + step * e) - f(z - step * e)) / (2 * step) for e in np.eye(len(z))])


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    logits, target = 3 * rng.standard_normal((7, 5)), rng.integers(0, 5, 7)
    target[2] = -100
    return logits, target, rng.uniform(0.5, 2, 5)


@pytest.mark.parametrize("smoothing", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@DTYPES
@KERNELS
def test_cross_entropy_formula(k, dtype, weighted, smoothing, batch):
    logits, target, weight = batch
    used = weight if weighted else np.ones(5)
    given = weight.astype(dtype) if weighted else None
    losses, gradient = one_axis(k, logits.astype(dtype), target, given, -100, smoothing)
    for i, (z, t) in enumerate(zip(logits, target, strict=True)):
        if t == -100:
            assert losses[i] == 0
            assert not gradient[i].any()
            continue
        np.testing.assert_allclose(losses[i], one_row_loss(z, t, used, smoothing), rtol=RTOL[dtype])
        slope = numeric_gradient(lambda z, t=t: one_row_loss(z, t, used, smoothing), z)
        np.testing.assert_allclose(gradient[i], slope, rtol=1e-5, atol=1e-6)


@DTYPES
@KERNELS
def test_mean_is_the_mean_of_the_rows(k, dtype):
    rng = np.random.default_rng(2)
    logits, target = rng.standard_normal((32, 10)).astype(dtype), rng.integers(0, 10, 32)
    losses, gradients = one_axis(k, logits, target)
    mean, gradient = k.cross_entropy_mean(logits, target)
    np.testing.assert_allclose(mean, losses.mean(), rtol=RTOL[dtype])
    np.testing.assert_allclose(gradient, gradients / 32, rtol=RTOL[dtype], atol=1e-8)
    assert np.shape(mean) == ()
    assert mean.dtype == dtype


@KERNELS
def test_large_logits_are_stable(k):
    logits = np.array([[1e4, -1e4], [1e4, -1e4]], np.float32)
    losses, gradient = one_axis(k, logits, np.array([0, 1]))
    np.testing.assert_array_equal(losses, [0, 2e4])
    np.testing.assert_array_equal(gradient, [[0, 0], [1, -1]])


@pytest.mark.parametrize("bad", [5, -1, 2**40])
@KERNELS
def test_target_out_of_range_names_row_and_value(k, bad, batch):
    logits, target, _ = batch
    target[4] = bad
    with pytest.raises(IndexError, match=rf"target\[4\] = {bad} is out of range for 5 classes"):
        one_axis(k, logits, target)
    target[2] = 0
    with pytest.raises(IndexError, match=rf"target\[4\] = {bad} "):
        k.cross_entropy_mean(logits, target)


@KERNELS
def test_shapes_that_do_not_belong_together(k, batch):
    logits, target, weight = batch
    with pytest.raises(ValueError, match=r"got shapes \(7, 5\) and \(6,\)"):
        k.cross_entropy_mean(logits, target[1:])
    with pytest.raises(ValueError, match=r"got shapes \(7, 5, 1\) and \(6, 1\)"):
        one_axis(k, logits, target[1:])
    with pytest.raises(ValueError, match=r"weight has shape \(4,\) for 5 classes"):
        one_axis(k, logits, target, weight[1:])


@KERNELS
def test_ignore_index_inside_the_classes(k, batch):
    logits, target, _ = batch
    target[2], target[3] = 1, 0
    losses, gradient = one_axis(k, logits, target, ignore=1)
    np.testing.assert_array_equal(losses == 0, target == 1)
    assert not gradient[target == 1].any()


SHAPES = [(), (7,), (3, 5), (20_000,)]
OPERANDS = {  # what a formula takes beside numbers of any size
    "Bernoulli": lambda rng, x, y: (1 / (1 + np.exp(-x)), abs(y)),
    "KullbackLeibler": lambda rng, x, y: (x, np.where(y > 0, y, 0)),
    "LogKullbackLeibler": lambda rng, x, y: (x, np.where(y > 1, -np.inf, y)),
    "LogPoisson": lambda rng, x, y: (x, 3 * abs(y)),
    "Poisson": lambda rng, x, y: (abs(x), 3 * abs(y)),
    "Gaussian": lambda rng, x, y: (x, y, rng.uniform(0.1, 2, x.shape)),
    "MarginRanking": lambda rng, x, y: (x, y, np.where(rng.random(x.shape) < 0.5, 1.0, -1.0)),
    "HingeEmbedding": lambda rng, x, y: (x, np.where(y > 0, 1.0, -1.0)),
    "SigmoidFocal": lambda rng, x, y: (x, np.where(y > 0, 1.0, 0.0)),
}
SETTINGS = {"LogPoisson": (1.0,), "Poisson": (1.0, 0.1), "Gaussian": (1.0, 0.5)}


@pytest.mark.parametrize("third", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FORMULAS)
@DTYPES
def test_formulas_equal_their_references(dtype, name, shape, third):
    rng = np.random.default_rng(len(name))
    x, y, g = rng.standard_normal((3, *shape))
    operands = OPERANDS.get(name, lambda rng, x, y: (x, y))(rng, np.asarray(x), np.asarray(y))
    x, y, *v = (np.asarray(a, dtype) for a in operands)
    v = v[0] if v else np.asarray(abs(x) + 1, dtype) if third and name == "Logistic" else None
    for numbers in (SETTINGS.get(name, ()), ()):
        formula = FORMULAS[name](*numbers)
        for divisor, weight in ((None, np.asarray(g, dtype)), (3, np.array(0.7, dtype))):
            with np.errstate(all="ignore"):
                calls = [
                    (k.pointwise_loss(x, y, v, formula, divisor),
                     k.pointwise_loss_vjp(weight, x, y, v, formula, divisor))
                    for k in (CPU, REFERENCE)
                ]  # fmt: skip
            for actual, expected in zip(*calls, strict=True):
                assert_close(actual, expected, f"{name}{numbers}", sums=True)


@pytest.mark.parametrize("name", FORMULAS)
def test_nonfinite_inputs_of_formulas(name):
    x = np.array([np.nan, 1.0, np.nan, 0.5], np.float32)
    y = np.array([0.5, np.nan, np.nan, 0.5], np.float32)
    with np.errstate(all="ignore"):
        ours, wanted = (k.pointwise_loss(x, y, x, FORMULAS[name](), None) for k in (CPU, REFERENCE))
    assert_close(ours, wanted, name)


@DTYPES
@KERNELS
def test_mean_square_and_its_gradient(k, dtype):
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((2, 300, 250)).astype(dtype)
    loss = k.pointwise_loss(a, b, None, FORMULAS["Square"](), a.size)
    np.testing.assert_allclose(loss, np.mean((a - b).astype(float) ** 2), rtol=RTOL[dtype])
    assert np.shape(loss) == ()
    assert loss.dtype == dtype
    g = np.array(3, dtype)
    expected = 6 * (a - b).astype(float) / a.size
    slope = k.pointwise_loss_vjp(g, a, b, None, FORMULAS["Square"](), a.size)
    np.testing.assert_allclose(slope, expected, rtol=RTOL[dtype])


def test_sums_have_the_same_bits_for_any_number_of_threads():
    a, b = np.random.default_rng(4).standard_normal((2, 1_500_000)).astype(np.float32)
    before = launch.get_num_threads()
    try:
        seen = set()
        for threads in (1, 2, 3):
            launch.set_num_threads(threads)
            seen.add(CPU.pointwise_loss(a, b, None, FORMULAS["Square"](), a.size).item())
    finally:
        launch.set_num_threads(before)
    assert len(seen) == 1
