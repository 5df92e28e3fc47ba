"""Learning one batch by heart."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.debug import overfit_one_batch

from . import set_ups
from .set_ups import copied, mlp, unchanged

nn = mg.nn


def batch(count=32):
    x, y = mg.data.datasets.digits()[0].tensors
    return x[:count], y[:count]


def test_G1_digits_are_learnt_by_heart():
    check = overfit_one_batch(mlp(hidden=128), nn.CrossEntropyLoss(), batch())
    losses = check.details["losses"]
    assert check.ok
    assert (len(losses), check.details["accuracy"], check.details["lr"]) == (201, 1.0, 1e-3)
    assert losses[-1] == check.number < check.threshold == pytest.approx(0.02 * losses[0])


def test_G1_random_labels_are_learnt_too():
    x, y = batch()
    y = mg.tensor(np.random.default_rng(0).permutation(y.numpy()))
    assert overfit_one_batch(mlp(hidden=128), nn.CrossEntropyLoss(), (x, y), steps=300).ok


def test_R22_with_200_steps_of_adam_the_loss_falls_below_a_hundredth():
    losses = overfit_one_batch(
        mlp(hidden=256), nn.CrossEntropyLoss(), batch(), optimizer=lambda p: mg.optim.Adam(p, 3e-3)
    ).details["losses"]
    assert losses[0] == pytest.approx(math.log(10), abs=0.1)
    assert losses[-1] < 0.01


@pytest.mark.parametrize("fault", ["dead ReLU", "zero init", "double softmax"])
def test_G1_what_is_wired_wrong_learns_nothing_by_heart(fault):
    set_up = set_ups.FAULTS[fault][1](limit=64)
    check = overfit_one_batch(set_up.model, set_up.loss_fn, batch())
    assert [f.code for f in check.findings] == ["cannot_overfit"]
    assert not check.ok


def test_slow_models_are_tried_at_larger_rates():
    x, y = mg.data.datasets.breast_cancer()[0].tensors
    check = overfit_one_batch(nn.Linear(30, 2), nn.CrossEntropyLoss(), (x[:32], y[:32]))
    assert check.ok
    assert check.details["lr"] > 1e-3


def test_an_optimizer_of_ones_own():
    model = mlp(hidden=128)
    own = mg.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    check = overfit_one_batch(model, nn.CrossEntropyLoss(), batch(), optimizer=own)
    assert (check.ok, check.details["lr"], dict(own.state)) == (True, 0.5, {})


def test_the_floor_of_label_smoothing_is_taken_off():
    check = overfit_one_batch(
        mlp(hidden=128), nn.CrossEntropyLoss(label_smoothing=0.1), batch(), steps=300
    )
    assert check.ok
    assert check.number > 0.4


def test_dropout_is_off_and_the_model_stays_as_it_is():
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.9), nn.Linear(128, 10))
    before = copied(model)
    state = mg.get_rng_state()
    assert overfit_one_batch(model, nn.CrossEntropyLoss(), batch()).ok
    assert unchanged(model, before)
    assert [p.grad for p in model.parameters()] == [None] * 4
    assert (mg.get_rng_state(), model.training) == (state, True)


def test_numbers_have_no_accuracy():
    x, _ = batch()
    check = overfit_one_batch(mlp(outputs=1), nn.MSELoss(), (x, x[:, 1:2] + x[:, 30:31]))
    assert (check.ok, check.details["accuracy"]) == (True, None)


def test_a_model_in_which_nothing_is_trained():
    model = mlp().requires_grad_(False)
    check = overfit_one_batch(model, nn.CrossEntropyLoss(), batch())
    assert [f.code for f in check.findings] == ["cannot_overfit"]
