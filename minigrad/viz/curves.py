"""Training curves from a history: a dict of equally long lists, one entry per epoch.

A column's last word says what it is (``train_loss`` and ``test_loss`` are losses and share a
panel), its first words say whose it is, and one of them may be ``epoch``, the horizontal axis.
"""

COLORS = {"train": "#8a94a6", "test": "#1f6feb", "val": "#1f6feb", "lr": "#b4690e"}
INK, FAINT = "#24292f", "#d8dee4"
SHARES = ("accuracy", "precision", "recall", "f1")


def training_curves(history, title=None, path=None):
    """Draw one panel per quantity of ``history`` and return the Matplotlib figure.

    ``path`` also writes it, in the format of its ending. Curves carry their names at their right
    end instead of a legend; the last value of each is printed beside the name.

    >>> figure = training_curves({"train_loss": [2.0, 1.0, 0.6], "lr": [0.1, 0.1, 0.01]})
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['loss', 'lr']
    """
    from matplotlib.figure import Figure

    panels = _panels(history)
    if not panels:
        raise ValueError("the history holds no column to draw besides 'epoch'")
    epochs = history.get("epoch") or range(1, len(next(iter(history.values()))) + 1)
    figure = Figure(figsize=(4.6 * len(panels), 3.6), dpi=150, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)
    for axes, (quantity, columns) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        _draw(axes, quantity, epochs, {name: history[name] for name in columns})
    if title is not None:
        figure.suptitle(title, x=0.012, ha="left", color=INK, fontsize=12, fontweight="bold")
    if path is not None:
        figure.savefig(path)
    return figure


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
    axes.set_title(quantity, loc="left", color=INK, fontsize=10)
    axes.set_xlabel("epoch", color=INK, fontsize=9)
    axes.set_xlim(epochs[0], max(epochs[-1], epochs[0] + 1))
    axes.grid(axis="y", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=8, length=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)


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
