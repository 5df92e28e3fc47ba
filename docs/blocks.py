"""Parts of a page that a script writes, each between two lines that bear its name.

``<!-- ops:begin -->`` and ``<!-- ops:end -->`` hold the block ``ops``.
"""


def refreshed(text, blocks):
    """A page with blocks, {name: text}, in the place of what stood between their markers."""
    for name, block in blocks.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"the page lacks the lines {begin} and {end}")
        text = f"{before}{begin}\n{block}\n{end}{after}"
    return text


def refresh(path, blocks):
    """Write blocks into a page."""
    path.write_text(refreshed(path.read_text(encoding="utf-8"), blocks), encoding="utf-8")
