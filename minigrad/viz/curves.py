"""Training curves from a history: a dict of equally long lists, one entry per epoch.

A column's last word says what it is (``train_loss`` and ``test_loss`` are losses and share a
panel), its first words say whose it is, and one of them may be ``epoch``, the horizontal axis.
"""

from .marks import Line
from .panel import Panel
from .picture import picture
from .style import AMBER, BLUE, GREY, INK

COLORS = {"train": GREY, "test": BLUE, "val": BLUE, "lr": AMBER}
SHARES = ("accuracy", "precision", "recall", "f1")


def training_curves(history, title=None, path=None):
    """One panel per quantity of ``history``, as a :class:`~minigrad.viz.Picture`.

    ``path`` also writes it to an ``.svg`` file. Curves carry their names at their right end
    instead of a legend; the last value of each is printed beside the name.

    >>> picture = training_curves({"train_loss": [2.0, 1.0, 0.6], "lr": [0.1, 0.1, 0.01]})
    >>> [panel.title for panel in picture.panels]
    ['loss', 'lr']
    """
    panels = _panels(history)
    if not panels:
        raise ValueError("the history holds no column to draw besides 'epoch'")
    epochs = history.get("epoch") or range(1, len(next(iter(history.values()))) + 1)
    drawn = [
        _panel(quantity, epochs, {name: history[name] for name in columns})
        for quantity, columns in panels.items()
    ]
    return picture(drawn, (4.4 * len(panels), 3.4), title, path)


def _panels(history):
    """Columns by quantity, the quantity being the last word of a column's name."""
    panels = {}
    for name in history:
        if name not in ("epoch", "seconds"):
            panels.setdefault(name.rpartition("_")[2], []).append(name)
    return panels


def _panel(quantity, epochs, columns):
    panel = Panel(quantity, "epoch", xlim=(epochs[0], max(epochs[-1], epochs[0] + 1)))
    for name, values in columns.items():
        whose = name.rpartition("_")[0] or name
        shown = f"{whose}  {values[-1]:#.3g}"
        panel.add(Line(COLORS.get(whose, INK), epochs, values, marks=len(values) < 3, name=shown))
    if quantity in SHARES:
        panel.ylim = _share_floor(columns.values()), 1.004
    if len(epochs) <= 8:
        panel.tick("x", epochs, epochs)
    return panel


def _share_floor(curves):
    """The axis starts below all epochs but the first, so that the later ones have room."""
    return max(0.0, min(min(values[1:] or values) for values in curves) - 0.02)
