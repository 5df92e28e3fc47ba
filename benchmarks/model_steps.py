"""How long does one training step of a convolutional, recurrent or attention model take?

One source for minigrad and PyTorch: the models are written against PyTorch's names. JAX's are in
:mod:`benchmarks.jax_models`; what is timed, and when, says :mod:`benchmarks.training`.
"""

import numpy as np

from benchmarks import harness, training
from benchmarks.training import Optimizer, Workload, images

VOCABULARY, TOKENS, WIDTH = 65, 64, 128


def perceptron(lib):
    """784-512-512-10 with batch norm and dropout, a batch of 128 images."""
    nn = lib.nn
    layers = []
    for fan_in in (784, 512):
        layers += [nn.Linear(fan_in, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(512, 10))


def convolutional(lib):
    """Two convolutions of 32 and 64 channels with batch norm and pooling, on 28×28 images."""
    nn = lib.nn
    layers = []
    for channels, filters in ((1, 32), (32, 64)):
        layers += [
            nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(),
            nn.MaxPool2d(2),
        ]  # fmt: skip
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 49, 10))


def recurrent(lib):
    """Characters through an embedding, an LSTM of 128 units and a linear layer."""

    class Recurrent(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = lib.nn.Embedding(VOCABULARY, WIDTH)
            self.lstm = lib.nn.LSTM(WIDTH, WIDTH, batch_first=True)
            self.head = lib.nn.Linear(WIDTH, VOCABULARY)

        def forward(self, tokens):
            hidden, _ = self.lstm(self.embedding(tokens))
            return self.head(hidden).flatten(0, 1)

    return Recurrent()


def transformer(lib):
    """Four causal attention layers of width 128 and four heads, norms before each branch."""
    nn, functional = lib.nn, lib.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x):
            batch, tokens, _ = x.shape
            heads = self.qkv(self.norm1(x)).view(batch, tokens, 3, 4, WIDTH // 4)
            q, k, v = heads.permute(2, 0, 3, 1, 4).unbind(0)
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(mixed.transpose(1, 2).reshape(batch, tokens, WIDTH))
            return x + self.down(functional.gelu(self.up(self.norm2(x))))

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, WIDTH)
            self.position = nn.Parameter(lib.zeros(TOKENS, WIDTH))
            self.blocks = nn.Sequential(*(Block() for _ in range(4)))
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY)

        def forward(self, tokens):
            x = self.blocks(self.embedding(tokens) + self.position)
            return self.head(self.norm(x)).flatten(0, 1)

    return Transformer()


def text(count):
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, VOCABULARY, (count, TOKENS + 1))
    return tokens[:, :-1].copy(), tokens[:, 1:].ravel()


SGD = Optimizer("SGD", {"lr": 0.01, "momentum": 0.9})
ADAM = Optimizer("Adam", {"lr": 1e-3})
ADAMW = Optimizer("AdamW", {"lr": 1e-3, "weight_decay": 0.01})
WORKLOADS = {
    "MLP 784-512-512-10, norm, dropout": Workload(perceptron, images(128, 784), ADAMW),
    "CNN 32-64, batch 64": Workload(convolutional, images(64, 1, 28, 28), SGD),
    "char LSTM 128, 32×64 tokens": Workload(recurrent, text(32), ADAM, 1.0),
    "char transformer 4×128, 16×64 tokens": Workload(transformer, text(16), ADAMW, 1.0),
}

training.declare(WORKLOADS, ("perceptron", "convolutional", "recurrent", "transformer"))

if __name__ == "__main__":
    harness.main("model_steps")
