"""Panels beside and below one another, as one SVG that notebooks show."""

from pathlib import Path

from .marks import tag
from .style import INCH, INK, PAPER

HEAD = 30  # pixels for the title of a picture


class Picture:
    """A grid of panels of a size in inches; ``svg`` is its text, ``save(path)`` writes it.

    Equal numbers give equal text. Attributes: ``rows`` (lists of :class:`Panel`, None where a place
    is empty), ``panels`` (all of them, row by row), ``title``, ``size`` (width, height).

    >>> from minigrad import viz
    >>> viz.lines({"loss": [3.0, 2.0, 1.0]}).svg.startswith("<svg")
    True
    """

    def __init__(self, rows, size, title=None):
        self.rows, self.size, self.title = rows, size, title

    @property
    def panels(self):
        """The panels, row by row."""
        return [panel for row in self.rows for panel in row if panel is not None]

    @property
    def svg(self):
        """The picture as SVG, one inch being 100 pixels."""
        width, height = (round(INCH * side) for side in self.size)
        head = HEAD if self.title else 0
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" style="max-width:100%;height:auto" '
            'font-family="Helvetica, Arial, sans-serif">',
            tag("rect", width=width, height=height, fill=PAPER),
        ]
        if self.title:
            parts.append(tag("text", self.title, x=10, y=20, font_size=14, font_weight="bold",
                             fill=INK))  # fmt: skip
        parts += self._placed(width, height - head, head)
        return "\n".join([*parts, "</svg>"])

    def _placed(self, width, height, head):
        """The panels, plots of a row being equally high and those of a column equally wide."""
        columns = max(map(len, self.rows))
        cell = width / columns, height / len(self.rows)
        every = [[p and p.margins(cell[0]) for p in row] for row in self.rows]
        lefts, rights = [0.0] * columns, [0.0] * columns
        for row in every:
            for j, margins in enumerate(row):
                if margins:
                    lefts[j], rights[j] = max(lefts[j], margins[0]), max(rights[j], margins[1])
        for i, row in enumerate(self.rows):
            top = max((m[2] for m in every[i] if m), default=0.0)
            below = max((m[3] for m in every[i] if m), default=0.0)
            for j, panel in enumerate(row):
                if panel is not None:
                    yield panel.svg(
                        j * cell[0] + lefts[j], head + i * cell[1] + top,
                        max(cell[0] - lefts[j] - rights[j], 20), max(cell[1] - top - below, 20),
                    )  # fmt: skip

    def __repr__(self):
        width, height = self.size
        return f"Picture({self.title!r}, {width:g} × {height:g} inches, {len(self.panels)} panels)"

    def _repr_svg_(self):
        return self.svg

    def save(self, path):
        """Write the picture to an ``.svg`` file; returns the path."""
        path = svg_path(path)
        path.write_text(self.svg, encoding="utf-8")
        return path


def svg_path(path):
    """The path of a picture, which must end in ``.svg``: ValueError if it does not."""
    path = Path(path)
    if path.suffix != ".svg":
        raise ValueError(f"pictures are written as SVG: {path.name!r} should end in .svg")
    return path


def picture(panels, size, title=None, path=None, columns=None):
    """Panels in rows of ``columns`` (all beside one another if None), also written to ``path``."""
    panels = list(panels)
    columns = columns or len(panels)
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    made = Picture(rows, size, title)
    if path is not None:
        made.save(path)
    return made
