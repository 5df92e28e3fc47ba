"""A run that was stopped anywhere goes on bit by bit as if it had not been."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import minigrad as mg

from ..tiers import FULL, WIDE
from . import runs

ROOT = Path(__file__).resolve().parents[2]
STEPS = 24  # 60 samples in batches of 8, three times


class StopAfter(mg.train.Callback):
    """Ends the run after a step, as Ctrl-C does."""

    def __init__(self, step):
        self.at = step

    def on_step_end(self, trainer):
        if trainer.step == self.at:
            trainer.stopping = "interrupted"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The outcome of the run that nothing stopped."""
    before = mg.get_rng_state()
    made, train, val = runs.trainer(tmp_path_factory.mktemp("whole"))
    made.fit(train, val, epochs=runs.EPOCHS)
    found = runs.outcome(made)
    mg.set_rng_state(before)
    return found


@pytest.mark.parametrize("stop", [1, 7, 8, 12, 16, 23, 24])
def test_B3_a_stopped_run_goes_on_bit_by_bit(tmp_path, whole, stop):
    made, train, val = runs.trainer(tmp_path)
    made.callbacks.insert(0, StopAfter(stop))
    assert made.fit(train, val, epochs=runs.EPOCHS).interrupted
    made, train, val = runs.trainer(tmp_path)
    made.callbacks.insert(0, StopAfter(0))
    assert not made.fit(train, val, epochs=runs.EPOCHS, resume="auto").interrupted
    assert runs.outcome(made) == whole


@pytest.mark.parametrize("name", ["last.npz", "best.npz"])
def test_a_checkpoint_of_an_epoch_goes_on(tmp_path, whole, name):
    made, train, val = runs.trainer(tmp_path)
    made.fit(train, val, epochs=2)
    made, train, val = runs.trainer(tmp_path)
    made.fit(train, val, epochs=runs.EPOCHS, resume=tmp_path / name)
    assert runs.outcome(made)["model"] == whole["model"]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The outcome of the run as a program of its own, and the seconds that its training took."""
    folder = tmp_path_factory.mktemp("program")
    running = started(folder)
    start = time.perf_counter()
    while not (folder / "outcome.json").exists():
        time.sleep(0.001)
    seconds = time.perf_counter() - start
    assert running.wait() == 0
    return json.loads((folder / "outcome.json").read_text()), seconds


def started(folder):
    """The program, when its training has begun."""
    (folder / "started").unlink(missing_ok=True)
    running = subprocess.Popen([sys.executable, "-m", "tests.train.runs", str(folder)], cwd=ROOT)
    while not (folder / "started").exists():
        assert running.poll() is None
        time.sleep(0.001)
    return running


def killed(parent, delay):
    """The folder of a run that was killed so many seconds after its training had begun.

    One that has ended by then, for the machine is faster now, is tried again with half the time.
    """
    for attempt in range(10):
        folder = parent / f"attempt-{attempt}"
        folder.mkdir()
        running = started(folder)
        time.sleep(delay / 2**attempt)
        running.kill()
        if running.wait() == -signal.SIGKILL and not (folder / "outcome.json").exists():
            return folder
    raise AssertionError(f"the program always ended within {delay / 2**attempt:.3g} s")


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=FULL if seed else WIDE) for seed in range(20)]
)
def test_B3_a_killed_process_goes_on_bit_by_bit(tmp_path, program, seed):
    expected, seconds = program
    folder = killed(tmp_path, random.Random(seed).uniform(0.02, 0.8) * seconds)
    assert started(folder).wait() == 0
    assert json.loads((folder / "outcome.json").read_text()) == expected


class Looking(mg.train.Callback):
    """Evaluates the training set after every step."""

    def on_step_end(self, trainer):
        trainer.evaluate(trainer.loader)


def short_run(*callbacks, scheduler=None, precision="fp32"):
    mg.manual_seed(0)
    net = mg.nn.Linear(1, 1)
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1)
    data = mg.data.TensorDataset(mg.arange(6.0).reshape(6, 1), mg.ones(6, 1))
    made = mg.train.Trainer(
        net, optimizer, mg.nn.MSELoss(), scheduler and scheduler(optimizer), precision,
        callbacks=callbacks, seed=3,
    )  # fmt: skip
    return made, mg.data.DataLoader(data, 2, shuffle=True)


def test_evaluating_the_training_set_within_an_epoch_does_not_move_its_position(tmp_path):
    whole, loader = short_run(Looking())
    whole.fit(loader, epochs=2)
    stopped, loader = short_run(Looking())
    stopped.callbacks.append(StopAfter(2))
    stopped.callbacks.append(mg.train.Checkpoint(tmp_path, "train_loss"))
    stopped.fit(loader, epochs=2)
    resumed, loader = short_run(Looking())
    resumed.callbacks += [StopAfter(99), mg.train.Checkpoint(tmp_path, "train_loss")]
    resumed.fit(loader, epochs=2, resume="auto")
    assert resumed.step == whole.step == 6
    assert resumed.history["train_loss"] == whole.history["train_loss"]


def test_a_run_resumed_after_the_last_step_of_an_epoch_does_not_warn(tmp_path):
    def halving(optimizer):
        return mg.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)

    stopped, loader = short_run(
        StopAfter(3), mg.train.Checkpoint(tmp_path, "train_loss"), scheduler=halving
    )
    stopped.fit(loader, epochs=2)
    resumed, loader = short_run(
        StopAfter(99), mg.train.Checkpoint(tmp_path, "train_loss"), scheduler=halving
    )
    assert resumed.fit(loader, epochs=2, resume="auto")["lr"] == [0.1, 0.05]


def test_a_run_with_other_parts_than_its_checkpoint_is_refused(tmp_path):
    plain, loader = short_run()
    plain.fit(loader)
    plain.save(tmp_path / "plain.npz")
    half, _ = short_run(precision="fp16")
    with pytest.raises(ValueError, match="run has a scaler, .*plain.npz has none"):
        half.fit(loader, resume=tmp_path / "plain.npz")
    half.loader = loader
    half.save(tmp_path / "half.npz")
    with pytest.raises(ValueError, match="half.npz has a scaler, run has none"):
        plain.fit(loader, resume=tmp_path / "half.npz")


def test_fitting_again_after_early_stopping_trains_on():
    made, loader = short_run(mg.train.EarlyStopping("lr", patience=1))
    made.fit(loader, epochs=5)
    assert made.epoch == 2
    made.fit(loader, epochs=5)
    assert made.epoch == 3
