"""How long does one training step of a small multilayer perceptron take?

The same step for every peer: forward, cross-entropy, backward, optimizer, from the same weights on
the same batch. The harness compares the losses after a few steps before it believes any time.
JAX compiles the whole step, optimizer included; MyGrad brings no optimizers, so its updates are
written in NumPy.
"""

import math
from dataclasses import dataclass

import numpy as np

from benchmarks import harness

STEPS_BEFORE_LOSS = 5
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Workload:
    """Layer sizes, activation, batch size and optimizer of a perceptron."""

    sizes: tuple
    activation: str
    batch: int
    optimizer: str
    lr: float
    momentum: float = 0.0
    weight_decay: float = 0.0

    def data(self):
        """Inputs and labels of the one batch."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((self.batch, self.sizes[0])).astype(np.float32)
        return x, rng.integers(0, self.sizes[-1], self.batch)

    def weights(self):
        """Pairs of weight (out, in) and bias, uniform within 1/√in."""
        rng = np.random.default_rng(1)
        layers = []
        for fan_in, fan_out in zip(self.sizes, self.sizes[1:], strict=False):
            bound = 1 / math.sqrt(fan_in)
            layers.append(rng.uniform(-bound, bound, (fan_out, fan_in)).astype(np.float32))
            layers.append(rng.uniform(-bound, bound, fan_out).astype(np.float32))
        return layers


WORKLOADS = {
    "MLP 2-16-16-2": Workload((2, 16, 16, 2), "tanh", 32, "sgd", 0.1, momentum=0.9),
    "MLP 64-128-10": Workload((64, 128, 10), "relu", 64, "adamw", 1e-3, weight_decay=1e-2),
    "MLP 784-512-512-10": Workload((784, 512, 512, 10), "relu", 128, "adamw", 1e-3),
}


def measures(step):
    """Loss after a few steps, then the times; ``step()`` returns the loss."""
    for _ in range(STEPS_BEFORE_LOSS):
        loss = step()
    return {"loss": loss.item(), **harness.step_measures(step)}


def torch_like(lib, workload, as_tensor):
    """The step as minigrad and PyTorch spell it, to the letter."""
    layers = []
    for fan_in, fan_out in zip(workload.sizes, workload.sizes[1:], strict=False):
        layers += [lib.nn.Linear(fan_in, fan_out), activation(lib, workload)]
    model = lib.nn.Sequential(*layers[:-1])
    with lib.no_grad():
        for parameter, value in zip(model.parameters(), workload.weights(), strict=True):
            parameter.copy_(as_tensor(value))
    if workload.optimizer == "sgd":
        optimizer = lib.optim.SGD(model.parameters(), workload.lr, workload.momentum)
    else:
        optimizer = lib.optim.AdamW(
            model.parameters(), workload.lr, weight_decay=workload.weight_decay
        )
    loss_fn = lib.nn.CrossEntropyLoss()
    x, y = (as_tensor(array) for array in workload.data())

    def step():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def activation(lib, workload):
    return lib.nn.Tanh() if workload.activation == "tanh" else lib.nn.ReLU()


def minigrad_step(workload):
    import minigrad as mg

    return torch_like(mg, workload, mg.tensor)


def torch_step(workload):
    import torch

    return torch_like(torch, workload, torch.from_numpy)


def updated(xp, workload, parameter, gradient, first, second, t):
    """Parameter and both state arrays after one update, as formulas."""
    if workload.optimizer == "sgd":
        first = workload.momentum * first + gradient
        return parameter - workload.lr * first, first, second
    parameter = parameter * (1 - workload.lr * workload.weight_decay)
    first = BETA1 * first + (1 - BETA1) * gradient
    second = BETA2 * second + (1 - BETA2) * gradient * gradient
    scale = xp.sqrt(1 - BETA2**t)
    denominator = xp.sqrt(second) / scale + EPS
    return parameter - workload.lr / (1 - BETA1**t) * first / denominator, first, second


def jax_step(workload):
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(array) for array in workload.data())
    parameters = [jnp.asarray(array) for array in workload.weights()]
    zeros = [jnp.zeros_like(p) for p in parameters]
    state = [parameters, zeros, [jnp.zeros_like(p) for p in parameters], jnp.float32(0)]
    nonlinear = jnp.tanh if workload.activation == "tanh" else jax.nn.relu

    def loss_of(parameters, x, y):
        for i in range(0, len(parameters) - 2, 2):
            x = nonlinear(x @ parameters[i].T + parameters[i + 1])
        logits = x @ parameters[-2].T + parameters[-1]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()

    @jax.jit
    def whole(parameters, first, second, t, x, y):
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x, y)
        new = [
            updated(jnp, workload, p, g, m, v, t + 1)
            for p, g, m, v in zip(parameters, gradients, first, second, strict=True)
        ]
        return (*([n[i] for n in new] for i in range(3)), t + 1), loss

    def step():
        state[:], loss = whole(*state, x, y)
        return jax.block_until_ready((state, loss))[1]

    return step


def mygrad_step(workload):
    import mygrad as my
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    x, y = workload.data()
    parameters = [my.tensor(array) for array in workload.weights()]
    states = [[np.zeros_like(p.data), np.zeros_like(p.data)] for p in parameters]
    nonlinear = my.tanh if workload.activation == "tanh" else relu
    t = 0

    def forward(h):
        for i in range(0, len(parameters) - 2, 2):
            h = nonlinear(my.matmul(h, parameters[i].T) + parameters[i + 1])
        return my.matmul(h, parameters[-2].T) + parameters[-1]

    def step():
        nonlocal t
        t += 1
        loss = softmax_crossentropy(forward(x), y)
        loss.backward()
        for parameter, state in zip(parameters, states, strict=True):
            new, *state[:] = updated(np, workload, parameter.data, parameter.grad, *state, t)
            parameter.data[...] = new
        return loss

    return step


STEPS = {"minigrad": minigrad_step, "torch": torch_step, "jax": jax_step, "mygrad": mygrad_step}

for _name, _workload in WORKLOADS.items():
    for _peer, _make in STEPS.items():
        harness.case(_name, _peer)(lambda make=_make, w=_workload: measures(make(w)))

if __name__ == "__main__":
    harness.main("mlp_steps")
