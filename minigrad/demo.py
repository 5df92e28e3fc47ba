"""The demonstration: a classifier of handwritten digits, trained, saved and drawn in seconds."""

import csv
import math
import sys
import time
from pathlib import Path

import minigrad as mg

HIDDEN, BATCH, EPOCHS = 128, 64, 30
PEAK_LR, WEIGHT_DECAY, SMOOTHING = 5e-3, 1e-2, 0.1


def load_digits():
    """Training and test set: 1797 images of 8×8 pixels in [−1, 1], a quarter for the test."""
    try:
        from sklearn import datasets, model_selection
    except ImportError as error:
        raise ModuleNotFoundError(
            "the digits come with scikit-learn, which is missing: pip install 'minigrad[data]'"
        ) from error
    pixels, labels = datasets.load_digits(return_X_y=True)
    pixels = (pixels / 8 - 1).astype("float32")
    x_train, x_test, y_train, y_test = model_selection.train_test_split(
        pixels, labels.astype("int64"), test_size=0.25, stratify=labels, random_state=0
    )
    return (
        mg.data.TensorDataset(mg.tensor(x_train), mg.tensor(y_train)),
        mg.data.TensorDataset(mg.tensor(x_test), mg.tensor(y_test)),
    )


def build_model():
    """64 pixels → 128 rectified units → 10 classes."""
    return mg.nn.Sequential(
        mg.nn.Linear(64, HIDDEN),
        mg.nn.ReLU(),
        mg.nn.Linear(HIDDEN, 10),
    )


def cosine(peak, epoch, epochs):
    """lr = peak · (1 + cos(π · epoch / epochs)) / 2"""
    return peak * (1 + math.cos(math.pi * epoch / epochs)) / 2


def train_epoch(model, loss_fn, optimizer, loader):
    """One pass over the training set; returns the mean loss."""
    model.train()
    total = count = 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


def evaluate(model, loss_fn, dataset):
    """Loss and accuracy on a whole data set."""
    model.eval()
    x, y = dataset.tensors
    with mg.no_grad():
        logits = model(x)
        accuracy = float((logits.numpy().argmax(1) == y.numpy()).mean())
        return loss_fn(logits, y).item(), accuracy


def train(epochs=EPOCHS, seed=0, report=None):
    """Train on the digits; returns the model and its history, a dict of columns.

    ``report(row)`` is called after every epoch with that epoch's entry of every column.
    """
    mg.manual_seed(seed)
    train_set, test_set = load_digits()
    loader = mg.data.DataLoader(train_set, batch_size=BATCH, shuffle=True)
    model = build_model()
    loss_fn = mg.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    optimizer = mg.optim.AdamW(model.parameters(), lr=PEAK_LR, weight_decay=WEIGHT_DECAY)
    rows = []
    for epoch in range(epochs):
        start = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = cosine(PEAK_LR, epoch, epochs)
        train_loss = train_epoch(model, loss_fn, optimizer, loader)
        test_loss, accuracy = evaluate(model, loss_fn, test_set)
        rows.append(
            {
                "epoch": epoch + 1,
                "train_loss": train_loss,
                "test_loss": test_loss,
                "test_accuracy": accuracy,
                "lr": group["lr"],
                "seconds": time.perf_counter() - start,
            }
        )
        if report is not None:
            report(rows[-1])
    return model, {name: [row[name] for row in rows] for name in rows[0]}


class Table:
    """Prints a row every few epochs, with a progress bar below on a terminal that has tqdm."""

    HEADER = f"{'epoch':>5}  {'train loss':>10}  {'test loss':>9}  {'test accuracy':>13}  {'lr':>8}"
    ROW = "{epoch:5d}  {train_loss:10.4f}  {test_loss:9.4f}  {test_accuracy:13.4f}  {lr:8.5f}"

    def __init__(self, epochs):
        self.epochs = epochs
        self.every = max(1, epochs // 10)
        self.bar = progress_bar(epochs)
        self.write(self.HEADER)
        self.write("─" * len(self.HEADER))

    def write(self, line):
        """A line above the progress bar."""
        print(line, flush=True) if self.bar is None else self.bar.write(line)

    def __call__(self, row):
        if row["epoch"] % self.every == 0 or row["epoch"] in (1, self.epochs):
            self.write(self.ROW.format(**row))
        if self.bar is not None:
            self.bar.update()

    def close(self):
        if self.bar is not None:
            self.bar.close()


def progress_bar(total):
    """A tqdm bar, or None where tqdm is missing or standard error is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, unit="epoch", leave=False)


def save(model, history, folder):
    """Write weights, history and, where Matplotlib is installed, curves; yields their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    mg.save(model.state_dict(), folder / "weights.npz")
    yield folder / "weights.npz"
    with open(folder / "history.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(history)
        writer.writerows(zip(*history.values(), strict=True))
    yield folder / "history.csv"
    try:
        draw(history, folder / "curves.png")
    except ImportError:
        yield "no curves.png: Matplotlib is not installed (pip install 'minigrad[viz]')"
    else:
        yield folder / "curves.png"


def draw(history, path):
    """The curves of loss and accuracy."""
    from minigrad.viz import training_curves

    columns = {name: column for name, column in history.items() if name != "lr"}
    accuracy = history["test_accuracy"][-1]
    training_curves(columns, f"Digits, 64-{HIDDEN}-10: test accuracy {accuracy:.3f}", path)


def run(epochs=EPOCHS, seed=0, folder="runs/demo"):
    """The whole demonstration with its printed report; returns the test accuracy."""
    if epochs < 1:
        raise ValueError(f"the demo needs at least one epoch, got epochs={epochs}")
    start = time.perf_counter()
    table = Table(epochs)
    try:
        model, history = train(epochs, seed, table)
    finally:
        table.close()
    print(f"\ntrained in {time.perf_counter() - start:.1f} s; written:")
    for item in save(model, history, Path(folder)):
        print(f"  {item}")
    accuracy = history["test_accuracy"][-1]
    print(f"\ndigits: test accuracy {accuracy:.3f}")
    return accuracy
