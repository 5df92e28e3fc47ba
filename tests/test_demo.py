"""The demonstration reaches its accuracy and leaves files that say the same."""

import csv

import pytest

import minigrad as mg
from minigrad import demo


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, demo.run(folder=folder)


def test_it_reaches_its_accuracy(trained):
    assert trained[1] >= 0.97


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1, 6))
def test_it_reaches_its_accuracy_from_any_seed(seed, tmp_path):
    assert demo.run(seed=seed, folder=tmp_path) >= 0.97


def test_the_weights_give_the_accuracy_again(trained):
    folder, accuracy = trained
    model = demo.build_model()
    model.load_state_dict(mg.load(folder / "weights.npz"))
    assert demo.evaluate(model, mg.nn.CrossEntropyLoss(), demo.load_digits()[1])[1] == accuracy


def test_the_history_has_a_row_an_epoch(trained):
    folder, accuracy = trained
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(1, demo.EPOCHS + 1))
    assert float(rows[-1]["test_accuracy"]) == accuracy


def test_the_picture_is_a_png(trained):
    assert (trained[0] / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_history():
    (_, first), (_, again) = demo.train(epochs=2), demo.train(epochs=2)
    assert first["train_loss"] == again["train_loss"]
    assert first["test_loss"] == again["test_loss"]


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'minigrad\[data\]'"):
        demo.load_digits()
