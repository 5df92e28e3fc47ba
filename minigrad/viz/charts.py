"""Charts of any numbers: curves, dots, bars, histograms, tables in colour, paths on a surface.

All take what stands around a plot by name: ``title``, ``xlabel``, ``ylabel``, ``log`` (the letters
of the logarithmic axes), ``xlim``, ``ylim`` ((low, high), None for a side that fits the data),
``size`` (width and height in inches) and ``path`` (an ``.svg`` file to write as well).
"""

from dataclasses import replace

import numpy as np

from .marks import BLUES, Bars, Image, Line, Points, Text
from .panel import Panel
from .picture import Picture, picture
from .style import INK, PAPER, color_of

SIZE = (6.2, 3.2)


def _framed(panel, title, size, path):
    return picture([panel], size, title, path)


def _numbers(values):
    """Numbers, or a tensor of them, as a flat array."""
    values = values.detach() if hasattr(values, "detach") else values
    return np.ravel(np.asarray(values, dtype=float))


def _pairs(series, x):
    """[(name, x, y)] of {name: y or (x, y)}; a tuple of two sequences is a pair."""
    if not isinstance(series, dict):
        raise TypeError(f"series must be a dict of names and numbers, got {type(series).__name__}")
    found = []
    for name, values in series.items():
        pair = isinstance(values, tuple) and len(values) == 2 and np.ndim(values[0]) == 1
        ys = _numbers(values[1] if pair else values)
        xs = values[0] if pair else np.arange(len(ys)) if x is None else x
        xs = _numbers(xs)
        if len(xs) != len(ys):
            raise ValueError(f"series {name!r} has {len(ys)} values for {len(xs)} places of x")
        found.append((name or None, xs, ys))
    return found


def lines(series, x=None, *, title=None, marks=False, size=SIZE, path=None, **around):
    """Curves: ``series`` is {name: y values, or (x values, y values)}; ``x`` serves the former.

    NaN interrupts a curve. ``marks`` adds a dot at every point.

    >>> picture = lines({"sine": np.sin(np.linspace(0, 6, 50))}, ylabel="sin")
    >>> [line.name for line in picture.panels[0].lines]
    ['sine']
    """
    panel = Panel(**around)
    for number, (name, xs, ys) in enumerate(_pairs(series, x)):
        panel.add(Line(color_of(number), xs, ys, marks=marks, name=name))
    return _framed(panel, title, size, path)


def points(series, *, title=None, radius=2.4, size=SIZE, path=None, **around):
    """Dots: ``series`` is {name: (x values, y values)}."""
    panel = Panel(**around)
    for number, (name, xs, ys) in enumerate(_pairs(series, None)):
        panel.add(Points(color_of(number), xs, ys, radius, name=name, opacity=0.75))
    return _framed(panel, title, size, path)


def bars(series, names, *, title=None, size=SIZE, path=None, **around):
    """Groups of bars: ``series`` is {name of a series: a number for each of ``names``}."""
    panel, count = Panel(**around), len(series)
    places, width = np.arange(len(names)), 0.76 / max(len(series), 1)
    for number, (name, _, heights) in enumerate(_pairs(series, None)):
        if len(heights) != len(names):
            raise ValueError(f"series {name!r} has {len(heights)} values for {len(names)} names")
        left = places - 0.38 + number * width
        floor = 0.0
        if "y" in panel.log:
            floor = np.nanmin([v for _, _, h in _pairs(series, None) for v in h if v > 0]) / 3
        shown = name if count > 1 else None
        panel.add(Bars(color_of(number), left + 0.03 * width, left + 0.97 * width,
                       np.full(len(heights), floor), heights, name=shown))  # fmt: skip
    panel.tick("x", places, names)
    return _framed(panel, title, size, path)


def histograms(series, bins=40, *, title=None, size=SIZE, path=None, **around):
    """Shares of values by size, in per cent: ``series`` is {name: values}, all in equal bins."""
    values = {name: _numbers(one) for name, one in series.items()}
    finite = np.concatenate([one[np.isfinite(one)] for one in values.values()])
    edges = np.histogram_bin_edges(finite, bins)
    panel = Panel(**{"ylabel": "% of values", **around})
    for number, (name, one) in enumerate(values.items()):
        counts = np.histogram(one[np.isfinite(one)], edges)[0]
        shares = 100 * counts / max(len(one), 1)
        panel.add(Bars(color_of(number), edges[:-1], edges[1:], np.zeros(len(shares)), shares,
                       name=name if len(values) > 1 else None,
                       opacity=0.55 if len(values) > 1 else None))  # fmt: skip
    return _framed(panel, title, size, path)


def table_map(
    values, rows, columns, *, digits=2, title=None, size=None, path=None, colors=BLUES, **around
):
    """A matrix as coloured cells with their numbers; ``rows`` and ``columns`` are their names."""
    values = np.asarray(values.detach() if hasattr(values, "detach") else values, dtype=float)
    if values.shape != (len(rows), len(columns)):
        raise ValueError(
            f"{len(rows)} names of rows and {len(columns)} of columns for values of shape "
            f"{values.shape}"
        )
    height, width = values.shape
    panel = Panel(**{"grid": "", **around})
    image = Image(values=values, place=(0, width, 0, height), colors=colors)
    low, high = image.bounds()
    panel.add(image)
    for i, j in np.ndindex(values.shape):
        dark = np.isfinite(values[i, j]) and values[i, j] > low + 0.55 * (high - low)
        words = f"{values[i, j]:.{digits}f}"
        panel.add(Text(PAPER if dark else INK, j + 0.5, i + 0.5, words, 10, "middle"))
    panel.xlim, panel.ylim = (0, width), (height, 0)
    panel.tick("x", np.arange(width) + 0.5, columns).tick("y", np.arange(height) + 0.5, rows)
    size = size or (1.6 + 0.62 * width, 1.1 + 0.34 * height)
    return _framed(panel, title, size, path)


def descent(function, paths, *, x=(-1.0, 1.0), y=(-1.0, 1.0), title=None, size=(5.6, 4.2),
            path=None, **around):  # fmt: skip
    """Paths over a function of two numbers, shown as shades of its logarithm above its minimum.

    ``function`` takes two arrays and gives one. ``paths`` is {name: [(x, y), …]}.
    """
    across, down = np.meshgrid(np.linspace(*x, 161), np.linspace(*y, 121)[::-1])
    with np.errstate(all="ignore"):
        heights = np.asarray(function(across, down), dtype=float)
    heights = heights - np.nanmin(heights)
    step = 1e-3 * (np.nanmedian(heights) or 1.0)
    shades = np.floor(8 * np.log10(heights + step)) / 8  # steps, which look like contours
    panel = Panel(**{"xlim": x, "ylim": y, "grid": "", "legend": "top", **around})
    panel.add(Image(values=shades, place=(*x, y[1], y[0]), colors=("#f6f8fa", "#8c99a8")))
    for number, (name, steps) in enumerate(paths.items()):
        xs, ys = np.asarray(steps, dtype=float).T
        panel.add(Line(color_of(number), xs, ys, 1.6, marks=len(xs) <= 80, name=name))
        panel.add(Points(color_of(number), xs[-1:], ys[-1:], 4.0))
    return _framed(panel, title, size, path)


def _row(picture, i):
    """The panels of one row of a picture, the first of all carrying its title."""
    if i >= len(picture.rows):
        return [None]
    panels = list(picture.rows[i])
    if i == 0 and picture.title:
        panels[0] = replace(panels[0], title=picture.title)
    return panels


def beside(*pictures, title=None, columns=None, path=None):
    """Pictures as parts of one, in rows of ``columns``; their titles stand over their parts."""
    if not pictures:
        raise ValueError("beside takes at least one picture")
    columns = columns or len(pictures)
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    grid = []
    for row in rows:
        height = max(len(picture.rows) for picture in row)
        for i in range(height):
            grid.append([panel for picture in row for panel in _row(picture, i)])
    size = (
        max(sum(picture.size[0] for picture in row) for row in rows),
        sum(max(picture.size[1] for picture in row) for row in rows),
    )
    made = Picture(grid, size, title)
    if path is not None:
        made.save(path)
    return made
