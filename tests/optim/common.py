"""Runs of one optimizer on the same gradients in minigrad and in PyTorch."""

import numpy as np

SHAPES = ((3, 4), (4,), ())


def gradients(steps, seed=0):
    """Per step one gradient (or None) for every parameter."""
    rng = np.random.default_rng(seed)
    for step in range(steps):
        yield [
            None if step % 7 == 3 and i == 1 else rng.normal(size=s).astype(np.float32)
            for i, s in enumerate(SHAPES)
        ]


def start(lib, seed=1):
    """The same parameters as leaves of a library."""
    rng = np.random.default_rng(seed)
    return [
        lib.tensor(rng.normal(size=s).astype(np.float32), requires_grad=True) for s in SHAPES
    ]


def run(lib, parameters, optimizer, steps, seed=0):
    """Step with the gradients of a seed; returns the parameters as arrays."""
    for step in gradients(steps, seed):
        for p, g in zip(parameters, step, strict=True):
            p.grad = None if g is None else lib.tensor(g)
        optimizer.step()
    return [p.detach().numpy() for p in parameters]
