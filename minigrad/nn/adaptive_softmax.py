"""Softmax over many classes, of which the frequent ones cost less."""

from collections import namedtuple

from ..ops.along import TakeAlong
from ..ops.joining import cat
from ..ops.operands import only_tensors
from ..ops.softmax import log_softmax
from .containers import ModuleList, Sequential
from .linear import Linear
from .module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]

Output = namedtuple("ASMoutput", ("output", "loss"))


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of classes sorted by falling frequency, and their negative mean.

    The ``head`` chooses among the first ``cutoffs[0]`` classes and the clusters of rarer ones
    between two cutoffs; a cluster, the i-th of the ``tail``, chooses within itself through
    in_features / div_valueⁱ hidden units, and only for the rows that need it.
    Source: Grave et al. 2017.

    >>> import minigrad as mg
    >>> loss_fn = mg.nn.AdaptiveLogSoftmaxWithLoss(8, 100, cutoffs=[10, 40])
    >>> loss_fn(mg.ones(5, 8), mg.tensor([0, 3, 20, 99, 39])).output.shape
    (5,)
    """

    def __init__(
        self, in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None,
        dtype=None,
    ):  # fmt: skip
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs must name at least one class, got none")
        if cutoffs != sorted(set(cutoffs)) or not 0 < cutoffs[0] <= cutoffs[-1] < n_classes:
            raise ValueError(
                f"cutoffs must be increasing ints between 1 and n_classes − 1 = {n_classes - 1}, "
                f"got {cutoffs}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        kind = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, head_bias, **kind)
        self.tail = ModuleList(
            Sequential(
                Linear(in_features, int(in_features // div_value ** (i + 1)), False, **kind),
                Linear(int(in_features // div_value ** (i + 1)), high - low, False, **kind),
            )
            for i, (low, high) in enumerate(self._clusters())
        )

    def _clusters(self):
        """(first class, first class beyond) of each cluster of the tail."""
        return list(zip(self.cutoffs[:-1], self.cutoffs[1:], strict=True))

    def reset_parameters(self):
        """Draw new initial values."""
        for linear in (self.head, *(linear for pair in self.tail for linear in pair)):
            linear.reset_parameters()

    def forward(self, input, target):
        only_tensors("AdaptiveLogSoftmaxWithLoss", input, target, arguments=("input", "target"))
        self._check(input, target)
        if target.ndim == 0:
            output, loss = self.forward(input.unsqueeze(0), target.unsqueeze(0))
            return Output(output.squeeze(0), loss)
        head = log_softmax(self.head(input), 1)
        column = target.clamp(max=self.shortlist_size - 1)
        rows = []
        for i, (low, high) in enumerate(self._clusters()):
            inside = (target >= low) & (target < high)
            column = column.masked_fill(inside, self.shortlist_size + i)
            rows.append(inside.nonzero().squeeze(1))
        output = _picked(head, column)
        for i, (low, _) in enumerate(self._clusters()):
            if rows[i].numel():
                within = log_softmax(self.tail[i](input[rows[i]]), 1)
                output = output.index_add(0, rows[i], _picked(within, target[rows[i]] - low))
        return Output(output, -output.mean())

    def _check(self, input, target):
        name, shapes = self._get_name(), f"{input.shape} and {target.shape}"
        if target.ndim not in (0, 1) or input.ndim != target.ndim + 1:
            raise RuntimeError(
                f"{name}: input (N, in_features) needs a target (N,), and input (in_features,) a "
                f"0-d one; got shapes {shapes}"
            )
        if input.shape[:-1] != target.shape:
            raise RuntimeError(f"{name}: input and target differ in their rows: {shapes}")
        if target.numel() and not 0 <= target.min().item() <= target.max().item() < self.n_classes:
            raise RuntimeError(
                f"{name}: target values must be in [0, {self.n_classes - 1}], got values from "
                f"{target.min().item()} to {target.max().item()}"
            )

    def log_prob(self, input):
        """The log-probabilities of all classes, (N, n_classes)."""
        head = log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, pair in enumerate(self.tail):
            place = self.shortlist_size + i
            parts.append(log_softmax(pair(input), 1) + head[:, place : place + 1])
        return cat(parts, 1)

    def predict(self, input):
        """The most probable class of each row."""
        return self.log_prob(input).argmax(1)


def _picked(log_p, column):
    """One element of each row."""
    return TakeAlong.apply(log_p, column.unsqueeze(1), axis=1).squeeze(1)
