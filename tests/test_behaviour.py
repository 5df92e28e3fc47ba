"""docs/behaviour.md and the tests that are named after its rows belong together."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| (\w+) \| .* \| .* \| `(tests/[\w/]+\.py)` \|$", re.MULTILINE)
ROWS = dict(ROW.findall((ROOT / "docs" / "behaviour.md").read_text()))
TEST = re.compile(r"def test_([A-Z]\d+[a-z]?)_")


@pytest.mark.parametrize("code", ROWS)
def test_every_row_has_a_test(code):
    assert code in TEST.findall((ROOT / ROWS[code]).read_text())


def test_every_test_of_a_row_has_its_row():
    named = {
        code for path in (ROOT / "tests").rglob("*.py") for code in TEST.findall(path.read_text())
    }
    assert named <= set(ROWS)
