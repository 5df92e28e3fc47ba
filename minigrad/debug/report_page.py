"""A report as part of a page: its checks in a table, what they found with evidence and fix."""

from ..viz.page import Mark, Page

SEVERITIES = ("info", "warning", "error")  # from the mildest on
LISTED = 6  # elements of a list of evidence


def page_of(report):
    """The page of a report, given as plain data (``Report.as_dict()``)."""
    return add_report(Page(report["title"]), report)


def add_report(page, report):
    """Put a report, given as plain data, on a page; returns the page."""
    findings = [finding for step in report["steps"] for finding in step["findings"]]
    page.facts(_verdict(report, findings))
    page.table(
        [_check(step) for step in report["steps"]],
        header=["check", "result", "measured", "held against", "advice"],
    )
    for finding in sorted(findings, key=lambda f: -SEVERITIES.index(f["severity"])):
        evidence = ", ".join(f"{k} {_brief(v)}" for k, v in finding["evidence"].items())
        page.box(
            finding["severity"], finding["code"], finding["message"],
            f"Fix: {finding['fix']}" if finding["fix"] else "",
            more=f"evidence: {evidence}" if evidence else "",
        )  # fmt: skip
    return page


def _verdict(report, findings):
    """What to know first."""
    severities = [finding["severity"] for finding in findings]
    yield "verdict", Mark("ok" if report["ok"] else "error" if "error" in severities else "warning")
    yield "problems", sum(severity != "info" for severity in severities)
    yield "notes", severities.count("info")
    skipped = sum(step["status"] == "skipped" for step in report["steps"])
    yield "checks made", f"{len(report['steps']) - skipped} of {len(report['steps'])}"
    seconds = [step["seconds"] for step in report["steps"] if "seconds" in step]
    if seconds:
        yield "checked in", f"{sum(seconds):.1f} s"


def _check(step):
    """The row of a check."""
    threshold = "" if step["threshold"] is None else _brief(step["threshold"])
    against = f"{step['measure']} {threshold}".strip() if step["number"] is not None else ""
    number = "" if step["number"] is None else step["number"]
    return [step["name"], Mark(step["status"]), number, against, step["advice"]]


def _brief(value):
    """A value in few characters: numbers to four digits, the first elements of a long list."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        rest = ", …" if len(value) > LISTED else ""
        return f"[{', '.join(map(_brief, value[:LISTED]))}{rest}]"
    if isinstance(value, dict):
        rest = ", …" if len(value) > LISTED else ""
        pairs = list(value.items())[:LISTED]
        return f"{{{', '.join(f'{k}: {_brief(v)}' for k, v in pairs)}{rest}}}"
    return str(value)
