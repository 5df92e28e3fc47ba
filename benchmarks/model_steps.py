"""How long does one training step of a convolutional, recurrent or attention model take?

One source for both libraries: the models are written against PyTorch's names. Both start from the
same weights on the same batch, and the losses after a few steps must agree before any time counts
(dropout, whose masks differ, is off for that comparison).
"""

import numpy as np

from benchmarks import harness

STEPS_BEFORE_LOSS = 4
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


def images(count, *shape):
    rng = np.random.default_rng(0)
    return rng.standard_normal((count, *shape)).astype(np.float32), rng.integers(0, 10, count)


def text(count):
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, VOCABULARY, (count, TOKENS + 1))
    return tokens[:, :-1].copy(), tokens[:, 1:].ravel()


#            model          batch                  optimizer, largest norm of the gradient
WORKLOADS = {
    "MLP 784-512-512-10, norm, dropout": (perceptron, images(128, 784), "AdamW", None),
    "CNN 32-64, batch 64": (convolutional, images(64, 1, 28, 28), "SGD", None),
    "char LSTM 128, 32×64 tokens": (recurrent, text(32), "Adam", 1.0),
    "char transformer 4×128, 16×64 tokens": (transformer, text(16), "AdamW", 1.0),
}


def set_weights(lib, model, as_tensor):
    """The same weights in both libraries: uniform within 1/√fan_in; norms stay at 1 and 0."""
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


def measures(lib, workload, as_tensor):
    """Loss after a few steps without dropout, then the times with it."""
    build, batch, kind, largest_norm = WORKLOADS[workload]
    model, loss_fn = build(lib), lib.nn.CrossEntropyLoss()
    set_weights(lib, model, as_tensor)
    options = {"lr": 0.01, "momentum": 0.9} if kind == "SGD" else {"lr": 1e-3}
    optimizer = getattr(lib.optim, kind)(model.parameters(), **options)
    x, y = map(as_tensor, batch)

    def step():
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        if largest_norm is not None:
            lib.nn.utils.clip_grad_norm_(model.parameters(), largest_norm)
        optimizer.step()
        return loss

    set_dropout(lib, model, 0.0)
    for _ in range(STEPS_BEFORE_LOSS):
        loss = step().item()
    set_dropout(lib, model, 0.5)
    return {"loss": loss, **harness.step_measures(step)}


def on_minigrad(workload):
    import minigrad as mg

    return measures(mg, workload, mg.tensor)


def on_torch(workload):
    import torch

    return measures(torch, workload, torch.from_numpy)


for _name in WORKLOADS:
    harness.case(_name, "minigrad")(lambda name=_name: on_minigrad(name))
    harness.case(_name, "torch")(lambda name=_name: on_torch(name))

if __name__ == "__main__":
    harness.main("model_steps")
