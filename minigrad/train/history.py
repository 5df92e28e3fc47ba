"""History: the numbers of a run, one entry per epoch in every column."""

import csv
import io
import json

from ..io.files import atomic_write


class History(dict):
    """Columns of equal length by name, such as ``history["val_loss"]``; epochs count from 1.

    ``interrupted`` says whether the run was stopped from outside. The columns of a history are what
    :func:`minigrad.viz.training_curves` draws.

    >>> history = History()
    >>> history.append({"epoch": 1, "train_loss": 2.0})
    >>> history.append({"epoch": 2, "train_loss": 1.5})
    >>> history["train_loss"], history.best("train_loss")
    ([2.0, 1.5], {'epoch': 2, 'train_loss': 1.5})
    """

    interrupted = False

    def append(self, row):
        """Add the numbers of one epoch: the same names in every epoch."""
        if self and row.keys() != self.keys():
            changed = sorted(row.keys() ^ self.keys())
            raise ValueError(f"an epoch has other columns than those before it: {changed}")
        for name, value in row.items():
            self.setdefault(name, []).append(value)

    def rows(self):
        """The numbers of every epoch, as dicts."""
        return [dict(zip(self, values, strict=True)) for values in zip(*self.values(), strict=True)]

    def best(self, monitor, mode="min"):
        """The row in which a column is smallest (``mode="min"``) or largest; NaN is never best."""
        if monitor not in self:
            raise KeyError(f"no column {monitor!r}; there are {', '.join(self) or 'none'}")
        rows = [row for row in self.rows() if row[monitor] == row[monitor]]
        if not rows:
            raise ValueError(f"column {monitor!r} holds no number that is not NaN")
        return (min if mode == "min" else max)(rows, key=lambda row: row[monitor])

    def to_csv(self, path):
        """Write a header and a line per epoch."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerows([list(self), *(row.values() for row in self.rows())])
        _write(path, text.getvalue())

    def to_jsonl(self, path):
        """Write a JSON object per line and epoch."""
        _write(path, "".join(json.dumps(row) + "\n" for row in self.rows()))


def _write(path, text):
    with atomic_write(path) as file:
        file.write(text.encode())
