"""The first loss, and outputs that are not what the loss wants."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.debug import initial_loss

from .set_ups import mlp

nn = mg.nn
F = nn.functional


def batch(count=512):
    x, y = mg.data.datasets.digits()[0].tensors
    return x[:count], y[:count]


def codes(check):
    return [f.code for f in check.findings]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "loss_fn",
    [nn.CrossEntropyLoss(), F.cross_entropy, nn.CrossEntropyLoss(weight=mg.arange(1.0, 11.0))],
)
def test_G2_a_default_model_begins_at_the_logarithm_of_the_classes(loss_fn, seed):
    mg.manual_seed(seed)
    check = initial_loss(mlp(), loss_fn, batch())
    assert (check.ok, check.findings) == (True, [])
    assert check.details["expected"] == pytest.approx(math.log(10), rel=1e-5)
    assert abs(check.number - math.log(10)) < 0.1 * math.log(10)
    assert check.details["prior_entropy"] == pytest.approx(math.log(10), rel=0.02)


def test_G2_label_smoothing_begins_there_too():
    check = initial_loss(mlp(), nn.CrossEntropyLoss(label_smoothing=0.2), batch())
    assert check.ok
    assert check.details["expected"] == pytest.approx(math.log(10), rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_G2_a_last_layer_with_he_initialisation_is_too_large(seed):
    mg.manual_seed(seed)
    model = mlp(hidden=128)
    x, y = mg.randn(512, 64), batch()[1]
    assert initial_loss(model, nn.CrossEntropyLoss(), (x, y)).findings == []
    for layer in (model[0], model[2]):
        nn.init.kaiming_normal_(layer.weight)
    check = initial_loss(model, nn.CrossEntropyLoss(), (x, y))
    assert codes(check) == ["initial_loss"]
    assert (check.ok, 2.7 < check.number < 3.6) == (False, True)
    assert "Scale the last layer down" in check.findings[0].fix


def test_G2_yes_or_no_begins_at_the_logarithm_of_two():
    x, y = batch()
    answers = (y > 4).float()[:, None]
    for model, loss_fn in (
        (mlp(outputs=1), nn.BCEWithLogitsLoss()),
        (nn.Sequential(mlp(outputs=1), nn.Sigmoid()), nn.BCELoss()),
        (nn.Sequential(mlp(outputs=1), nn.Sigmoid()), F.binary_cross_entropy),
    ):
        check = initial_loss(model, loss_fn, (x, answers))
        assert (check.ok, check.findings) == (True, [])
        assert check.details["expected"] == pytest.approx(math.log(2), rel=1e-5)


def test_a_focal_loss_is_compared_with_its_own_value():
    check = initial_loss(mlp(), nn.FocalLoss(gamma=2.0), batch())
    assert check.ok
    assert check.details["expected"] == pytest.approx(0.81 * math.log(10), rel=1e-3)


def test_log_probabilities_and_their_loss():
    model = nn.Sequential(mlp(), nn.LogSoftmax(1))
    for loss_fn in (nn.NLLLoss(), F.nll_loss):
        check = initial_loss(model, loss_fn, batch())
        assert (check.ok, check.findings) == (True, [])
    assert initial_loss(model, nn.CrossEntropyLoss(), batch()).ok  # a softmax that does nothing


def test_numbers_are_compared_with_saying_zero():
    x, _ = batch()
    y = x[:, :1] * 0 + 1.0
    assert initial_loss(mlp(outputs=1), nn.MSELoss(), (x, y)).ok
    large = nn.Sequential(mlp(outputs=1))
    nn.init.constant_(large[0][2].bias, 10.0)
    assert codes(initial_loss(large, nn.MSELoss(), (x, y))) == ["initial_loss"]


def test_a_model_that_knows_the_answers_is_noted():
    x, y = batch()
    inputs = F.one_hot(y, 10).float() * 8
    check = initial_loss(nn.Identity(), nn.CrossEntropyLoss(), (inputs, y))
    assert codes(check) == ["initial_loss"]
    assert check.ok
    assert check.status == "info"


def test_large_inputs_are_named_as_the_reason():
    x, y = batch()
    check = initial_loss(mlp(), nn.CrossEntropyLoss(), (x * 50, y))
    assert not check.ok
    assert "Standardise the inputs" in check.findings[0].fix


@pytest.mark.parametrize(
    ("last", "loss_fn", "code"),
    [
        (nn.Softmax(1), nn.CrossEntropyLoss(), "double_softmax"),
        (nn.Softmax(1), F.cross_entropy, "double_softmax"),
        (nn.Softmax(0), nn.CrossEntropyLoss(), "softmax_axis"),
        (nn.LogSoftmax(0), nn.NLLLoss(), "softmax_axis"),
    ],
)
def test_G2_softmax_where_none_or_another_belongs(last, loss_fn, code):
    assert code in codes(initial_loss(nn.Sequential(mlp(), last), loss_fn, batch()))


def test_two_sigmoids():
    x, y = batch()
    answers = (y > 4).float()[:, None]
    model = nn.Sequential(mlp(outputs=1), nn.Sigmoid())
    assert codes(initial_loss(model, nn.BCEWithLogitsLoss(), (x, answers))) == ["double_sigmoid"]


def test_classes_on_the_last_axis():
    tokens = mg.randint(0, 12, (8, 5))
    model = nn.Sequential(nn.Embedding(12, 12))

    def loss_fn(outputs, targets):
        return F.cross_entropy(outputs.reshape(-1, 12), targets.reshape(-1))

    assert codes(initial_loss(nn.Sequential(model, nn.Softmax(-1)), loss_fn, (tokens, tokens))) == [
        "double_softmax"
    ]
    mixed = nn.Sequential(model, nn.Softmax(1))
    assert "softmax_axis" in codes(initial_loss(mixed, loss_fn, (tokens, tokens)))


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize(
    ("function", "code"),
    [
        (lambda x: x - x.mean(0), "batch_mixing"),
        (lambda x: x.softmax(0), "batch_mixing"),
        (lambda x: F.dropout(x, 0.5), "random_evaluation"),
    ],
)
def test_outputs_that_depend_on_more_than_their_sample(function, code):
    model = nn.Sequential(nn.Linear(64, 64), Function(function), nn.Linear(64, 10))
    assert codes(initial_loss(model, nn.CrossEntropyLoss(), batch())) == [code]


def test_batch_norm_and_dropout_mix_nothing_in_evaluation():
    model = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.Dropout(0.9), nn.Linear(32, 10))
    before = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    assert initial_loss(model, nn.CrossEntropyLoss(), batch()).ok
    assert all((v.numpy() == before[k]).all() for k, v in model.state_dict().items())


def test_a_loss_that_is_not_finite():
    x, y = batch()
    check = initial_loss(mlp(), nn.CrossEntropyLoss(), (x * np.inf, y))
    assert "non_finite" in codes(check)
