"""How fast are single layers and losses beside PyTorch's, forward and backward together?

Each at a size that training uses, in training mode, with the gradients of its input and of its
parameters. The script ends with the geometric means of layers and of losses.
"""

from statistics import geometric_mean

import numpy as np

from benchmarks import harness

# name: (constructor of the layer, shape of the input)
LAYERS = {
    "Linear 512→512": (lambda nn: nn.Linear(512, 512), (128, 512)),
    "Conv2d 1→32, 28×28": (lambda nn: nn.Conv2d(1, 32, 3, padding=1), (64, 1, 28, 28)),
    "Conv2d 32→64, 14×14": (lambda nn: nn.Conv2d(32, 64, 3, padding=1), (64, 32, 14, 14)),
    "Conv2d 64→128, stride 2": (
        lambda nn: nn.Conv2d(64, 128, 3, 2, padding=1), (16, 64, 32, 32)
    ),
    "Conv2d 128→128, 1×1": (lambda nn: nn.Conv2d(128, 128, 1), (16, 128, 16, 16)),
    "Conv2d depthwise 64": (
        lambda nn: nn.Conv2d(64, 64, 3, padding=1, groups=64), (16, 64, 32, 32)
    ),
    "Conv1d 64→64": (lambda nn: nn.Conv1d(64, 64, 5, padding=2), (32, 64, 256)),
    "ConvTranspose2d 64→32": (
        lambda nn: nn.ConvTranspose2d(64, 32, 4, 2, padding=1), (16, 64, 14, 14)
    ),
    "MaxPool2d": (lambda nn: nn.MaxPool2d(2), (64, 32, 28, 28)),
    "MaxPool2d 3, stride 2": (lambda nn: nn.MaxPool2d(3, 2, 1), (64, 32, 28, 28)),
    "AvgPool2d": (lambda nn: nn.AvgPool2d(2), (64, 32, 28, 28)),
    "AdaptiveAvgPool2d 1": (lambda nn: nn.AdaptiveAvgPool2d(1), (64, 64, 7, 7)),
    "Upsample bilinear": (
        lambda nn: nn.Upsample(scale_factor=2, mode="bilinear"), (16, 16, 32, 32)
    ),
    "BatchNorm1d 512": (lambda nn: nn.BatchNorm1d(512), (128, 512)),
    "BatchNorm2d 32": (lambda nn: nn.BatchNorm2d(32), (64, 32, 28, 28)),
    "LayerNorm 128": (lambda nn: nn.LayerNorm(128), (1024, 128)),
    "LayerNorm 512": (lambda nn: nn.LayerNorm(512), (1024, 512)),
    "GroupNorm 8 of 64": (lambda nn: nn.GroupNorm(8, 64), (32, 64, 14, 14)),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(64), (16, 64, 14, 14)),
    "RMSNorm 512": (lambda nn: nn.RMSNorm(512), (1024, 512)),
    "Dropout": (lambda nn: nn.Dropout(0.5), (1000, 1000)),
    "Dropout, small": (lambda nn: nn.Dropout(0.5), (128, 512)),
    "Softmax": (lambda nn: nn.Softmax(-1), (1000, 500)),
    "GELU": (lambda nn: nn.GELU(), (1024, 512)),
    "ReLU": (lambda nn: nn.ReLU(), (1024, 512)),
    "SiLU": (lambda nn: nn.SiLU(), (1024, 512)),
    "LSTM 128, 64 steps": (lambda nn: nn.LSTM(128, 128), (64, 32, 128)),
    "GRU 128, 64 steps": (lambda nn: nn.GRU(128, 128), (64, 32, 128)),
    "RNN 128, 64 steps": (lambda nn: nn.RNN(128, 128), (64, 32, 128)),
    "LSTM 16, 10 steps": (lambda nn: nn.LSTM(8, 16), (10, 4, 8)),
    "TransformerEncoderLayer": (
        lambda nn: nn.TransformerEncoderLayer(128, 4, 512, 0.0, batch_first=True), (16, 64, 128)
    ),
}


def classes(shape, rng):
    return rng.integers(0, shape[1], (shape[0], *shape[2:]))


def probabilities(shape, rng):
    return rng.uniform(0.1, 0.9, shape).astype(np.float32)


def numbers(shape, rng):
    return rng.standard_normal(shape).astype(np.float32)


def signs(shape, rng):
    return rng.choice(np.float32([-1, 1]), shape)


def positions(shape, rng):
    return np.where(rng.random(shape) < 0.1, rng.integers(0, shape[1], shape), -1)


# name: (loss, target, whether the input must be a probability)
LOSSES = {
    "MSELoss": (lambda nn: nn.MSELoss(), numbers, False),
    "L1Loss": (lambda nn: nn.L1Loss(), numbers, False),
    "SmoothL1Loss": (lambda nn: nn.SmoothL1Loss(), numbers, False),
    "HuberLoss": (lambda nn: nn.HuberLoss(), numbers, False),
    "BCELoss": (lambda nn: nn.BCELoss(), probabilities, True),
    "BCEWithLogitsLoss": (lambda nn: nn.BCEWithLogitsLoss(), probabilities, False),
    "CrossEntropyLoss": (lambda nn: nn.CrossEntropyLoss(), classes, False),
    "CrossEntropyLoss, smoothing": (
        lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1), classes, False
    ),
    "CrossEntropyLoss, probabilities": (
        lambda nn: nn.CrossEntropyLoss(), probabilities, False
    ),
    "NLLLoss": (lambda nn: nn.NLLLoss(), classes, False),
    "KLDivLoss": (lambda nn: nn.KLDivLoss(reduction="batchmean"), probabilities, False),
    "PoissonNLLLoss": (lambda nn: nn.PoissonNLLLoss(), probabilities, False),
    "SoftMarginLoss": (lambda nn: nn.SoftMarginLoss(), signs, False),
    "HingeEmbeddingLoss": (lambda nn: nn.HingeEmbeddingLoss(), signs, False),
    "MultiMarginLoss": (lambda nn: nn.MultiMarginLoss(), classes, False),
    "MultiLabelMarginLoss": (lambda nn: nn.MultiLabelMarginLoss(), positions, False),
    "MultiLabelSoftMarginLoss": (lambda nn: nn.MultiLabelSoftMarginLoss(), probabilities, False),
}
SIZES = {"64×10": (64, 10), "256×1000": (256, 1000)}


def layer_call(peer, build, shape):
    """Forward and backward of a layer."""
    lib, tensor = harness.library(peer)
    x = tensor(numbers(shape, np.random.default_rng(0))).requires_grad_()
    layer = build(lib.nn)
    inputs = [x, *layer.parameters()]

    def output():
        y = layer(x)
        return y[0] if isinstance(y, tuple) else y

    g = tensor(numbers(tuple(output().shape), np.random.default_rng(1)))
    return lambda: lib.autograd.grad(output(), inputs, g)


def loss_call(peer, build, target, bounded, shape):
    """Forward and backward of a loss."""
    lib, tensor = harness.library(peer)
    rng = np.random.default_rng(0)
    x = tensor((probabilities if bounded else numbers)(shape, rng)).requires_grad_()
    y, loss = tensor(target(shape, rng)), build(lib.nn)
    return lambda: lib.autograd.grad(loss(x, y), x)


for _name, (_build, _shape) in LAYERS.items():
    harness.declare(
        _name, lambda peer, build=_build, shape=_shape: layer_call(peer, build, shape)
    )
for _size, _shape in SIZES.items():
    for _name, _loss in LOSSES.items():
        harness.declare(
            f"{_name}, {_size}",
            lambda peer, loss=_loss, shape=_shape: loss_call(peer, *loss, shape),
        )


def print_means(results):
    """The geometric means and the lowest of the ratios to PyTorch."""
    for workloads in results.values():
        for title, chosen in (
            ("layers", [name for name in workloads if name in LAYERS]),
            ("losses", [name for name in workloads if name not in LAYERS]),
        ):
            ratios = {name: workloads[name]["torch"]["ratio"] for name in chosen}
            if ratios:
                lowest = sorted(ratios, key=ratios.get)[:3]
                worst = ", ".join(f"{ratios[name]:.2f} ({name})" for name in lowest)
                mean = geometric_mean(ratios.values())
                print(f"{title}: geometric mean {mean:.2f} of {len(ratios)}, lowest {worst}")


if __name__ == "__main__":
    print_means(harness.main("layers", together=harness.CASES))
