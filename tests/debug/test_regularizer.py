"""What to add next."""

import pytest

import minigrad as mg
from minigrad.debug import next_regularizer

from . import set_ups
from .set_ups import loaders, mlp

nn = mg.nn


def advice(model=None, weight_decay=0.0, smoothing=0.0, steps=300, lr=0.01, limit=100):
    """What is said of a model that learns few digits by heart."""
    mg.manual_seed(0)
    model = mlp(hidden=128) if model is None else model
    optimizer = mg.optim.Adam(mg.optim.param_groups(model, weight_decay), lr=lr)
    train, val = loaders("digits", 50, limit)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=smoothing)
    return next_regularizer(model, loss_fn, train, val, optimizer, steps=steps)


def test_G6_what_is_missing_is_tried_one_thing_at_a_time():
    assert "weight decay" in advice().advice
    assert "dropout" in advice(weight_decay=1e-4).advice
    dropping = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10))
    assert "label smoothing" in advice(dropping, weight_decay=1e-4).advice


def test_G6_nothing_is_regularised_that_has_not_learnt_or_has_no_gap():
    assert "train longer" in advice(steps=2).advice
    assert "No gap" in advice(steps=60, lr=1e-3, limit=None).advice


def test_the_numbers_are_losses_of_the_short_run():
    check = advice()
    assert check.number == check.details["val_loss"] / check.details["train_loss"] > check.threshold
    assert check.details["first_loss"] > check.details["train_loss"]


@pytest.mark.parametrize(
    ("rates", "found"), [((0.2, 0.5), []), ((0.9, 0.5), ["dropout"]), ((0.5, 0.2), ["dropout"])]
)
def test_rates_of_dropout_are_noted(rates, found):
    near, far = rates
    model = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Dropout(near), nn.Linear(64, 64), nn.ReLU(),
        nn.Dropout(far), nn.Linear(64, 10),
    )  # fmt: skip
    check = advice(model, steps=1)
    assert [f.code for f in check.findings if f.code == "dropout"] == found
    assert check.ok


def test_notes_of_the_optimizer_are_findings():
    check = advice(weight_decay=0.1, steps=1)
    assert "not uniform" in next(f for f in check.findings if f.code == "optimizer").message


def test_without_validation_data():
    set_up = set_ups.digits(limit=64)
    check = next_regularizer(
        set_up.model, set_up.loss_fn, set_up.train, None, set_up.optimizer, steps=1
    )
    assert (check.number, "val_loader" in check.advice) == (None, True)
