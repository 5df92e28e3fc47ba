"""The arithmetic of the benchmarks, and the README's tables."""

import pytest

from benchmarks import harness, report

ROUNDS = {
    "minigrad": [{"loss": 1.0, "seconds": s} for s in (1e-4, 2e-4, 1e-4)],
    "torch": [{"loss": 1.0, "seconds": s} for s in (3e-4, 4e-4, 5e-4)],
}


def test_ratios_are_taken_round_by_round():
    row = harness.summary(ROUNDS)["torch"]
    assert (row["ratio"], row["ratio_min"], row["ratio_max"]) == pytest.approx((3, 2, 5))


def test_different_losses_stop_the_comparison():
    other = {**ROUNDS, "torch": [{"loss": 1.1, "seconds": 1.0}]}
    with pytest.raises(RuntimeError, match="compute different things"):
        harness.same_loss("workload", other)
    harness.same_loss("workload", ROUNDS)


def test_the_same_number_of_threads_for_every_library():
    environment = harness.environment(2)
    assert environment["OMP_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == "2"


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


def test_the_tables_replace_what_stands_between_the_markers(tmp_path, monkeypatch):
    found = {
        "machine": {"processor": "P", "cores": 2, "python": "3", "versions": {"numpy": "2"}},
        "rounds": 3,
        "threads": {"1": {"step": harness.summary(ROUNDS)}},
    }
    monkeypatch.setattr(report, "results_of", lambda name: found if name == "mlp_steps" else None)
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    report.README.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.refresh_readme()
    text = report.README.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "| step | 1 | 100 µs | 3.00× (2.00–5.00) |" in text


def test_a_readme_without_markers_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    report.README.write_text("nothing here\n")
    with pytest.raises(ValueError, match="lacks the lines"):
        report.refresh_readme()
    assert report.README.read_text() == "nothing here\n"
