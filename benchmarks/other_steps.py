"""Models that no kernel was tuned for: how long does one of their training steps take?

They bring what :mod:`benchmarks.model_steps` leaves out: strided and residual convolutions, GRU,
image patches, dilated and transposed convolutions, group norm, RMSprop and NAdam.
"""

import numpy as np

from benchmarks import harness, training
from benchmarks.training import Optimizer, Workload, images

VOCABULARY, TOKENS, WIDTH, HEADS = 1000, 64, 128, 4


def residual(lib):
    """A stem and three residual blocks of 16, 32 and 64 channels, the last two with stride 2."""
    nn, functional = lib.nn, lib.nn.functional

    def unit(channels, filters, size, stride=1):
        convolution = nn.Conv2d(channels, filters, size, stride, size // 2, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(filters))

    class Block(nn.Module):
        def __init__(self, channels, filters, stride):
            super().__init__()
            self.first, self.second = unit(channels, filters, 3, stride), unit(filters, filters, 3)
            same = stride == 1 and channels == filters
            self.shortcut = nn.Identity() if same else unit(channels, filters, 1, stride)

        def forward(self, x):
            branch = self.second(functional.relu(self.first(x)))
            return functional.relu(branch + self.shortcut(x))

    return nn.Sequential(
        unit(3, 16, 3), nn.ReLU(), Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def gated(lib):
    """Words through an embedding and a GRU of 128 units; a linear layer reads its last state."""

    class Gated(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = lib.nn.Embedding(VOCABULARY, WIDTH)
            self.gru = lib.nn.GRU(WIDTH, WIDTH, batch_first=True)
            self.head = lib.nn.Linear(WIDTH, 10)

        def forward(self, tokens):
            _, last = self.gru(self.embedding(tokens))
            return self.head(last[0])

    return Gated()


def vision(lib):
    """Patches of 4 × 4 pixels through two encoder layers of width 128; their mean is read."""
    nn = lib.nn

    class Vision(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, WIDTH, 4, 4)
            self.position = nn.Parameter(lib.zeros(TOKENS, WIDTH))
            self.blocks = nn.Sequential(
                *(
                    nn.TransformerEncoderLayer(
                        WIDTH, HEADS, 4 * WIDTH, 0.0, "gelu", batch_first=True, norm_first=True
                    )
                    for _ in range(2)
                )
            )
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 10)

        def forward(self, x):
            x = self.patches(x).flatten(2).transpose(1, 2) + self.position
            return self.head(self.norm(self.blocks(x)).mean(1))

    return Vision()


def segmenting(lib):
    """A class for every pixel: halved, seen through a dilated kernel, doubled; group norms."""
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, 2, 1), nn.GroupNorm(8, 32), nn.SiLU(),
        nn.Conv2d(32, 64, 3, 1, 2, dilation=2), nn.GroupNorm(8, 64), nn.SiLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.GroupNorm(8, 32), nn.SiLU(),
        nn.Conv2d(32, 5, 1),
    )  # fmt: skip


def words(count):
    rng = np.random.default_rng(0)
    return rng.integers(0, VOCABULARY, (count, TOKENS)), rng.integers(0, 10, count)


def pixels(count, size):
    rng = np.random.default_rng(1)
    return images(count, 3, size, size)[0], rng.integers(0, 5, (count, size, size))


RMSPROP = Optimizer("RMSprop", {"lr": 1e-4})
NADAM = Optimizer("NAdam", {"lr": 1e-3})
ADAMW = Optimizer("AdamW", {"lr": 1e-3})
WORKLOADS = {
    "ResNet 16-32-64, 32 images": Workload(residual, images(32, 3, 32, 32), RMSPROP),
    "GRU classifier 128, 32×64 words": Workload(gated, words(32), NADAM, 1.0),
    "vision transformer 2×128, 16 images": Workload(vision, images(16, 3, 32, 32), ADAMW),
    "segmentation 32-64-32, 16 images": Workload(segmenting, pixels(16, 32), NADAM),
}

training.declare(WORKLOADS)

if __name__ == "__main__":
    harness.main("other_steps")
