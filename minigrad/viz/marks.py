"""What a panel shows, in the units of its data. ``svg(x, y)`` draws it by two scales."""

import base64
import html
import struct
import zlib
from dataclasses import dataclass, field

import numpy as np

from .style import INK, PAPER, text_width

VIRIDIS = ("#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58",
           "#b5de2b", "#fde725")  # fmt: skip
BLUES = ("#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c",
         "#08306b")  # fmt: skip


def tag(kind, text=None, **attributes):
    """An SVG element; ``_`` in the name of an attribute stands for ``-``, None leaves it out.

    >>> tag("text", "a < b", font_size=9, fill=None)
    '<text font-size="9">a &lt; b</text>'
    """
    shown = "".join(
        f' {name.replace("_", "-")}="{_short(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{kind}{shown}/>" if text is None else f"<{kind}{shown}>{html.escape(text)}</{kind}>"


def _short(value):
    if isinstance(value, float | np.floating):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return html.escape(str(value))


def path_of(x, y):
    """The ``d`` of a line through pixels, interrupted where one of them is NaN."""
    parts, open_ = [], False
    for a, b in zip(x, y, strict=True):
        known = a == a and b == b
        if known:
            parts.append(f"{'L' if open_ else 'M'}{a:.1f} {b:.1f}")
        open_ = known
    return "".join(parts)


@dataclass
class Mark:
    """Common to all marks: a colour, a name for the legend, the range they need."""

    color: str = INK
    name: str | None = field(default=None, kw_only=True)
    opacity: float | None = field(default=None, kw_only=True)

    def extent(self):
        """x values and y values that the axes must show."""
        return (), ()


@dataclass
class Line(Mark):
    """A line through points, with dots at them if ``marks``."""

    x: object = ()
    y: object = ()
    width: float = 1.8
    dash: str | None = None
    marks: bool = False

    def extent(self):
        return self.x, self.y

    def svg(self, x, y):
        px, py = x(self.x), y(self.y)
        drawn = tag(
            "path", d=path_of(px, py), fill="none", stroke=self.color, stroke_width=self.width,
            stroke_dasharray=self.dash, stroke_opacity=self.opacity, stroke_linejoin="round",
        )  # fmt: skip
        return drawn + (dots(px, py, 2.3, self.color, self.opacity) if self.marks else "")


@dataclass
class Points(Mark):
    """Dots."""

    x: object = ()
    y: object = ()
    radius: float = 2.4

    def extent(self):
        return self.x, self.y

    def svg(self, x, y):
        return dots(x(self.x), y(self.y), self.radius, self.color, self.opacity)


def dots(x, y, radius, color, opacity=None):
    """Dots at pixels, in one element: strokes of no length with round ends."""
    places = (f"M{a:.1f} {b:.1f}h0" for a, b in zip(x, y, strict=True) if a == a and b == b)
    return tag(
        "path", d="".join(places), stroke=color, stroke_width=2 * radius, stroke_linecap="round",
        stroke_opacity=opacity, fill="none",
    )  # fmt: skip


@dataclass
class Bars(Mark):
    """Rectangles from ``left`` to ``right`` and from ``low`` to ``high``, each a number per bar.

    ``color`` may be a list, one for each.
    """

    left: object = ()
    right: object = ()
    low: object = ()
    high: object = ()

    def extent(self):
        return [self.left, self.right], [self.low, self.high]

    def svg(self, x, y):
        sides = np.broadcast_arrays(x(self.left), x(self.right), y(self.low), y(self.high))
        colors = [self.color] * len(sides[0]) if isinstance(self.color, str) else self.color
        return "".join(
            tag("rect", x=min(a, b), y=min(c, d), width=abs(b - a), height=abs(d - c), fill=color,
                fill_opacity=self.opacity)
            for a, b, c, d, color in zip(*sides, colors, strict=True)
            if np.isfinite([a, b, c, d]).all()
        )  # fmt: skip


@dataclass
class Band(Mark):
    """The area between two curves."""

    x: object = ()
    low: object = ()
    high: object = ()

    def extent(self):
        return self.x, [self.low, self.high]

    def svg(self, x, y):
        px, low, high = x(self.x), y(self.low), y(self.high)
        known = ~np.isnan(low + high)
        around = np.r_[px[known], px[known][::-1]], np.r_[high[known], low[known][::-1]]
        return tag("path", d=path_of(*around) + "Z", fill=self.color, fill_opacity=self.opacity)


@dataclass
class Span(Mark):
    """All of the panel between two numbers of an axis, or a line across where they are equal."""

    axis: str = "x"
    low: float = 0.0
    high: float = 0.0
    dash: str | None = None

    def extent(self):
        edges = [self.low, self.high] if self.low == self.high else []
        return (edges, ()) if self.axis == "x" else ((), edges)

    def svg(self, x, y):
        along, across = (x, y) if self.axis == "x" else (y, x)
        a, b = np.sort(along([self.low, self.high]))
        c, d = sorted((across.start, across.end))
        if self.low == self.high:
            ends = ((a, a), (c, d)) if self.axis == "x" else ((c, d), (a, a))
            return tag("path", d=path_of(*ends), stroke=self.color, stroke_width=1.2,
                       stroke_dasharray=self.dash, stroke_opacity=self.opacity)  # fmt: skip
        place = (a, c, b - a, d - c) if self.axis == "x" else (c, a, d - c, b - a)
        sides = dict(zip(("x", "y", "width", "height"), place, strict=True))
        return tag("rect", fill=self.color, fill_opacity=self.opacity, **sides)


@dataclass
class Text(Mark):
    """Words at a place of the data; ``share`` names the axes along which 0 to 1 spans the panel."""

    x: float = 0.0
    y: float = 0.0
    text: str = ""
    size: float = 10.0
    anchor: str = "start"
    shift: tuple = (0.0, 0.0)
    share: str = ""
    backed: bool = False

    def svg(self, x, y):
        place = [
            scale.start + (scale.end - scale.start) * value if axis in self.share else scale(value)
            for axis, scale, value in (("x", x, self.x), ("y", y, self.y))
        ]
        px, py = (float(p) + s for p, s in zip(place, self.shift, strict=True))
        if not np.isfinite([px, py]).all():
            return ""
        words = tag("text", self.text, x=px, y=py + 0.35 * self.size, fill=self.color,
                    font_size=self.size, text_anchor=self.anchor)  # fmt: skip
        if not self.backed:
            return words
        width = text_width(self.text, self.size)
        left = px - width * {"start": 0, "middle": 0.5, "end": 1}[self.anchor]
        return words.join([
            tag("rect", x=left - 1.5, y=py - 0.62 * self.size, width=width + 3,
                height=1.24 * self.size, fill=PAPER), "",
        ])  # fmt: skip


@dataclass
class Image(Mark):
    """A matrix as colours: ``values`` (rows, columns), the first row on top; NaN stays white.

    ``place`` is (left, right, top, bottom) and ``range`` the numbers of the first and last colour.
    """

    values: object = ()
    place: tuple = (0.0, 1.0, 0.0, 1.0)
    range: tuple | None = None
    colors: tuple = VIRIDIS
    smooth: bool = False

    def extent(self):
        return self.place[:2], self.place[2:]

    def bounds(self):
        """The numbers of the first and of the last colour."""
        if self.range is not None:
            return self.range
        values = np.asarray(self.values, dtype=float)
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
        return (low, high) if low < high else (low - 0.5, low + 0.5)

    def svg(self, x, y):
        (left, right), (top, bottom) = x(self.place[:2]), y(self.place[2:])
        return tag(
            "image", x=left, y=top, width=right - left, height=bottom - top,
            preserveAspectRatio="none",
            href=png_uri(coloured(self.values, self.colors, self.bounds())),
            style=None if self.smooth else "image-rendering:pixelated",
        )  # fmt: skip


def coloured(values, colors, range):
    """Bytes (rows, columns, 3) of numbers, by colours for equally spaced numbers of a range."""
    low, high = range
    share = (np.asarray(values, dtype=float) - low) / (high - low) * (len(colors) - 1)
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors])
    known = np.isfinite(share)
    share = np.where(known, share, 0.0)
    channels = [np.interp(share, np.arange(len(colors)), stops[:, i]) for i in (0, 1, 2)]
    return np.where(known[..., None], np.stack(channels, -1), 255).round().astype(np.uint8)


def png_uri(pixels):
    """A PNG file of bytes (rows, columns, 3), as an address that holds it."""
    height, width, _ = pixels.shape
    lines = np.insert(pixels.reshape(height, 3 * width), 0, 0, axis=1)  # each begins with a 0

    def chunk(kind, data):
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(lines.tobytes(), 9)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", body), chunk(b"IEND", b"")
    file = b"\x89PNG\r\n\x1a\n" + b"".join(parts)
    return f"data:image/png;base64,{base64.b64encode(file).decode()}"
