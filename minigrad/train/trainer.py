"""Trainer: one visible training loop, every stage of which may be overridden."""

import copy
import inspect
import math
import time

from .. import dtypes, random
from ..amp import GradScaler, autocast
from ..data.dataset import IterableDataset
from ..data.loader import DataLoader
from ..engine.graph import TensorBase
from ..engine.modes import no_grad
from ..io.checkpoint import load_checkpoint, save_checkpoint
from ..nn.attention import MultiheadAttention
from ..nn.modes import mode
from ..nn.module import Module
from ..nn.recurrent import RNNBase, RNNCellBase
from ..nn.utils.clip import clip_grad_norm_
from ..ops.joining import cat
from . import source
from .batches import groups, weight_of
from .callbacks import Callback
from .history import History
from .interrupt import listening_for_interrupts
from .metrics import Meter, metrics_of

__all__ = ["Trainer"]

PRECISIONS = {"fp32": None, "bf16": dtypes.bfloat16, "fp16": dtypes.float16}
RECURRENT_CLIP_NORM = 1.0


class Trainer:
    """Trains a model: the loop of the textbook, in its order.

    Every epoch: ``model.train()``; for every batch zero_grad → forward (under autocast) → loss →
    backward (scaled) → clip → step → schedulers (those with ``interval`` "step"); then the other
    schedulers, validation in evaluation mode, plateau schedulers (with the validation loss), the
    row of the history, and the callbacks. :meth:`as_source` gives that loop as a program.

    ``scheduler`` is one or a list. ``precision`` is ``"fp32"``, ``"bf16"`` or ``"fp16"`` (with a
    :class:`~minigrad.amp.GradScaler`; a step that it skips does not advance schedulers).
    ``clip_norm`` bounds the norm of the gradients of the optimizer's parameters: ``"auto"`` is 1.0
    for models with recurrent or attention modules and None, never, for all others. ``accumulate``
    batches make one step, with the gradient of one large batch: each counts as many samples (or
    unignored targets) as it has. ``metrics`` are names (``"accuracy"``), objects of
    :mod:`minigrad.train.metrics` or functions of (outputs, targets), in a list or in a dict that
    names them. ``seed`` seeds the default generator when a run begins.

    A batch is ``(*inputs, targets)``; override :meth:`unpack` for any other form.

    >>> import minigrad as mg
    >>> x = mg.linspace(-1, 1, 64).reshape(64, 1)
    >>> loader = mg.data.DataLoader(mg.data.TensorDataset(x, 3 * x + 1), batch_size=16)
    >>> net = mg.nn.Linear(1, 1)
    >>> trainer = mg.train.Trainer(net, mg.optim.SGD(net.parameters(), lr=0.3), mg.nn.MSELoss())
    >>> history = trainer.fit(loader, epochs=40)
    >>> round(net.weight.item(), 3), round(net.bias.item(), 3), len(history["train_loss"])
    (3.0, 1.0, 40)
    """

    def __init__(
        self, model, optimizer, loss_fn, scheduler=None, precision="fp32", clip_norm="auto",
        accumulate=1, metrics=None, callbacks=(), seed=None,
    ):  # fmt: skip
        if precision not in PRECISIONS:
            raise ValueError(f"precision must be one of {tuple(PRECISIONS)}, got {precision!r}")
        if isinstance(accumulate, bool) or not isinstance(accumulate, int) or accumulate < 1:
            raise ValueError(f"accumulate must be a positive int, got {accumulate!r}")
        callbacks, schedulers = list(callbacks), _listed(scheduler)
        _check_parts(model, optimizer, loss_fn, schedulers, callbacks)
        if _needs_closure(optimizer):
            raise TypeError(
                f"{type(optimizer).__name__}.step needs a closure, which this loop does not have: "
                "write the loop by hand"
            )
        self.model = model
        self.optimizer = optimizer
        self.loss_fn = loss_fn
        self.schedulers = schedulers
        self.precision = precision
        self.clip_norm = _clip_norm(clip_norm, model)
        self.accumulate = accumulate
        self.metrics = metrics_of(metrics)
        self.callbacks = sorted(callbacks, key=lambda callback: callback.runs_last)
        self.seed = seed
        self.scaler = GradScaler(enabled=precision == "fp16")
        self.history = History()
        self.epoch = 0  # epochs that are complete
        self.step = 0  # steps of the optimizer, skipped ones too
        self.stepped = False  # whether the last one was not skipped
        self.stopping = ""  # why the run is to end early
        self.meter = Meter(self.metrics)
        self.loader = self.val_loader = None
        self.last_epoch = 0  # where the run ends

    # the run
    def fit(self, train_loader, val_loader=None, epochs=1, resume=None):
        """Train for some epochs; returns the :class:`~minigrad.train.History` of the whole run.

        ``resume`` is the path of a checkpoint, or ``"auto"``: that of the
        :class:`~minigrad.train.Checkpoint` callback, if it has written one. Then the run goes on
        exactly where it was, in the middle of an epoch too, and ``epochs`` counts from its
        beginning.

        Ctrl-C ends the run after the step that is being made: a Checkpoint callback writes a
        checkpoint and ``history.interrupted`` is set; without such a callback KeyboardInterrupt is
        raised. A second Ctrl-C raises it at once.
        """
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
            raise ValueError(f"epochs must be an int that is not negative, got {epochs!r}")
        self.loader, self.val_loader, self.stopping = train_loader, val_loader, ""
        path = self._checkpoint_to_resume(resume)
        self.last_epoch = epochs if resume is not None else self.epoch + epochs
        if path is not None:
            self.restore(path)
        else:
            self.meter.reset()
            if self.seed is not None and not self.step:
                random.manual_seed(self.seed)
        self.tell("on_fit_start")
        with listening_for_interrupts(self):
            while self.epoch < self.last_epoch and not self.stopping:
                self.run_epoch(train_loader, val_loader)
        self.history.interrupted = self.stopping == "interrupted"
        self.tell("on_fit_end")
        if self.history.interrupted and not any(c.keeps_runs for c in self.callbacks):
            raise KeyboardInterrupt
        return self.history

    def run_epoch(self, train_loader, val_loader):
        """One epoch: training, validation, schedulers, history, callbacks."""
        start = time.perf_counter()
        self.tell("on_epoch_start")
        self.train_epoch(train_loader)
        if self.stopping:
            return
        lr = float(self.optimizer.param_groups[0]["lr"])
        row = {"epoch": self.epoch + 1, **numbers("train", self.meter.results())}
        self.schedule("epoch")
        if val_loader is not None:
            row |= numbers("val", self.evaluate(val_loader))
        self.schedule("metric", row.get("val_loss", row["train_loss"]))
        row |= {"lr": lr, "seconds": time.perf_counter() - start}
        self.meter.reset()
        self.epoch += 1
        self.history.append(row)
        self.tell("on_epoch_end", row)

    def train_epoch(self, loader):
        """One pass over the training set, or what is left of a pass that was resumed."""
        self.model.train()
        for batches in groups(loader, self.accumulate):
            self.train_step(batches)
            self.step += 1
            self.tell("on_step_end")
            if self.stopping:
                return
        if not self.meter.batches:
            raise ValueError(
                f"the training loader gave no batch in epoch {self.epoch + 1}; a generator can be "
                "passed only once: give a DataLoader or a list"
            )

    def train_step(self, batches):
        """One step of the optimizer from one batch, or from the several that are accumulated."""
        self.optimizer.zero_grad()
        batches = [self.unpack(batch) for batch in batches]
        weights = [self.weight(targets) for _, targets in batches]
        for (inputs, targets), weight in zip(batches, weights, strict=True):
            with self.autocast():
                outputs = self.forward(inputs)
                loss = self.loss(outputs, targets)
            self.backward(loss, self.share(weight, weights))
            self.meter.add(self.total(loss, weight), weight, outputs, targets)
        self.clip()
        self.stepped = self.optimizer_step()
        if self.stepped:
            self.schedule("step")

    # the stages
    def unpack(self, batch):
        """The inputs (a tuple) and the targets of a batch."""
        if not isinstance(batch, list | tuple) or len(batch) < 2:
            raise TypeError(
                f"a batch must be (*inputs, targets), got a {type(batch).__name__}; override "
                "Trainer.unpack(batch) to return (inputs, targets)"
            )
        *inputs, targets = self._on_device(batch)
        return tuple(inputs), targets

    def _on_device(self, parts):
        """The parts of a batch, tensors on the device of the model."""
        device = self._device()
        if device is None:
            return tuple(parts)
        return tuple(part.to(device) if isinstance(part, TensorBase) else part for part in parts)

    def _device(self):
        return next((p.device for p in self.model.parameters()), None)

    def autocast(self):
        """The context of the forward pass."""
        low = PRECISIONS[self.precision]
        device = str(self._device() or "cpu").partition(":")[0]
        return autocast(device, low, enabled=low is not None)

    def forward(self, inputs):
        """The outputs of the model for the inputs of a batch."""
        return self.model(*inputs)

    def loss(self, outputs, targets):
        """The loss of a batch."""
        return self.loss_fn(outputs, targets)

    def weight(self, targets):
        """How much a batch counts in a mean: its samples, or its targets that are not ignored."""
        return weight_of(self.loss_fn, targets)

    def share(self, weight, weights):
        """The factor of the loss of one of the batches that are accumulated."""
        return 1.0 if source.sums(self) or not sum(weights) else weight / sum(weights)

    def total(self, loss, weight):
        """The loss of a batch times what it weighs in a mean, as a number."""
        return loss.item() if source.sums(self) else loss.item() * weight

    def backward(self, loss, share=1.0):
        """Send the loss back, scaled in fp16."""
        self.scaler.scale(loss if share == 1.0 else loss * share).backward()

    def clip(self):
        """Bound the norm of the gradients of what the optimizer owns, unscaled before."""
        if self.clip_norm is not None:
            self.scaler.unscale_(self.optimizer)
            owned = [p for group in self.optimizer.param_groups for p in group["params"]]
            clip_grad_norm_(owned, self.clip_norm)

    def optimizer_step(self):
        """Step the optimizer; returns whether it stepped (in fp16 an overflow skips the step)."""
        stepped = self.scaler.step(self.optimizer)
        self.scaler.update()
        return stepped

    def schedule(self, when, *metric):
        """Step the schedulers whose turn it is: after a "step", an "epoch" or with a "metric"."""
        for scheduler in self.schedulers:
            if source.turn(scheduler) == when:
                scheduler.step(*metric)

    # without training
    def evaluate(self, loader):
        """Loss and metrics of a data set, in evaluation mode: a dict.

        Batches count by their samples; the modes of all modules are restored.
        """
        meter = Meter(self.metrics)
        with mode(self.model), no_grad():
            for batch in self._aside(loader):
                inputs, targets = self.unpack(batch)
                with self.autocast():
                    outputs = self.forward(inputs)
                    loss = self.loss(outputs, targets)
                weight = self.weight(targets)
                meter.add(self.total(loss, weight), weight, outputs, targets)
        return meter.results()

    def predict(self, loader, decode=False):
        """What the model says of a data set, in evaluation mode: one tensor.

        Probabilities where the loss knows the activation that belongs to it, else the outputs;
        with ``decode`` classes or values. Batches may come with targets or without.
        """
        parts = []
        with mode(self.model), no_grad():
            for batch in self._aside(loader):
                inputs = self._inputs_alone(batch)
                with self.autocast():
                    outputs = self.forward(inputs)
                parts.append(self._activated(outputs, decode))
        if not parts:
            raise ValueError("predict: the loader gave no batch")
        return cat(parts)

    def _aside(self, loader):
        """A loader to pass, which leaves the position of the one that is trained on as it is."""
        own = loader is self.loader and isinstance(loader, DataLoader)
        return copy.copy(loader) if own else loader

    def _inputs_alone(self, batch):
        several = isinstance(batch, list | tuple)
        if several and len(batch) == 1:
            several, batch = False, batch[0]
        own = type(self).unpack is not Trainer.unpack and not isinstance(batch, TensorBase)
        return self.unpack(batch)[0] if several or own else self._on_device([batch])

    def _activated(self, outputs, decode):
        if not isinstance(outputs, TensorBase):
            raise TypeError(
                f"predict joins tensors, but the model gave a {type(outputs).__name__}; override "
                "Trainer.forward(inputs) to choose one of its outputs"
            )
        done = getattr(self.loss_fn, "decode" if decode else "activation", None)
        return outputs if done is None else done(outputs.float())

    # state
    def save(self, path):
        """Write a checkpoint from which :meth:`fit` goes on exactly (``resume=path``)."""
        save_checkpoint(path, **self._parts())

    def restore(self, path):
        """Load a checkpoint that :meth:`save` wrote, for the loader of the present run."""
        checkpoint = load_checkpoint(path)
        if "loader" not in checkpoint.parts and checkpoint.state("trainer")["meter"]["batches"]:
            raise ValueError(
                f"{path} was written in the middle of an epoch of a loader without state_dict(), "
                "whose position is not known: take a checkpoint of the end of an epoch"
            )
        parts = self._parts()
        for name in ("scheduler", "scaler"):
            if (parts[name] is None) == (name in checkpoint.parts):
                has, lacks = ("run", path) if parts[name] else (path, "run")
                raise ValueError(f"a run goes on as it was: {has} has a {name}, {lacks} has none")
        checkpoint.restore(**{name: parts[name] for name in parts if name in checkpoint.parts})
        if self.step:
            self.optimizer._opt_called = True  # a scheduler that follows is in its place

    def _parts(self):
        scaler = self.scaler if self.scaler.is_enabled() else None
        loader = self.loader if hasattr(self.loader, "state_dict") else None
        if loader is not None and isinstance(getattr(loader, "dataset", None), IterableDataset):
            loader = loader if hasattr(loader.dataset, "state_dict") else None
        return {
            "model": self.model, "optimizer": self.optimizer, "scheduler": self.schedulers or None,
            "scaler": scaler, "loader": loader, "trainer": self,
        }  # fmt: skip

    def state_dict(self):
        """Counters, history, the running sums of the epoch, and the state of every callback."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "history": dict(self.history),
            "meter": self.meter.state_dict(),
            "callbacks": [[type(c).__name__, c.state_dict()] for c in self.callbacks],
        }

    def load_state_dict(self, state):
        """Continue from what :meth:`state_dict` gave; the callbacks must be of the same classes."""
        saved = [name for name, _ in state["callbacks"]]
        present = [type(callback).__name__ for callback in self.callbacks]
        if saved != present:
            raise ValueError(f"the run was saved with the callbacks {saved}, but has {present}")
        self.epoch, self.step = state["epoch"], state["step"]
        self.history = History({name: list(column) for name, column in state["history"].items()})
        self.meter.load_state_dict(state["meter"])
        for callback, (_, own) in zip(self.callbacks, state["callbacks"], strict=True):
            callback.load_state_dict(own)

    def _checkpoint_to_resume(self, resume):
        if resume != "auto":
            return resume
        paths = [c.last for c in self.callbacks if c.keeps_runs]
        if not paths:
            raise ValueError("resume='auto' needs a Checkpoint callback, which knows the file")
        return paths[0] if paths[0].exists() else None

    def tell(self, event, *values):
        """Call a method of every callback."""
        for callback in self.callbacks:
            getattr(callback, event)(self, *values)

    def as_source(self):
        """The loop of this trainer as a program of public parts, with the same losses.

        It defines ``fit(model, optimizer, loss_fn, train_loader, …)``. Callbacks and metrics are
        not part of it.
        """
        return source.loop(self)


def numbers(whose, results):
    """The results that are single numbers, under the names of columns."""
    return {f"{whose}_{name}": v for name, v in results.items() if isinstance(v, int | float)}


def _listed(scheduler):
    if scheduler is None:
        return []
    return list(scheduler) if isinstance(scheduler, list | tuple) else [scheduler]


def _check_parts(model, optimizer, loss_fn, schedulers, callbacks):
    """TypeError for a part that is of another kind."""
    if not isinstance(model, Module):
        raise TypeError(f"model must be an nn.Module, got {type(model).__name__}")
    if not hasattr(optimizer, "param_groups"):
        raise TypeError(f"optimizer must be an Optimizer, got {type(optimizer).__name__}")
    if not callable(loss_fn):
        raise TypeError(f"loss_fn must be callable, got {type(loss_fn).__name__}")
    for scheduler in schedulers:
        if not hasattr(scheduler, "step"):
            raise TypeError(f"scheduler must have step(), got {scheduler!r}")
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise TypeError(f"callbacks must be Callback objects, got {callback!r}")


def _needs_closure(optimizer):
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    return closure is not None and closure.default is closure.empty


def _clip_norm(clip_norm, model):
    if clip_norm == "auto":
        sequential = (RNNBase, RNNCellBase, MultiheadAttention)
        found = any(isinstance(module, sequential) for module in model.modules())
        return RECURRENT_CLIP_NORM if found else None
    if clip_norm is not None and not (
        isinstance(clip_norm, int | float) and clip_norm is not True and 0 < clip_norm < math.inf
    ):
        raise ValueError(f"clip_norm must be a positive number, 'auto' or None, got {clip_norm!r}")
    return clip_norm
