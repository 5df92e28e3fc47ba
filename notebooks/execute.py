"""Run the lessons, keep what they show, and rewrite the README's table of them.

``python -m notebooks.execute`` runs all, ``python -m notebooks.execute 03 09`` those two. Needs the
extra ``notebooks``. A lesson in which a cell raises is not written.
"""

import argparse
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from docs import blocks

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
README = ROOT / "README.md"


def lessons(wanted=()):
    """The files of the lessons in order, or of those whose names begin as wanted."""
    return [
        path
        for path in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
        if not wanted or path.name.startswith(tuple(wanted))
    ]


def executed(path):
    """A lesson run from top to bottom by a fresh interpreter, as a notebook; the file stays."""
    book = nbformat.read(path, as_version=4)
    book.metadata.kernelspec = {
        "display_name": "Python 3", "language": "python", "name": "python3"
    }  # fmt: skip
    book.metadata.language_info = {"name": "python"}  # its version is not the lesson's
    search = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    client = NotebookClient(
        book, timeout=600, record_timing=False, coalesce_streams=True,
        resources={"metadata": {"path": str(FOLDER)}}, extra_arguments=["--log-level=ERROR"],
    )  # fmt: skip
    client.execute(env={**os.environ, "PYTHONPATH": search})
    book.metadata.language_info = {"name": "python"}
    return book


def printed(cell):
    """What a cell printed."""
    return "".join(out.text for out in cell.outputs if out.output_type == "stream")


def picture_of(book):
    """The SVG that stands for a lesson: the first of the cell tagged ``cover``."""
    for cell in book.cells:
        if "cover" in cell.metadata.get("tags", ()):
            return next(o.data["image/svg+xml"] for o in cell.outputs if "data" in o)
    raise ValueError("no cell of the lesson is tagged 'cover'")


def index():
    """The table of the lessons: picture, title, what the chapter claims, what was measured."""
    rows = ["| | lesson | the claim | measured there |", "|---|---|---|---|"]
    for path in lessons():
        book = nbformat.read(path, as_version=4)
        cover = FOLDER / "covers" / f"{path.stem}.svg"
        cover.parent.mkdir(exist_ok=True)
        cover.write_text(picture_of(book), encoding="utf-8")
        title = book.cells[0].source.splitlines()[0].removeprefix("# ")
        link = f"[{int(path.name[:2])}. {title}](notebooks/{path.name})"
        image = f'<img src="notebooks/covers/{cover.name}" width="220" alt="{title}">'
        found = " ".join(printed(book.cells[-1]).split())
        rows.append(f"| {image} | {link} | {book.metadata.minigrad.claim} | {found} |")
    return "\n".join(rows)


def main():
    parser = argparse.ArgumentParser(description="Run the lessons and keep what they show.")
    parser.add_argument("lesson", nargs="*", help="how its file name begins; all without any")
    wanted = parser.parse_args().lesson
    for path in lessons(wanted):
        start = time.perf_counter()
        nbformat.write(executed(path), path)
        print(f"{path.name:32} {time.perf_counter() - start:6.1f} s", flush=True)
    blocks.refresh(README, {"lessons": index()})


if __name__ == "__main__":
    main()
