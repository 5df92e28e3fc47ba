"""The page on debugging: its examples run and print what it shows."""

import contextlib
import io
import linecache
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "debugging.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n(?:```text\n(.*?)```\n)?", TEXT, re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def test_the_examples_print_what_the_page_shows(tmp_path):
    """Numbers within 10 %, for they are measured; everything else as it stands."""
    file, names = tmp_path / "train.py", {}
    assert len(BLOCKS) > 5
    for code, shown in BLOCKS:
        file.write_text(code, encoding="utf-8")
        linecache.checkcache(str(file))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(file), "exec"), names)
        text = printed.getvalue().replace(str(file), "train.py")
        assert _words(text) == _words(shown)
        numbers = [[float(n) for n in NUMBER.findall(part)] for part in (text, shown)]
        assert numbers[0] == pytest.approx(numbers[1], rel=0.1, abs=0.05)


def _words(text):
    return re.sub(r"[-\s]+", " ", NUMBER.sub("", text))


def test_every_anchor_is_a_heading():
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors
