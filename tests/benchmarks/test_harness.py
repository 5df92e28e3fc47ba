"""The arithmetic of the benchmarks."""

import pytest

from benchmarks import harness
from tests.benchmarks import script

ROUNDS = {
    "minigrad": [{"loss": 1.0, "seconds": s} for s in (1e-4, 2e-4, 1e-4)],
    "torch": [{"loss": 1.0, "seconds": s} for s in (3e-4, 4e-4, 5e-4)],
}


def test_ratios_are_taken_round_by_round():
    row = harness.summary(ROUNDS)["torch"]
    assert (row["ratio"], row["ratio_min"], row["ratio_max"]) == pytest.approx((3, 2, 5))
    assert "speed" not in row


def test_speed_is_pytorchs_time_in_units_of_a_peers():
    rows = harness.summary({**ROUNDS, "jax": [{"seconds": s} for s in (3e-4, 2e-4, 1e-4)]})
    for peer, expected in (("minigrad", (3, 2, 5)), ("jax", (2, 1, 5))):
        row = rows[peer]
        assert (row["speed"], row["speed_min"], row["speed_max"]) == pytest.approx(expected)


def test_torch_compile_needs_a_compiler(monkeypatch):
    monkeypatch.setattr(harness.importlib.util, "find_spec", lambda name: name == "torch" or None)
    monkeypatch.setattr(harness.shutil, "which", lambda name: None)
    assert harness.installed("torch")
    assert not harness.installed("torch.compile")
    assert not harness.installed("jax")


def test_different_losses_stop_the_comparison():
    other = {**ROUNDS, "torch": [{"loss": 1.1, "seconds": 1.0}]}
    with pytest.raises(RuntimeError, match="compute different things"):
        harness.same_loss("workload", other)
    harness.same_loss("workload", ROUNDS)


def test_the_same_number_of_threads_for_every_library():
    environment = harness.environment(2)
    assert environment["OMP_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == "2"


def test_a_process_keeps_to_as_many_cores_as_threads(idle_machine):
    [(_, measured)] = harness.alternate(script.__name__, ["counting"], 1, rounds=1)
    assert {m["cores"] for rounds in measured.values() for m in rounds} == {1}


@pytest.mark.parametrize("idle", [None, 2.0])
def test_idle_cores_let_a_run_begin(idle, monkeypatch):
    monkeypatch.setattr(harness, "idle_cores", lambda: idle)
    harness.wait_for_cores(2, patience=0)


def test_a_busy_machine_is_not_measured(monkeypatch):
    monkeypatch.setattr(harness, "idle_cores", lambda: 0.4)
    with pytest.raises(RuntimeError, match="no 1 idle cores"):
        harness.wait_for_cores(1, patience=0)


def test_a_call_is_timed():
    assert 0 < harness.seconds_per_call(lambda: sum(range(100)), budget=0.01) < 1e-3


@pytest.fixture
def idle_machine(monkeypatch):
    monkeypatch.setattr(harness, "wait_for_cores", lambda count: None)


def test_processes_live_through_their_turns(idle_machine):
    [(workload, measured)] = harness.alternate(script.__name__, ["counting"], 1, rounds=3)
    assert workload == "counting"
    assert list(measured) == ["minigrad", "numpy"]
    assert [[m["turn"] for m in rounds] for rounds in measured.values()] == [[1, 2, 3]] * 2


def test_a_process_that_fails_says_why(idle_machine):
    with pytest.raises(RuntimeError, match="numpy cannot do this"):
        list(harness.alternate(script.__name__, ["failing"], 1, rounds=1))
    with pytest.raises(RuntimeError, match="No module named"):
        list(harness.alternate("benchmarks.absent", ["counting"], 1, rounds=1))


def test_a_turn_of_a_step_is_measured():
    steps = []
    measure = harness.step_timer(lambda: steps.append(1), seconds=0.001)
    before = len(steps)
    found = measure()
    assert set(found) == {"seconds", "cores", "faults", "peak_mb"}
    assert 0 < found["seconds"] < 1e-3
    assert len(steps) > before + 1  # one that does not count, and those that do
