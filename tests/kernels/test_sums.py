"""Sums give the same bits wherever their arrays lie."""

import ast
from pathlib import Path

import pytest

import minigrad.kernels.cpu

FILES = sorted(Path(minigrad.kernels.cpu.__path__[0]).glob("*.py"))


def _reorders(function):
    """Whether a function is compiled with sums that may be reordered."""
    return any(
        isinstance(d, ast.Call) and any(getattr(a, "id", None) == "SUM" for a in d.args)
        for d in function.decorator_list
    )


def _innermost_loops(function):
    for node in ast.walk(function):
        inner = (n for n in ast.walk(node) if n is not node)
        if isinstance(node, ast.For) and not any(isinstance(n, ast.For) for n in inner):
            yield node


def _stores(loop):
    targets = []
    for node in ast.walk(loop):
        if isinstance(node, ast.Assign):
            targets += node.targets
        elif isinstance(node, ast.AugAssign):
            targets.append(node.target)
    return any(isinstance(t, ast.Subscript) for t in targets)


def _sums(loop):
    return any(
        isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name) for n in ast.walk(loop)
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_loop_sums_and_stores(path):
    """A loop that stores is compiled twice, and which one runs depends on how near its arrays lie:
    in a loop that sums as well, short rows would then be summed in two different orders.
    """
    found = [
        f"{function.name}, line {loop.lineno}"
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef) and _reorders(function)
        for loop in _innermost_loops(function)
        if _stores(loop) and _sums(loop)
    ]
    assert not found, f"split these loops: {', '.join(found)}"
