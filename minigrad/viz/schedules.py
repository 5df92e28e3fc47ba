"""Learning rates: what a schedule will do, and what a range test found."""

import math

from .style import AMBER, BLUE, GREEN, GREY, INK, MUTED, PAPER, RED, finished, named, picture

BACKED = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.2}
SUGGESTIONS = {"steepest": GREY, "valley": GREEN, "minimum/10": AMBER}


def schedule(scheduler, n, title=None, path=None):
    """The learning rates of the first ``n`` steps of a scheduler, which stays where it is.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    >>> len(schedule(scheduler, 50).axes[0].lines[0].get_ydata())
    50
    """
    rates = scheduler.preview(n)
    groups = list(zip(*rates, strict=True)) if isinstance(rates[0], list) else [rates]
    figure, axes = picture(6.2, 3.0, title=title or type(scheduler).__name__)
    for number, values in enumerate(groups):
        axes.plot(range(n), values, color=BLUE if not number else AMBER, linewidth=1.8)
    peak = max(range(n), key=lambda k: groups[0][k])
    for step in {0, peak, n - 1}:
        axes.annotate(
            f"{groups[0][step]:.3g}", (step, groups[0][step]), xytext=(0, 5),
            textcoords="offset points", ha="center", fontsize=8, color=MUTED,
        )  # fmt: skip
    axes.set_ylim(0, 1.14 * max(max(values) for values in groups))
    named(axes, "learning rate", "step")
    return finished(figure, path)


def range_test(result, title="learning-rate range test", path=None):
    """The losses that :func:`minigrad.debug.lr_find` gave, over the rate, with what it suggests.

    The band is that of its repeats, the red rate is the one to take.
    """
    figure, axes = picture(6.2, 3.4, title=title)
    axes.fill_between(result.lrs, result.low, result.high, color=BLUE, alpha=0.15, linewidth=0)
    axes.plot(result.lrs, result.losses, color=BLUE, linewidth=1.8)
    axes.set_xscale("log")
    finite = [loss for loss in result.losses if math.isfinite(loss)]
    low, start = min(finite), finite[0]
    axes.set_ylim(low - 0.15 * (start - low), start + 0.6 * (start - low) + 1e-9)
    for number, (rule, rate) in enumerate(result.suggestion.items()):
        taken = rule == "default"
        color = RED if taken else SUGGESTIONS.get(rule, INK)
        axes.axvline(rate, color=color, linewidth=1.2, linestyle="-" if taken else ":")
        axes.text(
            rate * 1.15, 0.05 if taken else 0.97 - 0.09 * number,
            f"take {rate:.2g}" if taken else rule, fontsize=8.5, color=color, bbox=BACKED,
            va="bottom" if taken else "top", transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    named(axes, "smoothed loss", "learning rate")
    return finished(figure, path)
