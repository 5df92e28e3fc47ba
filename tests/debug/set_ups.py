"""Training set-ups that are healthy, and the same with a fault planted in each."""

from dataclasses import dataclass

import numpy as np

import minigrad as mg

nn = mg.nn


@dataclass
class SetUp:
    """The arguments of a playbook."""

    model: object
    loss_fn: object
    train: object
    val: object = None
    optimizer: object = None

    def playbook(self, **options):
        return mg.debug.playbook(
            self.model, self.loss_fn, self.train, self.val, self.optimizer, **options
        )


def loaders(name, batch, limit=None, change=None, shuffle=True):
    """Loaders of a bundled set; ``change`` maps the arrays (x, y) of the training set to others."""
    train, val = getattr(mg.data.datasets, name)()
    x, y = (t.numpy()[:limit] for t in train.tensors)
    x, y = (x, y) if change is None else change(x, y)
    train = mg.data.TensorDataset(mg.tensor(np.ascontiguousarray(x)), mg.tensor(y))
    return mg.data.DataLoader(train, batch, shuffle=shuffle), mg.data.DataLoader(val, batch)


def copied(model):
    """The parameters of a model as arrays."""
    return [p.detach().numpy().copy() for p in model.parameters()]


def unchanged(model, before):
    """Whether the parameters are what :func:`copied` gave."""
    return all((now == then).all() for now, then in zip(copied(model), before, strict=True))


def mlp(inputs=64, hidden=64, outputs=10):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


def digits(model=None, lr=0.1, limit=None, optimizer=mg.optim.SGD, **data):
    """An MLP on digits, which the faults change."""
    mg.manual_seed(0)
    model = mlp() if model is None else model
    trained = [p for p in model.parameters() if p.requires_grad]
    return SetUp(
        model, nn.CrossEntropyLoss(), *loaders("digits", 64, limit, **data),
        optimizer(trained, lr=lr),
    )  # fmt: skip


class Digits(nn.Module):
    """The MLP with something done between and after its layers."""

    def __init__(self, between=nn.ReLU(), after=nn.Identity()):  # noqa: B008
        super().__init__()
        self.first, self.last = nn.Linear(64, 64), nn.Linear(64, 10)
        self.between, self.after = between, after

    def forward(self, x):
        return self.after(self.last(self.between(self.first(x))))


class Detached(nn.Module):
    def forward(self, x):
        return x.relu().detach()


def dead():
    model = mlp()
    nn.init.constant_(model[0].bias, -10)
    return model


def frozen():
    model = mlp()
    model[0].requires_grad_(False)
    return model


def zeros():
    model = mlp()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return model


def shuffled(x, y):
    return x, np.random.default_rng(0).permutation(y)


def by_class(x, y):
    order = np.argsort(y, kind="stable")
    return x[order], y[order]


# {fault: (what the report must say, how to plant it)}
FAULTS = {
    "shuffled labels": ("shuffled_labels", lambda **o: digits(change=shuffled, **o)),
    "unscaled inputs": (
        "feature_scale", lambda **o: digits(change=lambda x, y: ((x + 1) * 1000, y), **o)
    ),
    "label off by one": ("label_range", lambda **o: digits(change=lambda x, y: (x, y + 1), **o)),
    "dead ReLU": ("dead_units", lambda **o: digits(dead(), **o)),
    "lr × 1000": ("lr_too_high", lambda **o: digits(lr=100.0, **o)),
    "lr ÷ 1000": ("lr_too_low", lambda **o: digits(lr=1e-4, **o)),
    "frozen layer": ("frozen_parameters", lambda **o: digits(frozen(), **o)),
    "detached graph": ("detached_graph", lambda **o: digits(Digits(Detached()), **o)),
    "zero init": ("zero_init", lambda **o: digits(zeros(), **o)),
    "double softmax": ("double_softmax", lambda **o: digits(Digits(after=nn.Softmax(1)), **o)),
    "wrong softmax axis": ("softmax_axis", lambda **o: digits(Digits(after=nn.Softmax(0)), **o)),
    "missing shuffle": (
        "missing_shuffle", lambda **o: digits(change=by_class, shuffle=False, **o)
    ),
}  # fmt: skip


def convolutional():
    mg.manual_seed(0)
    model = nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(256, 10),
    )  # fmt: skip
    return SetUp(
        model, nn.CrossEntropyLoss(label_smoothing=0.1), *loaders("digits", 64),
        mg.optim.AdamW(mg.optim.param_groups(model, 0.01), lr=1e-3),
    )  # fmt: skip


def logistic():
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(30, 1), nn.Flatten(0))
    return SetUp(
        model, nn.BCEWithLogitsLoss(),
        *(floats(loader) for loader in loaders("breast_cancer", 32)),
        mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
    )  # fmt: skip


def floats(loader):
    """The loader with targets 0.0 and 1.0 instead of classes."""
    x, y = loader.dataset.tensors
    shuffle = isinstance(loader.sampler, mg.data.RandomSampler)
    return mg.data.DataLoader(
        mg.data.TensorDataset(x, y.float()), loader.batch_size, shuffle=shuffle
    )


def wine():
    mg.manual_seed(0)
    model = mlp(13, 32, 3)
    return SetUp(
        model, nn.CrossEntropyLoss(), *loaders("wine", 16), mg.optim.SGD(model.parameters(), lr=0.1)
    )


def regression():
    mg.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1), nn.Flatten(0)
    )
    return SetUp(
        model, nn.MSELoss(), *loaders("diabetes", 32), mg.optim.Adam(model.parameters(), lr=1e-3)
    )


HEALTHY = {
    "digits, MLP": digits,
    "digits, MLP, Adam": lambda: digits(optimizer=mg.optim.Adam, lr=1e-3),
    "digits, CNN": convolutional,
    "breast cancer, logistic": logistic,
    "wine, MLP": wine,
    "diabetes, tanh": regression,
}
