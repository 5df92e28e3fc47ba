"""The lessons: their form, and in the long tier that they still show what they keep."""

import ast
import re
import sys
from pathlib import Path

import nbformat
import pytest

from docs import blocks
from notebooks import execute

ROOT = Path(__file__).resolve().parents[2]
SMALL = 1_000_000  # bytes
PACKAGES = {"minigrad", "numpy", "torch"}
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module", params=PATHS, ids=[path.stem for path in PATHS])
def lesson(request):
    return request.param, nbformat.read(request.param, as_version=4)


def code(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def kinds(cell):
    """What kinds of output a cell has: printed text as one, however it was cut."""
    found = []
    for out in cell.outputs:
        kind = (out.output_type, out.get("name") or tuple(sorted(out.get("data", ()))))
        if not (found and out.output_type == "stream" and found[-1] == kind):
            found.append(kind)
    return found


def test_there_are_ten():
    assert [path.name[:3] for path in PATHS] == [f"{n:02d}_" for n in range(1, 11)]


def test_it_was_run_from_top_to_bottom_without_an_error(lesson):
    path, book = lesson
    nbformat.validate(book)
    counts = [cell.execution_count for cell in code(book)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code(book):
        assert all(kind[0] != "error" and kind[1] != "stderr" for kind in kinds(cell))
    assert path.stat().st_size < SMALL


def test_it_names_its_source_first_and_ends_in_assertions(lesson):
    _, book = lesson
    opening = book.cells[0].source
    assert opening.startswith("# ") and re.search(r"Chapter (7|12)", opening)
    last = book.cells[-1]
    asserted = [n for n in ast.walk(ast.parse(last.source)) if isinstance(n, ast.Assert)]
    assert asserted and kinds(last) == [("stream", "stdout")]


def test_it_has_a_mistake_to_make_three_exercises_and_pytorch_beside_it(lesson):
    _, book = lesson
    texts = [cell.source for cell in book.cells if cell.cell_type == "markdown"]
    assert any(re.search(r"(?i)^#+ .*break", text, re.M) for text in texts)
    checkers = [cell for cell in code(book) if "checker" in cell.metadata.get("tags", ())]
    assert len(checkers) == 3
    assert all(not cell.outputs for cell in checkers)  # quiet while nothing was solved
    assert all(cell.metadata.jupyter.source_hidden for cell in checkers)
    assert any("import torch" in cell.source for cell in code(book))


def test_no_cell_is_longer_than_a_screen(lesson):
    _, book = lesson
    for cell in book.cells:
        lines = cell.source.count("\n") + 1
        assert lines <= (40 if cell.cell_type == "code" else 22), cell.source[:60]


def test_it_uses_public_names_and_little_else(lesson):
    path, book = lesson
    numba = {"numba"} if path.name.startswith("02") else set()
    for cell in code(book):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Name | ast.Call):
                name = node.attr
                assert not name.startswith("_") or name.startswith("__"), ast.unparse(node)
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) else []
            for module in modules:
                top = module.partition(".")[0]
                assert top in PACKAGES | numba | sys.stdlib_module_names, module
                assert "._" not in module


def test_what_it_shows_names_no_machine(lesson):
    _, book = lesson
    for cell in code(book):
        for out in cell.outputs:
            shown = str(out.get("text", "")) + str(out.get("data", {}).get("text/plain", ""))
            assert not re.search(r"0x[0-9a-f]{6}|/home/|/tmp/|/root/|ipykernel_", shown), shown


def test_the_table_of_lessons_is_up_to_date():
    text = execute.README.read_text(encoding="utf-8")
    fresh = blocks.refreshed(text, {"lessons": execute.index()})
    assert fresh == text, "run python -m notebooks.execute"


@pytest.mark.full
def test_it_still_shows_what_it_keeps(lesson):
    path, book = lesson
    for before, now in zip(code(book), code(execute.executed(path)), strict=True):
        assert kinds(before) == kinds(now), before.source
