"""The numbers of a run as it goes: a table of its epochs, with a bar below it on a terminal."""

import sys

from .callbacks import Callback

__all__ = ["ProgressBar"]

WIDTH = 10
UNSHOWN = ("seconds",)


class ProgressBar(Callback):
    """Prints a line per epoch, and shows a bar of the steps of the run below it.

    The bar needs tqdm and a terminal; without either there are plain lines. ``every`` prints only
    every so many epochs, the first and the last. The first line says what the trainer chose.
    """

    def __init__(self, every=1):
        self.every = every
        self.bar = None

    def on_fit_start(self, trainer):
        self.bar = bar_of(trainer)
        self.printed_header = False
        if trainer.clip_norm is not None:
            self.write(f"gradients are clipped to a norm of {trainer.clip_norm:g}")

    def write(self, line):
        """A line above the bar."""
        print(line, flush=True) if self.bar is None else self.bar.write(line)

    def on_step_end(self, trainer):
        if self.bar is not None:
            self.bar.update()

    def on_epoch_end(self, trainer, row):
        columns = {name: value for name, value in row.items() if name not in UNSHOWN}
        if not self.printed_header:
            header = "  ".join(f"{heading(name):>{width(name)}}" for name in columns)
            self.write(header)
            self.write("─" * len(header))
            self.printed_header = True
        due = row["epoch"] % self.every == 0 or row["epoch"] in (1, trainer.last_epoch)
        if due or trainer.stopping:
            self.write("  ".join(cell(name, value) for name, value in columns.items()))

    def on_fit_end(self, trainer):
        if self.bar is not None:
            self.bar.close()
        if trainer.stopping:
            self.write(f"stopped in epoch {max(trainer.epoch, 1)}: {trainer.stopping}")


def heading(name):
    """A column's name as people write it."""
    return name.replace("_", " ")


def width(name):
    """Characters of a column."""
    return len(name) if name == "epoch" else max(WIDTH, len(name))


def cell(name, value):
    """A number of a column: counts whole, rates to three digits, all else to four places."""
    if isinstance(value, int):
        return f"{value:{width(name)}d}"
    form = ".3g" if name == "lr" else ".4f"
    return f"{value:{width(name)}{form}}"


def bar_of(trainer):
    """A tqdm bar of the steps of a run, or None where tqdm or a terminal is missing."""
    if sys.stderr is None or not sys.stderr.isatty() or not hasattr(trainer.loader, "__len__"):
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    steps = -(-len(trainer.loader) // trainer.accumulate)
    return tqdm(
        total=steps * trainer.last_epoch, initial=trainer.step, unit="step", leave=False
    )
