"""Learning rates: what a schedule will do, and what a range test found."""

import math

from .marks import Band, Line, Span, Text
from .panel import Panel
from .picture import picture
from .style import AMBER, BLUE, GREEN, GREY, INK, MUTED, RED

SUGGESTIONS = {"steepest": GREY, "valley": GREEN, "minimum/10": AMBER}


def schedule(scheduler, n, title=None, path=None):
    """The learning rates of the first ``n`` steps of a scheduler, which stays where it is.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=0.1)
    >>> scheduler = mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50)
    >>> len(schedule(scheduler, 50).panels[0].lines[0].y)
    50
    """
    rates = scheduler.preview(n)
    groups = list(zip(*rates, strict=True)) if isinstance(rates[0], list) else [rates]
    panel = Panel("learning rate", "step")
    panel.ylim = 0, 1.14 * max(max(values) for values in groups)
    for number, values in enumerate(groups):
        panel.add(Line(BLUE if not number else AMBER, range(n), values))
    peak = max(range(n), key=lambda k: groups[0][k])
    for step in {0, peak, n - 1}:
        side = "start" if step == 0 else "end" if step == n - 1 else "middle"
        rate = groups[0][step]
        panel.add(Text(MUTED, step, rate, f"{rate:.3g}", anchor=side, shift=(0, -9)))
    return picture([panel], (6.2, 3.0), title or type(scheduler).__name__, path)


def range_test(result, title="learning-rate range test", path=None):
    """The losses that :func:`minigrad.debug.lr_find` gave, over the rate, with what it suggests.

    The band is that of its repeats, the red rate is the one to take.
    """
    panel = Panel("smoothed loss", "learning rate", log="x")
    panel.add(Band(BLUE, result.lrs, result.low, result.high, opacity=0.15))
    panel.add(Line(BLUE, result.lrs, result.losses))
    finite = [loss for loss in result.losses if math.isfinite(loss)]
    low, start = min(finite), finite[0]
    panel.xlim = min(result.lrs), max(result.lrs)
    panel.ylim = low - 0.15 * (start - low), start + 0.6 * (start - low) + 1e-9
    for number, (rule, rate) in enumerate(result.suggestion.items()):
        taken = rule == "default"
        color = RED if taken else SUGGESTIONS.get(rule, INK)
        height = 0.06 if taken else 0.95 - 0.08 * number
        words = f"take {rate:.2g}" if taken else rule
        panel.add(
            Span(color, low=rate, high=rate, dash=None if taken else "2 3"),
            Text(color, rate, height, words, shift=(6, 0), share="y", backed=True),
        )
    return picture([panel], (6.2, 3.4), title, path)
