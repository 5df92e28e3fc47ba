"""The README's table of ops, made from their own docstrings: ``python -m docs.ops_table``."""

import re
from pathlib import Path

from docs import blocks

README = Path(__file__).resolve().parent.parent / "README.md"


def rooms():
    """{room of ops: its ops}, without the ops that are the gradient of another."""
    import minigrad.nn  # noqa: F401  (the ops that only layers use)
    from minigrad.engine.op import OPS

    found = {}
    for op in OPS.values():
        if op.__module__.startswith("minigrad.ops") and not op.name.endswith("_vjp"):
            found.setdefault(op.__module__.rpartition(".")[2], []).append(op)
    return dict(sorted(found.items()))


def row(op):
    """One line: name, formula, gradient."""
    first, *more = (re.sub(r"\s+", " ", text).strip() for text in op.__doc__.split("\n\n"))
    formula, _, gradient = first.partition(". ")
    cells = (f"`{op.name}`", formula.removesuffix("."), gradient or more[0])
    return "| " + " | ".join(c.replace("|", "\\|").replace("``", "`") for c in cells) + " |"


def table():
    """All rooms, one table each."""
    parts = []
    for room, ops in rooms().items():
        lines = [f"**{room}**", "", "| op | y | gradient |", "| --- | --- | --- |"]
        parts.append("\n".join([*lines, *map(row, ops)]))
    return "\n\n".join(parts)


if __name__ == "__main__":
    blocks.refresh(README, {"ops": table()})
