"""Faults of data, and data that is fine."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.debug import check_data


def data(count=400, features=6, classes=3, seed=0):
    """Points around a centre for each class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, count)
    centres = 2 * rng.standard_normal((classes, features))
    return (centres[y] + rng.standard_normal((count, features))).astype(np.float32), y


def loader(x, y, shuffle=True, batch=32):
    return mg.data.DataLoader(
        mg.data.TensorDataset(mg.tensor(x), mg.tensor(y)), batch, shuffle=shuffle
    )


def codes(check, severity=None):
    return [f.code for f in check.findings if severity in (None, f.severity)]


@pytest.mark.parametrize("name", ["digits", "wine", "breast_cancer", "iris", "diabetes"])
def test_G0_real_data_is_fine(name):
    train, val = getattr(mg.data.datasets, name)()
    check = check_data(
        mg.data.DataLoader(train, 32, shuffle=True), val_loader=mg.data.DataLoader(val, 32)
    )
    assert check.ok, str(check)
    assert check.number > 3


@pytest.mark.parametrize("name", ["digits", "wine", "breast_cancer", "diabetes"])
@pytest.mark.parametrize("seed", range(3))
def test_G0_labels_of_other_samples_are_found(name, seed):
    x, y = (t.numpy() for t in getattr(mg.data.datasets, name)()[0].tensors)
    y = np.random.default_rng(seed).permutation(y)
    assert codes(check_data(loader(x, y)), "error") == ["shuffled_labels"]


def changed(name):
    """(x, y) with a fault of a name."""
    x, y = data()
    if name == "NaN":
        x[3, 2] = np.nan
    elif name == "infinite target":
        y = y.astype(np.float32)
        y[0] = np.inf
    elif name == "large":
        x *= 1e4
    elif name == "one small column":
        x[:, 1] *= 1e-4
    elif name == "offset":
        x[:, 1] += 1e4
    elif name == "nothing":
        x[:] = 1.0
    elif name == "negative":
        y = y - 1
    return x, y


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NaN", "non_finite"), ("infinite target", "non_finite"), ("large", "feature_scale"),
        ("one small column", "feature_scale"), ("offset", "feature_scale"),
        ("nothing", "constant_features"), ("negative", "label_range"),
    ],
)  # fmt: skip
def test_G0_faults_of_values(name, code):
    assert code in codes(check_data(loader(*changed(name))), "error")


def test_G0_labels_that_the_model_cannot_say():
    x, y = data()
    net = mg.nn.Linear(6, 3)
    assert check_data(loader(x, y), net).ok
    off = check_data(loader(x, y + 1), net)
    assert codes(off, "error") == ["label_range"]
    assert "off by one" in off.findings[0].message
    assert codes(check_data(loader(x, y + 1)), "warning") == ["label_range"]
    assert codes(check_data(loader(x, y + 1), mg.nn.Linear(6, 4)), "warning") == ["label_range"]
    assert codes(check_data(loader(x, 2 * y), net), "error") == ["label_range"]


def test_ignored_targets_have_no_range():
    x, y = data()
    y[:10] = -100
    assert "label_range" not in codes(check_data(loader(x, y), mg.nn.Linear(6, 3)))


def test_G0_validation_rows_that_are_training_rows():
    x, y = data()
    train = loader(x[:300], y[:300])
    assert check_data(train, val_loader=loader(x[300:], y[300:])).findings == []
    leaking = check_data(train, val_loader=loader(x[250:], y[250:]))
    assert codes(leaking, "error") == ["leak"]
    assert leaking.findings[0].evidence == {"share": 50 / 150}
    assert codes(check_data(train, val_loader=loader(x[299:], y[299:])), "info") == ["leak"]


def test_G0_passes_that_are_sorted_or_in_one_order():
    x, y = data()
    order = np.argsort(y)
    assert codes(check_data(loader(x[order], y[order], False)), "warning") == ["missing_shuffle"]
    assert codes(check_data(loader(x, y, False)), "warning") == ["missing_shuffle"]
    assert check_data(loader(x[order], y[order])).ok
    whole = loader(x, y, False, batch=len(x))
    assert check_data(whole).ok  # one batch has no order


def test_a_list_of_batches_and_an_iterable_data_set():
    x, y = data()
    batches = [(mg.tensor(x[i : i + 50]), mg.tensor(y[i : i + 50])) for i in range(0, 400, 50)]
    assert codes(check_data(batches)) == ["missing_shuffle"]

    class Stream(mg.data.IterableDataset):
        def __iter__(self):
            return zip(mg.tensor(x), mg.tensor(y), strict=True)

    assert check_data(mg.data.DataLoader(Stream(), 50)).ok


def test_what_is_for_information():
    x, y = data()
    x[:, 0] = 1.0
    y[y == 2] = 1
    y[:5] = 2
    check = check_data(loader(x, y))
    assert check.ok
    assert set(codes(check, "info")) == {"constant_features", "imbalance"}


def test_the_dtype_of_the_model():
    x, y = data()
    net = mg.nn.Linear(6, 3).double()
    check = check_data(loader(x.astype(np.float64), y), net)
    assert check.ok
    assert codes(check_data(loader(x, y), net), "error") == ["input_dtype"]


def test_tokens_have_no_scale_and_no_neighbours():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 50, (200, 12)), rng.integers(0, 50, (200, 12))
    check = check_data(loader(x, y), mg.nn.Embedding(50, 50))
    assert (check.ok, check.number, check.threshold) == (True, None, None)


def test_samples_bounds_what_is_looked_at():
    check = check_data(loader(*data()), samples=100)
    assert check.advice == "100 samples looked at."


@pytest.mark.parametrize("seed", range(4))
def test_G0_labels_of_few_samples_are_believed(seed):
    x = np.random.default_rng(seed).standard_normal((72, 8)).astype(np.float32)
    weights = np.random.default_rng(seed + 9).standard_normal((8, 3))
    assert check_data(loader(x, (x @ weights).argmax(1))).ok
    few = check_data(loader(x[:40], np.random.default_rng(seed).permutation(40) % 2))
    assert codes(few, "error") == [] and codes(few, "warning") == ["shuffled_labels"]


def test_a_last_batch_of_one_sample_is_told_where_batch_norms_would_stumble():
    x = mg.randn(65, 4)
    loader = mg.data.DataLoader(mg.data.TensorDataset(x, (x[:, 0] > 0).long()), 16, shuffle=True)
    net = mg.nn.Sequential(mg.nn.Linear(4, 8), mg.nn.BatchNorm1d(8), mg.nn.Linear(8, 2))
    assert "single_sample" in [f.code for f in mg.debug.check_data(loader, net).findings]
    report = mg.debug.playbook(net, mg.nn.CrossEntropyLoss(), loader)
    assert not report.ok and "drop_last=True" in str(report)
    loader.drop_last = True
    for model in (net, mg.nn.freeze_norm(net)):
        assert "single_sample" not in [f.code for f in mg.debug.check_data(loader, model).findings]
