"""One training step, spelled once for minigrad, PyTorch and torch.compile.

Every peer starts from the same weights on the same batch, and the losses after a few steps must
agree before any time counts; dropout, whose masks differ, is off for that comparison. What
torch.compile and JAX need to compile falls into those steps and is not timed.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks import harness

STEPS_BEFORE_LOSS = 4
SPELLED_ALIKE = ("minigrad", "torch", "torch.compile")
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Optimizer:
    """A class of ``optim`` with its arguments."""

    kind: str
    options: dict

    def of(self, lib, parameters):
        return getattr(lib.optim, self.kind)(parameters, **self.options)

    def updated(self, xp, parameter, gradient, first, second, t):
        """Parameter and both state arrays after update t of SGD, Adam or AdamW, as formulas."""
        lr = self.options["lr"]
        if self.kind == "SGD":
            first = self.options["momentum"] * first + gradient
            return parameter - lr * first, first, second
        if self.kind == "AdamW":
            parameter = parameter * (1 - lr * self.options["weight_decay"])
        first = BETA1 * first + (1 - BETA1) * gradient
        second = BETA2 * second + (1 - BETA2) * gradient * gradient
        denominator = xp.sqrt(second) / xp.sqrt(1 - BETA2**t) + EPS
        return parameter - lr / (1 - BETA1**t) * first / denominator, first, second


@dataclass(frozen=True)
class Workload:
    """How to build a model, a batch (inputs, targets), and how to train the one on the other."""

    build: object
    batch: tuple
    optimizer: Optimizer
    largest_norm: float | None = None


def set_weights(lib, model, as_tensor):
    """Uniform within 1/√fan_in; norms stay at 1 and 0."""
    rng = np.random.default_rng(1)
    with lib.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim >= 2 and "position" not in name:
                bound = 1 / np.sqrt(np.prod(tuple(parameter.shape)[1:]))
                values = rng.uniform(-bound, bound, tuple(parameter.shape))
                parameter.copy_(as_tensor(values.astype(np.float32)))
            elif "bias" in name:
                parameter.zero_()


def set_dropout(lib, model, p):
    for module in model.modules():
        if isinstance(module, lib.nn.Dropout):
            module.p = p


def measured(step, dropout=lambda p: None):
    """Loss after a few steps without dropout, then the times with it; ``step()`` is the loss."""
    dropout(0.0)
    for _ in range(STEPS_BEFORE_LOSS):
        loss = step().item()
    dropout(0.5)
    measure = harness.step_timer(step)
    return lambda: {"loss": loss, **measure()}


def spelled_alike(peer, workload):
    """The measure of a step as the three write it, to the letter."""
    lib, as_tensor = harness.library(peer)
    layers, loss_fn = workload.build(lib), lib.nn.CrossEntropyLoss()
    set_weights(lib, layers, as_tensor)
    model = lib.compile(layers) if peer == harness.COMPILED else layers
    optimizer = workload.optimizer.of(lib, model.parameters())
    x, y = map(as_tensor, workload.batch)

    def step():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        if workload.largest_norm is not None:
            lib.nn.utils.clip_grad_norm_(model.parameters(), workload.largest_norm)
        optimizer.step()
        return loss

    return measured(step, lambda p: set_dropout(lib, layers, p))


def on_jax(name, workload):
    """The measure of the same step with the model of that name in :mod:`benchmarks.jax_models`."""
    import minigrad as mg
    from benchmarks import jax_models

    model = workload.build(mg)
    set_weights(mg, model, mg.tensor)
    return measured(*jax_models.compiled_step(getattr(jax_models, name), model, workload))


def declare(workloads, jax_models=()):
    """Cases for workloads by name; on JAX too, those whose model has a name in ``jax_models``."""
    for name, workload in workloads.items():
        for peer in SPELLED_ALIKE:
            harness.case(name, peer)(lambda p=peer, w=workload: spelled_alike(p, w))
        if (model := workload.build.__name__) in jax_models:
            harness.case(name, "jax")(lambda m=model, w=workload: on_jax(m, w))


def images(count, *shape, classes=10):
    """A batch of random images, and a class for each."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((count, *shape)).astype(np.float32), rng.integers(0, classes, count)
