"""The README does what it says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs import blocks, ops_table

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OUTER = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)


def test_the_two_commands_come_first_each_alone_in_its_block():
    assert [text for _, text in BLOCKS[:2]] == ["make demo\n", "make test\n"]


def test_the_example_runs_as_shown(tmp_path):
    (example,) = [text for language, text in BLOCKS if language == "python"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loss, accuracy = map(float, re.search(r"loss (\S+), accuracy (\S+)", done.stdout).groups())
    assert loss < 0.2
    assert accuracy > 0.95
    assert (tmp_path / "quadrants.npz").is_file()


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_table_of_ops_is_up_to_date():
    fresh = blocks.refreshed(README, {"ops": ops_table.table()})
    assert fresh == README, "run python -m docs.ops_table"


@pytest.mark.full
def test_make_demo_works_from_a_bare_copy(tmp_path):
    """No terminal, no stdin, no active environment, no make around it."""
    ignore = shutil.ignore_patterns(".git", ".venv", "runs", "__pycache__", "*.egg-info")
    clone = shutil.copytree(ROOT, tmp_path / "clone", ignore=ignore)
    done = subprocess.run(
        ["make", "demo"],
        cwd=clone,
        env={k: v for k, v in os.environ.items() if k not in OUTER},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split("digits: test accuracy ")[1]) >= 0.985
    assert {path.name for path in (clone / "runs" / "demo").iterdir()} == {
        "best.npz",
        "curves.svg",
        "history.csv",
        "last.npz",
        "playbook.json",
        "report.html",
        "settings.json",
        "test.json",
        "weights.npz",
    }
