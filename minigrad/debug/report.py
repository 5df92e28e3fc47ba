"""What a check found: findings, the checks they belong to, and a report of several checks."""

import json
import math
import textwrap
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .report_page import SEVERITIES, page_of

_MARKS = {"ok": "ok", "info": "note", "warning": "WARN", "error": "FAIL", "skipped": "skip"}
_WIDTH = 92


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    ``code`` names the kind, ``severity`` is ``"info"`` (nothing wrong), ``"warning"`` or
    ``"error"``, ``evidence`` holds the numbers behind ``message``, ``fix`` says what to do.
    """

    code: str
    severity: str
    message: str
    evidence: dict = field(default_factory=dict)
    fix: str = ""

    def __post_init__(self):
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity must be one of {SEVERITIES}, got {self.severity!r}")

    def __str__(self):
        text = _wrapped(self.message) + (_wrapped(self.fix, "fix: ") if self.fix else [])
        return "\n".join([f"{_MARKS[self.severity]:4}  {self.code}", *text])


@dataclass
class Check:
    """The result of one check.

    ``number`` is what was measured and ``threshold`` what it is held against, both described by
    ``measure``; ``advice`` is the conclusion in a sentence; ``details`` holds further numbers.
    ``status`` is ``"ok"``, the severity of the worst finding, or ``"skipped"``.

    >>> check = Check("initial loss", 2.93, 2.53, "loss, at most")
    >>> check.findings.append(Finding("initial_loss", "warning", "too high"))
    >>> check.status, check.ok
    ('warning', False)
    """

    name: str
    number: float | None = None
    threshold: float | None = None
    measure: str = ""
    advice: str = ""
    findings: list = field(default_factory=list)
    details: dict = field(default_factory=dict)
    seconds: float = 0.0
    skipped: bool = False

    @property
    def status(self):
        """How it went, in a word."""
        if self.skipped:
            return "skipped"
        worst = max((SEVERITIES.index(f.severity) for f in self.findings), default=-1)
        return SEVERITIES[worst] if worst >= 0 else "ok"

    @property
    def ok(self):
        """Whether nothing is wrong: no warning and no error."""
        return self.status in ("ok", "info")

    def find(self, code, severity, message, fix="", **evidence):
        """Add a finding."""
        self.findings.append(Finding(code, severity, message, evidence, fix))

    def as_dict(self, times=False):
        """The check as plain data; ``times`` adds its seconds."""
        plain = {
            "name": self.name, "status": self.status, "number": self.number,
            "threshold": self.threshold, "measure": self.measure, "advice": self.advice,
            "findings": [asdict(finding) for finding in self.findings], "details": self.details,
        }  # fmt: skip
        return _plain({**plain, "seconds": self.seconds} if times else plain)

    def __str__(self):
        return str(Report("Check", [self]))


class Report:
    """The checks of a run in their order, and all that they found.

    ``print(report)`` and :meth:`to_html` show it, :meth:`to_json` and :meth:`save` give it to
    programs.
    """

    def __init__(self, title, steps, seed=None):
        self.title = title
        self.steps = list(steps)
        self.seed = seed

    @property
    def findings(self):
        """The findings of all checks, in their order."""
        return [finding for step in self.steps for finding in step.findings]

    @property
    def ok(self):
        """Whether no check found anything wrong; checks that were skipped do not count."""
        return all(step.ok or step.skipped for step in self.steps)

    @property
    def codes(self):
        """The codes of what is wrong: of warnings and errors, each once."""
        wrong = (f.code for f in self.findings if f.severity != "info")
        return list(dict.fromkeys(wrong))

    def as_dict(self, times=False):
        """The report as plain data; ``times`` adds seconds."""
        return {
            "title": self.title, "ok": self.ok, "seed": self.seed,
            "steps": [step.as_dict(times) for step in self.steps],
        }  # fmt: skip

    def to_json(self, times=False):
        """The report as JSON text: the same bytes for the same run, unless ``times`` are in it."""
        return json.dumps(self.as_dict(times), indent=2, sort_keys=True, ensure_ascii=False)

    def save(self, path, times=False):
        """Write the JSON text to a file; returns the path."""
        path = Path(path)
        path.write_text(self.to_json(times) + "\n", encoding="utf-8")
        return path

    def to_html(self, path=None, times=False):
        """The report as a page that needs no other file; ``path`` also writes it."""
        page = page_of(self.as_dict(times))
        if path is not None:
            page.save(path)
        return str(page)

    def __repr__(self):
        return f"<{type(self).__name__} {self.title!r}: {self._verdict()}>"

    def _verdict(self):
        skipped = sum(step.skipped for step in self.steps)
        wrong = sum(finding.severity != "info" for finding in self.findings)
        verdict = "all is well" if self.ok else f"{wrong} problem{'s' * (wrong != 1)}"
        return verdict + (f", {skipped} of {len(self.steps)} steps skipped" if skipped else "")

    def __str__(self):
        return self.as_text()

    def as_text(self, times=True):
        """A table of the checks, and the findings, worst first; ``times`` adds seconds."""
        seconds = f"{sum(step.seconds for step in self.steps):.1f} s" if times else ""
        lines = [_ended(f"{self.title}: {self._verdict()}", seconds), "=" * _WIDTH]
        for step in self.steps:
            lines += _step_lines(step, times)
        if self.findings:
            lines.append("-" * _WIDTH)
        ordered = sorted(self.findings, key=lambda f: -SEVERITIES.index(f.severity))
        return "\n".join(lines + [line for f in ordered for line in (str(f), "")]).rstrip()


def _ended(line, end):
    """A line with something at its right end."""
    return f"{line}{end:>{max(_WIDTH - len(line), len(end) + 2)}}".rstrip()


def _step_lines(step, times):
    """A line of the table, and the advice where the findings do not say it."""
    number = "" if step.number is None else f"{step.number:.4g}"
    against = "" if step.threshold is None else f"{step.measure} {step.threshold:.4g}"
    if not against and number:
        against = step.measure
    line = f"{_MARKS[step.status]:4}  {step.name:18}{number:>10}  {against:44}"
    seconds = f"{step.seconds:.2f} s" if times and not step.skipped else ""
    return [_ended(line, seconds), *(_wrapped(step.advice) if step.advice else [])]


def _wrapped(text, begin=""):
    begin = " " * 6 + begin
    return textwrap.wrap(text, _WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin))


def _plain(value):
    """Numbers of six digits, and words for those that JSON lacks."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, int | str) or value is None:
        return value
    value = float(value)
    return float(f"{value:.6g}") if math.isfinite(value) else str(value)
