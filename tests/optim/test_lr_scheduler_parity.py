"""Schedulers beside PyTorch's: trajectories, pairs, closed forms, state both ways."""

import copy
import inspect
import itertools
import warnings

import numpy as np
import pytest

import minigrad as mg

from .schedule_cases import GRIDS, PEERS, TYPICAL, label, optimizer, run, scheduler, start, values

pytestmark = pytest.mark.torch
every_peer = pytest.mark.parametrize("name, options", PEERS, ids=label)
LENGTH = {"OneCycleLR": 55}


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


def equal(ours, theirs):
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@every_peer
def test_trajectory(torch, name, options, kind):
    ours, theirs = (run(*start(name, options, lib, kind), 200) for lib in (mg, torch))
    equal(ours, theirs)


@pytest.mark.parametrize("name", TYPICAL)
def test_two_on_one_optimizer(torch, name):
    for other in TYPICAL:
        paths = []
        for lib in (mg, torch):
            opt = optimizer(lib)
            pair = [scheduler(lib, opt, n, TYPICAL[n]) for n in (name, other)]
            paths.append(run(opt, lib.optim.lr_scheduler.ChainedScheduler(pair), 55))
        equal(*paths)


@pytest.mark.parametrize("name", TYPICAL)
def test_one_after_the_other(torch, name):
    for other, milestone in itertools.product(TYPICAL, (0, 1, 13)):
        paths = []
        for lib in (mg, torch):
            opt = optimizer(lib)
            pair = [scheduler(lib, opt, n, TYPICAL[n]) for n in (name, other)]
            sequence = lib.optim.lr_scheduler.SequentialLR(opt, pair, [milestone])
            paths.append(run(opt, sequence, 50))
            assert sequence.get_last_lr() == [g["lr"] for g in opt.param_groups]
        equal(*paths)


@pytest.mark.filterwarnings("ignore:The epoch parameter")
@every_peer
def test_jumps(torch, name, options):
    paths = []
    for lib in (mg, torch):
        opt, sched = start(name, options, lib)
        path = []
        for epoch in (3, None, None, 7, 0, 21, None, 40, 5, None):
            opt.step()
            sched.step(epoch)
            path.append(values(opt))
        paths.append(path)
    equal(*paths)


@pytest.mark.parametrize("T_mult", [1, 2])
def test_fractions_of_an_epoch(torch, T_mult):
    paths = []
    for lib in (mg, torch):
        opt, sched = start("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": T_mult}, lib)
        path = []
        for epoch in (0.25, 2.5, 3.0, 4.75, None, None, 8.9, 20.5, None, 0.5):
            sched.step(epoch)
            path.append([*values(opt), sched.last_epoch, sched.T_cur, sched.T_i])
        paths.append(path)
    equal(*paths)


@pytest.mark.parametrize("last", [0, 4, 6])
@pytest.mark.parametrize("name, options", TYPICAL.items(), ids=label)
def test_going_on_from_a_last_epoch(torch, name, options, last):
    paths = []
    for lib in (mg, torch):
        opt, sched = start(name, options, lib)
        run(opt, sched, last)
        sched = scheduler(lib, opt, name, {**options, "last_epoch": last})
        paths.append(run(opt, sched, 20))
    equal(*paths)


PLATEAUS = [
    {"mode": m, "threshold_mode": t, "cooldown": c, "min_lr": low, "factor": 0.5, "patience": p}
    for m, t, c, low, p in itertools.product(
        ("min", "max"), ("rel", "abs"), (0, 3), (0, [0.01, 0.3]), (0, 2)
    )
]


@pytest.mark.parametrize("options", PLATEAUS, ids=label)
def test_plateaus(torch, options):
    metrics = np.random.default_rng(0).normal(size=60).cumsum().round(1)
    metrics[20:23] = np.nan
    paths = []
    for lib in (mg, torch):
        opt, sched = start("ReduceLROnPlateau", options, lib)
        path = []
        for metric in metrics:
            sched.step(lib.tensor(metric))
            path.append([*sched.get_last_lr(), sched.num_bad_epochs, sched.cooldown_counter])
        paths.append(path)
        assert sched.last_epoch == 60
    equal(*paths)


# state
def exchange(torch, make, steps, ahead=20):
    """Load each library's state into the other after so many steps, and go on."""
    runs, states = {}, {}
    for lib in (mg, torch):
        opt, sched = make(lib)
        run(opt, sched, steps)
        groups = [{k: v for k, v in g.items() if k != "params"} for g in opt.param_groups]
        states[lib] = copy.deepcopy((groups, sched.state_dict()))
        runs[lib] = run(opt, sched, ahead)
    assert set(states[mg][1]) == set(states[torch][1])
    for lib, source in ((mg, torch), (torch, mg)):
        opt, sched = make(lib)
        opt.step()
        for group, saved in zip(opt.param_groups, states[source][0], strict=True):
            group.update(saved)
        sched.load_state_dict(states[source][1])
        equal(run(opt, sched, ahead), runs[source])
    return states[mg][1], states[torch][1]


@every_peer
def test_state_both_ways(torch, name, options):
    for steps in (0, 1, 8):
        ours, theirs = exchange(torch, lambda lib: start(name, options, lib), steps)
        for key in ("last_epoch", "_step_count", "milestones", "total_size", "_schedule_phases"):
            assert ours.get(key) == theirs.get(key)


@pytest.mark.parametrize("name", GRIDS)
def test_state_of_compositions_both_ways(torch, name):
    def sequence(lib):
        opt = optimizer(lib)
        pair = [scheduler(lib, opt, n, TYPICAL[n]) for n in ("LinearLR", name)]
        return opt, lib.optim.lr_scheduler.SequentialLR(opt, pair, [5])

    def chain(lib):
        opt = optimizer(lib)
        pair = [scheduler(lib, opt, n, TYPICAL[n]) for n in ("LinearLR", name)]
        return opt, lib.optim.lr_scheduler.ChainedScheduler(pair)

    for make, steps in itertools.product((sequence, chain), (0, 5, 8)):
        exchange(torch, make, steps)


def test_state_of_a_plateau_both_ways(torch):
    states = {}
    for lib in (mg, torch):
        _, sched = start("ReduceLROnPlateau", {"mode": "max", "patience": 1}, lib)
        for metric in (1.0, 2.0, 1.5):
            sched.step(metric)
        states[lib] = sched.state_dict()
    assert states[mg] == states[torch]
    for lib, source in ((mg, torch), (torch, mg)):
        opt, sched = start("ReduceLROnPlateau", {}, lib)
        sched.load_state_dict(states[source])
        sched.step(1.9)
        assert values(opt)[0] == pytest.approx(0.005)


# arguments and messages
@pytest.mark.parametrize("name", [*GRIDS, "ReduceLROnPlateau", "SequentialLR", "ChainedScheduler"])
def test_arguments(torch, name):
    def described(lib):
        parameters = inspect.signature(getattr(lib.optim.lr_scheduler, name)).parameters.values()
        return [(p.name, p.default) for p in parameters]

    ours = described(mg)
    assert ours[: len(described(torch))] == described(torch)
    assert ours[len(described(torch)) :] == ([("phases", None)] if name == "OneCycleLR" else [])


def test_names(torch):
    ours = mg.optim.lr_scheduler
    assert set(torch.optim.lr_scheduler.__all__) <= set(ours.__all__)
    more = {"EPOCH_DEPRECATION_WARNING", "_LRScheduler", "Warmup", "WarmupCosine"}
    assert set(ours.__all__) - set(torch.optim.lr_scheduler.__all__) == more


@pytest.mark.parametrize("name, options", TYPICAL.items(), ids=label)
def test_the_order_is_warned_of_where_pytorch_warns(torch, name, options):
    counts = []
    for lib in (mg, torch):
        _, sched = start(name, options, lib)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sched.step()
            sched.step()
        assert all("how-to-adjust-learning-rate" in str(w.message) for w in caught)
        counts.append(len(caught))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name, options", TYPICAL.items(), ids=label)
def test_rates_that_are_tensors(torch, name, options):
    paths = []
    for lib in (mg, torch):
        given = [lib.tensor(lr, dtype=lib.float64) for lr in (0.05, 0.5)]
        opt = optimizer(lib, "Adam", rates=given)
        if lib is torch:
            for group in opt.param_groups:
                group["foreach"] = False
        paths.append(run(opt, scheduler(lib, opt, name, options), 40))
    equal(*paths)
