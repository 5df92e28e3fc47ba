"""The README's tables and picture."""

import pytest

from benchmarks import harness, picture, report

MACHINE = {"processor": "P", "cores": 2, "python": "3", "versions": {"numpy": "2"}}
ROUNDS = {
    "minigrad": [
        {"loss": 1.0, "seconds": s, "peak_mb": 100, "faults": 0} for s in (1e-4, 2e-4, 1e-4)
    ],
    "torch": [
        {"loss": 1.0, "seconds": s, "peak_mb": 300, "faults": 7} for s in (3e-4, 4e-4, 5e-4)
    ],
    "torch.compile": [{"loss": 1.0, "seconds": s} for s in (6e-4, 8e-4, 1e-3)],
}


@pytest.fixture
def results(monkeypatch, tmp_path):
    """What the scripts found; by name, to be filled."""
    found = {}
    monkeypatch.setattr(report, "results_of", found.get)
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setattr(picture, "PATH", tmp_path / "steps.svg")
    return found


def result(workloads):
    return {"machine": MACHINE, "rounds": 3, "threads": {"1": workloads}}


def test_the_tables_replace_what_stands_between_the_markers(results):
    results["mlp_steps"] = result({"step": harness.summary(ROUNDS)})
    markers = [f"<!-- benchmarks:{end} -->" for end in ("begin", "end")]
    report.README.write_text("\n".join(["before", markers[0], "old", markers[1], "after\n"]))
    report.refresh_readme()
    text = report.README.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    compiled = "6.00× (4.00–10.00)"
    assert f"| step | 1 | 100 µs | 3.00× (2.00–5.00) | {compiled} | 100 / 300 | 0 / 7 |" in text
    assert text.index("](steps.svg)") < text.index("| step |")


def test_the_picture_names_every_workload_and_peer_and_is_always_the_same(results):
    found = [result({"first": harness.summary(ROUNDS), "second": harness.summary(ROUNDS)})]
    assert picture.draw(found)
    drawn = picture.PATH.read_bytes()
    text = drawn.decode()
    assert all(f">{word}<" in text for word in ("first", "second", "minigrad", "torch.compile"))
    assert "JAX" not in text
    assert picture.draw(found) and picture.PATH.read_bytes() == drawn


def test_without_pytorch_there_is_no_picture(results):
    alone = {"minigrad": ROUNDS["minigrad"]}
    assert not picture.draw([result({"step": harness.summary(alone)})])
    assert not picture.PATH.exists()


def test_shares_of_a_rate_forward_and_backward(results):
    rows = harness.summary({p: [{**r, "share": 0.5} for r in ROUNDS[p]] for p in ROUNDS})
    results["kernel_compute"] = result({"op, forward": rows, "op, backward": rows})
    half = "100 µs | 50% | 3.00×"
    assert f"| op | {half} | {half} | 100 / 300 |" in report.report()


def test_fused_steps_have_a_table_and_a_mean_of_their_own(results):
    summary = harness.summary(ROUNDS)
    results["optimizers"] = result({"Adam, 10": summary, "Adam with fused=True, 10": summary})
    default, fused = report.report().split("fused=True`")
    row = f"| Adam | 100 µs | {summary['torch']['ratio']:.2f}× |"
    assert all(row in table and "geometric mean" in table for table in (default, fused))


def test_a_readme_without_markers_is_left_alone(results):
    report.README.write_text("nothing here\n")
    with pytest.raises(ValueError, match="lacks the lines"):
        report.refresh_readme()
    assert report.README.read_text() == "nothing here\n"
