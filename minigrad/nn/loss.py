"""Losses as modules: each keeps the settings of its function in ``minigrad.nn.functional``.

``activation`` makes of a model's raw outputs what they mean to the loss (probabilities, say), and
``decode`` the prediction: a value, a yes or no, or the number of a class.
"""

import math

from ..engine.graph import TensorBase
from ..ops import (
    activation,
    cross_entropy,
    ctc,
    distillation,
    linear_cross_entropy,
    margin_loss,
    pointwise_loss,
    probability_loss,
    regression_loss,
    softmax,
)
from ..ops.extremes import argmax
from ..ops.functions import exp
from .distance import PairwiseDistance
from .linear import Linear
from .module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "DistillationLoss",
    "FocalLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LinearCrossEntropyLoss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SigmoidFocalLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class _Loss(Module):
    """A function of tensors, with a reduction and the arguments named in ``settings``."""

    function = None
    settings = ()
    also = ()  # reductions beside none, mean and sum

    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        super().__init__()
        pointwise_loss.check_reduction(reduction, size_average, reduce, self.also)
        self.reduction = reduction

    def forward(self, input, target):
        return self._value(input, target)

    def _value(self, *tensors):
        settings = {name: getattr(self, name) for name in self.settings}
        return type(self).function(*tensors, reduction=self.reduction, **settings)

    def activation(self, logits):
        """What the outputs of a model mean to this loss."""
        return logits

    def decode(self, logits):
        """The prediction that outputs of a model stand for."""
        return self.activation(logits)


class _WeightedLoss(_Loss):
    """A loss with a weight for each class or element, which is a buffer."""

    settings = ("weight",)

    def __init__(self, weight=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self._buffer("weight", weight)

    def _buffer(self, name, value):
        if value is not None and not isinstance(value, TensorBase):
            kind = type(value).__name__
            raise TypeError(f"{self._get_name()}: {name} must be a tensor, got {kind}")
        self.register_buffer(name, value)


class _Logits:
    """Outputs are logits of independent yes or no answers: sigmoid, and more likely than not."""

    def activation(self, logits):
        return activation.sigmoid(logits)

    def decode(self, logits):
        return self.activation(logits) > 0.5


class _ClassLogits:
    """Outputs are logits of classes along axis 1 (0 of a vector): softmax, and the likeliest."""

    def activation(self, logits):
        return softmax.softmax(logits, _class_axis(logits))

    def decode(self, logits):
        return argmax(logits, _class_axis(logits))


class _ClassLogProbabilities(_ClassLogits):
    """Outputs are log-probabilities of classes."""

    def activation(self, logits):
        return exp(softmax.log_softmax(logits, _class_axis(logits)))


def _class_axis(logits):
    return 0 if logits._array.ndim == 1 else 1


class MSELoss(_Loss):
    """(input − target)², reduced."""

    function = regression_loss.mse_loss


class L1Loss(_Loss):
    """|input − target|, reduced."""

    function = regression_loss.l1_loss


class SmoothL1Loss(_Loss):
    """d² / 2β where |d| = |input − target| < β, else |d| − β / 2, reduced."""

    function = regression_loss.smooth_l1_loss
    settings = ("beta",)

    def __init__(self, size_average=None, reduce=None, reduction="mean", beta=1.0):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta


class HuberLoss(_Loss):
    """d² / 2 where |d| = |input − target| <= δ, else δ (|d| − δ / 2), reduced."""

    function = regression_loss.huber_loss
    settings = ("delta",)

    def __init__(self, reduction="mean", delta=1.0):
        super().__init__(None, None, reduction)
        self.delta = delta


class BCELoss(_WeightedLoss):
    """−y ln p − (1 − y) ln(1 − p) of probabilities p, reduced. Prefer BCEWithLogitsLoss."""

    function = probability_loss.binary_cross_entropy

    def decode(self, logits):
        return logits > 0.5


class BCEWithLogitsLoss(_Logits, _WeightedLoss):
    """−p y ln σ(z) − (1 − y) ln σ(−z) of logits z, reduced, with p = ``pos_weight``.

    >>> import minigrad as mg
    >>> mg.nn.BCEWithLogitsLoss()(mg.zeros(2), mg.tensor([1.0, 0.0]))
    tensor(0.6931)
    """

    function = probability_loss.binary_cross_entropy_with_logits
    settings = ("weight", "pos_weight")

    def __init__(
        self, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self._buffer("pos_weight", pos_weight)


class CrossEntropyLoss(_ClassLogits, _WeightedLoss):
    """−ln softmax(input)_target from raw logits, as :func:`minigrad.nn.functional.cross_entropy`.

    >>> import minigrad as mg
    >>> mg.nn.CrossEntropyLoss()(mg.zeros(2, 4), mg.tensor([0, 3]))
    tensor(1.3863)
    """

    function = cross_entropy.cross_entropy
    settings = ("weight", "ignore_index", "label_smoothing", "all_ignored")

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
        label_smoothing=0.0,
        *,
        all_ignored="nan",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.all_ignored = all_ignored


class LinearCrossEntropyLoss(_ClassLogits, _WeightedLoss):
    """Cross-entropy of a linear layer's outputs, without holding all of them.

    ``out_features`` (d1, …) makes the loss one of several axes; ``options`` is ignored.
    """

    def __init__(
        self,
        in_features,
        num_classes,
        *,
        out_features=(),
        bias=False,
        device=None,
        dtype=None,
        reduction="mean",
        weight=None,
        ignore_index=None,
        label_smoothing=0.0,
        options=None,
    ):
        if weight is not None and weight._array.shape != (num_classes,):
            raise RuntimeError(
                f"LinearCrossEntropyLoss: weight must have shape {(num_classes,)}, "
                f"got {weight._array.shape}"
            )
        cross_entropy.check_smoothing(label_smoothing)
        super().__init__(weight, None, None, reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.options = options
        outputs = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, outputs, bias=bias, device=device, dtype=dtype)

    def forward(self, input, target):
        shape, bias = (self.num_classes, *self.out_features), self.linear.bias
        return linear_cross_entropy.linear_cross_entropy(
            input,
            self.linear.weight.reshape((*shape, self.linear.in_features)),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )

    def extra_repr(self):
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, "
            f"reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )


class NLLLoss(_ClassLogProbabilities, _WeightedLoss):
    """−w_target · input_target of log-probabilities, reduced."""

    function = cross_entropy.nll_loss
    settings = ("weight", "ignore_index")

    def __init__(
        self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index


class FocalLoss(_ClassLogits, _WeightedLoss):
    """(1 − p_t)ᵞ · cross-entropy, p_t the probability given to the target. Lin et al. 2017."""

    function = cross_entropy.focal_loss
    settings = ("gamma", "weight", "ignore_index", "label_smoothing")
    also = ("num_pos",)

    def __init__(
        self, gamma=2.0, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"
    ):
        super().__init__(weight, None, None, reduction)
        self.gamma = gamma
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing


class SigmoidFocalLoss(_Logits, _Loss):
    """a (1 − q)ᵞ · binary cross-entropy, q the probability given to the target. Lin et al. 2017.

    Note that the losses are not reduced by default.
    """

    function = probability_loss.sigmoid_focal_loss
    settings = ("alpha", "gamma")
    also = ("num_pos",)

    def __init__(self, alpha=0.25, gamma=2.0, reduction="none"):
        super().__init__(None, None, reduction)
        self.alpha = alpha
        self.gamma = gamma


class KLDivLoss(_ClassLogProbabilities, _Loss):
    """y (ln y − x) of log-probabilities x and probabilities y; "batchmean" is the mean per row."""

    function = probability_loss.kl_div
    settings = ("log_target",)
    also = ("batchmean",)

    def __init__(self, size_average=None, reduce=None, reduction="mean", log_target=False):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target


class DistillationLoss(_ClassLogits, Module):
    """α T² KL(softmax(teacher / T) ‖ softmax(student / T)) + (1 − α) cross-entropy.

    Called with the logits of student and teacher, and classes. Source: Hinton et al. 2015.
    """

    def __init__(self, T=4.0, alpha=0.9):
        super().__init__()
        self.T = T
        self.alpha = alpha

    def forward(self, student, teacher, target):
        return distillation.distillation_loss(student, teacher, target, self.T, self.alpha)

    def extra_repr(self):
        return f"T={self.T}, alpha={self.alpha}"


class PoissonNLLLoss(_Loss):
    """eˣ − y x of the logarithm x of a rate (or x − y ln(x + eps) of the rate), reduced."""

    function = probability_loss.poisson_nll_loss
    settings = ("log_input", "full", "eps")

    def __init__(
        self,
        log_input=True,
        full=False,
        size_average=None,
        eps=1e-8,
        reduce=None,
        reduction="mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def activation(self, logits):
        return exp(logits) if self.log_input else logits


class GaussianNLLLoss(_Loss):
    """(ln s + (input − target)² / s) / 2 with the variance s = max(var, eps), reduced."""

    function = probability_loss.gaussian_nll_loss
    settings = ("full", "eps")

    def __init__(self, *, full=False, eps=1e-6, reduction="mean"):
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input, target, var):
        return self._value(input, target, var)


class SoftMarginLoss(_Loss):
    """ln(1 + e^(−y x)) for targets y of 1 and −1, reduced."""

    function = margin_loss.soft_margin_loss


class HingeEmbeddingLoss(_Loss):
    """x where the target is 1, max(0, margin − x) where it is −1, reduced."""

    function = margin_loss.hinge_embedding_loss
    settings = ("margin",)

    def __init__(self, margin=1.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class _OfTwo(HingeEmbeddingLoss):
    """A loss of two inputs and a target of 1 or −1."""

    def __init__(self, margin=0.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input1, input2, target):
        return self._value(input1, input2, target)


class MarginRankingLoss(_OfTwo):
    """max(0, −y (x₁ − x₂) + margin) for targets y of 1 (x₁ ranks higher) and −1, reduced."""

    function = margin_loss.margin_ranking_loss


class CosineEmbeddingLoss(_OfTwo):
    """1 − cos(x₁, x₂) where the target is 1, max(0, cos(x₁, x₂) − margin) where −1, reduced."""

    function = margin_loss.cosine_embedding_loss


class MultiLabelMarginLoss(_Loss):
    """Σ max(0, 1 − (x_t − x_c)) / C over targets t and classes c that are no targets, reduced."""

    function = margin_loss.multilabel_margin_loss


class MultiLabelSoftMarginLoss(_Logits, _WeightedLoss):
    """Binary cross-entropy of logits averaged over the classes (the last axis), then reduced."""

    function = margin_loss.multilabel_soft_margin_loss


class MultiMarginLoss(_WeightedLoss):
    """w_t Σ_{c ≠ t} max(0, margin − x_t + x_c)ᵖ / C of scores, reduced."""

    function = margin_loss.multi_margin_loss
    settings = ("p", "margin", "weight")

    def __init__(
        self, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
    ):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: p must be 1 or 2, got {p}")
        if weight is not None and weight._array.ndim != 1:
            raise ValueError("MultiMarginLoss: weight must have one axis")
        self.p = p
        self.margin = margin

    def decode(self, logits):
        return argmax(logits, -1)


class TripletMarginLoss(_Loss):
    """max(0, d(anchor, positive) − d(anchor, negative) + margin), reduced."""

    function = margin_loss.triplet_margin_loss
    settings = ("margin", "p", "eps", "swap")

    def __init__(
        self,
        margin=1.0,
        p=2.0,
        eps=1e-6,
        swap=False,
        size_average=None,
        reduce=None,
        reduction="mean",
    ):
        super().__init__(size_average, reduce, reduction)
        _check_margin(self, margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor, positive, negative):
        return self._value(anchor, positive, negative)


class TripletMarginWithDistanceLoss(_Loss):
    """TripletMarginLoss with a distance of your own."""

    function = margin_loss.triplet_margin_with_distance_loss
    settings = ("distance_function", "margin", "swap")

    def __init__(self, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
        super().__init__(None, None, reduction)
        _check_margin(self, margin)
        self.distance_function = distance_function or PairwiseDistance()
        self.margin = margin
        self.swap = swap

    def forward(self, anchor, positive, negative):
        return self._value(anchor, positive, negative)


def _check_margin(module, margin):
    if not margin > 0:
        raise ValueError(f"{module._get_name()}: margin must be positive, got {margin}")


class CTCLoss(_ClassLogProbabilities, _Loss):
    """−ln P(labels) of sequences under log-probabilities (T, N, C). Source: Graves et al. 2006."""

    function = ctc.ctc_loss
    settings = ("blank", "zero_infinity")

    def __init__(self, blank=0, reduction="mean", zero_infinity=False):
        super().__init__(None, None, reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs, targets, input_lengths, target_lengths):
        return self._value(log_probs, targets, input_lengths, target_lengths)

    def activation(self, logits):
        return exp(softmax.log_softmax(logits, -1))

    def decode(self, logits):
        return argmax(logits, -1)
