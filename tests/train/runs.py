"""A run with everything that holds state, as the tests of resuming train it.

As a program (``python -m tests.train.runs FOLDER``) it trains slowly to its end, or until it is
killed, and goes on from the checkpoint in the folder where there is one. It makes the file
``started`` when everything is imported and compiled.
"""

import json
import sys
import time
from pathlib import Path

import minigrad as mg

EPOCHS, BATCH, EVERY_STEPS = 3, 8, 2


class Noisy(mg.data.Dataset):
    """Two noisy classes of points: augmentation is part of reading a sample."""

    pause = 0.0  # seconds that reading a sample takes

    def __init__(self, size=60):
        generator = mg.Generator().manual_seed(1)
        self.y = mg.randint(0, 3, (size,), generator=generator)
        self.x = mg.randn(size, 6, generator=generator) + self.y.reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        time.sleep(self.pause)
        return self.x[index] + 0.1 * mg.randn(6), self.y[index]


def trainer(folder, precision="fp16", **options):
    """The trainer of the run and its loaders."""
    mg.manual_seed(11)
    nn = mg.nn
    net = nn.Sequential(
        nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3)
    )
    train = mg.data.DataLoader(Noisy(), BATCH, shuffle=True)
    val = mg.data.DataLoader(Noisy(24), BATCH)
    optimizer = mg.optim.AdamW(net.parameters(), lr=0.01)
    schedule = mg.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.02, epochs=EPOCHS, steps_per_epoch=len(train)
    )
    train_ = mg.train
    made = train_.Trainer(
        net, optimizer, nn.CrossEntropyLoss(), schedule, precision, clip_norm=1.0,
        metrics=["accuracy", "f1"], seed=5,
        callbacks=[
            train_.Checkpoint(folder, every_steps=EVERY_STEPS),
            train_.EMA(net, 0.9),
            train_.EarlyStopping(patience=5),
            train_.LRLogger(),
            train_.CSVLogger(Path(folder) / "history.csv"),
        ],
        **options,
    )  # fmt: skip
    return made, train, val


def outcome(made):
    """Everything that two equal runs have in common, as one value that can be compared."""
    history = {name: column for name, column in made.history.items() if name != "seconds"}
    callbacks = {type(c).__name__: c for c in made.callbacks}
    return {
        "model": {k: v.tolist() for k, v in made.model.state_dict().items()},
        "ema": {k: v.tolist() for k, v in callbacks["EMA"].average.state_dict().items()},
        "history": history,
        "rates": callbacks["LRLogger"].rates,
        "scale": made.scaler.get_scale(),
        "step": made.step,
        "random": json.loads(json.dumps(mg.get_rng_state())),
    }


def main(folder):
    made, train, val = trainer(folder / "warm")
    made.fit(train, val)
    made, train, val = trainer(folder)
    Noisy.pause = 0.003
    (folder / "started").touch()
    made.fit(train, val, epochs=EPOCHS, resume="auto")
    (folder / "outcome.json").write_text(json.dumps(outcome(made)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
