"""Schedulers: looking ahead, resuming, compositions, warnings, errors."""

import copy
import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import lr_scheduler as lrs

from .schedule_cases import ALL, TYPICAL, Decay, label, optimizer, run, scheduler, start, values

every_case = pytest.mark.parametrize("name, options", ALL, ids=label)
COMPOSITIONS = {
    "sequence": lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, 0.1, total_iters=4), lrs.CosineAnnealingLR(o, 9)], [4]
    ),
    "from step 0": lambda o: lrs.SequentialLR(
        o, [lrs.StepLR(o, 2), lrs.ExponentialLR(o, 0.9), lrs.StepLR(o, 2)], [0, 5]
    ),
    "multiplicative": lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, 0.1, total_iters=4), lrs.MultiplicativeLR(o, lambda k: 0.9)], [4]
    ),
    "one cycle last": lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, 0.1, total_iters=4), lrs.OneCycleLR(o, 1.0, 50)], [4]
    ),
    "chain": lambda o: lrs.ChainedScheduler(
        [lrs.LinearLR(o, 0.1, total_iters=6), lrs.ExponentialLR(o, 0.9), lrs.StepLR(o, 5)]
    ),
    "chain of cosines": lambda o: lrs.ChainedScheduler(
        [lrs.CosineAnnealingLR(o, 6, 0.01), lrs.MultiplicativeLR(o, lambda k: 0.95)]
    ),
    "chain first": lambda o: lrs.SequentialLR(
        o,
        [
            lrs.ChainedScheduler([lrs.ConstantLR(o, 0.1, 3), lrs.ExponentialLR(o, 0.9)]),
            lrs.StepLR(o, 4),
        ],
        [8],
    ),
    "chain last": lambda o: lrs.SequentialLR(
        o,
        [
            lrs.StepLR(o, 4),
            lrs.ChainedScheduler([lrs.ConstantLR(o, 0.1, 3), lrs.ExponentialLR(o, 0.9)]),
        ],
        [8],
    ),
    "sequence in a sequence": lambda o: lrs.SequentialLR(
        o, [COMPOSITIONS["sequence"](o), COMPOSITIONS["multiplicative"](o)], [9]
    ),
    "sequence in a chain": lambda o: lrs.ChainedScheduler(
        [COMPOSITIONS["sequence"](o), lrs.ExponentialLR(o, 0.9)]
    ),
    "warm-up": lambda o: lrs.Warmup(lrs.CosineAnnealingLR(o, 12, eta_min=0.01), 5),
    "warm-up of a product": lambda o: lrs.Warmup(lrs.MultiplicativeLR(o, lambda k: 0.9), 5),
    "warm-up of one cycle": lambda o: lrs.Warmup(lrs.OneCycleLR(o, 1.0, 50), 5, start_factor=0.5),
    "warm-up of no steps": lambda o: lrs.Warmup(lrs.StepLR(o, 3), 0),
}  # fmt: skip
every_composition = pytest.mark.parametrize("name", COMPOSITIONS)


def composed(name):
    opt = optimizer(mg)
    return opt, COMPOSITIONS[name](opt)


def one():
    return optimizer(mg, rates=(1.0,))


def rates(path):
    return np.array([[row[0], row[2]] for row in path])


# looking ahead
def looks_ahead(opt, sched, steps):
    before = copy.deepcopy((sched.state_dict(), values(opt)))
    preview = sched.preview(steps + 1)
    assert (sched.state_dict(), values(opt)) == before
    assert preview == [sched.lr_at(k) for k in range(steps + 1)]
    np.testing.assert_allclose(rates(run(opt, sched, steps)), preview, rtol=0, atol=1e-12)
    assert sched.preview(steps + 1) == preview  # wherever the run stands


@every_case
def test_the_closed_form_is_the_recursion(name, options):
    looks_ahead(*start(name, options), steps=200)


@every_composition
def test_compositions_look_ahead(name):
    looks_ahead(*composed(name), steps=45)


@every_case
def test_the_constructor_sets_the_rates_of_step_0(name, options):
    opt, sched = start(name, options)
    assert sched.last_epoch == 0 and sched.get_last_lr() == [g["lr"] for g in opt.param_groups]
    np.testing.assert_allclose(sched.get_last_lr(), sched.lr_at(0), rtol=1e-12)
    assert sched.base_lrs == [g["initial_lr"] for g in opt.param_groups] or name == "CyclicLR"


def test_one_group_gives_numbers():
    opt = optimizer(mg, rates=(0.5,))
    sched = lrs.StepLR(opt, 2)
    assert sched.lr_at(3) == 0.05 and sched.preview(3) == [0.5, 0.5, 0.05]
    assert sched.preview(0) == [] == lrs.MultiplicativeLR(opt, Decay()).preview(0)
    with pytest.raises(ValueError, match="k >= 0, but got -1"):
        sched.lr_at(-1)


def test_a_warm_up_ends_at_the_first_rate_of_what_follows():
    def preview(inner, steps):
        return lrs.Warmup(inner, steps, start_factor=0.5).preview(4)

    assert preview(lrs.MultiplicativeLR(one(), lambda k: 0.5), 2) == [0.5, 0.75, 1, 0.5]
    assert preview(lrs.LambdaLR(one(), lambda k: 4 + k), 2) == [2, 3, 4, 5]
    assert preview(lrs.StepLR(one(), 1, 0.5), 0) == [1, 0.5, 0.25, 0.125]
    assert lrs.WarmupCosine(one(), 0, 2).preview(3) == pytest.approx([1, 0.5, 0])


def test_a_chain_begins_anew_in_the_middle_of_a_sequence():
    def chain(opt):
        return lrs.ChainedScheduler([lrs.ConstantLR(opt, 0.5, 2), lrs.ExponentialLR(opt, 0.5)])

    opt = one()
    last = lrs.SequentialLR(opt, [lrs.StepLR(opt, 1), chain(opt)], [2])
    assert last.preview(6) == [1, 0.1, 0.5, 0.25, 0.25, 0.125]
    opt = one()
    first = lrs.SequentialLR(opt, [chain(opt), lrs.StepLR(opt, 1)], [3])
    assert first.preview(5) == [0.5, 0.25, 0.25, 1, 0.1]


def test_fractions_of_an_epoch():
    opt = optimizer(mg, rates=(0.5,))
    sched = lrs.CosineAnnealingWarmRestarts(opt, 2, T_mult=2)
    for epoch in (0.5, 1.75, 2.0, 3.5, 6.25, 0.25):
        sched.step(epoch)
        assert opt.param_groups[0]["lr"] == pytest.approx(sched.lr_at(epoch), abs=1e-15)
        assert sched.last_epoch == int(epoch)
    with pytest.raises(ValueError, match="non-negative epoch, but got -1"):
        sched.step(-1)


def test_a_plateau_cannot_be_foreseen():
    sched = lrs.ReduceLROnPlateau(optimizer(mg))
    for look in (sched.lr_at, sched.preview):
        with pytest.raises(TypeError, match="depends on the metrics"):
            look(3)


def test_a_scheduler_of_the_user():
    class Half(lrs.LRScheduler):
        def get_lr(self):
            return [lr / 2**self.last_epoch for lr in self.base_lrs]

    opt = optimizer(mg)
    assert rates(run(opt, Half(opt), 2)).tolist() == [[0.05, 0.5], [0.025, 0.25], [0.0125, 0.125]]
    with pytest.raises(NotImplementedError, match="Half.*closed form"):
        Half(opt).lr_at(1)
    with pytest.raises(NotImplementedError, match="get_lr"):
        lrs.LRScheduler(opt)
    assert issubclass(lrs._LRScheduler, lrs.LRScheduler)


# state
def resumes(make, steps, through):
    opt, sched = make()
    for k in range(steps + 1):
        states = through(opt.state_dict()), through(sched.state_dict())
        other, resumed = make()
        other.load_state_dict(states[0])
        resumed.load_state_dict(states[1])
        ahead = copy.deepcopy(opt.state_dict()), copy.deepcopy(sched.state_dict())
        assert run(other, resumed, 5) == run(opt, sched, 5), k
        opt.load_state_dict(ahead[0])
        sched.load_state_dict(ahead[1])
        opt.step()
        sched.step()


@every_case
def test_resuming_at_any_step_is_bit_equal(name, options):
    resumes(lambda: start(name, options), 30, copy.deepcopy)


@every_composition
def test_compositions_resume_at_any_step(name):
    resumes(lambda: composed(name), 25, copy.deepcopy)


@pytest.mark.parametrize("name, options", TYPICAL.items(), ids=label)
def test_state_goes_through_a_file(name, options, tmp_path):
    def through(state):
        mg.save(state, tmp_path / "state.npz")
        return mg.load(tmp_path / "state.npz")

    resumes(lambda: start(name, options), 6, through)


@pytest.mark.parametrize("name", ["LambdaLR", "MultiplicativeLR"])
def test_functions_are_not_in_the_state_but_objects_are(name):
    opt, sched = start(name, {"lr_lambda": [lambda k: 0.5, Decay(0.7)]})
    state = sched.state_dict()
    assert state["lr_lambdas"] == [None, {"rate": 0.7}]
    _, other = start(name, {"lr_lambda": [lambda k: 0.25, Decay(0.1)]})
    function = other.lr_lambdas[0]
    other.load_state_dict(state)
    assert other.lr_lambdas[0] is function and other.lr_lambdas[1].rate == 0.7
    assert state["lr_lambdas"] == [None, {"rate": 0.7}]
    _, plain = start(name, {"lr_lambda": [float, abs]})
    assert plain.state_dict()["lr_lambdas"] == [None, None]
    plain.load_state_dict(plain.state_dict())
    assert plain.lr_lambdas == [float, abs]


def test_the_scale_function_of_cycles_in_the_state():
    options = {"base_lr": 0.1, "max_lr": 1.0, "scale_fn": Decay(0.7)}
    state = start("CyclicLR", options)[1].state_dict()
    assert state["_scale_fn_custom"] == {"rate": 0.7}
    other = start("CyclicLR", {**options, "scale_fn": Decay(0.1)})[1]
    other.load_state_dict(state)
    assert other.scale_fn(1) == 0.7


def test_what_is_not_in_the_state():
    sched = lrs.StepLR(one(), 3)
    sched.interval = "step"
    assert not {"optimizer", "interval", "_interval"} & set(sched.state_dict())


@every_case
def test_a_scheduler_is_freed_at_once(name, options):
    opt, sched = start(name, options)
    gone = weakref.ref(sched)
    gc.disable()
    try:
        del sched
        assert gone() is None
    finally:
        gc.enable()


# tensors as rates
@pytest.mark.parametrize("name, options", TYPICAL.items(), ids=label)
def test_a_rate_that_is_a_tensor_is_filled(name, options):
    given = [mg.tensor(lr, dtype=mg.float64) for lr in (0.05, 0.5)]
    opt, plain = optimizer(mg, rates=given), optimizer(mg)
    expected = run(plain, scheduler(mg, plain, name, options), 30)
    sched = scheduler(mg, opt, name, options)
    np.testing.assert_allclose(run(opt, sched, 30), expected, rtol=0, atol=1e-12)
    assert all(g["lr"] is lr for g, lr in zip(opt.param_groups, given, strict=True))
    assert all(lr is not new for lr, new in zip(given, sched.get_last_lr(), strict=True))
    assert all(isinstance(row, float) for row in sched.lr_at(3))


# warnings
def test_a_step_before_the_optimizers():
    opt, sched = start("StepLR", {"step_size": 3})
    with pytest.warns(UserWarning, match="how-to-adjust-learning-rate") as caught:
        sched.step()
    assert caught[0].filename == __file__ and "before `optimizer.step()`" in str(caught[0].message)
    sched.step()
    opt, sched = start("StepLR", {"step_size": 3})
    opt._opt_called = True  # what a scaler that skipped the step leaves
    sched.step()
    assert lrs.StepLR(opt, 3).step() is None  # resumed, or created late


def test_the_epoch_is_deprecated():
    opt, sched = start("ExponentialLR", {"gamma": 0.5})
    opt.step()
    with pytest.warns(UserWarning) as caught:
        sched.step(3)
    assert [str(w.message) for w in caught] == [lrs.EPOCH_DEPRECATION_WARNING]
    assert caught[0].filename == __file__
    assert sched.get_last_lr() == [0.05 / 8, 0.5 / 8] and sched.last_epoch == 3
    with pytest.warns(UserWarning, match="epoch parameter"):
        lrs.ReduceLROnPlateau(opt).step(1.0, epoch=2)


@pytest.mark.parametrize("name, options", TYPICAL.items(), ids=label)
def test_get_lr_is_not_for_users(name, options):
    _, sched = start(name, options)
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`") as caught:
        sched.get_lr()
    assert caught[0].filename == __file__


@every_composition
def test_compositions_do_not_warn(name):
    opt, sched = composed(name)
    run(opt, sched, 20)  # a warning is an error


# resuming without a scheduler's state
def test_going_on_from_a_last_epoch():
    opt, sched = start("ExponentialLR", {"gamma": 0.5})
    with pytest.raises(KeyError, match=r"'initial_lr' is not specified in param_groups\[0\]"):
        lrs.StepLR(optimizer(mg), 3, last_epoch=4)
    run(opt, sched, 5)
    other = optimizer(mg)
    other.load_state_dict(opt.state_dict())
    resumed = lrs.StepLR(other, 3, last_epoch=5)
    assert resumed.last_epoch == 6 and resumed.base_lrs == [0.05, 0.5]
    assert resumed.get_last_lr() == pytest.approx([0.05 / 320, 0.5 / 320])


@pytest.mark.parametrize("last", range(12))
def test_warm_restarts_go_on_from_a_last_epoch(last):
    options = {"T_0": 2, "T_mult": 2}
    opt, sched = start("CosineAnnealingWarmRestarts", options)
    run(opt, sched, last + 1)
    other = optimizer(mg)
    other.load_state_dict(opt.state_dict())
    resumed = scheduler(mg, other, "CosineAnnealingWarmRestarts", {**options, "last_epoch": last})
    assert run(other, resumed, 9) == run(opt, sched, 9)


# errors
@pytest.mark.parametrize("name, options", TYPICAL.items(), ids=label)
def test_what_is_no_optimizer(name, options):
    with pytest.raises(TypeError, match="float is not an Optimizer"):
        getattr(lrs, name)(1.0, **options)


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("StepLR", {"step_size": 0}, "step_size, but got 0"),
        ("ConstantLR", {"factor": 1.5}, "between 0 and 1"),
        ("ConstantLR", {"factor": -0.1}, "between 0 and 1"),
        ("LinearLR", {"start_factor": 0.0}, "greater than 0 and less or equal to 1"),
        ("LinearLR", {"end_factor": -1}, "Ending multiplicative factor"),
        ("CosineAnnealingLR", {"T_max": 0}, "T_max"),
        ("CosineAnnealingWarmRestarts", {"T_0": 0}, "positive integer T_0, but got 0"),
        ("CosineAnnealingWarmRestarts", {"T_0": 1.5}, "positive integer T_0, but got 1.5"),
        ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 0}, "T_mult >= 1, but got 0"),
        ("CosineAnnealingWarmRestarts", {"T_0": 2, "eta_min": "0"}, "float or int eta_min"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 1, "mode": "square"}, "mode is invalid"),
        ("CyclicLR", {"base_lr": [0.1], "max_lr": 1}, "base_lr must have the same length"),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": [1] * 3}, "max_lr has 3 values"),
        ("OneCycleLR", {"max_lr": 1}, "You must define either total_steps OR"),
        ("OneCycleLR", {"max_lr": 1, "epochs": 3}, "You must define either total_steps OR"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 0}, "positive integer total_steps"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 1.5}, "positive integer total_steps"),
        ("OneCycleLR", {"max_lr": 1, "epochs": 0, "steps_per_epoch": 1}, "integer epochs"),
        ("OneCycleLR", {"max_lr": 1, "epochs": 1, "steps_per_epoch": -1}, "steps_per_epoch"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "pct_start": 1.1}, "pct_start"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "pct_start": 1}, "Expected float"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "anneal_strategy": "sin"}, "'linear'"),
        ("OneCycleLR", {"max_lr": [1], "total_steps": 9}, "max_lr must have the same length"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "base_momentum": [1]}, "base_momentum"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "phases": (0.5, 0.5)}, "phases="),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "phases": (0.5, 0.5, 0.5)}, "sum 1"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "phases": (1.5, -1, 0.5)}, "sum 1"),
        (
            "OneCycleLR",
            {"max_lr": 1, "total_steps": 9, "phases": (0.5, 0.5, 0), "three_phase": True},
            "not both",
        ),
        ("LambdaLR", {"lr_lambda": [Decay()]}, "Expected 2 lr_lambdas, but got 1"),
        ("MultiplicativeLR", {"lr_lambda": [Decay()] * 3}, "Expected 2 lr_lambdas, but got 3"),
        ("ReduceLROnPlateau", {"factor": 1.0}, "Factor should be < 1.0"),
        ("ReduceLROnPlateau", {"mode": "mean"}, "mode mean is unknown"),
        ("ReduceLROnPlateau", {"threshold_mode": "log"}, "threshold mode log is unknown"),
        ("ReduceLROnPlateau", {"min_lr": [1]}, "expected 2 min_lrs, got 1"),
        ("WarmupCosine", {"warmup_steps": 5, "total_steps": 5}, "warmup_steps < total_steps"),
        ("WarmupCosine", {"warmup_steps": -1, "total_steps": 5}, "0 <= warmup_steps"),
        ("WarmupCosine", {"warmup_steps": 1, "total_steps": 5, "start_factor": 2}, "got 2"),
    ],
    ids=label,
)
def test_bad_options(name, options, message):
    with pytest.raises(ValueError, match=message):
        start(name, options)


@pytest.mark.parametrize("name", ["CyclicLR", "OneCycleLR"])
def test_cycling_a_momentum_that_is_not_there(name):
    opt = mg.optim.Optimizer([mg.zeros(1, requires_grad=True)], {"lr": 0.1})
    with pytest.raises(ValueError, match="must support momentum or beta1"):
        scheduler(mg, opt, name, TYPICAL[name])
    scheduler(mg, opt, name, {**TYPICAL[name], "cycle_momentum": False})


@pytest.mark.parametrize("name", ["LambdaLR", "MultiplicativeLR"])
def test_a_function_must_be_one(name):
    with pytest.raises(TypeError, match="lr_lambda should be a function, but got float"):
        start(name, {"lr_lambda": [Decay(), 0.5]})


def test_bad_compositions():
    opt, other = optimizer(mg), optimizer(mg)
    step, stranger, plateau = lrs.StepLR(opt, 3), lrs.StepLR(other, 3), lrs.ReduceLROnPlateau(opt)
    makers = {
        "SequentialLR": lambda *members: lrs.SequentialLR(opt, list(members), [3]),
        "ChainedScheduler": lambda *members: lrs.ChainedScheduler(list(members), opt),
    }
    for name, make in makers.items():
        with pytest.raises(ValueError, match=f"{name} expects at least one scheduler"):
            make()
        with pytest.raises(ValueError, match="same optimizer, but got scheduler StepLR at index 1"):
            make(step, stranger)
        with pytest.raises(ValueError, match="not support `ReduceLROnPlateau`.*at index 1"):
            make(step, plateau)
        with pytest.raises(TypeError, match=f"{name} at index 0 should have `optimizer`"):
            make(1.0, step)
    with pytest.raises(
        ValueError, match="schedulers 2 and the number of milestones to be equal to 0"
    ):
        lrs.SequentialLR(opt, [step, step], [])
    with pytest.raises(ValueError, match="must not decrease"):
        lrs.SequentialLR(opt, [step] * 3, [5, 2])
    with pytest.raises(ValueError, match="same optimizer"):
        lrs.ChainedScheduler([step, stranger])
    with pytest.raises(ValueError, match="ReduceLROnPlateau"):
        lrs.Warmup(plateau, 3)
    with pytest.raises(TypeError, match="Warmup at index 0 should have `optimizer`"):
        lrs.Warmup(opt, 3)
    for steps in (-1, 2.5):
        with pytest.raises(ValueError, match=f"steps >= 0, but got {steps}"):
            lrs.Warmup(step, steps)


def test_beyond_the_last_step():
    opt, sched = start("OneCycleLR", {"max_lr": 1.0, "total_steps": 3})
    run(opt, sched, 3)
    opt.step()
    with pytest.raises(ValueError, match="step 4 times. The specified number of total steps is 3"):
        sched.step()
    with pytest.raises(ValueError, match="step 5 times"):
        sched.lr_at(5)


def test_groups_that_were_added_later():
    opt, sched = start("LambdaLR", {"lr_lambda": Decay()})
    plateau = lrs.ReduceLROnPlateau(opt, patience=0, min_lr=[0.0, 0.1])
    single = lrs.ReduceLROnPlateau(opt, patience=0, min_lr=0.01)
    opt.add_param_group({"params": [mg.zeros(1, requires_grad=True)]})
    opt.step()
    with pytest.raises(ValueError):
        sched.step()
    single.step(1.0)
    single.step(1.0)
    assert single.min_lrs == [0.01] * 3 and single.get_last_lr()[2] == pytest.approx(0.01)
    plateau.step(1.0)
    with pytest.raises(RuntimeError, match=r"param groups in the `optimizer` \(3\)"):
        plateau.step(1.0)


def test_a_factor_of_zero_ends():
    opt, sched = start("ConstantLR", {"factor": 0.0, "total_iters": 2})
    assert rates(run(opt, sched, 3)).tolist() == [[0, 0], [0, 0], [0.05, 0.5], [0.05, 0.5]]


@every_composition
def test_compositions_fill_rates_that_are_tensors(name):
    given = [mg.tensor(lr, dtype=mg.float64) for lr in (0.05, 0.5)]
    opt = optimizer(mg, rates=given)
    path = run(opt, COMPOSITIONS[name](opt), 30)
    np.testing.assert_allclose(path, run(*composed(name), 30), rtol=0, atol=1e-12)
    for group, lr in zip(opt.param_groups, given, strict=True):
        assert group["lr"] is lr and group["initial_lr"] is not lr


@pytest.mark.parametrize(
    "name, options",
    [
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 5}),
        ("OneCycleLR", {"max_lr": 0.1, "total_steps": 5, "base_momentum": [0.1, 0.2]}),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5}),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": [0.5, 0.6]}),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "max_momentum": [0.1, 0.2]}),
    ],
)
def test_a_refused_cycle_writes_nothing(name, options):
    own = {"momentum": 0.7} if "momentum" in str(options) else {}
    kind = mg.optim.SGD if own else mg.optim.Adagrad
    optimizer = kind([mg.ones(1, requires_grad=True)], lr=1.0, **own)
    before = dict(optimizer.param_groups[0])
    if not own and isinstance(options["max_lr"], float):
        message = "must support momentum"
    else:
        message = "same length"
    with pytest.raises(ValueError, match=message):
        getattr(lrs, name)(optimizer, **options)
    assert optimizer.param_groups[0] == before
    assert lrs.StepLR(optimizer, 1).base_lrs == [1.0]


def test_the_interval_of_a_composition_is_that_of_its_members():
    optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    members = [mg.optim.lr_scheduler.StepLR(optimizer, n) for n in (2, 3)]
    together = mg.optim.lr_scheduler.SequentialLR(optimizer, members, [4])
    assert [m.interval for m in (together, *members)] == ["any", "epoch", "epoch"]
    together.interval = "step"
    assert [m.interval for m in (together, *members)] == ["step"] * 3
    with pytest.raises(ValueError, match="interval must be one of"):
        together.interval = "week"
