"""Callbacks: stopping, keeping, averaging, logging."""

import csv
import json
import math
import types

import pytest

import minigrad as mg
from minigrad.train import Callback, Checkpoint, EarlyStopping, History, Trainer


def run(values, *callbacks, epochs=None):
    """A run whose validation loss takes the given values; the weight counts its epochs."""
    net = mg.nn.Linear(1, 1, bias=False)
    mg.nn.init.zeros_(net.weight)

    class Scripted(Trainer):
        def evaluate(self, loader):
            with mg.no_grad():
                net.weight.fill_(float(self.epoch + 1))
            return {"loss": values[self.epoch]}

    optimizer = mg.optim.SGD(net.parameters(), lr=0.0)
    trainer = Scripted(net, optimizer, mg.nn.MSELoss(), callbacks=callbacks)
    batch = (mg.ones(2, 1), mg.ones(2, 1))
    trainer.fit([batch], [batch], epochs=epochs or len(values))
    return trainer


def test_T4f_early_stopping_restores_the_best_weights():
    trainer = run([3.0, 1.0, 2.0, 1.0, 2.0, 0.0], EarlyStopping(patience=3))
    assert trainer.epoch == 5 and trainer.model.weight.item() == 2.0
    assert trainer.stopping == "val_loss has not improved since epoch 2"


@pytest.mark.parametrize(
    "values, options, epochs",
    [
        ([1.0, 0.95, 0.91, 0.9], {"patience": 2, "min_delta": 0.1}, 3),
        ([1.0, 2.0, 3.0, 2.0, 1.0], {"patience": 2, "mode": "max"}, 5),
        ([1.0, math.nan, 0.5], {"patience": 9}, 2),
        ([1.0, 2.0, 0.5], {"patience": 0}, 2),
        ([3.0, 2.0, 1.0], {"patience": 1}, 3),
    ],
)
def test_T4f_when_early_stopping_stops(values, options, epochs):
    assert run(values, EarlyStopping(**options)).epoch == epochs


def test_a_run_that_had_stopped_trains_no_further():
    stopping = EarlyStopping(patience=1)
    run([1.0, 2.0], stopping)
    again = EarlyStopping(patience=1)
    again.load_state_dict(stopping.state_dict())
    assert run([5.0, 5.0], again).epoch == 0


def test_without_restoring_the_last_weights_stay():
    trainer = run([1.0, 2.0, 3.0], EarlyStopping(patience=2, restore_best=False))
    assert trainer.model.weight.item() == 3.0


def test_an_unknown_column_is_named():
    with pytest.raises(KeyError, match="no column 'val_f1', only epoch, train_loss, val_loss"):
        run([1.0], EarlyStopping("val_f1"))
    with pytest.raises(ValueError, match="mode"):
        EarlyStopping(mode="least")


def test_T4e_checkpoints_of_the_best(tmp_path):
    kept = Checkpoint(tmp_path)
    run([3.0, 1.0, 2.0, math.nan], kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.npz", "last.npz"]
    assert mg.load_checkpoint(kept.best).state("model")["weight"].item() == 2.0
    assert mg.load_checkpoint(kept.last).state("trainer")["epoch"] == 4


def test_T4e_the_best_k(tmp_path):
    kept = Checkpoint(tmp_path, top_k=2, save_last=False)
    run([3.0, 1.0, 2.0, 0.5], kept)
    names = ["best-epoch-2.npz", "best-epoch-4.npz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert kept.best.name == "best-epoch-4.npz"


def test_checkpoints_may_be_none(tmp_path):
    run([3.0], Checkpoint(tmp_path, save_best=False, save_last=False))
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="top_k"):
        Checkpoint(tmp_path, top_k=0)


def test_averages_follow_the_weights():
    net = mg.nn.Linear(1, 1, bias=False)
    average = mg.train.EMA(net, 0.5)
    values = iter([1.0, 2.0, 4.0])

    class Writing(Callback):
        def on_step_end(self, trainer):
            with mg.no_grad():
                net.weight.fill_(next(values))

    batch = (mg.ones(2, 1), mg.ones(2, 1))
    optimizer = mg.optim.SGD(net.parameters(), lr=0.0)
    trainer = Trainer(net, optimizer, mg.nn.MSELoss(), callbacks=[Writing(), average])
    trainer.fit([batch] * 3)
    assert average.average.module.weight.item() == 2.75


def test_logs_hold_the_history(tmp_path):
    logs = mg.train.CSVLogger(tmp_path / "a" / "h.csv"), mg.train.JSONLogger(tmp_path / "h.jsonl")
    rates = mg.train.LRLogger()
    trainer = run([2.0, 1.0], *logs, rates)
    with open(logs[0].path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_loss"]) for row in rows] == [2.0, 1.0]
    lines = logs[1].path.read_text().splitlines()
    assert [json.loads(line) for line in lines] == trainer.history.rows()
    assert rates.rates == [0.0, 0.0]


def test_gradients_are_noted_by_name():
    noted = mg.train.GradientLogger(every=2)
    run([2.0, 1.0, 1.0, 0.5], noted)
    assert list(noted.norms) == ["weight"] and len(noted.norms["weight"]) == 2
    other = mg.train.GradientLogger()
    other.load_state_dict(noted.state_dict())
    assert other.norms == noted.norms and other.norms["weight"] is not noted.norms["weight"]


def test_G4_spikes_of_the_gradient_are_told_by_the_running_median():
    logger = mg.train.GradientLogger()
    model = mg.nn.Linear(1, 1, bias=False)
    for step in range(1, 301):
        size = 500.0 if step == 250 else math.nan if step == 260 else 200.0 if step == 5 else 5.0
        model.weight.grad = mg.full((1, 1), size)
        logger.on_step_end(types.SimpleNamespace(step=step, model=model))
    (spike, broken) = logger.spikes
    assert spike == (250, 500.0, 5.0)
    assert broken[0] == 260 and math.isnan(broken[1]) and broken[2] == 5.0
    other = mg.train.GradientLogger()
    other.load_state_dict(logger.state_dict())
    assert other.spikes[0] == spike and other._totals == logger._totals
    with pytest.raises(ValueError, match="above 1"):
        mg.train.GradientLogger(spike=1)


def test_the_table_of_a_run(capsys):
    run([2.0, 1.0], mg.train.ProgressBar())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "epoch  train loss    val loss          lr"
    assert lines[2:] == [
        "    1      1.0000      2.0000           0", "    2      0.0000      1.0000           0"
    ]  # fmt: skip


def test_why_a_run_stopped_is_printed(capsys):
    run([1.0, 2.0, 3.0], mg.train.ProgressBar(every=9), EarlyStopping(patience=1))
    assert capsys.readouterr().out.splitlines()[-1] == (
        "stopped in epoch 2: val_loss has not improved since epoch 1"
    )


def test_a_history_keeps_its_columns():
    history = History()
    history.append({"epoch": 1, "train_loss": math.nan})
    history.append({"epoch": 2, "train_loss": 1.0})
    assert history.best("train_loss")["epoch"] == 2
    with pytest.raises(ValueError, match="other columns"):
        history.append({"epoch": 3})
    with pytest.raises(KeyError, match="no column 'val_loss'"):
        history.best("val_loss")
    assert len(history["epoch"]) == 2
