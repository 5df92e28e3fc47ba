"""Handwritten digits, and training on them in one precision or another."""

import functools

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import minigrad as mg
from minigrad import amp, nn


@functools.cache
def data():
    """Training and test images (scaled to ±1) and labels, as tensors."""
    images, labels = load_digits(return_X_y=True)
    x = (images / 8 - 1).astype(np.float32)
    parts = train_test_split(x, labels, test_size=0.25, stratify=labels, random_state=0)
    return tuple(map(mg.tensor, parts))


def network(depth, width=64):
    mg.manual_seed(0)
    layers = [nn.Linear(64, width), nn.ReLU()]
    for _ in range(depth - 2):
        layers += [nn.Linear(width, width), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(width, 10))
    nn.init.apply_(model, "he")
    return model


def batches(x, y, epochs, size):
    rng = np.random.default_rng(0)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), size):
            chosen = mg.tensor(order[start : start + size])
            yield x[chosen], y[chosen]


def trained(model, dtype=None, scaler=None, epochs=6, lr=0.03, size=64, loss_factor=1.0):
    """The model after SGD on a loss times a factor, with the learning rate divided by it."""
    x, _, y, _ = data()
    optimizer = mg.optim.SGD(model.parameters(), lr=lr / loss_factor, momentum=0.9)
    scaler = scaler or amp.GradScaler(enabled=False)
    for images, labels in batches(x, y, epochs, size):
        optimizer.zero_grad()
        with amp.autocast(dtype=dtype, enabled=dtype is not None):
            loss = nn.functional.cross_entropy(model(images), labels) * loss_factor
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return model


def accuracy(model, dtype=None):
    """The share of test images that are recognised."""
    _, x, _, y = data()
    with mg.no_grad(), amp.autocast(dtype=dtype, enabled=dtype is not None):
        return (model(x).argmax(1) == y).float().mean().item()
