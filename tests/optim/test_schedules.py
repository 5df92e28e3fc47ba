"""Schedules as pure functions of the step."""

import math

import pytest

from minigrad.optim import schedules


@pytest.mark.parametrize(
    "function, options, expected",
    [
        ("step_decay", {"step_size": 2, "gamma": 0.5}, [1, 1, 0.5, 0.5, 0.25]),
        ("multi_step", {"milestones": [1, 3, 3], "gamma": 0.5}, [1, 0.5, 0.5, 0.125, 0.125]),
        ("exponential", {"gamma": 0.5}, [1, 0.5, 0.25, 0.125, 0.0625]),
        ("constant", {"factor": 0.5, "total_iters": 2}, [0.5, 0.5, 1, 1, 1]),
        ("constant", {"factor": 0.5, "total_iters": 0}, [0.5] * 5),
        ("linear", {"start_factor": 0.25, "total_iters": 3}, [0.25, 0.5, 0.75, 1, 1]),
        ("linear", {"start_factor": 0.25, "total_iters": 0}, [0.25] * 5),
        ("polynomial", {"total_iters": 4, "power": 2}, [1, 0.5625, 0.25, 0.0625, 0]),
        ("polynomial", {"total_iters": 0}, [1] * 5),
        ("cosine", {"T_max": 2, "eta_min": 0.5}, [1, 0.75, 0.5, 0.75, 1]),
        ("cosine_warm_restarts", {"T_0": 2}, [1, 0.5, 1, 0.5, 1]),
        ("warmup_cosine", {"warmup_steps": 2, "total_steps": 4}, [0, 0.5, 1, 0.5, 0, 0]),
    ],
)
def test_values(function, options, expected):
    rate = getattr(schedules, function)
    assert [rate(k, 1.0, **options) for k in range(len(expected))] == pytest.approx(expected)
    assert [rate(k, 4.0, **options) for k in range(len(expected))] == pytest.approx(
        [4 * e if "eta_min" not in options else 0.5 + 3.5 * (e - 0.5) * 2 for e in expected]
    )


@pytest.mark.parametrize("T_mult", [1, 2, 3, 5, 10])
def test_restarts_fall_on_whole_steps(T_mult):
    begin, period = 0, 7
    for _ in range(6):
        assert schedules.restart_position(begin, 7, T_mult) == (0, period)
        assert schedules.restart_position(begin + 6.5, 7, T_mult) == (6.5, period)
        assert schedules.cosine_warm_restarts(begin, 0.3, 7, T_mult) == 0.3
        begin, period = begin + period, period * T_mult


@pytest.mark.parametrize(
    "mode, heights",
    [("triangular", [1, 1]), ("triangular2", [1, 0.5]), ("exp_range", [0.25, 4**-4])],
)
def test_cycles(mode, heights):
    for cycle, height in enumerate(heights, 1):
        peak = 2 + 6 * (cycle - 1)
        scale = schedules.cyclic_scale(mode, peak if mode == "exp_range" else cycle, 0.5)
        assert schedules.cycle_of(peak, 6) == cycle
        assert schedules.cyclic(peak, 1.0, 3.0, 6, 1 / 3, scale) == pytest.approx(1 + 2 * height)
        assert schedules.cyclic(peak + 4, 1.0, 3.0, 6, 1 / 3, scale) == pytest.approx(1)


@pytest.mark.parametrize(
    "options, last_steps",
    [
        ({}, [2, 9]),
        ({"three_phase": True}, [2, 4, 9]),
        ({"phases": (0.2, 0.5, 0.3)}, [1, 6, 9]),
        ({"pct_start": 0.0}, [-1, 9]),
    ],
)
def test_phases_of_one_cycle(options, last_steps):
    phases = schedules.one_cycle_phases(10, **options)
    assert [end for end, _, _ in phases] == last_steps
    names = [phases[0][1], *(last for _, _, last in phases)]
    assert names[:2] == ["initial_lr", "max_lr"] and names[-1] == "min_lr"
    assert [first for _, first, _ in phases] == names[:-1]


def test_a_phase_without_length_is_over():
    positions = [schedules.one_cycle_position(k, [0.0, 0.0, 4]) for k in range(5)]
    assert positions == [(0, 1.0), (2, 0.25), (2, 0.5), (2, 0.75), (2, 1.0)]


def test_annealing():
    assert [schedules.anneal(5.0, 1.0, share, "linear") for share in (0, 0.25, 1)] == [5, 4, 1]
    assert [schedules.anneal(5.0, 1.0, share) for share in (0, 0.5, 1)] == pytest.approx([5, 3, 1])
    assert schedules.anneal(5.0, 1.0, 0.25) == pytest.approx(1 + 2 * (1 + math.sqrt(0.5)))
