"""The page on precision: its examples run, and its tables are those of the code."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from docs.blocks import refreshed
from minigrad import amp

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "precision.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script():
    """docs/precision.py as a module."""
    specification = importlib.util.spec_from_file_location("precision", ROOT / "docs/precision.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_examples_run():
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) > 5
    names = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)


@pytest.mark.parametrize("block", ["policy", "formats"])
def test_the_tables_are_up_to_date(script, block):
    fresh = refreshed(TEXT, {block: script.BLOCKS[block]()})
    assert fresh == TEXT, "run python -m docs.precision"


def test_every_block_of_the_script_stands_in_the_page_and_holds_something(script):
    found = re.findall(r"<!-- (\w+):begin -->\n(.+?)\n<!-- \1:end -->", TEXT, re.DOTALL)
    assert {name for name, _ in found} == set(script.BLOCKS)
    with pytest.raises(ValueError, match="lacks the lines"):
        refreshed("no markers", {"policy": ""})


def test_every_picture_and_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    pictures = {link for link in links if link.endswith(".svg")}
    assert [link for link in links if not (PAGE.parent / link).is_file()] == []
    drawn = {f"pictures/{path.name}" for path in (ROOT / "docs/pictures").glob("precision-*")}
    assert pictures == drawn


def test_every_anchor_is_a_heading():
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


@pytest.mark.parametrize("name", ["bfloat16", "float16", "e5m2", "e4m3"])
def test_the_grids_drawn_are_those_of_the_formats(script, name):
    dtype = script.FORMATS[name]
    numbers, limits = script.grid(dtype), mg.finfo(dtype)
    assert (np.diff(numbers) > 0).all()
    assert numbers[0] == script.smallest(dtype) and numbers[-1] == limits.max
    stored = mg.tensor(numbers.astype(np.float32))
    assert (amp.round_to(stored, dtype) == stored).all()
    between = mg.tensor(((numbers[1:] + numbers[:-1]) / 2).astype(np.float32))
    assert (amp.round_to(between, dtype) != between).all()


def differing_functions():
    """(function, dtype given, result here, result of PyTorch on a CPU) of the page's table."""
    _, _, part = TEXT.partition("### Not PyTorch's rules for a CPU")
    rows = re.findall(r"^\| (`.*?) \| (\w+) \| (\w+) \| (\w+) \|$", part, re.MULTILINE)
    return [(name, *rest) for names, *rest in rows for name in re.findall(r"`(\w+)`", names)]


def calls(lib):
    """How the functions of that table are called on a square matrix."""
    f = lib.nn.functional
    special = {
        "softmax": lambda x: f.softmax(x, 1),
        "log_softmax": lambda x: f.log_softmax(x, 1),
        "logsumexp": lambda x: lib.logsumexp(x, 1),
        "softplus": f.softplus,
        "layer_norm": lambda x: f.layer_norm(x, (4,)),
        "group_norm": lambda x: f.group_norm(x, 2),
        "rms_norm": lambda x: f.rms_norm(x, (4,)),
        "pow": lambda x: x**2,
        "cumsum": lambda x: lib.cumsum(x, 0),
        "cosine_similarity": lambda x: f.cosine_similarity(x, x),
        "mv": lambda x: lib.mv(x, x[0]),
        "addmv": lambda x: lib.addmv(x[0], x, x[0]),
        "addr": lambda x: lib.addr(x, x[0], x[0]),
        "binary_cross_entropy": lambda x: f.binary_cross_entropy(x, x),
    }
    return lambda name: special.get(name) or getattr(lib, name)


def autocast_result(lib, name, given):
    """The name of the dtype a function gives under autocast to bfloat16, or "error"."""
    x = lib.full((4, 4), 0.5, dtype=getattr(lib, given))
    with lib.autocast("cpu", dtype=lib.bfloat16):
        try:
            return str(calls(lib)(name)(x).dtype).rpartition(".")[2]
        except RuntimeError:
            return "error"


@pytest.mark.torch
@pytest.mark.parametrize("name, given, here, there", differing_functions())
def test_the_table_of_differences_holds(name, given, here, there):
    torch = pytest.importorskip("torch")
    assert autocast_result(mg, name, given) == here
    assert autocast_result(torch, name, given) == there


def test_the_table_of_differences_is_found():
    assert len(differing_functions()) > 15
