"""Trying a model out on copies: what a tool here runs leaves the model as it was."""

import copy

from .. import random
from ..backend import device_of, move
from ..engine.autocast import under
from ..engine.gradients import grad
from ..engine.graph import TensorBase, new_tensor, values
from ..engine.modes import enable_grad
from ..nn.module import Module


def copied(model, *beside):
    """A copy of a model, or copies of it and what may refer to it, to run as often as one likes."""
    if not isinstance(model, Module):
        raise TypeError(f"model must be an nn.Module, got {type(model).__name__}")
    return copy.deepcopy((model, *beside)) if beside else copy.deepcopy(model)


def split(batch):
    """The inputs (a list) and the targets of a batch ``(*inputs, targets)``."""
    if not isinstance(batch, list | tuple) or len(batch) < 2:
        raise TypeError(f"a batch must be (*inputs, targets), got a {type(batch).__name__}")
    *inputs, targets = batch
    return inputs, targets


def noted_outputs(model):
    """A list that each call of the model fills with (path, layer, output).

    Layers are the modules without modules inside; outputs are floating tensors.
    """
    found = []
    for path, module in model.named_modules():
        if next(module.children(), None) is None:
            module.register_forward_hook(_noting(path or type(module).__name__, found))
    return found


def _noting(path, found):
    def note(module, _args, output):
        parts = output if isinstance(output, tuple) else (output,)
        found.extend(
            (path, module, t) for t in parts if isinstance(t, TensorBase) and t.is_floating_point()
        )

    return note


class Trial:
    """A copy of a model and a batch ``(*inputs, targets)``, run again and again alike.

    Every run draws the random numbers that the model would draw next, so two runs have the same
    dropout masks; the generators of the caller stay where they are. Gradients are recorded and
    autocast is off, whatever is in force outside.
    """

    def __init__(self, model, loss_fn, batch):
        if not callable(loss_fn):
            raise TypeError(f"loss_fn must be callable, got {type(loss_fn).__name__}")
        self.inputs, self.targets = split(batch)
        self.model, self.loss_fn = copied(model, loss_fn)
        self.parameters = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        if not self.parameters:
            raise ValueError(f"{type(model).__name__} has no parameter that requires grad")
        self._generator = random.default_generator.clone_state()
        own = [getattr(module, "generator", None) for module in self.model.modules()]
        self._own = [(g, g.get_state()) for g in own if isinstance(g, random.Generator)]

    def loss(self):
        """The loss of the batch, a tensor with a single element and a graph."""
        for generator, state in self._own:
            generator.set_state(state)
        with enable_grad(), under(None), random.drawing_from(self._generator.clone_state()):
            loss = self.loss_fn(self.model(*self.inputs), self.targets)
        if not isinstance(loss, TensorBase) or loss.numel() != 1:
            what = tuple(loss.shape) if isinstance(loss, TensorBase) else type(loss).__name__
            raise ValueError(f"loss_fn(output, targets) must give a single number, got {what}")
        return loss

    def gradients(self, loss, create_graph=False):
        """{name: gradient of a trainable parameter that the loss depends on}"""
        wanted = list(self.parameters.values())
        found = grad(loss, wanted, create_graph=create_graph, allow_unused=True)
        pairs = zip(self.parameters, found, strict=True)
        return {name: gradient for name, gradient in pairs if gradient is not None}


def host(tensor):
    """The values of a tensor as a NumPy array."""
    return move(values(tensor), "cpu")


def like(array, tensor):
    """A NumPy array as a tensor with the dtype and on the device of another."""
    return new_tensor(move(array, device_of(tensor._array))).to(tensor.dtype)
