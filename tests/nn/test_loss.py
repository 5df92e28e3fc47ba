"""Losses as modules."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F


@pytest.mark.parametrize("kind", [nn.MSELoss, nn.CrossEntropyLoss])
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
    expected = F.cross_entropy(x, t, weight, 1, "sum", 0.1)
    assert loss(x, t).item() == expected.item()
    assert list(loss.state_dict()) == ["weight"]
    assert nn.MSELoss(reduction="sum")(x, mg.zeros(4, 3)).item() == F.mse_loss(
        x, mg.zeros(4, 3), reduction="sum"
    ).item()
