"""The demonstration reaches its accuracy and leaves files that say the same."""

import csv
import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import demo
from tests.kernels.conftest import compiled_only

FILES = {
    "best.npz", "curves.svg", "history.csv", "last.npz", "report.html", "settings.json",
    "test.json", "weights.npz",
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, demo.run(folder=folder, playbook=False)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A run of two epochs."""
    folder = tmp_path_factory.mktemp("short")
    demo.run(epochs=2, folder=folder, playbook=False)
    return folder


def history(folder):
    """The columns of a history but for the seconds."""
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def weights(folder):
    return {name: value.numpy() for name, value in mg.load(folder / "weights.npz").items()}


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def interrupt_at(monkeypatch, step):
    """Make Ctrl-C come in the step with a number."""

    def on_step_end(self, trainer):
        if trainer.step == step:
            trainer.stopping = "interrupted"

    monkeypatch.setattr(mg.train.ProgressBar, "on_step_end", on_step_end)


def test_it_reaches_its_accuracy(trained):
    assert trained[1] >= 0.985


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1, 6))
def test_it_reaches_its_accuracy_from_any_seed(seed, tmp_path):
    assert demo.run(seed=seed, folder=tmp_path, playbook=False) >= 0.985


def test_it_leaves_its_files(trained):
    assert {path.name for path in trained[0].iterdir()} == FILES
    assert (trained[0] / "curves.svg").read_text().startswith("<svg")


def test_the_weights_give_the_accuracy_again(trained):
    folder, accuracy = trained
    x, y = demo.load_digits()[2].tensors
    model = demo.build_model()
    model.load_state_dict(mg.load(folder / "weights.npz"))
    with mg.nn.mode(model), mg.no_grad():
        assert (model(x).argmax(1) == y).float().mean().item() == pytest.approx(accuracy, abs=1e-7)
    result = json.loads((folder / "test.json").read_text())
    assert result["accuracy"] == accuracy
    assert np.trace(result["confusion_matrix"]) == round(450 * accuracy)


def test_the_weights_are_those_of_the_epoch_that_validated_best(trained):
    folder, _ = trained
    best = mg.load_checkpoint(folder / "best.npz")
    states = {name: value.numpy() for name, value in best.state("model").items()}
    assert same(states, weights(folder))
    losses = [float(row["val_loss"]) for row in history(folder)]
    assert best.state("trainer")["epoch"] == losses.index(min(losses)) + 1


def test_the_test_set_is_in_no_other():
    rows = [{(*x.tolist(),) for x, _ in part} for part in demo.load_digits()]
    assert [len(part) for part in demo.load_digits()] == [1145, 202, 450]
    assert not rows[2] & (rows[0] | rows[1])


def test_the_validation_set_follows_from_the_seed():
    first, again, other = (demo.load_digits(seed)[1].indices for seed in (0, 0, 1))
    assert list(first) == list(again) != list(other)


def test_the_same_seed_gives_the_same_run(short, tmp_path):
    demo.run(epochs=2, folder=tmp_path, playbook=False)
    assert history(tmp_path) == history(short)
    assert same(weights(tmp_path), weights(short))


@pytest.mark.parametrize("step", [7, 18, 25])
def test_an_interrupted_run_goes_on_bit_by_bit(step, short, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patched:
        interrupt_at(patched, step)
        assert demo.run(epochs=2, folder=tmp_path, playbook=False) is None
    assert f"minigrad demo --resume --out {tmp_path}" in capsys.readouterr().out
    assert not (tmp_path / "test.json").exists()
    demo.run(folder=tmp_path, resume=True)
    assert history(tmp_path) == history(short)
    assert same(weights(tmp_path), weights(short))


def test_the_checks_before_it_change_nothing_and_stand_in_the_report(
    short, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(demo, "PLAYBOOK", {
        "samples": 64, "overfit_steps": 60, "lr_steps": 20, "repeats": 1, "run_steps": 4
    })  # fmt: skip
    demo.run(epochs=2, folder=tmp_path)
    assert history(tmp_path) == history(short)
    names = [step["name"] for step in json.loads((tmp_path / "playbook.json").read_text())["steps"]]
    printed = capsys.readouterr().out
    page = (tmp_path / "report.html").read_text()
    assert "learning rate" in names
    assert all(name in printed and name in page for name in names)


def test_no_lint_speaks(tmp_path):
    with mg.debug.lint("warn"), warnings.catch_warnings():
        warnings.simplefilter("error")
        demo.run(epochs=1, folder=tmp_path, playbook=False)


def test_a_new_run_removes_what_the_old_one_left(tmp_path):
    (tmp_path / "playbook.json").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    demo.run(epochs=1, folder=tmp_path, playbook=False)
    assert not (tmp_path / "playbook.json").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_run_that_cannot_be_resumed_says_why(short, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="no interrupted run"):
        demo.run(folder=tmp_path, resume=True)
    with pytest.raises(ValueError, match="is complete"):
        demo.run(folder=short, resume=True)
    interrupt_at(monkeypatch, 3)
    demo.run(epochs=2, folder=tmp_path, playbook=False)
    with pytest.raises(ValueError, match="has seed 0, not 1"):
        demo.run(folder=tmp_path, seed=1, resume=True)


@pytest.mark.parametrize("data", ["digits", "breast_cancer", "iris", "wine"])
def test_a_learning_rate_is_found_on_every_data_set(data, monkeypatch):
    monkeypatch.setattr(mg.debug, "lr_find", lambda *arguments, seed: arguments)
    model, loss_fn, optimizer, loader = demo.find_lr(data)
    x, y = next(iter(loader))
    assert loss_fn(model(x), y).item() == pytest.approx(np.log(model(x).shape[1]), abs=0.25)
    assert optimizer.param_groups[1]["weight_decay"] == 0


REHEARSED = """
import sys
from numba.core import event
from minigrad import backend, demo

assert backend.nothing_compiled()
demo.rehearse()
assert not backend.nothing_compiled()
with event.install_recorder("numba:compile") as recorded:
    demo.run(epochs=1, folder=sys.argv[1], playbook=False)
assert not recorded.buffer, [e.data["dispatcher"] for _, e in recorded.buffer]
"""


@pytest.mark.wide
@compiled_only
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="on one core nothing is rehearsed")
def test_a_rehearsal_compiles_what_the_run_begins_with(tmp_path):
    command = [sys.executable, "-c", REHEARSED, str(tmp_path / "run")]
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command, check=True, env={**os.environ, **cache}, stdout=subprocess.DEVNULL)
