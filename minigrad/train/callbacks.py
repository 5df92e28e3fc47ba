"""What a trainer tells of its run, and what listens: progress, checkpoints, stopping, logs."""

import copy
import math
import statistics
from pathlib import Path

from ..optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

__all__ = [
    "CSVLogger", "Callback", "Checkpoint", "EMA", "EarlyStopping", "GradientLogger", "JSONLogger",
    "LRLogger",
]  # fmt: skip


class Callback:
    """Base of callbacks: override what you listen to.

    A callback that remembers something between epochs gives ``state_dict`` and
    ``load_state_dict``, so that a resumed run goes on exactly. Set ``trainer.stopping`` to a reason
    to end the run.
    """

    runs_last = False  # after all others: for callbacks that save what the others hold
    keeps_runs = False  # whether it writes checkpoints of the run, to a path ``last``

    def on_fit_start(self, trainer):
        """Before the first epoch, after a checkpoint was restored."""

    def on_epoch_start(self, trainer):
        """Before the first batch of an epoch."""

    def on_step_end(self, trainer):
        """After a step of the optimizer (``trainer.stepped``: whether it was not skipped)."""

    def on_epoch_end(self, trainer, row):
        """After validation; ``row`` holds the numbers of the epoch."""

    def on_fit_end(self, trainer):
        """After the last epoch, or when the run was stopped."""

    def state_dict(self):
        """What a checkpoint keeps of the callback."""
        return {}

    def load_state_dict(self, state):
        """Continue from what :meth:`state_dict` gave."""


class Monitor:
    """Follows one column of the history and knows whether a value is the best so far."""

    def __init__(self, monitor, mode, min_delta=0.0):
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
        self.monitor = monitor
        self.sign = 1.0 if mode == "min" else -1.0
        self.min_delta = min_delta
        self.best = None

    def value(self, row):
        """The number of this epoch; KeyError where there is no such column."""
        if self.monitor not in row:
            raise KeyError(
                f"the history has no column {self.monitor!r}, only {', '.join(row)}"
                + ("; fit() needs a val_loader for it" if self.monitor.startswith("val_") else "")
            )
        return row[self.monitor]

    def improves(self, value):
        """Whether a value is better than the best by more than ``min_delta``; it is kept then."""
        if math.isnan(value):
            return False
        better = self.best is None or self.sign * value < self.sign * self.best - self.min_delta
        if better:
            self.best = value
        return better


class EarlyStopping(Callback):
    """Ends the run after ``patience`` epochs without an improvement of more than ``min_delta``.

    A monitored value of NaN ends it at once. ``restore_best`` loads the weights of the best epoch
    when the run ends. Source: Prechelt 1998.

    >>> stopping = EarlyStopping("val_accuracy", patience=5, mode="max")
    """

    def __init__(
        self, monitor="val_loss", patience=3, min_delta=0.0, mode="min", restore_best=True
    ):
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 0:
            raise ValueError(f"patience must be an int that is not negative, got {patience!r}")
        self.followed = Monitor(monitor, mode, min_delta)
        self.patience = patience
        self.restore_best = restore_best
        self.waited = 0
        self.best_epoch = 0
        self.best_state = None
        self.resumed = False

    def on_fit_start(self, trainer):
        if self.resumed and self.waited and self.waited >= self.patience:
            self._stop(trainer)  # the checkpoint is that of a run that had stopped
        self.resumed = False

    def _stop(self, trainer):
        trainer.stopping = f"{self.followed.monitor} has not improved since epoch {self.best_epoch}"

    def on_epoch_end(self, trainer, row):
        value = self.followed.value(row)
        if self.followed.improves(value):
            self.waited, self.best_epoch = 0, row["epoch"]
            if self.restore_best:
                self.best_state = copy.deepcopy(trainer.model.state_dict())
            return
        self.waited += 1
        if math.isnan(value):
            trainer.stopping = f"{self.followed.monitor} is NaN"
        elif self.waited >= self.patience:
            self._stop(trainer)

    def on_fit_end(self, trainer):
        if self.best_state is not None and trainer.stopping != "interrupted":
            trainer.model.load_state_dict(self.best_state)

    def state_dict(self):
        return {
            "best": self.followed.best, "waited": self.waited, "best_epoch": self.best_epoch,
            "best_state": self.best_state,
        }  # fmt: skip

    def load_state_dict(self, state):
        self.followed.best, self.waited = state["best"], state["waited"]
        self.best_epoch, self.best_state = state["best_epoch"], state["best_state"]
        self.resumed = True


class Checkpoint(Callback):
    """Writes checkpoints of the run to a folder: ``last.npz``, and ``best.npz`` where it improves.

    ``every_steps`` also writes ``last.npz`` within epochs. With ``top_k`` above 1 the best ones are
    ``best-epoch-7.npz`` and so on, and those that fall behind are deleted. Each file is whole or
    not there, and ``trainer.fit(…, resume=path)`` goes on from any of them.

    >>> Checkpoint("runs/digits", monitor="val_accuracy", mode="max").last.as_posix()
    'runs/digits/last.npz'
    """

    runs_last = True
    keeps_runs = True

    def __init__(
        self, folder, monitor="val_loss", mode="min", save_best=True, save_last=True, top_k=1,
        every_steps=None,
    ):  # fmt: skip
        for name, count in {"top_k": top_k, "every_steps": every_steps}.items():
            if count is not None and (isinstance(count, bool) or int(count) != count or count < 1):
                raise ValueError(f"{name} must be a positive int, got {count!r}")
        self.folder = Path(folder)
        self.followed = Monitor(monitor, mode)
        self.save_best = save_best
        self.save_last = save_last
        self.top_k = top_k
        self.every_steps = every_steps
        self.kept = []  # [value, epoch] of the best epochs, the best first

    @property
    def last(self):
        """The file of the newest checkpoint."""
        return self.folder / "last.npz"

    @property
    def best(self):
        """The file of the best checkpoint so far, or None."""
        return self._file(self.kept[0][1]) if self.kept else None

    def _file(self, epoch):
        return self.folder / ("best.npz" if self.top_k == 1 else f"best-epoch-{epoch}.npz")

    def on_fit_start(self, trainer):
        self.folder.mkdir(parents=True, exist_ok=True)

    def on_step_end(self, trainer):
        if self.every_steps is not None and trainer.step % self.every_steps == 0:
            trainer.save(self.last)

    def on_epoch_end(self, trainer, row):
        dropped = self._rank(self.followed.value(row), row["epoch"]) if self.save_best else []
        if self.save_best and row["epoch"] in (epoch for _, epoch in self.kept):
            trainer.save(self._file(row["epoch"]))
        if self.save_last:
            trainer.save(self.last)
        for epoch in dropped if self.top_k > 1 else ():
            self._file(epoch).unlink(missing_ok=True)

    def _rank(self, value, epoch):
        """Enter an epoch among the best; returns the epochs that are no longer among them."""
        if math.isnan(value):
            return []
        ranked = [*self.kept, [value, epoch]]
        ranked.sort(key=lambda entry: self.followed.sign * entry[0])
        self.kept = ranked[: self.top_k]
        return [dropped for _, dropped in ranked[self.top_k :]]

    def on_fit_end(self, trainer):
        if trainer.stopping == "interrupted":
            trainer.save(self.last)

    def state_dict(self):
        return {"kept": self.kept}

    def load_state_dict(self, state):
        self.kept = state["kept"]


class EMA(Callback):
    """Keeps an exponential moving average of the weights, updated after each step that was made.

    ``average`` is the :class:`~minigrad.optim.swa_utils.AveragedModel`, ``average.module`` the
    model with the averaged weights; its buffers are those of the model. Source: Polyak and Juditsky
    1992.
    """

    def __init__(self, model, decay=0.999):
        self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))

    def on_step_end(self, trainer):
        if trainer.stepped:
            self.average.update_parameters(trainer.model)

    def state_dict(self):
        return self.average.state_dict()

    def load_state_dict(self, state):
        self.average.load_state_dict(state)


class LRLogger(Callback):
    """Notes the learning rate of every step in ``rates``, of the first group."""

    def __init__(self):
        self.rates = []

    def on_step_end(self, trainer):
        self.rates.append(float(trainer.optimizer.param_groups[0]["lr"]))

    def state_dict(self):
        return {"rates": self.rates}

    def load_state_dict(self, state):
        self.rates = list(state["rates"])


class GradientLogger(Callback):
    """Notes the norm of each parameter's gradient every so many steps in ``norms``, by name.

    :func:`minigrad.viz.heat_map` draws it; a parameter without a gradient counts as 0. The norms
    are those after clipping. ``spikes`` lists (step, norm of the whole gradient, running median) of
    every noted step whose norm is more than ``spike`` times the median of the 100 before it, or is
    not finite; the first ten steps only give the median. Clip, or lower the learning rate there.
    """

    window, first = 100, 10  # steps that the median is of: at most, at least

    def __init__(self, every=1, spike=10.0):
        if not spike > 1:
            raise ValueError(f"spike must be a factor above 1, got {spike!r}")
        self.every = every
        self.spike = spike
        self.norms = {}
        self.spikes = []
        self._totals = []

    def on_step_end(self, trainer):
        if trainer.step % self.every:
            return
        for name, parameter in trainer.model.named_parameters():
            grad = parameter.grad
            norm = 0.0 if grad is None else grad.detach().float().norm().item()
            self.norms.setdefault(name, []).append(norm)
        self._note_spike(trainer.step, math.hypot(*(norms[-1] for norms in self.norms.values())))

    def _note_spike(self, step, total):
        if len(self._totals) >= self.first:
            usual = statistics.median(self._totals)
            if not total <= self.spike * usual:
                self.spikes.append((step, total, usual))
        if math.isfinite(total):
            self._totals = [*self._totals[1 - self.window :], total]

    def state_dict(self):
        return {"norms": self.norms, "spikes": self.spikes, "totals": self._totals}

    def load_state_dict(self, state):
        self.norms = {name: list(norms) for name, norms in state["norms"].items()}
        self.spikes = [tuple(spike) for spike in state["spikes"]]
        self._totals = list(state["totals"])


class CSVLogger(Callback):
    """Writes the history to a ``.csv`` file after every epoch: the whole run, resumed ones too."""

    def __init__(self, path):
        self.path = Path(path)

    def on_fit_start(self, trainer):
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, trainer, row):
        trainer.history.to_csv(self.path)


class JSONLogger(CSVLogger):
    """Writes the history after every epoch as JSON, an object per line and epoch."""

    def on_epoch_end(self, trainer, row):
        trainer.history.to_jsonl(self.path)
