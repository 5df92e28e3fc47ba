"""A small training run without layers, for tests of the engine."""

import minigrad as mg


def train(seed, steps=20, dtype=None):
    """Train a two-layer network on a seeded regression task; the final weights as bytes."""
    g = mg.Generator().manual_seed(seed)
    draw = {"generator": g, "dtype": dtype}
    x, y = mg.randn(32, 2, **draw), mg.randn(32, 1, **draw)
    weights = [mg.randn(2, 16, **draw), mg.randn(16, **draw), mg.randn(16, 1, **draw)]
    for w in weights:
        w.requires_grad_()
    for _ in range(steps):
        step(x, y, weights)
    return [w.detach().numpy().tobytes() for w in weights]


def step(x, y, weights):
    """One step of gradient descent in place; returns the loss."""
    first, bias, second = weights
    loss = ((mg.tanh(x @ first + bias) @ second - y) ** 2).mean()
    loss.backward()
    with mg.no_grad():
        for w in weights:
            w -= w.grad * 0.05
            w.grad = None
    return loss
