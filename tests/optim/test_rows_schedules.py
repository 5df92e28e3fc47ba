"""What is promised of learning-rate schedules (rows S), a few tests a row."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import lr_scheduler as lrs

from .schedule_cases import TYPICAL, optimizer, run, start, values


def single(lr=1.0):
    return optimizer(mg, rates=(lr,))


def path(opt, sched, steps):
    """Rates and momenta of a run."""
    return np.array(run(opt, sched, steps)).T


def test_S1_decay_in_steps():
    opt = single()
    assert lrs.StepLR(opt, 30).preview(61)[::30] == pytest.approx([1, 0.1, 0.01])
    assert lrs.StepLR(opt, 30).lr_at(29) == 1
    twice = lrs.MultiStepLR(opt, [10, 20, 20])
    assert [twice.lr_at(k) for k in (9, 10, 19, 20)] == pytest.approx([1, 0.1, 0.1, 0.001])
    assert lrs.ExponentialLR(opt, 0.5).lr_at(10) == 2**-10


def test_S2_a_cosine_rises_again():
    sched = lrs.CosineAnnealingLR(single(), T_max=5)
    expected = [1, 0.904508, 0.654508, 0.345492, 0.095492, 0, 0.095492, 0.345492]
    np.testing.assert_allclose(path(sched.optimizer, sched, 7)[0], expected, atol=1e-6)
    raised = lrs.CosineAnnealingLR(single(), T_max=5, eta_min=0.1)
    assert [raised.lr_at(k) for k in (0, 5, 10)] == pytest.approx([1, 0.1, 1])


def test_S2b_warm_restarts_take_fractions_of_an_epoch():
    opt = single()
    sched = lrs.CosineAnnealingWarmRestarts(opt, 10, T_mult=2)
    assert [sched.lr_at(k) for k in (0, 5, 10, 20, 30)] == pytest.approx([1, 0.5, 1, 0.5, 1])
    for epoch, rate in ((5.0, 0.5), (9.999, 0.0), (10.0, 1.0), (20.0, 0.5), (2.5, 0.853553)):
        sched.step(epoch)
        assert opt.param_groups[0]["lr"] == pytest.approx(rate, abs=1e-6)
    tripled = lrs.CosineAnnealingWarmRestarts(opt, 1, T_mult=3)
    tripled.step(121)  # 1 + 3 + 9 + 27 + 81: the first step of a period
    assert opt.param_groups[0]["lr"] == 1


def test_S3_warm_up_then_decay():
    expected = [0, 0.25, 0.5, 0.75, 1, 0.853553, 0.5, 0.146447, 0, 0, 0]
    opt = single()
    whole = lrs.WarmupCosine(opt, warmup_steps=4, total_steps=8)
    np.testing.assert_allclose(path(opt, whole, 10)[0], expected, atol=1e-6)
    opt = single()
    parts = lrs.Warmup(lrs.CosineAnnealingLR(opt, T_max=4), steps=4)
    np.testing.assert_allclose(path(opt, parts, 8)[0], expected[:9], atol=1e-6)
    near_zero = lrs.WarmupCosine(single(), 1000, 2000, start_factor=1e-3)
    assert near_zero.lr_at(0) == 1e-3 and near_zero.lr_at(1000) == 1


WARM = {
    "one class": lambda o: lrs.WarmupCosine(o, 5, 20, eta_min=0.01, start_factor=0.1),
    "around another": lambda o: lrs.Warmup(lrs.CosineAnnealingLR(o, 15), 5),
    "in a row": lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, 0.1, total_iters=5), lrs.CosineAnnealingLR(o, 15)], [5]
    ),
    "one cycle": lambda o: lrs.OneCycleLR(o, 1.0, 26),
}


@pytest.mark.parametrize("name", WARM)
def test_S3_warm_up_and_decay_resume_at_every_step(name):
    opt = optimizer(mg)
    sched = WARM[name](opt)
    saved, rows = [], [values(opt)]
    for _ in range(25):
        saved.append(copy.deepcopy((opt.state_dict(), sched.state_dict())))
        opt.step()
        sched.step()
        rows.append(values(opt))
    for k, (weights, schedule) in enumerate(saved):
        other = optimizer(mg)
        resumed = WARM[name](other)
        other.load_state_dict(weights)
        resumed.load_state_dict(schedule)
        assert run(other, resumed, 25 - k) == rows[k:]


def test_S4_one_number_gives_the_whole_cycle():
    opt = single()
    sched = lrs.OneCycleLR(opt, max_lr=2.0, total_steps=100)
    rates, momenta = path(opt, sched, 99)
    assert rates[0] == pytest.approx(2 / 25) and rates.max() == 2 == rates[29]
    assert rates[-1] == pytest.approx(2 / 25 / 1e4)
    assert (momenta[0], momenta[29], momenta[-1]) == pytest.approx((0.95, 0.85, 0.95))
    assert (np.diff(rates) * np.diff(momenta) <= 0).all()
    assert (
        lrs.OneCycleLR(single(), 2.0, epochs=5, steps_per_epoch=20).preview(100) == rates.tolist()
    )
    adam = optimizer(mg, "Adam")
    assert path(adam, lrs.OneCycleLR(adam, 1.0, 100), 29)[1, [0, 29]] == pytest.approx([0.95, 0.85])
    assert adam.param_groups[0]["betas"][1] == 0.999
    sched.step()
    with pytest.raises(ValueError, match="number of total steps is 100"):
        sched.step()


TWO_PHASES = "0.04 0.52 1 0.950485 0.811746 0.611262 0.388742 0.188258 0.0495194 4e-6"
MOMENTA = "0.95 0.90 0.85 0.855 0.8688 0.8889 0.9111 0.9312 0.945 0.95"
THREE_PHASES = "0.04 0.52 1 0.52 0.04 0.0361807 0.0261817 0.0138223 0.00382328 4e-6"
PLATEAU = "0.04 0.52 1 1 1 1 0.853554 0.500002 0.14645 4e-6"


def golden(text):
    return pytest.approx([float(number) for number in text.split()], rel=5e-6)


def test_S4a_golden_values():
    opt = single()
    rates, momenta = path(opt, lrs.OneCycleLR(opt, 1.0, 10), 9)
    assert list(rates) == golden(TWO_PHASES)
    assert list(momenta) == pytest.approx([float(m) for m in MOMENTA.split()], abs=6e-5)


def test_S4b_three_phases_or_a_plateau():
    opt = single()
    assert lrs.OneCycleLR(opt, 1.0, 10, three_phase=True).preview(10) == golden(THREE_PHASES)
    rates, momenta = path(opt, lrs.OneCycleLR(opt, 1.0, 10, phases=(0.3, 0.3, 0.4)), 9)
    assert list(rates) == golden(PLATEAU)
    assert list(momenta[2:6]) == [0.85] * 4 and momenta[-1] == 0.95
    assert sum(lr == 1 for lr in lrs.OneCycleLR(opt, 1.0, 10).preview(10)) == 1  # no hold


def test_S5_every_scheduler_says_how_often_it_is_stepped():
    said = {name: start(name, options)[1].interval for name, options in TYPICAL.items()}
    by_step, by_epoch = {"OneCycleLR", "CyclicLR"}, {"StepLR", "MultiStepLR", "ExponentialLR"}
    for name, interval in said.items():
        assert interval == ("step" if name in by_step else "epoch" if name in by_epoch else "any")
    opt = single()
    assert lrs.WarmupCosine(opt, 1, 2).interval == "step"
    assert lrs.ReduceLROnPlateau(opt).interval == "epoch"
    sched = lrs.StepLR(opt, 3)
    for composed in (
        lrs.SequentialLR(opt, [sched], []), lrs.ChainedScheduler([sched]), lrs.Warmup(sched, 2),
    ):  # fmt: skip
        assert composed.interval == "any"
    sched.interval = "step"
    assert sched.interval == "step" and lrs.StepLR(opt, 3).interval == "epoch"
    with pytest.raises(ValueError, match="'epochs'"):
        sched.interval = "epochs"


def test_S6_a_plateau_reduces_the_rate():
    opt = single()
    sched = lrs.ReduceLROnPlateau(opt)
    with pytest.raises(TypeError, match="metrics"):
        sched.step()
    for _ in range(11):  # the first is the best, ten are borne
        sched.step(1.0)
    assert opt.param_groups[0]["lr"] == 1
    sched.step(1.0 - 0.9e-4)  # not better by a ten-thousandth
    assert opt.param_groups[0]["lr"] == pytest.approx(0.1)
    sched.step(mg.tensor(0.5))
    assert sched.best == 0.5 and sched.num_bad_epochs == 0


def test_S7_cycles_functions_and_polynomials():
    opt = single()
    halved = lrs.CyclicLR(opt, 0.0, 1.0, step_size_up=2, mode="triangular2")
    assert halved.preview(9) == [0, 0.5, 1, 0.5, 0, 0.25, 0.5, 0.25, 0]
    opt = single()
    assert lrs.LambdaLR(opt, lambda k: 1 / (1 + k)).lr_at(3) == 0.25
    assert lrs.MultiplicativeLR(opt, lambda k: k / (1 + k)).lr_at(3) == pytest.approx(0.25)
    assert lrs.PolynomialLR(opt, 4, power=2).preview(6) == [1, 0.5625, 0.25, 0.0625, 0, 0]
