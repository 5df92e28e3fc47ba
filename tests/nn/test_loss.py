"""Losses as modules."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

WITH_LEGACY = (
    nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.BCELoss, nn.BCEWithLogitsLoss, nn.CrossEntropyLoss,
    nn.NLLLoss, nn.KLDivLoss, nn.PoissonNLLLoss, nn.SoftMarginLoss, nn.HingeEmbeddingLoss,
    nn.MarginRankingLoss, nn.CosineEmbeddingLoss, nn.MultiMarginLoss, nn.MultiLabelMarginLoss,
    nn.MultiLabelSoftMarginLoss, nn.TripletMarginLoss,
)  # fmt: skip


@pytest.mark.parametrize("kind", WITH_LEGACY)
@pytest.mark.parametrize("old", [{"size_average": True}, {"reduce": False}])
def test_legacy_arguments_are_refused(kind, old):
    with pytest.raises(TypeError, match="reduction='mean'"):
        kind(**old)
    with pytest.raises(ValueError, match="reduction"):
        kind(reduction="average")


def test_losses_are_their_functions():
    x, t = mg.randn(4, 3), mg.tensor([0, 1, 2, 1])
    weight = mg.tensor([1.0, 2.0, 3.0])
    loss = nn.CrossEntropyLoss(weight, ignore_index=1, reduction="sum", label_smoothing=0.1)
    expected = F.cross_entropy(x, t, weight, None, 1, None, "sum", 0.1)
    assert loss(x, t).item() == expected.item()
    assert list(loss.state_dict()) == ["weight"]
    assert nn.MSELoss(reduction="sum")(x, mg.zeros(4, 3)).item() == F.mse_loss(
        x, mg.zeros(4, 3), reduction="sum"
    ).item()


def test_legacy_arguments_of_functions_are_refused():
    x = mg.zeros(3)
    with pytest.raises(TypeError, match="size_average.*reduction='mean'"):
        F.mse_loss(x, x, "sum")
    with pytest.raises(TypeError, match="reduce.*reduction='mean'"):
        F.l1_loss(x, x, None, False)
    with pytest.raises(TypeError, match="size_average"):
        F.cross_entropy(x, mg.tensor(0), None, True)


def test_focal_and_distillation_losses_are_their_functions():
    x, t, y = mg.randn(4, 3), mg.tensor([0, 1, 2, 1]), mg.tensor([[1.0, 0, 1]] * 4)
    weight = mg.tensor([1.0, 2.0, 3.0])
    focal = nn.FocalLoss(1.5, weight, 1, 0.1, "sum")
    assert focal(x, t).item() == F.focal_loss(x, t, 1.5, weight, 1, 0.1, "sum").item()
    assert list(focal.state_dict()) == ["weight"]
    binary = nn.SigmoidFocalLoss(0.5, 1.0, "sum")
    assert binary(x, y).item() == F.sigmoid_focal_loss(x, y, 0.5, 1.0, "sum").item()
    distilled = nn.DistillationLoss(2.0, 0.3)
    assert repr(distilled) == "DistillationLoss(T=2.0, alpha=0.3)"
    assert distilled(x, y, t).item() == F.distillation_loss(x, y, t, 2.0, 0.3).item()


@pytest.mark.parametrize("call", [
    lambda: F.focal_loss(mg.zeros(2, 3), mg.tensor([0, 1]), gamma=-1),
    lambda: F.sigmoid_focal_loss(mg.zeros(2), mg.zeros(2), gamma=-1),
    lambda: F.sigmoid_focal_loss(mg.zeros(2), mg.zeros(2), alpha=1.5),
    lambda: F.sigmoid_focal_loss(mg.zeros(2), mg.zeros(3)),
    lambda: F.distillation_loss(mg.zeros(2, 3), mg.zeros(2, 3), mg.tensor([0, 1]), T=0),
    lambda: F.distillation_loss(mg.zeros(2, 3), mg.zeros(2, 3), mg.tensor([0, 1]), alpha=2),
    lambda: F.distillation_loss(mg.zeros(2, 3), mg.zeros(2, 4), mg.tensor([0, 1])),
    lambda: F.distillation_loss(mg.zeros(3), mg.zeros(3), mg.tensor(0)),
])  # fmt: skip
def test_bad_settings_are_refused(call):
    with pytest.raises(ValueError, match="gamma|alpha|T must|shape"):
        call()
