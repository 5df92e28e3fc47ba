"""Copies to experiment with: a model, its loss and its optimizer, and loaders in fresh passes."""

import contextlib
import copy
import random as python_random

import numpy as np

from ..data.loader import DataLoader
from ..engine.autocast import under
from ..engine.gradients import backward
from ..engine.graph import TensorBase
from ..engine.modes import enable_grad
from ..nn.module import Module
from ..ops.joining import cat
from ..random import Generator, drawing_from
from .lint import lint
from .trial import split


@contextlib.contextmanager
def laboratory(seed):
    """Inside, chance follows from ``seed``, gradients are recorded, and lints are silent.

    The default generator and those of Python and NumPy are afterwards as they were.
    """
    python, numpy = python_random.getstate(), np.random.get_state()
    python_random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        with drawing_from(Generator().manual_seed(seed)), enable_grad(), under(None), lint("off"):
            yield
    finally:
        python_random.setstate(python)
        np.random.set_state(numpy)


class Specimen:
    """Copies of a model, a loss and an optimizer over its parameters, which belong together.

    ``optimizer`` may also be a function that makes one of a list of parameters. Gradients go to the
    copied parameters only, even where the loss function itself uses those of the original.
    """

    def __init__(self, model, loss_fn, optimizer=None):
        if not isinstance(model, Module):
            raise TypeError(f"model must be an nn.Module, got {type(model).__name__}")
        if not callable(loss_fn):
            raise TypeError(f"loss_fn must be callable, got {type(loss_fn).__name__}")
        made = None if hasattr(optimizer, "param_groups") else optimizer
        self.model, self.loss_fn, self.optimizer = copy.deepcopy(
            (model, loss_fn, None if made else optimizer)
        )
        self.trainable = [p for p in self.model.parameters() if p.requires_grad]
        if made is not None and self.trainable:
            self.optimizer = made(self.trainable)

    def without_dropout(self):
        """Training mode, but no unit is dropped; returns the specimen."""
        self.model.train()
        for module in self.model.modules():
            if getattr(module, "drops", False):
                module.eval()
            elif isinstance(getattr(module, "dropout", None), float):
                module.dropout = 0.0
        return self

    def outputs(self, batch):
        """What the model gives for the inputs of a batch."""
        return self.model(*split(self._here(batch))[0])

    def loss(self, batch, outputs=None):
        """The loss of a batch: a tensor with one element."""
        outputs = self.outputs(batch) if outputs is None else outputs
        loss = self.loss_fn(outputs, split(self._here(batch))[1])
        return loss if loss.numel() == 1 else loss.mean()

    def backward(self, batch, loss=None):
        """Put the gradients of a batch into the parameters; returns the loss as a number."""
        for parameter in self.model.parameters():
            parameter.grad = None
        loss = self.loss(batch) if loss is None else loss
        if loss.requires_grad and self.trainable:
            backward(loss, inputs=self.trainable)
        return loss.item()

    def step(self, batch):
        """A step of the optimizer; returns the loss before it as a number."""
        losses = []

        def closure():
            losses.append(self.backward(batch))
            return losses[-1]

        self.optimizer.step(closure)
        return losses[0]

    def _here(self, batch):
        """The batch on the device of the model."""
        split(batch)  # raises for what is no batch
        device = next((p.device for p in self.model.parameters()), None)
        return [
            part.to(device) if isinstance(part, TensorBase) and device is not None else part
            for part in batch
        ]


def head(batch, count):
    """The first ``count`` samples of a batch."""
    return [part[:count] if isinstance(part, TensorBase) else part for part in batch]


def gathered(loader, count):
    """A batch of the first ``count`` samples; of the first batch alone where shapes differ."""
    batches, samples = [], 0
    for batch in fresh(loader):
        split(batch)
        batches.append(batch)
        samples += len(batch[-1])
        if samples >= count:
            break
    if not batches:
        raise ValueError("the loader gave no batch")
    parts = list(zip(*batches, strict=True))
    if not all(_alike(part) for part in parts):
        return head(batches[0], count)
    return head([cat(part) for part in parts], count)


def _alike(tensors):
    return all(isinstance(t, TensorBase) and t.ndim for t in tensors) and (
        len({tuple(t.shape[1:]) for t in tensors}) == 1
    )


def fresh(loader):
    """The loader at the beginning of a pass, its order drawn from the default generator.

    A loader that is no :class:`DataLoader` must be an iterable that can be passed again.
    """
    if not isinstance(loader, DataLoader):
        if not hasattr(loader, "__iter__"):
            raise TypeError(
                f"the loader must be a DataLoader or a list of batches, got {type(loader).__name__}"
            )
        if iter(loader) is loader:
            raise TypeError(
                "the loader can be passed only once: give a DataLoader or a list of batches"
            )
        return loader
    made = copy.copy(loader)
    made.generator = None
    made._start, made._position, made._resumed = None, 0, None
    made.sampler = _reseeded(loader.sampler)
    if loader.batch_sampler is not None:
        made.batch_sampler = copy.copy(loader.batch_sampler)
        inner = getattr(loader.batch_sampler, "sampler", None)
        made.batch_sampler.sampler = made.sampler if inner is loader.sampler else _reseeded(inner)
    return made


def _reseeded(sampler):
    """The sampler, drawing from the default generator instead of one of its own."""
    if isinstance(getattr(sampler, "generator", None), Generator):
        sampler = copy.copy(sampler)
        sampler.generator = None
    return sampler


def endless(loader):
    """The batches of pass after pass."""
    while True:
        count = 0
        for batch in fresh(loader):
            count += 1
            yield batch
        if not count:
            raise ValueError("the loader gave no batch")


def class_axis(outputs, targets):
    """The axis of outputs on which classes stand, beside targets that are classes; else None.

    Outputs are (N, C, …) or (N, …, C); beside targets of another shape, (rows, C).
    """
    wide, narrow = tuple(outputs.shape), tuple(targets.shape)
    if (wide[:1] + wide[2:]) == narrow and len(wide) > 1:
        return 1
    if wide[:-1] == narrow:
        return len(wide) - 1
    return 1 if len(wide) == 2 else None
