"""Losses at their edges."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.testing import gradcheck, gradgradcheck


@pytest.mark.parametrize("create_graph", [False, True])
def test_ignored_rows_have_no_gradient_even_if_all_are_ignored(create_graph):
    x = mg.randn(3, 4, requires_grad=True)
    loss = F.cross_entropy(x, mg.full((3,), -100))
    assert mg.isnan(loss).item()
    (gradient,) = mg.grad(loss, x, create_graph=create_graph)
    assert gradient.tolist() == mg.zeros(3, 4).tolist()


def test_ignored_rows_take_the_one_pass_kernel_too():
    logits = mg.tensor([[1.0, 2.0], [3.0, 1.0], [0.0, 0.5]], requires_grad=True)
    loss = F.cross_entropy(logits, mg.tensor([0, -100, 1]))
    assert repr(loss.grad_fn) == "<CrossEntropyMeanBackward>"
    loss.backward()
    kept = F.cross_entropy(logits.detach()[[0, 2]], mg.tensor([0, 1]))
    assert loss.item() == pytest.approx(kept.item(), rel=1e-6)
    assert logits.grad[1].tolist() == [0.0, 0.0]


X, Y = np.random.default_rng(3).normal(size=(2, 3, 4))
P = 1 / (1 + np.exp(-Y))
CLASSES, SIGNS = np.array([0, 3, 1]), np.sign(X[:, 0])
OF_HALVES = {
    "mse_loss": (X, Y),
    "l1_loss": (X, Y),
    "smooth_l1_loss": (X, Y),
    "huber_loss": (X, Y),
    "binary_cross_entropy": (P, P),
    "binary_cross_entropy_with_logits": (X, P),
    "cross_entropy": (X, CLASSES),
    "nll_loss": (X, CLASSES),
    "focal_loss": (X, CLASSES),
    "sigmoid_focal_loss": (X, P),
    "poisson_nll_loss": (X, P),
    "gaussian_nll_loss": (X, Y, P),
    "soft_margin_loss": (X, np.sign(Y)),
    "hinge_embedding_loss": (X, np.sign(Y)),
    "margin_ranking_loss": (X, Y, np.sign(Y)),
    "cosine_embedding_loss": (X, Y, SIGNS),
    "multi_margin_loss": (X, CLASSES),
    "multilabel_soft_margin_loss": (X, P),
    "triplet_margin_loss": (X, Y, P),
    "linear_cross_entropy": (X, Y, np.array([0, 1, 2])),
    "distillation_loss": (X, Y, CLASSES),
}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", OF_HALVES)
def test_halves_are_compared_in_float32(name, dtype):
    def loss(convert):
        tensors = [mg.tensor(a) for a in OF_HALVES[name]]
        halves = [t.to(dtype) if t.is_floating_point() else t for t in tensors]
        return halves[0].requires_grad_(), getattr(F, name)(halves[0], *map(convert, halves[1:]))

    x, result = loss(lambda t: t)
    assert result.dtype is mg.float32
    _, wide = loss(lambda t: t.float() if t.is_floating_point() else t)
    assert result.tolist() == wide.tolist()
    result.sum().backward()
    assert x.grad.dtype is x.dtype


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum", "num_pos"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradients_of_focal_losses(gamma, reduction, smoothing):
    x = mg.tensor(X, requires_grad=True)
    t, y = mg.tensor([0, -100, 2]), mg.tensor(X > 0).double()

    def of_classes(x):
        return F.focal_loss(x, t, gamma, label_smoothing=smoothing, reduction=reduction)

    def binary(x):
        return F.sigmoid_focal_loss(x, y, smoothing, gamma, reduction)

    for function in (of_classes, binary):
        assert gradcheck(function, x)
        assert gradgradcheck(function, x, fast_mode=True)


@pytest.mark.parametrize("name", ["kl_div", "distillation_loss"])
def test_gradients_of_divergences(name):
    x, t = mg.tensor(X, requires_grad=True), mg.tensor([0, 3, 2])
    teacher = mg.tensor(Y)
    if name == "kl_div":
        target = mg.softmax(teacher, 1)

        def function(x):
            return F.kl_div(mg.log_softmax(x, 1), target, reduction="batchmean")
    else:

        def function(x):
            return F.distillation_loss(x, teacher, t, 3.0, 0.4)

    assert gradcheck(function, x)
    assert gradgradcheck(function, x, fast_mode=True)


@pytest.mark.parametrize(("name", "argument"), [
    ("binary_cross_entropy_with_logits", "weight"),
    ("binary_cross_entropy_with_logits", "pos_weight"),
    ("cross_entropy", "weight"),
    ("nll_loss", "weight"),
    ("multi_margin_loss", "weight"),
])  # fmt: skip
def test_weights_have_no_gradient(name, argument):
    x, weight = mg.tensor(X), mg.ones(4, dtype=mg.float64, requires_grad=True)
    target = mg.tensor(P) if name.startswith("binary") else mg.tensor(CLASSES)
    with pytest.raises(RuntimeError, match=rf"{argument}.*detach\(\)"):
        getattr(F, name)(x, target, **{argument: weight})
    getattr(F, name)(x, target, **{argument: weight.detach()})
    with mg.no_grad():
        getattr(F, name)(x, target, **{argument: weight})


def test_linear_cross_entropy_takes_rows_in_chunks(monkeypatch):
    from minigrad.ops import linear_cross_entropy

    x = mg.tensor(np.random.default_rng(1).normal(size=(7, 3)), requires_grad=True)
    w = mg.tensor(np.random.default_rng(2).normal(size=(4, 3)), requires_grad=True)
    b = mg.zeros(4, dtype=mg.float64, requires_grad=True)
    t = mg.tensor([0, 1, 2, 3, 1, 1, 2])
    for reduction in ("none", "mean", "sum"):
        results = []
        for chunk in (1 << 20, 8):
            monkeypatch.setattr(linear_cross_entropy, "CHUNK", chunk)
            loss = F.linear_cross_entropy(x, w, t, linear_bias=b, reduction=reduction)
            results.append((loss, *mg.grad(loss.sum(), [x, w, b])))
        for one, several in zip(*results, strict=True):
            np.testing.assert_allclose(
                several.detach().numpy(), one.detach().numpy(), rtol=1e-12, atol=1e-15
            )


def test_ctc_of_impossible_targets():
    x = mg.randn(2, 1, 3).log_softmax(2).requires_grad_()
    impossible = (mg.tensor([[1, 1]]), [2], [2])
    assert F.ctc_loss(x, *impossible).item() == float("inf")
    loss = F.ctc_loss(x, *impossible, zero_infinity=True)
    loss.backward()
    assert loss.item() == 0.0
    assert not x.grad.numpy().any()


def test_ctc_gradients():
    x = mg.tensor(np.random.default_rng(1).normal(size=(6, 2, 3)), requires_grad=True)
    targets = (mg.tensor([[1, 1], [2, 1]]), [6, 4], [2, 1])
    assert gradcheck(lambda x: F.ctc_loss(x, *targets), x)
    assert gradgradcheck(lambda x: F.ctc_loss(x, *targets), x, fast_mode=True)


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 4, 3)])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_fixed_probabilities_take_one_pass(shape, reduction, smoothing):
    rng = np.random.default_rng(5)
    x, t = mg.tensor(rng.normal(size=shape), requires_grad=True), mg.tensor(rng.random(shape))
    weight = mg.tensor(rng.random(4))

    def both(target):
        loss = F.cross_entropy(
            x, target, weight, reduction=reduction, label_smoothing=smoothing
        )
        return loss, *mg.grad(loss.sum(), x)

    for fixed, free in zip(both(t), both(t.clone().requires_grad_()), strict=True):
        np.testing.assert_allclose(
            fixed.detach().numpy(), free.detach().numpy(), rtol=1e-12, atol=1e-14
        )
