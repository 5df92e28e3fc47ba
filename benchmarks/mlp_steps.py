"""How long does one training step of a small multilayer perceptron take?

The same step for every peer: forward, cross-entropy, backward, optimizer, from the same weights on
the same batch (:mod:`benchmarks.training`). JAX compiles the whole step, optimizer included;
torch.compile the model; MyGrad brings no optimizers, so its updates are written in NumPy.
"""

import numpy as np

from benchmarks import harness, training
from benchmarks.training import Optimizer, Workload, images


def plain_tanh(lib):
    """2-16-16-2"""
    nn = lib.nn
    layers = nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2)
    return nn.Sequential(*layers)


def plain_relu(*sizes):
    """A function that builds linear layers of these sizes with ReLU between them."""

    def plain_relu(lib):
        layers = []
        for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
            layers += [lib.nn.Linear(fan_in, fan_out), lib.nn.ReLU()]
        return lib.nn.Sequential(*layers[:-1])

    return plain_relu


SGD = Optimizer("SGD", {"lr": 0.1, "momentum": 0.9})
DECAY = Optimizer("AdamW", {"lr": 1e-3, "weight_decay": 1e-2})
ADAMW = Optimizer("AdamW", {"lr": 1e-3, "weight_decay": 0.0})
WORKLOADS = {
    "MLP 2-16-16-2": Workload(plain_tanh, images(32, 2, classes=2), SGD),
    "MLP 64-128-10": Workload(plain_relu(64, 128, 10), images(64, 64), DECAY),
    "MLP 784-512-512-10": Workload(plain_relu(784, 512, 512, 10), images(128, 784), ADAMW),
}


def on_mygrad(workload):
    import mygrad as my
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    import minigrad as mg

    model = workload.build(mg)
    training.set_weights(mg, model, mg.tensor)
    parameters = [my.tensor(p.detach().numpy()) for p in model.parameters()]
    states = [[np.zeros_like(p.data), np.zeros_like(p.data)] for p in parameters]
    nonlinear = my.tanh if workload.build is plain_tanh else relu
    x, y = workload.batch
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
        for p, state in zip(parameters, states, strict=True):
            new, *state[:] = workload.optimizer.updated(np, p.data, p.grad, *state, t)
            p.data[...] = new
        return loss

    return training.measured(step)


training.declare(WORKLOADS, ("plain_tanh", "plain_relu"))
for _name, _workload in WORKLOADS.items():
    harness.case(_name, "mygrad")(lambda w=_workload: on_mygrad(w))

if __name__ == "__main__":
    harness.main("mlp_steps")
