"""The trainer is the loop that a reader would write, and its stages can be replaced."""

import itertools
import os
import signal

import numpy as np
import pytest

import minigrad as mg
from minigrad.train import Callback, Trainer

SCHEDULERS = mg.optim.lr_scheduler


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard():
    """A process that a shell started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def data(count=40, size=8, **options):
    generator = mg.Generator().manual_seed(2)
    y = mg.randint(0, 3, (count,), generator=generator)
    x = mg.randn(count, 5, generator=generator) + y.reshape(-1, 1)
    return mg.data.DataLoader(mg.data.TensorDataset(x, y), size, **options)


def parts(scheduler=None, loss=None, dropout=0.2):
    mg.manual_seed(7)
    net = mg.nn.Sequential(
        mg.nn.Linear(5, 12), mg.nn.ReLU(), mg.nn.Dropout(dropout), mg.nn.Linear(12, 3)
    )
    optimizer = mg.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    made = [] if scheduler is None else scheduler(optimizer)
    return net, optimizer, loss or mg.nn.CrossEntropyLoss(), made


SCHEDULES = {
    "none": None,
    "steps": lambda o: [SCHEDULERS.OneCycleLR(o, 0.2, 30)],
    "epochs": lambda o: [SCHEDULERS.StepLR(o, 1, 0.5)],
    "plateau and steps": lambda o: [
        SCHEDULERS.ReduceLROnPlateau(o, patience=0), SCHEDULERS.CyclicLR(o, 0.01, 0.1)
    ],
}  # fmt: skip
LOSSES = {
    "mean": lambda: mg.nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=1),
    "sum": lambda: mg.nn.CrossEntropyLoss(reduction="sum", weight=mg.tensor([0.1, 0.2, 0.3])),
}


@pytest.mark.parametrize("precision, clip", [("fp32", None), ("bf16", 0.5), ("fp16", 0.5)])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("accumulate, loss", [(1, "mean"), (3, "mean"), (2, "sum")])
def test_B12_the_source_gives_the_same_losses(precision, clip, schedule, accumulate, loss):
    net, optimizer, loss_fn, schedulers = parts(SCHEDULES[schedule], LOSSES[loss]())
    options = {"precision": precision, "clip_norm": clip, "accumulate": accumulate}
    trainer = Trainer(net, optimizer, loss_fn, schedulers, **options)
    history = trainer.fit(data(shuffle=True), data(21), epochs=3)
    names = {}
    exec(compile(trainer.as_source(), "<source>", "exec"), names)
    other, optimizer, loss_fn, schedulers = parts(SCHEDULES[schedule], LOSSES[loss]())
    given = {"schedulers": schedulers} if schedulers else {}
    rows = names["fit"](
        other, optimizer, loss_fn, data(shuffle=True), data(21), epochs=3, **given
    )
    assert [row["train_loss"] for row in rows] == history["train_loss"]
    assert [row["val_loss"] for row in rows] == history["val_loss"]
    for one, two in zip(net.parameters(), other.parameters(), strict=True):
        assert one.tolist() == two.tolist()


def test_T4b_the_order_of_a_step():
    net, optimizer, loss_fn, schedulers = parts(SCHEDULES["steps"])
    called = []

    class Noting(Trainer):
        def __getattribute__(self, name):
            if name in ("forward", "loss", "backward", "clip", "optimizer_step", "schedule"):
                called.append(name)
            return super().__getattribute__(name)

    Noting(net, optimizer, loss_fn, schedulers).fit(data(8))
    assert called[:6] == ["forward", "loss", "backward", "clip", "optimizer_step", "schedule"]


@pytest.mark.parametrize("loss", LOSSES)
def test_T5_accumulation_is_the_large_batch(loss):
    found = {}
    for size, accumulate in ((24, 1), (8, 3)):
        net, optimizer, loss_fn, _ = parts(loss=LOSSES[loss](), dropout=0.0)
        trainer = Trainer(net, optimizer, loss_fn, accumulate=accumulate)
        history = trainer.fit(data(56, size), epochs=2)
        found[size] = [p.detach().numpy() for p in net.parameters()], history["train_loss"]
    for one, other in zip(*(parameters for parameters, _ in found.values()), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    np.testing.assert_allclose(*(losses for _, losses in found.values()), rtol=1e-6)


def test_T4d_evaluation_weighs_batches_and_restores_modes():
    net, optimizer, loss_fn, _ = parts()
    net[2].eval()
    trainer = Trainer(net, optimizer, loss_fn, metrics=["accuracy"])
    before = [m.training for m in net.modules()]
    uneven, whole = trainer.evaluate(data(21, 8)), trainer.evaluate(data(21, 21))
    assert uneven["loss"] == pytest.approx(whole["loss"], rel=1e-6)
    assert uneven["accuracy"] == whole["accuracy"]
    assert [m.training for m in net.modules()] == before


def test_T4c_schedulers_step_at_their_time():
    net, optimizer, loss_fn, schedulers = parts(
        lambda o: [SCHEDULERS.StepLR(o, 1, 0.5), SCHEDULERS.LinearLR(o, 0.5, total_iters=10)]
    )
    schedulers[1].interval = "step"
    trainer = Trainer(net, optimizer, loss_fn, schedulers)
    trainer.fit(data(40, 8), epochs=2)
    assert [s.last_epoch for s in schedulers] == [2, 10]


def test_a_plateau_gets_the_validation_loss():
    net, optimizer, loss_fn, (plateau,) = parts(lambda o: [SCHEDULERS.ReduceLROnPlateau(o)])
    history = Trainer(net, optimizer, loss_fn, plateau).fit(data(), data(16), epochs=2)
    assert plateau.best == min(history["val_loss"])


def test_a_skipped_step_advances_no_scheduler():
    net, optimizer, loss_fn, (schedule,) = parts(SCHEDULES["steps"])
    trainer = Trainer(net, optimizer, loss_fn, schedule, precision="fp16")
    trainer.scaler = mg.amp.GradScaler(init_scale=2.0**40)
    trainer.fit(data(8, 8))
    assert not trainer.stepped and trainer.step == 1 and schedule.last_epoch == 0


class Stages(Trainer):
    """Every stage replaced by one that counts."""

    def __init__(self, *args):
        super().__init__(*args)
        self.counts = dict.fromkeys(("unpack", "forward", "loss", "backward", "clip"), 0)

    def unpack(self, batch):
        self.counts["unpack"] += 1
        return (batch["x"],), batch["y"]

    def forward(self, inputs):
        self.counts["forward"] += 1
        return super().forward(inputs)

    def loss(self, outputs, targets):
        self.counts["loss"] += 1
        return super().loss(outputs, targets)

    def backward(self, loss, share=1.0):
        self.counts["backward"] += 1
        super().backward(loss, share)

    def clip(self):
        self.counts["clip"] += 1
        super().clip()


def test_every_stage_may_be_replaced():
    net, optimizer, loss_fn, _ = parts()
    batches = [{"x": x, "y": y} for x, y in data()]
    trainer = Stages(net, optimizer, loss_fn)
    trainer.fit(batches)
    assert trainer.counts == dict.fromkeys(trainer.counts, 5)
    with pytest.raises(TypeError, match=r"override Trainer.unpack"):
        Trainer(net, optimizer, loss_fn).fit(batches)


def test_clipping_by_kind_of_model():
    def clip_norm(net, **options):
        return Trainer(net, mg.optim.SGD(net.parameters()), mg.nn.MSELoss(), **options).clip_norm

    assert clip_norm(mg.nn.Linear(2, 1)) is None
    assert clip_norm(mg.nn.Sequential(mg.nn.GRU(2, 2))) == 1.0
    assert clip_norm(mg.nn.TransformerEncoderLayer(4, 2)) == 1.0
    assert clip_norm(mg.nn.GRU(2, 2), clip_norm=None) is None
    with pytest.raises(ValueError, match="clip_norm"):
        clip_norm(mg.nn.Linear(2, 1), clip_norm=0)


def test_predictions_are_probabilities_and_classes():
    net, optimizer, loss_fn, _ = parts()
    trainer = Trainer(net, optimizer, loss_fn)
    x, y = data(12, 12).dataset.tensors
    found = trainer.predict(data(12, 5))
    assert mg.allclose(found.sum(-1), mg.ones(12))
    net.eval()
    assert mg.allclose(found, net(x).softmax(1))
    alone = mg.data.DataLoader(mg.data.TensorDataset(x), 5)
    assert (trainer.predict(alone, decode=True) == net(x).argmax(1)).all()
    with pytest.raises(ValueError, match="no batch"):
        trainer.predict([])


def test_runs_with_a_seed_are_equal():
    def run(seed):
        net, optimizer, loss_fn, _ = parts()
        trainer = Trainer(net, optimizer, loss_fn, seed=seed)
        return trainer.fit(data(shuffle=True), epochs=2)["train_loss"]

    assert run(1) == run(1) != run(2)


def test_a_second_fit_goes_on():
    net, optimizer, loss_fn, _ = parts()
    trainer = Trainer(net, optimizer, loss_fn)
    trainer.fit(data(), epochs=2)
    assert trainer.fit(data(), epochs=1)["epoch"] == [1, 2, 3]


def test_targets_that_are_all_ignored_do_not_count():
    net, optimizer, _, _ = parts()
    x = mg.ones(8, 5)
    batches = [(x, mg.full((8,), -100)), (x, mg.ones(8, dtype=mg.int64))]
    with mg.no_grad():
        trainer = Trainer(net, optimizer, mg.nn.CrossEntropyLoss())
        assert trainer.evaluate(batches)["loss"] == trainer.evaluate(batches[1:])["loss"]


class Interrupting(Callback):
    def __init__(self, step, times=1):
        self.at, self.times = step, times

    def on_step_end(self, trainer):
        if trainer.step == self.at:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_the_run_with_a_checkpoint(tmp_path):
    net, optimizer, loss_fn, _ = parts()
    kept = mg.train.Checkpoint(tmp_path, monitor="train_loss")
    trainer = Trainer(net, optimizer, loss_fn, callbacks=[kept, Interrupting(7)])
    history = trainer.fit(data(), epochs=3)
    assert history.interrupted and trainer.step == 7 and kept.last.exists()
    assert not trainer.fit(data(), epochs=3, resume=kept.last).interrupted
    assert trainer.step == 15 and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_without_a_checkpoint_is_raised():
    net, optimizer, loss_fn, _ = parts()
    with pytest.raises(KeyboardInterrupt):
        Trainer(net, optimizer, loss_fn, callbacks=[Interrupting(3)]).fit(data(), epochs=3)
    with pytest.raises(KeyboardInterrupt):
        Trainer(net, optimizer, loss_fn, callbacks=[Interrupting(3, 2)]).fit(data(), epochs=3)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"precision": "fp8"}, ValueError, "precision must be one of"),
        ({"accumulate": 0}, ValueError, "accumulate"),
        ({"metrics": ["acc"]}, ValueError, "unknown metric"),
    ],
)
def test_bad_arguments(options, error, message):
    net, optimizer, loss_fn, _ = parts()
    with pytest.raises(error, match=message):
        Trainer(net, optimizer, loss_fn, **options)


def test_closures_have_no_place_here():
    net = mg.nn.Linear(1, 1)
    with pytest.raises(TypeError, match="closure"):
        Trainer(net, mg.optim.LBFGS(net.parameters()), mg.nn.MSELoss())


def test_resume_auto_needs_a_checkpoint_callback(tmp_path):
    net, optimizer, loss_fn, _ = parts()
    with pytest.raises(ValueError, match="Checkpoint callback"):
        Trainer(net, optimizer, loss_fn).fit(data(), resume="auto")
    with pytest.raises(OSError, match="nothing.npz"):
        Trainer(net, optimizer, loss_fn).fit(data(), resume=tmp_path / "nothing.npz")


def test_a_position_in_a_foreign_loader_is_not_known(tmp_path):
    net, optimizer, loss_fn, _ = parts()
    kept = mg.train.Checkpoint(tmp_path, monitor="train_loss", every_steps=2)
    foreign = [(x, y) for x, y in data()]
    trainer = Trainer(net, optimizer, loss_fn, callbacks=[kept, Interrupting(2)])
    trainer.fit(foreign, epochs=1)
    with pytest.raises(ValueError, match="middle of an epoch"):
        trainer.fit(itertools.chain(foreign), epochs=1, resume="auto")


def test_the_source_leaves_batches_out_whose_targets_are_all_ignored():
    x, y = mg.randn(6, 5), mg.tensor([0, 1, 2, 0, -100, -100])
    loader = mg.data.DataLoader(mg.data.TensorDataset(x, y), 2)
    net, optimizer, loss_fn, _ = parts(dropout=0.0)
    trainer = Trainer(net, optimizer, loss_fn)
    program = {}
    exec(trainer.as_source(), program)
    rows = program["fit"](*parts(dropout=0.0)[:3], loader, loader)
    history = trainer.fit(loader, loader)
    assert rows[0]["train_loss"] == history["train_loss"][0] < 9
    assert rows[0]["val_loss"] == history["val_loss"][0] < 9


def test_predict_unpacks_batches_as_the_trainer_does():
    class Named(Trainer):
        def unpack(self, batch):
            return (batch["x"],), batch["y"]

    net, optimizer, loss_fn, _ = parts()
    batch = {"x": mg.randn(3, 5), "y": mg.tensor([0, 1, 2])}
    assert Named(net, optimizer, loss_fn).predict([batch, batch["x"]]).shape == (6, 3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model": len}, "model must be an nn.Module"),
        ({"optimizer": None}, "optimizer must be an Optimizer, got NoneType"),
        ({"loss_fn": "mse"}, "loss_fn must be callable"),
        ({"scheduler": "cosine"}, "scheduler must have step"),
        ({"callbacks": ["ema"]}, "callbacks must be Callback objects"),
        ({"metrics": [3]}, "a metric is a name"),
    ],
)
def test_parts_of_another_kind_are_refused(changed, message):
    net, optimizer, loss_fn, _ = parts()
    with pytest.raises(TypeError, match=message):
        Trainer(**{"model": net, "optimizer": optimizer, "loss_fn": loss_fn} | changed)


def test_predict_names_the_way_out_for_several_outputs():
    class Twice(mg.nn.Linear):
        def forward(self, x):
            return super().forward(x), x

    net = Twice(2, 1)
    trainer = Trainer(net, mg.optim.SGD(net.parameters()), mg.nn.MSELoss())
    with pytest.raises(TypeError, match="gave a tuple; override Trainer.forward"):
        trainer.predict([mg.ones(1, 2)])
    with pytest.raises(ValueError, match="epochs must be an int"):
        trainer.fit([], epochs=1.5)


def test_a_loader_without_batches_is_refused():
    net, optimizer, loss_fn, _ = parts()
    batches = (batch for batch in data())
    with pytest.raises(ValueError, match="no batch in epoch 2; a generator"):
        Trainer(net, optimizer, loss_fn).fit(batches, epochs=2)


@pytest.mark.parametrize(
    "targets",
    [
        {"y": mg.zeros(5), "z": mg.zeros(5)},
        (mg.zeros(5), mg.zeros(5)),
        [{"box": mg.zeros(4), "name": "a"}] * 5,
        ["text"] * 5,
    ],
    ids=["dict", "tuple", "list of dicts", "strings"],
)
def test_the_weight_of_a_batch_is_its_number_of_samples(targets):
    assert mg.train.weight_of(mg.nn.MSELoss(), targets) == 5


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_gradients_that_no_step_will_use_do_not_shrink_the_others(precision):
    x, y = mg.ones(4, 3), mg.ones(4, 1)
    mg.manual_seed(0)
    net = mg.nn.Sequential(mg.nn.Linear(3, 3), mg.nn.Linear(3, 1))
    optimizer = mg.optim.SGD(net[1].parameters(), lr=0.1)
    trainer = Trainer(net, optimizer, mg.nn.MSELoss(), precision=precision, clip_norm=1.0)
    losses = trainer.fit([(x, y)], epochs=6)["train_loss"]
    assert losses[-1] < 0.1 * losses[0]
