"""The switch of the lints, and the events that each of them listens to."""

from ..engine import observe
from . import lint_clip, lint_loss, lint_mode, lint_model, lint_schedule, lint_step, progress
from .warning import CODES, LEVELS, settings

__all__ = ["lint"]

_HANDLERS = {
    "accumulate": lint_step.on_accumulate,
    "backward": lint_step.on_backward,
    "batch": progress.on_batch,
    "clip": lint_clip.on_clip,
    "layer": lint_mode.on_layer,
    "loss": lint_loss.on_loss,
    "optimizer": lint_model.on_optimizer,
    "pass ended": progress.on_pass_ended,
    "scaled": lint_clip.on_scaled,
    "schedule": lint_schedule.on_schedule,
    "softmax": lint_loss.on_softmax,
    "step": lint_step.on_step,
    "unscaled": lint_clip.on_unscaled,
}


class lint:  # noqa: N801  (used like a function)
    """Set what happens when a program looks mistaken, at once; as a context manager for a while.

    ``"warn"`` (the default at first) warns, with :class:`LintWarning`, once for each code and line;
    ``"error"`` raises the LintWarning; ``"off"`` looks at nothing. ``ignore`` names codes that are
    passed over. The codes stand in ``docs/lints.md``. Raises ValueError for other levels and codes.

    >>> import minigrad as mg
    >>> probabilities = mg.softmax(mg.zeros(2, 3), dim=1)
    >>> with mg.debug.lint("error", ignore=("P5",)):
    ...     try:
    ...         mg.nn.functional.cross_entropy(probabilities, mg.tensor([0, 2]))
    ...     except mg.debug.LintWarning as mistake:
    ...         print(mistake.code)
    P1
    """

    def __init__(self, level, ignore=()):
        ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
        if level not in LEVELS:
            raise ValueError(f"lint level must be one of {LEVELS}, got {level!r}")
        unknown = [code for code in ignore if code not in CODES]
        if unknown:
            raise ValueError(f"no lint has the code {unknown[0]!r}; the codes are {CODES}")
        self._before = settings.level, settings.ignored
        _set(level, frozenset(ignore))

    def __enter__(self):
        return self

    def __exit__(self, *_failure):
        _set(*self._before)


def _set(level, ignored):
    settings.change(level, ignored)
    lint_loss.calls.clear()
    observe.watch({} if level == "off" else _HANDLERS)


_set("warn", frozenset())
