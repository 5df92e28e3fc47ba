"""Metrics of classifiers, summed up batch by batch.

Each has ``update(outputs, targets)``, ``compute()`` (a number, or an array for the confusion
matrix) and ``reset()``. Outputs are logits or probabilities (N, C), or scores (N,) of the second of
two classes; targets are classes (N,). Further axes, as (N, C, d1, …) and (N, d1, …), count as
samples. They agree with scikit-learn's.
"""

import copy
import math

import numpy as np

from ..engine.graph import TensorBase
from ..ops.cross_entropy import cross_entropy

__all__ = [
    "AUROC", "Accuracy", "Average", "ConfusionMatrix", "F1", "Metric", "Perplexity", "TopK",
]  # fmt: skip


class Metric:
    """Base of metrics. A subclass names its sums in ``start()``: a dict of numbers or arrays."""

    def __init__(self):
        self.reset()

    def start(self):
        """The sums before the first batch."""
        raise NotImplementedError(f"{type(self).__name__} must define start()")

    def reset(self):
        """Forget all batches."""
        self.sums = self.start()

    def update(self, outputs, targets):
        """Add a batch."""
        raise NotImplementedError(f"{type(self).__name__} must define update(outputs, targets)")

    def compute(self):
        """The metric of all batches; NaN where there was none."""
        raise NotImplementedError(f"{type(self).__name__} must define compute()")

    def state_dict(self):
        """The sums so far."""
        return dict(self.sums)

    def load_state_dict(self, state):
        """Continue from what :meth:`state_dict` gave."""
        self.sums = dict(state)


class Accuracy(Metric):
    """The share of samples whose class has the largest output (ties: the first one).

    Scores (N,) above ``threshold`` say 1. Targets of ``ignore_index`` do not count.

    >>> import minigrad as mg
    >>> accuracy = Accuracy()
    >>> accuracy.update(mg.tensor([[2.0, 1.0], [0.0, 3.0]]), mg.tensor([0, 0]))
    >>> accuracy.compute()
    0.5
    """

    def __init__(self, threshold=0.0, ignore_index=-100):
        self.threshold = threshold
        self.ignore_index = ignore_index
        super().__init__()

    def start(self):
        return {"right": 0, "count": 0}

    def update(self, outputs, targets):
        scores, targets = kept_rows(outputs, targets, self.ignore_index)
        self.sums["right"] += int((decided(scores, self.threshold) == targets).sum())
        self.sums["count"] += len(targets)

    def compute(self):
        return self.sums["right"] / self.sums["count"] if self.sums["count"] else math.nan


class TopK(Accuracy):
    """The share of samples whose class is among the ``k`` with the largest outputs.

    >>> import minigrad as mg
    >>> top = TopK(2)
    >>> top.update(mg.tensor([[3.0, 1.0, 2.0], [3.0, 2.0, 1.0]]), mg.tensor([2, 2]))
    >>> top.compute()
    0.5
    """

    def __init__(self, k=5, ignore_index=-100):
        self.k = k
        super().__init__(ignore_index=ignore_index)

    def update(self, outputs, targets):
        scores, targets = kept_rows(outputs, targets, self.ignore_index)
        if scores.ndim != 2 or scores.shape[1] < self.k:
            raise ValueError(f"TopK({self.k}) needs outputs (N, {self.k} or more classes)")
        best = np.argsort(-scores, axis=1, kind="stable")[:, : self.k]
        self.sums["right"] += int((best == targets[:, None]).any(1).sum())
        self.sums["count"] += len(targets)


class ConfusionMatrix(Metric):
    """Counts of samples by (class, class said): an array (C, C), rows being the true classes.

    ``classes`` is needed for scores (N,), otherwise taken from the outputs.
    """

    def __init__(self, classes=None, threshold=0.0, ignore_index=-100):
        self.classes = classes
        self.threshold = threshold
        self.ignore_index = ignore_index
        super().__init__()

    def start(self):
        size = self.classes or 0
        return {"matrix": np.zeros((size, size), np.int64)}

    def update(self, outputs, targets):
        scores, targets = kept_rows(outputs, targets, self.ignore_index)
        classes = self.classes or (scores.shape[1] if scores.ndim == 2 else 2)
        if not self.sums["matrix"].size:
            self.sums["matrix"] = np.zeros((classes, classes), np.int64)
        if len(targets) and not 0 <= targets.min() <= targets.max() < classes:
            raise ValueError(
                f"targets from {targets.min()} to {targets.max()} are no classes of {classes}"
            )
        places = targets * classes + decided(scores, self.threshold)
        counts = np.bincount(places, minlength=classes**2).reshape(classes, classes)
        self.sums["matrix"] = self.sums["matrix"] + counts

    def compute(self):
        return self.sums["matrix"]


class F1(ConfusionMatrix):
    """2 · precision · recall / (precision + recall), 0 where a class has neither.

    ``average`` is ``"macro"`` (the mean over the classes that occur), ``"micro"``, ``"weighted"``
    (by the samples of each class), ``"binary"`` (class 1 alone) or None (an array of all classes).

    >>> import minigrad as mg
    >>> f1 = F1()
    >>> f1.update(mg.tensor([[2.0, 1.0], [2.0, 1.0], [0.0, 3.0]]), mg.tensor([0, 1, 1]))
    >>> round(f1.compute(), 4)
    0.6667
    """

    def __init__(self, average="macro", classes=None, threshold=0.0, ignore_index=-100):
        if average not in ("macro", "micro", "weighted", "binary", None):
            raise ValueError(f"unknown average {average!r}")
        self.average = average
        super().__init__(classes, threshold, ignore_index)

    def compute(self):
        matrix = self.sums["matrix"]
        right, true, said = matrix.diagonal(), matrix.sum(1), matrix.sum(0)
        if not matrix.sum():
            return math.nan
        if self.average == "micro":
            return float(right.sum() / matrix.sum())
        scores = 2 * right / np.maximum(true + said, 1)
        if self.average == "binary":
            return float(scores[1])
        if self.average is None:
            return scores
        occurs = (true + said) > 0
        weights = true if self.average == "weighted" else occurs
        return float(np.average(scores, weights=weights))


class AUROC(Metric):
    """The chance that a sample of a class scores above one of another class; ties count half.

    For outputs (N, C) the mean over the classes, each against all others (macro), where
    scikit-learn asks for probabilities; two classes count once. It keeps all scores.
    """

    def __init__(self, ignore_index=-100):
        self.ignore_index = ignore_index
        super().__init__()

    def start(self):
        return {"scores": None, "targets": None}

    def update(self, outputs, targets):
        scores, targets = kept_rows(outputs, targets, self.ignore_index)
        if self.sums["scores"] is not None:
            scores = np.concatenate([self.sums["scores"], scores])
            targets = np.concatenate([self.sums["targets"], targets])
        self.sums = {"scores": scores, "targets": targets}

    def compute(self):
        scores, targets = self.sums["scores"], self.sums["targets"]
        if scores is None:
            return math.nan
        probabilities = scores if scores.ndim == 1 else softmaxed(scores)
        if scores.ndim == 2 and scores.shape[1] == 2:
            probabilities = probabilities[:, 1]
        if probabilities.ndim == 1:
            return _area(probabilities, targets == 1)
        return float(
            np.mean([_area(probabilities[:, c], targets == c) for c in range(scores.shape[1])])
        )


def _area(scores, positive):
    """The area under the ROC curve, by the mean rank of the positive samples (Mann and Whitney)."""
    count, rest = int(positive.sum()), int((~positive).sum())
    if not count or not rest:
        return math.nan
    values, places, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    ranks = (last - (sizes - 1) / 2)[places]
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * rest))


class Perplexity(Metric):
    """exp of the mean cross-entropy of the targets that are not ignored: of logits (N, C, …)."""

    def __init__(self, ignore_index=-100):
        self.ignore_index = ignore_index
        super().__init__()

    def start(self):
        return {"loss": 0.0, "count": 0}

    def update(self, outputs, targets):
        total = cross_entropy(
            outputs.detach(), targets, ignore_index=self.ignore_index, reduction="sum"
        )
        self.sums["loss"] += total.item()
        self.sums["count"] += int((targets.numpy() != self.ignore_index).sum())

    def compute(self):
        return math.exp(self.sums["loss"] / self.sums["count"]) if self.sums["count"] else math.nan


class Average(Metric):
    """The mean over samples of what a function of (outputs, targets) gives for each batch."""

    def __init__(self, function):
        self.function = function
        super().__init__()

    def start(self):
        return {"total": 0.0, "count": 0}

    def update(self, outputs, targets):
        value = self.function(outputs, targets)
        value = value.item() if isinstance(value, TensorBase) else float(value)
        self.sums["total"] += value * len(targets)
        self.sums["count"] += len(targets)

    def compute(self):
        return self.sums["total"] / self.sums["count"] if self.sums["count"] else math.nan


NAMED = {
    "accuracy": Accuracy, "top5": TopK, "f1": F1, "auroc": AUROC, "perplexity": Perplexity,
    "confusion": ConfusionMatrix,
}  # fmt: skip


def kept_rows(outputs, targets, ignore_index):
    """Arrays of outputs (N, C) or (N,) and of classes (N,), without the ignored ones."""
    for name, value in {"outputs": outputs, "targets": targets}.items():
        if not isinstance(value, TensorBase):
            raise TypeError(f"{name} of a metric must be a tensor, got {type(value).__name__}")
    scores = outputs.detach().float().cpu().numpy()
    classes = targets.detach().cpu().numpy()
    if scores.ndim == classes.ndim + 1 and (scores.shape[0], *scores.shape[2:]) == classes.shape:
        scores = np.moveaxis(scores, 1, -1).reshape(-1, scores.shape[1])
        if scores.shape[1] == 1:
            scores = scores[:, 0]
    elif scores.shape == classes.shape:
        scores = scores.reshape(-1)
    else:
        raise ValueError(
            f"outputs of shape {scores.shape} do not go with targets of shape {classes.shape}: "
            "classes are (N, …) beside outputs (N, C, …), or as the outputs where there are two"
        )
    numbers, classes = classes.reshape(-1), classes.reshape(-1).astype(np.int64)
    if (numbers != classes).any():
        raise ValueError(
            "targets must be classes, got numbers between them; for class probabilities or "
            "regression give a function of (outputs, targets) as the metric"
        )
    kept = classes != ignore_index
    return scores[kept], classes[kept]


def decided(scores, threshold):
    """The class that each row of outputs says."""
    return scores.argmax(1) if scores.ndim == 2 else (scores > threshold).astype(np.int64)


def softmaxed(scores):
    """Rows of logits as probabilities; rows that are probabilities as they are."""
    if scores.min() >= 0 and np.allclose(scores.sum(1), 1, atol=1e-4):
        return scores
    exps = np.exp(scores - scores.max(1, keepdims=True))
    return exps / exps.sum(1, keepdims=True)


def metrics_of(metrics):
    """{name: metric} of what a trainer takes as metrics."""
    if metrics is None:
        return {}
    if isinstance(metrics, str) or callable(metrics) or isinstance(metrics, Metric):
        metrics = [metrics]
    if not isinstance(metrics, dict):
        metrics = {_name_of(metric): metric for metric in metrics}
    return {name: _metric_of(metric) for name, metric in metrics.items()}


def _name_of(metric):
    if isinstance(metric, str):
        return metric
    name = getattr(metric, "__name__", type(metric).__name__)
    return name.lower()


def _metric_of(metric):
    if isinstance(metric, str):
        if metric not in NAMED:
            raise ValueError(f"unknown metric {metric!r}; known are {', '.join(NAMED)}")
        return NAMED[metric]()
    if not isinstance(metric, Metric) and not callable(metric):
        raise TypeError(f"a metric is a name, a Metric or a function, got {metric!r}")
    return metric if isinstance(metric, Metric) else Average(metric)


class Meter:
    """The loss and the metrics of a pass over some data."""

    def __init__(self, metrics):
        self.metrics = copy.deepcopy(metrics)
        self.reset()

    def reset(self):
        """Begin a new pass."""
        self.total = self.weight = 0.0
        self.batches = 0
        for metric in self.metrics.values():
            metric.reset()

    def add(self, total, weight, outputs, targets):
        """Count a batch: the sum of its losses, what it weighs in a mean, what its metrics see."""
        if weight:  # a batch whose targets are all ignored has no mean
            self.total += total
            self.weight += weight
        self.batches += 1
        for metric in self.metrics.values():
            metric.update(outputs, targets)

    def results(self):
        """The mean loss and the metrics of all batches, by name."""
        loss = self.total / self.weight if self.weight else math.nan
        return {"loss": loss, **{name: m.compute() for name, m in self.metrics.items()}}

    def state_dict(self):
        """The sums so far."""
        return {
            "total": self.total, "weight": self.weight, "batches": self.batches,
            "metrics": {name: metric.state_dict() for name, metric in self.metrics.items()},
        }  # fmt: skip

    def load_state_dict(self, state):
        """Continue from what :meth:`state_dict` gave."""
        self.total, self.weight, self.batches = state["total"], state["weight"], state["batches"]
        for name, metric in self.metrics.items():
            metric.load_state_dict(state["metrics"][name])
