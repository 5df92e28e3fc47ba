"""One plot: marks, and the axes that fit them."""

from dataclasses import dataclass, field

import numpy as np

from .marks import Band, Bars, Image, Line, Points, Span, Text, coloured, png_uri, tag
from .scale import Scale, labels, limits, linear_ticks
from .style import FAINT, INK, MUTED, text_width

TICK, LABEL, TITLE = 10, 11, 12  # sizes of letters in pixels
LINE = 15  # pixels from one line of text to the next


@dataclass
class Panel:
    """Marks, and what stands around them.

    ``log`` holds the letters of the logarithmic axes. ``xlim`` and ``ylim`` are (low, high), a None
    among them fits the data. ``legend`` is "ends" (names beside the ends of lines), "top", "" or
    None, which chooses. ``bar`` is the text beside the colour bar of an :class:`Image`.
    """

    title: str | None = None
    xlabel: str | None = None
    ylabel: str | None = None
    log: str = ""
    xlim: tuple | None = None
    ylim: tuple | None = None
    grid: str = "y"
    legend: str | None = None
    bar: str | None = None
    marks: list = field(default_factory=list)
    fixed: dict = field(default_factory=dict)  # axis -> (places, labels, colours)

    def add(self, *marks):
        """Put marks on top of those that are there; returns the panel."""
        self.marks.extend(marks)
        return self

    def tick(self, axis, places, words, colors=None):
        """Write words at places of an axis in place of round numbers; returns the panel."""
        self.fixed[axis] = list(places), [str(word) for word in words], colors
        return self

    def of(self, kind):
        """The marks of a class."""
        return [mark for mark in self.marks if isinstance(mark, kind)]

    @property
    def lines(self):
        """The lines."""
        return self.of(Line)

    @property
    def texts(self):
        """The words that stand among the marks."""
        return [mark.text for mark in self.of(Text)]

    # -------------------------------------------------------------- measures

    def scales(self):
        """The scales of x and y, not yet placed."""
        extents = [mark.extent() for mark in self.marks]
        flat = any(isinstance(mark, Image) for mark in self.marks)
        edge_to_edge = all(
            isinstance(mark, Band | Span | Text) or (isinstance(mark, Line) and not mark.marks)
            for mark in self.marks
        )
        found = []
        for place, (axis, wanted) in enumerate((("x", self.xlim), ("y", self.ylim))):
            log = axis in self.log
            margin = 0.0 if flat or (axis == "x" and edge_to_edge) else 0.05
            low, high = limits([extent[place] for extent in extents], log, margin)
            if axis == "y" and not log and self._stands_on_zero(low):
                low = 0.0
            given = wanted or (None, None)
            found.append(Scale(*(b if a is None else float(a) for a, b in zip(
                given, (low, high), strict=True)), log))  # fmt: skip
        return found

    def _stands_on_zero(self, low):
        bars = [mark for mark in self.of(Bars) if np.all(np.asarray(mark.low) == 0)]
        return bool(bars) and low < 0 and all(np.all(np.asarray(b.high) >= 0) for b in bars)

    def ticks(self, axis, scale):
        """Places, words and colours along an axis."""
        if axis in self.fixed:
            return self.fixed[axis]
        return *scale.ticks(), None

    def named(self):
        """[(mark, name)] of what the legend shows, each name once."""
        seen = {}
        for mark in self.marks:
            if mark.name is not None:
                seen.setdefault(mark.name, mark)
        return [(mark, name) for name, mark in seen.items()]

    def where_names_stand(self):
        """"ends", "top" or ""."""
        named = self.named()
        if self.legend is not None or not named:
            return self.legend if named else ""
        short = all(len(name) <= 26 for _, name in named)
        return "ends" if short and len(named) <= 8 and all(
            isinstance(mark, Line) for mark, _ in named
        ) else "top"  # fmt: skip

    def margins(self, width):
        """Pixels left, right, above and below the plot."""
        x, y = self.scales()
        _, xwords, _ = self.ticks("x", x)
        _, ywords, _ = self.ticks("y", y)
        left = 10 + max((text_width(w, TICK) for w in ywords), default=0)
        left += LINE + 3 if self.ylabel else 0
        right, where = 14.0, self.where_names_stand()
        if where == "ends":
            right = 14 + max(text_width(name, TICK) for _, name in self.named())
        if self.bar is not None:
            right = 74.0
        top = 8 + (LINE + 4 if self.title else 0)
        if where == "top":
            top += LINE * len(legend_rows(self.named(), width - left - right)) + 2
        below = 8 + (LINE + 2 if self.xlabel else 0)
        return left, right, top, below + self._words_below(xwords, width - left - right)[0]

    def _words_below(self, words, width):
        """The height that the words of the x axis need, and whether they stand aslant."""
        widths = [text_width(word, TICK) for word in words]
        room = width / max(len(words), 1) - 4
        if "x" not in self.fixed or max(widths, default=0) <= room:
            return LINE if words else 0, False
        return 0.62 * max(widths) + 12, True

    # -------------------------------------------------------------- drawing

    def svg(self, left, top, width, height):
        """The panel as SVG, its plot being a rectangle of pixels."""
        x, y = self.scales()
        x.start, x.end, y.start, y.end = left, left + width, top + height, top
        inside = "".join(mark.svg(x, y) for mark in self.marks if not isinstance(mark, Text))
        frame = {"x": left, "y": top, "width": width, "height": height}
        return "".join([
            self._ticks(x, y),
            # a nested picture cuts off what reaches beyond it
            tag("svg", viewBox=f"{left:.1f} {top:.1f} {width:.1f} {height:.1f}", **frame)[:-2],
            ">", inside, "</svg>",
            tag("path", d=f"M{left:.1f} {y.start:.1f}h{width:.1f}", stroke=FAINT),
            *(mark.svg(x, y) for mark in self.of(Text)),
            self._labels(x, y), self._names(x, y), self._bar(x, y),
        ])  # fmt: skip

    def _ticks(self, x, y):
        parts = []
        places, words, colors = self.ticks("x", x)
        aslant = self._words_below(words, x.end - x.start)[1]
        for place, word, color in _coloured_words(places, words, colors):
            at = float(x(place))
            if "x" in self.grid:
                parts.append(tag("path", d=f"M{at:.1f} {y.start:.1f}V{y.end:.1f}", stroke=FAINT))
            turned = f"rotate(-38 {at:.1f} {y.start + 12:.1f})" if aslant else None
            parts.append(tag("text", word, x=at, y=y.start + LINE - 1, font_size=TICK, fill=color,
                             text_anchor="end" if aslant else "middle", transform=turned))
        places, words, colors = self.ticks("y", y)
        for place, word, color in _coloured_words(places, words, colors):
            at = float(y(place))
            if "y" in self.grid:
                parts.append(tag("path", d=f"M{x.start:.1f} {at:.1f}H{x.end:.1f}", stroke=FAINT))
            parts.append(tag("text", word, x=x.start - 6, y=at + 0.35 * TICK, font_size=TICK,
                             fill=color, text_anchor="end"))  # fmt: skip
        return "".join(parts)

    def _labels(self, x, y):
        parts = []
        if self.title:
            rows = 0
            if self.where_names_stand() == "top":
                rows = len(legend_rows(self.named(), x.end - x.start))
            parts.append(tag("text", self.title, x=x.start, y=y.end - 8 - LINE * rows,
                             font_size=TITLE, fill=INK))  # fmt: skip
        if self.xlabel:
            words = self.ticks("x", x)[1]
            down = self._words_below(words, x.end - x.start)[0] + LINE
            parts.append(tag("text", self.xlabel, x=(x.start + x.end) / 2, y=y.start + down,
                             font_size=LABEL, fill=INK, text_anchor="middle"))  # fmt: skip
        if self.ylabel:
            words = self.ticks("y", y)[1]
            across = x.start - 12 - max((text_width(w, TICK) for w in words), default=0)
            middle = (y.start + y.end) / 2
            parts.append(upwards(self.ylabel, across, middle, LABEL, INK))
        return "".join(parts)

    def _names(self, x, y):
        where = self.where_names_stand()
        if where == "ends":
            return self._names_at_ends(x, y)
        return self._names_above(x, y) if where == "top" else ""

    def _names_at_ends(self, x, y):
        """Names beside the right ends of their lines, moved apart where they would overlap."""
        named = []
        for mark, name in self.named():
            places, heights = x(mark.x), y(mark.y)
            known = np.flatnonzero(~np.isnan(places + heights))
            at = known[len(known) - 1 - np.argmax(places[known][::-1])] if len(known) else None
            last = y.start if at is None else float(heights[at])
            named.append([min(max(last, y.end + 4), y.start - 4), name, mark.color])
        heights = apart([row[0] for row in named], LINE - 2, y.end + 4, y.start)
        return "".join(
            tag("text", name, x=x.end + 6, y=at + 0.35 * TICK, font_size=TICK, fill=color)
            for at, (_, name, color) in zip(heights, named, strict=True)
        )

    def _names_above(self, x, y):
        rows, parts = legend_rows(self.named(), x.end - x.start), []
        for number, row in enumerate(rows):
            across, at = x.start, y.end - 8 - LINE * (len(rows) - 1 - number)
            for mark, name in row:
                color = mark.color if isinstance(mark.color, str) else mark.color[0]
                parts.append(_key(mark, across, at, color))
                parts.append(tag("text", name, x=across + 17, y=at + 0.35 * TICK, fill=INK,
                                 font_size=TICK))  # fmt: skip
                across += _legend_width(name)
        return "".join(parts)

    def _bar(self, x, y):
        """The colour bar of the first image, with its numbers and its text."""
        if self.bar is None or not self.of(Image):
            return ""
        image = self.of(Image)[0]
        low, high = image.bounds()
        left, height = x.end + 12, y.start - y.end
        ramp = coloured(np.linspace(high, low, 64)[:, None], image.colors, (low, high))
        parts = [tag("image", x=left, y=y.end, width=10, height=height, href=png_uri(ramp),
                     preserveAspectRatio="none")]  # fmt: skip
        scale = Scale(low, high, start=y.start, end=y.end)
        places = linear_ticks(low, high, max(3, min(6, int(height / 24))))
        for place, word in zip(places, labels(places), strict=True):
            parts.append(tag("text", word, x=left + 14, y=float(scale(place)) + 0.35 * TICK,
                             font_size=TICK, fill=INK))  # fmt: skip
        parts.append(upwards(self.bar, left + 52, (y.start + y.end) / 2, TICK, MUTED))
        return "".join(parts)


def upwards(words, x, y, size, color):
    """Text that runs upwards, its middle at a pixel."""
    return tag("text", words, x=x, y=y, font_size=size, fill=color, text_anchor="middle",
               transform=f"rotate(-90 {x:.1f} {y:.1f})")  # fmt: skip


def _coloured_words(places, words, colors):
    return zip(places, words, colors or [INK] * len(words), strict=True)


def _key(mark, left, middle, color):
    """The small sample of a mark beside its name in the legend."""
    if isinstance(mark, Points):
        return tag("circle", cx=left + 6, cy=middle, r=3, fill=color)
    if isinstance(mark, Line):
        return tag("path", d=f"M{left:.1f} {middle:.1f}h12", stroke=color, stroke_width=2,
                   stroke_dasharray=mark.dash)  # fmt: skip
    return tag("rect", x=left + 2, y=middle - 5, width=10, height=10, fill=color,
               fill_opacity=mark.opacity)  # fmt: skip


def _legend_width(name):
    return 17 + text_width(name, TICK) + 14


def legend_rows(named, width):
    """The names of a legend in rows that are not wider than some pixels, if a name alone is not."""
    rows, used = [[]], 0.0
    for mark, name in named:
        if rows[-1] and used + _legend_width(name) > width + 14:
            rows.append([])
            used = 0.0
        rows[-1].append((mark, name))
        used += _legend_width(name)
    return rows


def apart(places, gap, low, high):
    """Places moved so that neighbours are ``gap`` apart, between ``low`` and ``high`` if possible.

    >>> apart([0.0, 5.0, 40.0], 10, 0, 100)
    [0.0, 10.0, 40.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    found, reached = list(places), low - gap
    for i in order:
        reached = found[i] = max(places[i], reached + gap)
    limit = high
    for i in reversed(order):
        found[i] = min(found[i], max(limit, low))
        limit = found[i] - gap
    return found
