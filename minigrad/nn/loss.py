"""Losses as modules."""

from ..ops import loss
from .module import Module

__all__ = ["CrossEntropyLoss", "MSELoss"]


class _Loss(Module):
    """What losses share: a reduction, and a refusal of the arguments it replaced."""

    def __init__(self, size_average, reduce, reduction):
        super().__init__()
        if size_average is not None or reduce is not None:
            old = "size_average" if size_average is not None else "reduce"
            raise TypeError(
                f"{self._get_name()}: {old} is no longer an argument; "
                "say reduction='mean', 'sum' or 'none'"
            )
        loss.check_reduction(reduction)
        self.reduction = reduction


class MSELoss(_Loss):
    """(input − target)², reduced."""

    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)

    def forward(self, input, target):
        return loss.mse_loss(input, target, reduction=self.reduction)


class CrossEntropyLoss(_Loss):
    """−ln softmax(input)_target from raw logits, as :func:`minigrad.nn.functional.cross_entropy`.

    >>> import minigrad as mg
    >>> mg.nn.CrossEntropyLoss()(mg.zeros(2, 4), mg.tensor([0, 3]))
    tensor(1.3863)
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
        label_smoothing=0.0,
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input, target):
        return loss.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )
