"""Metrics are scikit-learn's, however the data is cut into batches."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.train import metrics

sklearn_metrics = pytest.importorskip("sklearn.metrics")


def in_batches(metric, outputs, targets, size=7):
    for start in range(0, len(targets), size):
        metric.update(
            mg.tensor(outputs[start : start + size]), mg.tensor(targets[start : start + size])
        )
    return metric.compute()


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(20, 60))
def test_classes(seed, classes, count):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(count, classes)).round(1).astype("float32")
    targets = rng.integers(0, classes, count)
    said = logits.argmax(1)
    labels = range(classes)
    assert in_batches(metrics.Accuracy(), logits, targets) == pytest.approx(
        sklearn_metrics.accuracy_score(targets, said)
    )
    confusion = in_batches(metrics.ConfusionMatrix(), logits, targets)
    assert (confusion == sklearn_metrics.confusion_matrix(targets, said, labels=labels)).all()
    for average in ("macro", "micro", "weighted"):
        assert in_batches(metrics.F1(average), logits, targets) == pytest.approx(
            sklearn_metrics.f1_score(targets, said, average=average)
        )
    each = sklearn_metrics.f1_score(targets, said, average=None, labels=labels, zero_division=0)
    assert in_batches(metrics.F1(None), logits, targets) == pytest.approx(each)
    k = min(2, classes - 1)
    distinct = logits + rng.permutation(logits.size).reshape(logits.shape).astype("float32") / 1e5
    if classes > 2:
        assert in_batches(metrics.TopK(k), distinct, targets) == pytest.approx(
            sklearn_metrics.top_k_accuracy_score(targets, distinct, k=k, labels=labels)
        )
    if len(set(targets.tolist())) == classes:
        wanted = (
            sklearn_metrics.roc_auc_score(targets, softmax(logits)[:, 1]) if classes == 2
            else sklearn_metrics.roc_auc_score(targets, softmax(logits), multi_class="ovr")
        )  # fmt: skip
        assert in_batches(metrics.AUROC(), logits, targets) == pytest.approx(wanted)


@given(st.integers(0, 10_000), st.integers(10, 60))
def test_two_classes_by_a_score(seed, count):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=count).round(1).astype("float32")
    targets = rng.integers(0, 2, count)
    said = scores > 0
    assert in_batches(metrics.Accuracy(), scores, targets) == pytest.approx(
        sklearn_metrics.accuracy_score(targets, said)
    )
    assert in_batches(metrics.F1("binary"), scores, targets) == pytest.approx(
        sklearn_metrics.f1_score(targets, said, zero_division=0)
    )
    if 0 < targets.sum() < count:
        assert in_batches(metrics.AUROC(), scores, targets) == pytest.approx(
            sklearn_metrics.roc_auc_score(targets, scores)
        )


def test_perplexity_and_ignored_targets(rng):
    logits = rng.normal(size=(12, 5, 4)).astype("float32")
    targets = rng.integers(0, 5, (12, 4))
    targets[3:, 2] = -100
    kept = targets != -100
    rows, classes = np.moveaxis(logits, 1, -1)[kept], targets[kept]
    losses = -np.log(softmax(rows))[np.arange(len(classes)), classes]
    found = in_batches(metrics.Perplexity(), logits, targets)
    assert found == pytest.approx(math.exp(losses.mean()), rel=1e-5)
    accuracy = in_batches(metrics.Accuracy(), logits, targets)
    assert accuracy == pytest.approx((rows.argmax(1) == classes).mean())


@pytest.mark.parametrize("name", metrics.NAMED)
def test_state_goes_on(name, rng):
    outputs, targets = rng.normal(size=(20, 6)).astype("float32"), np.arange(20) % 6
    first, second = metrics.NAMED[name](), metrics.NAMED[name]()
    for metric, part in ((first, slice(0, 9)), (second, slice(9, 20))):
        if metric is second:
            second.load_state_dict(first.state_dict())
        metric.update(mg.tensor(outputs[part]), mg.tensor(targets[part]))
    at_once = in_batches(metrics.NAMED[name](), outputs, targets, 20)
    np.testing.assert_allclose(second.compute(), at_once, rtol=1e-6)
    second.reset()
    assert np.all(np.isnan(second.compute())) or np.size(second.compute()) == 0


def test_bad_calls():
    with pytest.raises(ValueError, match=r"outputs of shape \(3, 2\)"):
        metrics.Accuracy().update(mg.zeros(3, 2), mg.zeros(4, dtype=mg.int64))
    with pytest.raises(ValueError, match="TopK"):
        metrics.TopK(5).update(mg.zeros(3, 2), mg.zeros(3, dtype=mg.int64))
    with pytest.raises(ValueError, match="no classes of 2"):
        metrics.ConfusionMatrix().update(mg.zeros(3, 2), mg.full((3,), 2))
    with pytest.raises(ValueError, match="unknown metric 'acc'"):
        metrics.metrics_of("acc")
    with pytest.raises(ValueError, match="unknown average"):
        metrics.F1("mean")


def test_functions_are_averaged_by_samples():
    (average,) = metrics.metrics_of([lambda outputs, targets: outputs.mean()]).values()
    average.update(mg.tensor([1.0, 3.0]), mg.zeros(2))
    average.update(mg.tensor([8.0]), mg.zeros(1))
    assert average.compute() == 4.0


def test_targets_that_are_no_classes_are_refused():
    with pytest.raises(ValueError, match="must be classes.*function"):
        metrics.Accuracy().update(mg.zeros(2, 2), mg.tensor([[0.5, 0.5], [1.0, 0.0]]))
    with pytest.raises(TypeError, match="outputs of a metric must be a tensor, got tuple"):
        metrics.Accuracy().update((mg.zeros(2, 2),), mg.tensor([0, 1]))


def test_auroc_leaves_ignored_targets_out():
    area = metrics.AUROC()
    area.update(mg.tensor([0.1, 0.9, 0.95]), mg.tensor([0, 1, -100]))
    assert area.compute() == 1.0
