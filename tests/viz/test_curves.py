"""Training curves."""

import pytest

from minigrad.viz import training_curves

HISTORY = {
    "epoch": [1, 2, 3],
    "train_loss": [2.0, 1.0, 0.5],
    "test_loss": [2.1, 1.2, 0.9],
    "test_accuracy": [0.3, 0.8, 0.9],
    "seconds": [0.1, 0.1, 0.1],
}


def test_a_panel_per_quantity_with_its_curves():
    loss, accuracy = training_curves(HISTORY, "title").panels
    assert [panel.title for panel in (loss, accuracy)] == ["loss", "accuracy"]
    assert [line.y for line in loss.lines] == [HISTORY["train_loss"], HISTORY["test_loss"]]


def test_curves_are_named_at_their_ends_with_their_last_value():
    (panel,) = training_curves({"train_loss": [1.0, 0.5], "test_loss": [1.0, 0.5]}).panels
    assert [name for _, name in panel.named()] == ["train  0.500", "test  0.500"]
    assert panel.where_names_stand() == "ends"


def test_one_epoch_is_enough(tmp_path):
    training_curves({"loss": [1.0], "accuracy": [0.5]}, path=tmp_path / "one.svg")
    assert "</svg>" in (tmp_path / "one.svg").read_text()


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="no column"):
        training_curves({"epoch": [1, 2]})
