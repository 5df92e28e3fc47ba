"""Findings, checks and reports as text and as data."""

import json
import math

import pytest

from minigrad.debug import Check, Finding, Report


def test_the_status_is_that_of_the_worst_finding():
    check = Check("data")
    assert (check.status, check.ok) == ("ok", True)
    for severity, ok in (("info", True), ("error", False), ("warning", False)):
        check.find("code", severity, "message")
        assert check.ok is ok
    assert check.status == "error"
    assert Check("data", skipped=True).status == "skipped"


def test_an_unknown_severity():
    with pytest.raises(ValueError, match="severity must be one of"):
        Finding("code", "fatal", "message")


def test_a_report_counts_problems_and_skipped_steps():
    bad = Check("a", 1.0, 0.5, "at most", findings=[Finding("x", "warning", "m", {"n": 1}, "f")])
    note = Check("b", findings=[Finding("y", "info", "nothing wrong")])
    report = Report("Title", [bad, note, Check("c", skipped=True)], seed=3)
    assert (report.ok, report.codes) == (False, ["x"])
    assert [finding.code for finding in report.findings] == ["x", "y"]
    assert repr(report) == "<Report 'Title': 1 problem, 1 of 3 steps skipped>"
    assert Report("Title", [note]).ok


def test_the_text_is_a_table_and_then_the_findings_worst_first():
    bad = Finding("bad", "error", "w " * 80, fix="f")
    checks = [
        Check("first", findings=[Finding("note", "info", "by the way")]),
        Check("second", 2.0, 1.0, "at most", findings=[bad]),
    ]
    lines = str(Report("Title", checks)).splitlines()
    assert lines[0].startswith("Title: 1 problem")
    assert lines[3].split() == ["FAIL", "second", "2", "at", "most", "1", "0.00", "s"]
    marked = [line for line in lines if line[:4] in ("FAIL", "note")]
    assert marked[-2:] == ["FAIL  bad", "note  note"]
    assert max(map(len, lines)) <= 92
    assert "fix: f" in str(checks[1])


def test_json_has_no_numbers_that_json_lacks():
    check = Check("a", math.nan, math.inf, details={"list": [1 / 3, True, None, 2]})
    plain = json.loads(Report("Title", [check]).to_json())["steps"][0]
    assert (plain["number"], plain["threshold"]) == ("nan", "inf")
    assert plain["details"] == {"list": [0.333333, True, None, 2]}
