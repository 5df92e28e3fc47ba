"""Training curves from a history: a dict of equally long lists, one entry per epoch.

A column's last word says what it is (``train_loss`` and ``test_loss`` are losses and share a
panel), its first words say whose it is, and one of them may be ``epoch``, the horizontal axis.
"""

from .style import AMBER, BLUE, GREY, INK, finished, named, picture

COLORS = {"train": GREY, "test": BLUE, "val": BLUE, "lr": AMBER}
SHARES = ("accuracy", "precision", "recall", "f1")


def training_curves(history, title=None, path=None):
    """Draw one panel per quantity of ``history`` and return the Matplotlib figure.

    ``path`` also writes it, in the format of its ending. Curves carry their names at their right
    end instead of a legend; the last value of each is printed beside the name.

    >>> figure = training_curves({"train_loss": [2.0, 1.0, 0.6], "lr": [0.1, 0.1, 0.01]})
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['loss', 'lr']
    """
    panels = _panels(history)
    if not panels:
        raise ValueError("the history holds no column to draw besides 'epoch'")
    epochs = history.get("epoch") or range(1, len(next(iter(history.values()))) + 1)
    figure, _ = picture(4.6 * len(panels), 3.6, 1, len(panels), title)
    for axes, (quantity, columns) in zip(figure.axes, panels.items(), strict=True):
        _draw(axes, quantity, epochs, {name: history[name] for name in columns})
    return finished(figure, path)


def _panels(history):
    """Columns by quantity, the quantity being the last word of a column's name."""
    panels = {}
    for name in history:
        if name not in ("epoch", "seconds"):
            panels.setdefault(name.rpartition("_")[2], []).append(name)
    return panels


def _draw(axes, quantity, epochs, columns):
    for name, values in columns.items():
        whose = name.rpartition("_")[0] or name
        axes.plot(epochs, values, color=COLORS.get(whose, INK), linewidth=1.8)
    if quantity in SHARES:
        axes.set_ylim(_share_floor(columns.values()), 1.004)
    _label_ends(axes, epochs[-1], columns)
    named(axes, quantity, "epoch")
    axes.set_xlim(epochs[0], max(epochs[-1], epochs[0] + 1))
    axes.xaxis.get_major_locator().set_params(integer=True)


def _share_floor(curves):
    """The axis starts below all epochs but the first, so that the later ones have room."""
    return max(0.0, min(min(values[1:] or values) for values in curves) - 0.02)


def _label_ends(axes, last, columns):
    """Write each curve's name and last value beside its end, kept apart by a line's height."""
    low, high = axes.get_ylim()
    gap = 0.065 * (high - low)
    height = float("-inf")
    for name, values in sorted(columns.items(), key=lambda column: column[1][-1]):
        whose = name.rpartition("_")[0] or name
        height = max(values[-1], height + gap)
        axes.annotate(
            f"{whose}  {values[-1]:#.3g}",
            (last, height),
            xytext=(5, 0),
            textcoords="offset points",
            color=COLORS.get(whose, INK),
            fontsize=8.5,
            va="center",
            annotation_clip=False,
        )
