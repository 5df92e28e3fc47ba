"""What losses promise, row by row."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F


def values(*numbers):
    return mg.tensor(numbers, dtype=mg.float64)


def near(tensor, expected, rel=1e-9):
    np.testing.assert_allclose(tensor.detach().numpy(), expected, rtol=rel)


@pytest.mark.parametrize("function", [
    F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits, F.soft_margin_loss, F.kl_div,
])  # fmt: skip
@pytest.mark.parametrize(("a", "b"), [((4, 1), (4,)), ((4,), (4, 1)), ((4, 3), (3,))])
def test_L1_losses_refuse_to_broadcast(function, a, b):
    with pytest.raises(ValueError, match=r"input has shape .* but target has shape") as caught:
        function(mg.ones(a) / 2, mg.ones(b) / 2)
    assert str(a) in str(caught.value)
    assert str(b) in str(caught.value)
    if 1 in (*a, *b):
        assert "did you mean" in str(caught.value)


def test_L1_mse_broadcasts_on_demand():
    x, y = mg.randn(4, 1), mg.randn(4)
    loss = F.mse_loss(x, y, reduction="none", broadcast=True)
    assert loss.shape == (4, 4)
    near(loss, ((x - y) ** 2).numpy(), 1e-6)
    with pytest.raises(ValueError, match="broadcast=True"):
        F.mse_loss(x, y)


def test_L1_mse_slope():
    x, y = mg.randn(3, 4, dtype=mg.float64, requires_grad=True), mg.randn(3, 4, dtype=mg.float64)
    F.mse_loss(x, y).backward()
    near(x.grad, 2 * (x.detach() - y).numpy() / 12)


def test_L2_huber_is_scaled_smooth_l1():
    d, zero = values(0.5, 3.0), values(0.0, 0.0)
    near(F.huber_loss(d, zero, "none", 2.0), [0.125, 4.0])
    near(F.smooth_l1_loss(d, zero, reduction="none", beta=2.0), [0.0625, 2.0])
    near(F.huber_loss(d, zero, "none"), F.smooth_l1_loss(d, zero, reduction="none").numpy())
    same = F.smooth_l1_loss(d, zero, reduction="none", beta=0.0)
    assert same.tolist() == F.l1_loss(d, zero, reduction="none").tolist()


def test_L2_slope_is_continuous_at_delta():
    x = values(2 - 1e-9, 2 + 1e-9).requires_grad_()
    F.huber_loss(x, values(0, 0), "sum", 2.0).backward()
    near(x.grad, [2.0, 2.0], 1e-8)


def test_L3_positive_weight():
    z = mg.tensor([-100.0, 0.3, 100.0])
    loss = F.binary_cross_entropy_with_logits(
        z, mg.tensor([1.0, 0.0, 0.0]), reduction="none", pos_weight=mg.tensor(3.0)
    )
    near(loss, [300, 0.8544, 100], 1e-4)


def test_L3_mean_divides_by_the_count():
    loss = nn.BCEWithLogitsLoss(mg.tensor([1.0, 3.0]))(mg.zeros(2), mg.ones(2))
    near(loss, 4 * math.log(2) / 2, 1e-6)


def test_L3b_logarithms_stop_at_minus_100():
    assert F.binary_cross_entropy(mg.tensor([0.0]), mg.tensor([1.0])).item() == 100.0
    assert F.binary_cross_entropy(mg.tensor([1.0]), mg.tensor([0.0])).item() == 100.0


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"weight": mg.ones(4)}])
def test_L4_ignored_rows(reduction, options):
    x = mg.randn(3, 4, requires_grad=True)
    loss = F.cross_entropy(x, mg.full((3,), -100), reduction=reduction, **options)
    if reduction == "mean":
        assert math.isnan(loss.item())
    else:
        assert not loss.detach().numpy().any()
    loss.sum().backward()
    assert not x.grad.numpy().any()


def test_L4_all_ignored():
    x, t = mg.randn(3, 4, requires_grad=True), mg.full((3,), -100)
    loss = nn.CrossEntropyLoss(all_ignored="zero")(x, t)
    loss.backward()
    assert loss.item() == 0.0
    assert not x.grad.numpy().any()
    with pytest.raises(ValueError, match="every target is ignore_index=-100"):
        nn.CrossEntropyLoss(all_ignored="raise")(x, t)
    with pytest.raises(ValueError, match="all_ignored"):
        F.cross_entropy(x, t, all_ignored="skip")
    kept = mg.tensor([1, -100, 2])
    assert F.cross_entropy(x, kept, all_ignored="zero").item() == F.cross_entropy(x, kept).item()


def test_L4_edges():
    assert math.isnan(F.cross_entropy(mg.zeros(0, 3), mg.zeros(0, dtype=mg.int64)).item())
    at_minus_infinity = mg.tensor([[0.0, -math.inf]])
    assert F.cross_entropy(at_minus_infinity, mg.tensor([1])).item() == math.inf
    with pytest.raises(IndexError, match=r"target\[1\] = 7"):
        F.cross_entropy(mg.zeros(2, 3), mg.tensor([0, 7]))
    with pytest.raises(IndexError, match=r"target\[1, 2\] = 7"):
        F.cross_entropy(mg.zeros(2, 3, 3), mg.tensor([[0, 1, 2], [0, 1, 7]]))


@pytest.mark.parametrize("shape", [(50, 7), (3, 7, 5)])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("ignore_index", [-100, 2])
def test_L5_nll_of_log_softmax_is_cross_entropy(shape, reduction, ignore_index):
    x = mg.randn(*shape, dtype=mg.float64)
    t = mg.randint(0, 7, (shape[0], *shape[2:]))
    options = {"ignore_index": ignore_index, "reduction": reduction}
    ours = F.nll_loss(F.log_softmax(x, 1), t, **options)
    assert ours.tolist() == F.cross_entropy(x, t, **options).tolist()


def test_L6_label_smoothing_floor():
    gap = math.log(0.91 / 0.01)
    assert round(gap, 3) == 4.511
    x = values(gap, *([0.0] * 9)).reshape(1, 10).requires_grad_()
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)(x, mg.tensor([0]))
    loss.backward()
    near(loss, 0.500288, 1e-6)
    assert abs(x.grad.numpy()).max() < 1e-12


@pytest.mark.parametrize("epsilon", [0.0, 0.2, 1.0])
def test_L6_smoothing_is_a_mixed_target(epsilon):
    x, t = mg.randn(6, 4, dtype=mg.float64), mg.randint(0, 4, (6,))
    mixed = F.one_hot(t, 4).double() * (1 - epsilon) + epsilon / 4
    near(F.cross_entropy(x, t, label_smoothing=epsilon), F.cross_entropy(x, mixed).numpy())
    with pytest.raises(ValueError, match="label_smoothing"):
        F.cross_entropy(x, t, label_smoothing=-0.1)


def test_L7_focal_without_focus_is_cross_entropy():
    x, t = mg.randn(6, 4), mg.randint(0, 4, (6,))
    weight = mg.rand(4)
    for options in ({}, {"weight": weight}, {"label_smoothing": 0.1, "ignore_index": 1}):
        focal = F.focal_loss(x, t, gamma=0.0, **options)
        assert focal.item() == F.cross_entropy(x, t, **options).item()
    y = mg.randint(0, 2, (6, 4)).float()
    binary = F.sigmoid_focal_loss(x, y, alpha=-1, gamma=0.0)
    assert binary.tolist() == F.binary_cross_entropy_with_logits(x, y, reduction="none").tolist()


@pytest.mark.parametrize(("p", "ratio"), [(0.9, 0.01), (0.968, 0.001)])
def test_L7_easy_examples_count_little(p, ratio):
    z = values(math.log(p / (1 - p)))
    focal = F.sigmoid_focal_loss(z, values(1.0), alpha=-1)
    plain = F.binary_cross_entropy_with_logits(z, values(1.0))
    near(focal / plain, (1 - p) ** 2, 1e-6)
    assert (focal / plain).item() == pytest.approx(ratio, rel=0.03)
    two = mg.stack([z, mg.zeros_like(z)], 1)
    near(F.focal_loss(two, mg.tensor([0])), focal.item(), 1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
def test_L7_finite_everywhere(gamma, scale):
    z = (mg.tensor([[1.0, -1.0], [-1.0, 1.0]]) * scale).requires_grad_()
    F.sigmoid_focal_loss(z, mg.tensor([[1.0, 1.0], [0.0, 0.0]]), gamma=gamma).sum().backward()
    assert np.isfinite(z.grad.numpy()).all()
    z.grad = None
    loss = F.focal_loss(z, mg.tensor([0, 0]), gamma=gamma)
    loss.backward()
    assert np.isfinite(loss.item())
    assert np.isfinite(z.grad.numpy()).all()


def test_L7_divided_by_positives():
    x, y = mg.randn(6, 4), mg.randint(0, 2, (6, 4)).float()
    total = F.sigmoid_focal_loss(x, y, reduction="sum").item()
    assert nn.SigmoidFocalLoss(reduction="num_pos")(x, y).item() == pytest.approx(
        total / y.sum().item(), rel=1e-6
    )
    none = nn.SigmoidFocalLoss(reduction="num_pos")(x, mg.zeros(6, 4)).item()
    assert none == pytest.approx(F.sigmoid_focal_loss(x, mg.zeros(6, 4)).sum().item(), rel=1e-6)
    t = mg.tensor([0, 1, -100, 2, 3, -100])
    total = F.focal_loss(x, t, reduction="sum").item()
    assert nn.FocalLoss(reduction="num_pos")(x, t).item() == pytest.approx(total / 4, rel=1e-6)


def test_L8_divergence_of_certain_targets():
    near(F.kl_div(values(0.5, 0.5).log(), values(1.0, 0.0), reduction="sum"), math.log(2))
    x, y = values(-1.0, -2.0).requires_grad_(), values(-math.inf, 0.0)
    loss = F.kl_div(x, y, reduction="none", log_target=True)
    assert loss.tolist() == [0.0, 2.0]
    loss.sum().backward()
    assert x.grad.tolist() == [0.0, -1.0]
    with pytest.warns(UserWarning, match="batchmean"):
        near(F.kl_div(x, values(0.5, 0.5)), ((values(0.5, 0.5).log() - x) / 2).detach().mean())


def test_L8b_scale_does_not_depend_on_temperature():
    teacher = mg.randn(5, 4, dtype=mg.float64)
    student = mg.randn(5, 4, dtype=mg.float64)
    teacher = (teacher - teacher.mean(1, True)).requires_grad_()
    student = (student - student.mean(1, True)).requires_grad_()
    loss = nn.DistillationLoss(T=1000.0, alpha=1.0)(student, teacher, mg.zeros(5, dtype=mg.int64))
    loss.backward()
    assert teacher.grad is None
    expected = ((student - teacher) / 4 / 5).detach().numpy()
    np.testing.assert_allclose(student.grad.numpy(), expected, atol=1e-2 * abs(expected).max())


def test_L8b_without_teacher_it_is_cross_entropy():
    s, t, y = mg.randn(5, 4), mg.randn(5, 4), mg.randint(0, 4, (5,))
    assert nn.DistillationLoss(alpha=0.0)(s, t, y).item() == F.cross_entropy(s, y).item()


@pytest.mark.parametrize("function", [
    lambda z: F.cross_entropy(z, mg.tensor([0, 1, 0])),
    lambda z: F.cross_entropy(z, mg.tensor([0, 1, 0]), label_smoothing=0.1),
    lambda z: F.cross_entropy(z, mg.softmax(z.detach() * 0, 1)),
    lambda z: F.nll_loss(F.log_softmax(z, 1), mg.tensor([0, 1, 0])),
    lambda z: F.binary_cross_entropy_with_logits(z, mg.ones_like(z)),
    lambda z: F.soft_margin_loss(z, -mg.ones_like(z)),
    lambda z: F.multilabel_soft_margin_loss(z, mg.ones_like(z)),
    lambda z: F.huber_loss(z, mg.zeros_like(z)),
])  # fmt: skip
def test_L9_large_logits(function):
    z = mg.tensor([[1e4, -1e4], [-1e4, 1e4], [-1e4, 1e4]]).requires_grad_()
    loss = function(z)
    loss.backward()
    assert np.isfinite(loss.item())
    assert np.isfinite(z.grad.numpy()).all()


def test_L10_activation_and_decode():
    z = mg.randn(5, 4)
    for kind in (nn.CrossEntropyLoss, nn.FocalLoss, nn.NLLLoss, nn.DistillationLoss):
        near(kind().activation(z).sum(1), np.ones(5), 1e-5)
        assert kind().decode(z).tolist() == z.argmax(1).tolist()
    for kind in (nn.BCEWithLogitsLoss, nn.SigmoidFocalLoss, nn.MultiLabelSoftMarginLoss):
        near(kind().activation(z), mg.sigmoid(z).numpy(), 1e-6)
        assert kind().decode(z).tolist() == (z > 0).tolist()
    for kind in (nn.MSELoss, nn.L1Loss, nn.HuberLoss, nn.SmoothL1Loss):
        assert kind().activation(z) is z
        assert kind().decode(z) is z
    near(nn.PoissonNLLLoss().decode(z), mg.exp(z).numpy(), 1e-6)
    images = mg.randn(2, 3, 4, 4)
    assert nn.CrossEntropyLoss().decode(images).shape == (2, 4, 4)


def test_L4a_class_weights_apply_to_indices_and_to_probabilities():
    x, t = mg.randn(6, 3, dtype=mg.float64), mg.tensor([0, 1, 2, 2, 1, 0])
    weight = mg.tensor([0.5, 1.0, 3.0], dtype=mg.float64)
    onehot = F.one_hot(t, 3).to(mg.float64)
    by_index = F.cross_entropy(x, t, weight, reduction="none")
    by_probability = F.cross_entropy(x, onehot, weight, reduction="none")
    np.testing.assert_allclose(by_index, by_probability, rtol=1e-12)
    mean = F.cross_entropy(x, t, weight).item()
    assert mean == pytest.approx(by_index.sum().item() / weight[t].sum().item())
    assert F.cross_entropy(x, onehot, weight).item() == pytest.approx(by_index.mean().item())


def test_L7_a_prior_bias_starts_at_the_loss_of_rare_positives():
    """With 1 % positives and bias −ln((1 − π)/π), π = 0.01, the loss starts at the prior's own."""
    y = (mg.arange(1000) < 10).float().unsqueeze(1)
    bias = nn.init.prior_bias_(mg.zeros(1), 0.01)
    start = F.binary_cross_entropy_with_logits(bias.expand(1000, 1), y).item()
    assert start == pytest.approx(0.0560, abs=1e-4)
    assert F.binary_cross_entropy_with_logits(mg.zeros(1000, 1), y).item() > 0.69
