"""What a training run left in its folder, as a page: ``report.html``."""

import csv
import json
from pathlib import Path

from .debug.report_page import add_report
from .io.checkpoint import load_checkpoint
from .train.history import History
from .viz import Page, confusion, lines, training_curves

FILES = {
    "history.csv": "the numbers of every epoch",
    "best.npz": "checkpoint of the best epoch",
    "last.npz": "checkpoint of the last epoch, to go on from",
    "weights.npz": "the weights that were tested",
    "settings.json": "what the run was told",
    "playbook.json": "what the checks before the run found",
    "test.json": "the result on the test set",
    "curves.svg": "the curves as a picture",
}


def report(folder):
    """Write ``report.html`` into the folder of a run; returns its path.

    The folder holds ``history.csv``, as :class:`minigrad.train.CSVLogger` writes it. Where they are
    there, the page also shows the learning rates that ``last.npz`` keeps of a
    :class:`~minigrad.train.LRLogger`, ``playbook.json`` (``Report.save``), ``settings.json`` (a
    dict) and ``test.json`` (numbers by name, and ``confusion_matrix``, a list of rows). Raises
    OSError for a folder that holds no run and ValueError for a file that is not what its name says.
    """
    folder = Path(folder)
    return page(folder).save(folder / "report.html")


def page(folder):
    """The :class:`~minigrad.viz.page.Page` of a run."""
    history = read_history(folder)
    settings, test, playbook = (
        read_json(folder / f"{name}.json") for name in ("settings", "test", "playbook")
    )
    made = Page(f"Training run {folder.name or folder.resolve().name}")
    made.facts(summary(history, test))
    made.heading("Curves")
    columns = {name: column for name, column in history.items() if name != "lr"}
    made.picture(training_curves(columns), "After every epoch, the last value at the right.")
    _rates(made, folder / "last.npz", history)
    if "confusion_matrix" in test:
        made.heading("Test set")
        caption = "Rows are the true classes, columns what the model said."
        made.picture(confusion(test["confusion_matrix"], title=None), caption)
    if playbook:
        add_report(made.heading("Checks before the run"), playbook)
    if settings:
        made.heading("Settings").table([[name, str(value)] for name, value in settings.items()])
    header = [name.replace("_", " ") for name in history]
    made.heading("Epochs").table(history.rows(), header)
    present = [[name, what] for name, what in FILES.items() if (folder / name).is_file()]
    return made.heading("Files").table(present)


def summary(history, test):
    """The numbers to see first, as pairs."""
    yield from ((f"test {name}", value) for name, value in test.items() if _is_number(value))
    monitor = next((name for name in ("val_loss", "train_loss") if name in history), None)
    if monitor is not None and any(loss == loss for loss in history[monitor]):
        best = history.best(monitor)
        yield f"best {monitor.replace('_', ' ')}", best[monitor]
        yield "best epoch", best["epoch"]
    yield "epochs", len(history["epoch"])
    if "seconds" in history:
        yield "trained in", f"{sum(history['seconds']):.1f} s"


def _rates(made, checkpoint, history):
    """The learning rate of every step where a checkpoint has them, else of every epoch."""
    rates, by = logged_rates(checkpoint), "step"
    if not rates:
        rates, by = history.get("lr"), "epoch"
    if not rates:
        return
    made.heading("Learning rate")
    drawn = lines({"": rates}, range(1, len(rates) + 1), xlabel=by, size=(7.2, 2.6))
    made.picture(drawn, f"Of the first group, {by} by {by}.")


def logged_rates(checkpoint):
    """The learning rates that a checkpoint keeps of an LRLogger; an empty list without any."""
    if not checkpoint.is_file():
        return []
    callbacks = load_checkpoint(checkpoint).state("trainer")["callbacks"]
    return next((list(state["rates"]) for name, state in callbacks if name == "LRLogger"), [])


def read_history(folder):
    """The :class:`~minigrad.train.History` of a run, from its ``history.csv``."""
    path = folder / "history.csv"
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no run: it has no history.csv, which minigrad.train.CSVLogger writes"
        )
    history = History()
    with open(path, newline="", encoding="utf-8") as file:
        for line, row in enumerate(csv.DictReader(file, strict=True), 2):
            try:
                numbers = {name: float(text) for name, text in row.items()}
            except (TypeError, ValueError):
                raise ValueError(f"{path}, line {line}: not a number in every column") from None
            history.append({"epoch": line - 1, **numbers})
    if not history:
        raise ValueError(f"{path} holds no epoch")
    history["epoch"] = [int(epoch) for epoch in history["epoch"]]
    return history


def read_json(path):
    """A dict from a JSON file; an empty one where there is no such file."""
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold a JSON object, not a {type(content).__name__}")
    return content


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)
