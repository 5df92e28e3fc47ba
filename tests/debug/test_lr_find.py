"""The learning-rate range test: what it suggests, and that it leaves no trace."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.debug import lr_find
from minigrad.debug.lr_find import suggestions

from . import set_ups
from .set_ups import SetUp, loaders, mlp

nn = mg.nn


def sgd(model, name, batch):
    return SetUp(
        model, nn.CrossEntropyLoss(), *loaders(name, batch), mg.optim.SGD(model.parameters(), 0.1)
    )


# {task: (set-up, epochs of the grid)}
TASKS = {
    "digits, MLP": (lambda: sgd(mlp(hidden=128), "digits", 64), 10),
    "breast cancer, logistic": (lambda: sgd(nn.Linear(30, 2), "breast_cancer", 32), 10),
    "wine, MLP": (lambda: sgd(mlp(13, 32, 3), "wine", 16), 20),
}
GRID = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def best_rate(make, epochs, grid, seeds):
    """The rate of a grid with the least validation loss, the mean over seeds."""
    means = []
    for rate in grid:
        losses = []
        for seed in seeds:
            mg.manual_seed(seed)
            set_up = make()
            set_up.optimizer.param_groups[0]["lr"] = rate
            trainer = mg.train.Trainer(set_up.model, set_up.optimizer, set_up.loss_fn)
            trainer.fit(set_up.train, epochs=epochs)
            losses.append(trainer.evaluate(set_up.val)["loss"])
        means.append(np.nan_to_num(np.mean(losses), nan=np.inf))
    return grid[int(np.argmin(means))]


def suggested(make, **options):
    mg.manual_seed(0)
    set_up = make()
    return lr_find(set_up.model, set_up.loss_fn, set_up.optimizer, set_up.train, **options)


@pytest.mark.parametrize("task", ["breast cancer, logistic", "wine, MLP"])
def test_R20_the_suggestion_is_within_a_factor_3_of_the_best_rate(task):
    make, epochs = TASKS[task]
    found = suggested(make)
    assert found.agreement
    assert 1 / 3 <= found.lr / best_rate(make, epochs, (0.03, 0.1, 0.3, 1.0), [0]) <= 3


@pytest.mark.full
@pytest.mark.parametrize("task", TASKS)
def test_R20_the_suggestion_is_within_a_factor_3_of_the_best_of_the_whole_grid(task):
    make, epochs = TASKS[task]
    best = best_rate(make, epochs, GRID, range(3))
    for seed in range(3):
        assert 1 / 3 <= suggested(make, seed=10 * seed).lr / best <= 3


def test_S8_the_curve_and_the_rules():
    found = suggested(TASKS["digits, MLP"][0])
    assert found.lrs[0] == pytest.approx(1e-7)
    assert np.allclose(np.diff(np.log(found.lrs)), np.log(1e8) / 99)
    assert len(found.lrs) == len(found.losses) == len(found.low) == len(found.high) <= 100
    assert all(low <= loss <= high for low, loss, high
               in zip(found.low, found.losses, found.high, strict=True))  # fmt: skip
    assert list(found.suggestion) == ["minimum/10", "valley", "steepest", "default"]
    lowest = found.lrs[10 + int(np.argmin(found.losses[10:]))]
    assert found.suggestion["minimum/10"] == lowest / 10
    assert found.lr == pytest.approx(math.sqrt(lowest / 10 * found.suggestion["valley"]))
    assert 0.1 <= found.lr <= 0.9  # the best of a grid is 0.3
    assert "minimum/10" in str(found)


def test_S8_averages_are_corrected_for_their_start():
    found = suggested(TASKS["wine, MLP"][0], repeats=1, num=30, end=1.0, beta=0.5)
    average = 0.0
    for step, (loss, smooth) in enumerate(zip(found.runs[0], found.losses, strict=True), 1):
        average = 0.5 * average + 0.5 * loss
        assert smooth == pytest.approx(average / (1 - 0.5**step))


def test_S8_a_run_ends_where_it_diverges():
    found = suggested(TASKS["digits, MLP"][0], end=1e6, num=120)
    assert found.lrs[-1] < 1e3
    assert found.losses[-1] <= 4 * min(found.losses)


def test_rates_rise_in_proportion_or_by_the_same_amount():
    set_up = TASKS["wine, MLP"][0]()
    model = set_up.model
    groups = [{"params": model[0].parameters()}, {"params": model[2].parameters(), "lr": 0.3}]
    seen = []

    class Spy(mg.optim.SGD):
        def step(self, closure=None):
            seen.append([group["lr"] for group in self.param_groups])
            return super().step(closure)

    found = lr_find(
        model, set_up.loss_fn, Spy(groups, lr=0.1), set_up.train, start=0.1, end=0.3, num=21,
        mode="linear", repeats=1,
    )  # fmt: skip
    assert np.allclose(found.lrs, np.linspace(0.1, 0.3, 21))
    assert np.allclose([b / a for a, b in seen], 3)


def test_B16_everything_is_bit_for_bit_as_before():
    set_up = set_ups.HEALTHY["digits, CNN"]()
    batches = iter(set_up.train)
    x, y = next(batches)
    set_up.loss_fn(set_up.model(x), y).backward()
    set_up.optimizer.step()

    def state():
        kept = set_up.optimizer.state_dict()
        tensors = [p.grad for p in set_up.model.parameters()]
        tensors += set_up.model.state_dict().values()
        tensors += [t for entry in kept["state"].values() for t in entry.values()]
        return (
            [t.numpy().tobytes() for t in tensors], kept["param_groups"], mg.get_rng_state(),
            set_up.train.state_dict(),
        )  # fmt: skip

    before = state()
    first = lr_find(set_up.model, set_up.loss_fn, set_up.optimizer, set_up.train, num=20)
    assert state() == before
    second = lr_find(set_up.model, set_up.loss_fn, set_up.optimizer, set_up.train, num=20)
    assert first.runs == second.runs
    assert first.runs[0] != first.runs[1]  # another order, other masks


def curve(fall=0.3, rise=3.0, count=100):
    """Rates from 1e-7 to 10, and losses that fall at one rate and rise at another."""
    lrs = np.geomspace(1e-7, 10, count)
    return lrs, 2 - 1.5 / (1 + (fall / lrs) ** 2) + (lrs / rise) ** 2


@pytest.mark.parametrize("value", [50.0, 0.0])
def test_B16_a_spike_or_a_dip_at_the_start_does_not_fool_it(value):
    lrs, losses = curve()
    clean = suggestions(list(lrs), list(losses))
    losses[3:6] = value
    assert suggestions(list(lrs), list(losses)) == clean
    losses[12] = 50.0
    assert suggestions(list(lrs), list(losses))["default"] == clean["default"]


def test_B16_rules_that_disagree_say_so():
    lrs, losses = curve()
    losses[14:] -= 3.0  # half of the descent at once, long before the minimum
    found = suggestions(list(lrs), list(losses))
    assert found["minimum/10"] > 10 * found["valley"]
    assert found["default"] == found["minimum/10"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": 1.0, "end": 0.1}, "0 < start < end"), ({"num": 10}, "more than 10 steps"),
        ({"mode": "log"}, "'exp' or 'linear'"), ({"beta": 1.0}, "beta < 1"),
        ({"repeats": 0}, "repeats >= 1"), ({"start": 1e3, "end": 1e9}, "begin at a rate below"),
    ],
)  # fmt: skip
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        suggested(TASKS["digits, MLP"][0], **options)


def test_a_range_test_needs_an_optimizer_and_a_loss_that_is_finite():
    net, batch = mg.nn.Linear(2, 1), (mg.ones(4, 2), mg.full((4, 1), float("nan")))
    with pytest.raises(TypeError, match="optimizer must be an Optimizer, got NoneType"):
        mg.debug.lr_find(net, mg.nn.MSELoss(), None, [batch])
    with pytest.raises(ValueError, match="first batch is not finite"):
        mg.debug.lr_find(net, mg.nn.MSELoss(), mg.optim.SGD(net.parameters(), lr=0.1), [batch])
