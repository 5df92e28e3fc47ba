"""The page for users of PyTorch: its examples run, in their order."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "coming-from-pytorch.md"


@pytest.mark.torch
def test_the_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) > 5
    names = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
