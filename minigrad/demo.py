"""The demonstration: the whole recipe of training on handwritten digits, in under a minute."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import minigrad as mg
from minigrad import backend, nn, runs
from minigrad.nn import functional as F

EPOCHS, BATCH, PATIENCE = 40, 64, 10
PEAK_LR, WARMUP, WEIGHT_DECAY = 1e-2, 0.1, 5e-2
SMOOTHING, DROPOUT, CLIP_NORM = 0.1, 0.2, 1.0
HIDDEN, SHIFT = 256, 1  # units of a hidden layer; pixels by which images are moved at random
PLAYBOOK = {"lr_steps": 60, "repeats": 2, "run_steps": 60}
VALIDATION = 0.15  # of the training set; the test set is looked at once, at the end
OWN_FILES = (*runs.FILES, "report.html")


def load_digits(seed=0):
    """Training, validation and test set: 1145, 202 and 450 images of 8×8 pixels in [−1, 1].

    The test set is always the same; ``seed`` draws the validation set from the rest.
    """
    train_set, test_set = mg.data.datasets.digits()
    chance = mg.Generator().manual_seed(seed)
    parts = mg.data.random_split(train_set, [1 - VALIDATION, VALIDATION], generator=chance)
    return (*parts, test_set)


def moved(dataset):
    """The images of a data set, each moved by up to a pixel in a new direction in every epoch."""
    transforms = mg.data.transforms
    steps = [
        transforms.Lambda(lambda pixels: pixels.reshape(8, 8)),
        transforms.RandomCrop(8, padding=SHIFT, fill=-1.0),
        transforms.Lambda(lambda image: image.reshape(64)),
    ]
    return transforms.Transformed(dataset, transforms.Compose(steps))


def build_model(features=64, classes=10):
    """Two hidden layers with dropout.

    He's initial values before a ReLU, Xavier's elsewhere, and a tenth of them in the last layer, so
    that the first loss is ln 10.
    """
    model = nn.Sequential(
        nn.Linear(features, HIDDEN),
        nn.ReLU(),
        nn.Dropout(DROPOUT),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Dropout(DROPOUT),
        nn.Linear(HIDDEN, classes),
    )
    nn.init.apply_(model, "auto")
    with mg.no_grad():
        model[-1].weight.mul_(0.1)
    return model


def build_optimizer(model):
    """AdamW without weight decay on biases and norms."""
    return mg.optim.AdamW(mg.optim.param_groups(model, WEIGHT_DECAY), lr=PEAK_LR)


def loss_function():
    """Cross-entropy with smoothed labels."""
    return nn.CrossEntropyLoss(label_smoothing=SMOOTHING)


def rehearse():
    """Where no kernel has been compiled yet, compile on two cores what the run begins with.

    This process takes the linear layers, and another one the rest.
    """
    if not backend.nothing_compiled() or len(os.sched_getaffinity(0)) < 2:
        return
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", "from minigrad import demo; demo.rehearse_the_rest()"]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}):
        for rows, units in ((BATCH, 10), (1024, HIDDEN)):  # the last layer; all images at once
            shapes = (rows, HIDDEN), (units, HIDDEN), (units,)
            made = F.linear(*(mg.zeros(*shape, requires_grad=True) for shape in shapes))
            made.backward(mg.zeros(rows, units))


def rehearse_the_rest():
    """Compile what the run begins with, but for the linear layers."""
    F.dropout(F.relu(mg.zeros(BATCH, HIDDEN, requires_grad=True)), DROPOUT).sum().backward()
    model, logits = build_model(), mg.zeros(BATCH, 10, requires_grad=True)
    loss_function()(logits, mg.randperm(BATCH) % 10).backward()
    for parameter in model.parameters():
        parameter.grad = mg.zeros_like(parameter)
    nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
    build_optimizer(model).step()


class Run:
    """A run of the demonstration and its folder."""

    def __init__(self, folder, epochs=EPOCHS, seed=0):
        self.folder, self.epochs, self.seed = Path(folder), epochs, seed
        mg.manual_seed(seed)
        train_set, val_set, test_set = load_digits(seed)
        self.train_loader = mg.data.DataLoader(moved(train_set), batch_size=BATCH, shuffle=True)
        self.val_loader = mg.data.DataLoader(val_set, batch_size=len(val_set))
        self.test_loader = mg.data.DataLoader(test_set, batch_size=len(test_set))
        self.model, self.loss_fn = build_model(), loss_function()
        self.optimizer = build_optimizer(self.model)

    def check(self):
        """The checks before the run; prints them, and writes ``playbook.json``."""
        report = mg.debug.playbook(
            self.model, self.loss_fn, self.train_loader, self.val_loader, self.optimizer,
            seed=self.seed, **PLAYBOOK,
        )  # fmt: skip
        report.save(self.folder / "playbook.json", times=True)
        for check in report.steps:
            number = "" if check.number is None else f"{check.number:.4g}"
            print(f"{check.status:8} {check.name:14} {number:>8}  {against(check)}".rstrip())
        for finding in report.findings:
            if finding.severity != "info":
                print(f"{finding.severity:8} {finding.message} {finding.fix}")
        print()

    def trainer(self):
        """The trainer with its schedule and callbacks."""
        steps = self.epochs * len(self.train_loader)
        schedule = mg.optim.lr_scheduler.WarmupCosine(self.optimizer, int(WARMUP * steps), steps)
        callbacks = [
            mg.train.EarlyStopping("val_loss", patience=PATIENCE),
            mg.train.Checkpoint(self.folder, monitor="val_loss"),
            mg.train.CSVLogger(self.folder / "history.csv"),
            mg.train.LRLogger(),
            mg.train.ProgressBar(every=max(1, self.epochs // 10)),
        ]
        return mg.train.Trainer(
            self.model, self.optimizer, self.loss_fn, schedule, clip_norm=CLIP_NORM,
            metrics=["accuracy"], callbacks=callbacks, seed=self.seed,
        )  # fmt: skip

    def test(self):
        """The result on the test set, which it writes to ``test.json``."""
        metrics = {"accuracy": "accuracy", "confusion_matrix": mg.train.metrics.ConfusionMatrix(10)}
        tester = mg.train.Trainer(self.model, self.optimizer, self.loss_fn, metrics=metrics)
        result = tester.evaluate(self.test_loader)
        result["confusion_matrix"] = result["confusion_matrix"].tolist()
        write_json(self.folder / "test.json", result)
        return result


def against(check):
    """What the number of a check is held against."""
    threshold = "" if check.threshold is None else f" {check.threshold:.4g}"
    return "" if check.number is None else f"{check.measure}{threshold}"


def write_json(path, content):
    """A dict as a file."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def begun(folder, epochs, seed):
    """A new run in a folder, in the place of an older one."""
    epochs, seed = EPOCHS if epochs is None else epochs, 0 if seed is None else seed
    if epochs < 1:
        raise ValueError(f"the demo needs at least one epoch, got epochs={epochs}")
    made = Run(folder, epochs, seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name in OWN_FILES:
        (folder / name).unlink(missing_ok=True)
    settings = {
        "epochs": epochs, "seed": seed, "batch size": BATCH, "peak learning rate": PEAK_LR,
        "warm-up, share of the steps": WARMUP, "weight decay": WEIGHT_DECAY,
        "label smoothing": SMOOTHING, "dropout": DROPOUT, "norm of gradients, at most": CLIP_NORM,
        "shift, pixels, at most": SHIFT, "patience, epochs": PATIENCE,
    }  # fmt: skip
    write_json(folder / "settings.json", settings)
    return made


def resumed(folder, epochs, seed):
    """The run that was interrupted in a folder, with the settings that it had."""
    if not (folder / "last.npz").is_file() or not (folder / "settings.json").is_file():
        raise FileNotFoundError(f"{folder} holds no interrupted run to resume")
    if (folder / "test.json").is_file():
        raise ValueError(f"the run in {folder} is complete: without --resume a new one begins")
    settings = runs.read_json(folder / "settings.json")
    for name, given in {"epochs": epochs, "seed": seed}.items():
        if given is not None and given != settings[name]:
            raise ValueError(f"the run in {folder} has {name} {settings[name]}, not {given}")
    return Run(folder, settings["epochs"], settings["seed"])


def save(run, history, accuracy):
    """Write weights, curves and report; yields their paths."""
    mg.save(run.model.state_dict(), run.folder / "weights.npz")
    columns = {name: column for name, column in history.items() if name != "lr"}
    title = f"Digits: test accuracy {accuracy:.3f}"
    mg.viz.training_curves(columns, title, run.folder / "curves.svg")
    runs.report(run.folder)
    yield from (run.folder / name for name in OWN_FILES if (run.folder / name).is_file())


def run(epochs=None, seed=None, folder="runs/demo", resume=False, playbook=True):
    """The whole demonstration with its printed report.

    Returns the accuracy on the test set, or None where Ctrl-C interrupted the run, which
    ``resume=True`` then continues as if nothing had happened.
    """
    start, folder = time.perf_counter(), Path(folder)
    rehearse()
    current = (resumed if resume else begun)(folder, epochs, seed)
    if playbook and not resume:
        current.check()
    trainer = current.trainer()
    history = trainer.fit(
        current.train_loader, current.val_loader, current.epochs, resume="auto" if resume else None
    )
    if history.interrupted:
        print("\ngo on with: minigrad demo --resume --out", folder)
        return None
    result = current.test()
    print(f"\ndone in {time.perf_counter() - start:.1f} s; written:")
    for item in save(current, history, result["accuracy"]):
        print(f"  {item}")
    print(f"\ndigits: test accuracy {result['accuracy']:.3f}")
    return result["accuracy"]


def find_lr(data="digits", seed=0, path=None):
    """The learning-rate range test of the demonstration's model on a set of real data.

    ``data`` names a classification of :mod:`minigrad.data.datasets`; ``path`` also
    writes the picture. Returns what :func:`minigrad.debug.lr_find` found.
    """
    mg.manual_seed(seed)
    train_set = getattr(mg.data.datasets, data)()[0]
    x, y = train_set.tensors
    model = build_model(x.shape[1], int(y.max()) + 1)
    loader = mg.data.DataLoader(train_set, batch_size=BATCH, shuffle=True)
    found = mg.debug.lr_find(model, loss_function(), build_optimizer(model), loader, seed=seed)
    if path is not None:
        mg.viz.range_test(found, f"Learning-rate range test: {data}", path)
    return found
