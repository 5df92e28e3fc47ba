"""A page to read and to send: text, tables and pictures in one HTML file that loads nothing."""

import html
import math
import re
from pathlib import Path

__all__ = ["Mark", "Page"]

# severity or status: the word on the mark, its colour on light and on dark paper
KINDS = {
    "ok": ("ok", "#1a7f37", "#3fb950"),
    "info": ("note", "#1f6feb", "#58a6ff"),
    "warning": ("warning", "#9a6700", "#d29922"),
    "error": ("error", "#cf222e", "#f85149"),
    "skipped": ("skipped", "#6e7781", "#8b949e"),
}

STYLE = """\
:root { --ink: #24292f; --muted: #57606a; --line: #d8dee4; --paper: #ffffff; --shade: #f6f8fa; }
* { box-sizing: border-box; }
html { color-scheme: light dark; background: var(--paper); color: var(--ink); }
body { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem;
  font: 0.95rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1.2rem; letter-spacing: -0.01em; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 0.8rem; padding-bottom: 0.3rem;
  border-bottom: 1px solid var(--line); break-after: avoid; }
p { margin: 0.5rem 0; max-width: 46rem; }
.scroll { overflow-x: auto; margin: 0.8rem 0; }
table { border-collapse: collapse; min-width: 26rem; font-size: 0.9rem; }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: 0.8rem; }
th, td { padding: 0.38rem 1.2rem 0.38rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td:first-child, th { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr));
  gap: 0.7rem; margin: 1rem 0; }
.facts div { background: var(--shade); border-radius: 8px; padding: 0.65rem 0.9rem; }
.facts dt { color: var(--muted); font-size: 0.8rem; }
.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
.mark { color: var(--kind); font-weight: 600; white-space: nowrap; }
.mark::before { content: ""; display: inline-block; width: 0.55em; height: 0.55em;
  margin-right: 0.45em; border-radius: 50%; background: var(--kind); }
.box { border-left: 4px solid var(--kind); background: var(--shade); border-radius: 0 8px 8px 0;
  margin: 0.8rem 0; padding: 0.7rem 1rem; break-inside: avoid; }
.box p { margin: 0.3rem 0; }
.box .mark { margin-right: 0.6em; }
.box .more { color: var(--muted); font-size: 0.82rem; overflow-wrap: anywhere; }
figure { margin: 1rem 0; break-inside: avoid; overflow-x: auto; }
figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto;
  stroke-linejoin: round; stroke-linecap: butt; }
figcaption { color: var(--muted); font-size: 0.85rem; margin-top: 0.3rem; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --muted: #9198a1; --line: #30363d; --paper: #0d1117; --shade: #161b22; }
  figure svg { filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }
}
@media print {
  :root { --ink: #000; --muted: #444; --line: #ccc; --paper: #fff; --shade: #f6f6f6; }
  html { font-size: 11px; }
  body { max-width: none; padding: 0; }
  tr { break-inside: avoid; }
  figure svg { filter: none; mix-blend-mode: normal; }
}
"""


class Mark:
    """A status in a table, in its colour: "ok", "info", "warning", "error" or "skipped"."""

    def __init__(self, kind):
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {tuple(KINDS)}, got {kind!r}")
        self.kind = kind

    def __str__(self):
        return KINDS[self.kind][0]


class Page:
    """A page that grows from the top; ``str(page)`` is its HTML, ``save`` writes it.

    The file needs nothing beside it, follows the reader's choice of light or dark, and prints. All
    text is escaped. Each method returns the page.

    >>> page = Page("Two runs").text("The second is better.")
    >>> page.table([["first", 0.91], ["second", 0.97]], header=["run", "accuracy"])
    <Page 'Two runs' with 2 parts>
    >>> "<td>second</td>" in str(page)
    True
    """

    def __init__(self, title):
        self.title = title
        self.parts = []
        self.pictures = 0

    def _add(self, part):
        self.parts.append(part)
        return self

    def __repr__(self):
        return f"<Page {self.title!r} with {len(self.parts)} parts>"

    def heading(self, text):
        """The heading of a section."""
        return self._add(f"<h2>{html.escape(text)}</h2>")

    def text(self, text):
        """A paragraph."""
        return self._add(f"<p>{html.escape(text)}</p>")

    def facts(self, pairs):
        """A few numbers to see first: a dict, or pairs, of a name and a value."""
        pairs = pairs.items() if isinstance(pairs, dict) else pairs
        tiles = "".join(f"<div><dt>{_cell(k)}</dt><dd>{_cell(v)}</dd></div>" for k, v in pairs)
        return self._add(f'<dl class="facts">{tiles}</dl>')

    def table(self, rows, header=None):
        """A table of rows; columns of numbers stand flush right. Rows may be dicts of equal keys.

        Raises ValueError where rows have different lengths.
        """
        rows = list(rows)
        if rows and isinstance(rows[0], dict):
            header = list(rows[0]) if header is None else header
            rows = [[row[name] for name in rows[0]] for row in rows]
        if len({len(row) for row in rows} | ({len(header)} if header else set())) > 1:
            raise ValueError("a table needs rows, and a header, of one length")
        kinds = ["number" if _numeric(column) else "" for column in zip(*rows, strict=True)]
        head = [_row("th", header, kinds or [""] * len(header))] if header else []
        body = [_row("td", row, kinds) for row in rows]
        inner = "\n".join([*head, *body])
        return self._add(f'<div class="scroll"><table>\n{inner}\n</table></div>')

    def box(self, kind, title, *paragraphs, more=""):
        """A remark with an edge in the colour of its kind; ``more`` stands in small letters."""
        texts = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs if text)
        small = f'<p class="more">{html.escape(more)}</p>' if more else ""
        head = f'{_cell(Mark(kind))} <b>{html.escape(title)}</b>'
        return self._add(f'<div class="box {kind}"><p>{head}</p>{texts}{small}</div>')

    def picture(self, picture, caption=""):
        """A picture: SVG text, or anything that has ``_repr_svg_`` as the figures of viz have."""
        svg = picture if isinstance(picture, str) else picture._repr_svg_()
        self.pictures += 1
        below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
        return self._add(f"<figure>{inlined(svg, f'p{self.pictures}-')}{below}</figure>")

    def __str__(self):
        body = "\n".join([f"<h1>{html.escape(self.title)}</h1>", *self.parts])
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(self.title)}</title>\n<style>\n{STYLE}{_colours()}</style>\n"
            f"</head>\n<body>\n{body}\n</body>\n</html>\n"
        )

    def save(self, path):
        """Write the page; returns the path."""
        path = Path(path)
        path.write_text(str(self), encoding="utf-8")
        return path


def inlined(svg, prefix):
    """SVG text as an element of a page: its names made its own by a prefix, no file named in it.

    >>> inlined('<?xml version="1.0"?><svg><g id="a"/><use xlink:href="#a"/></svg>', "p1-")
    '<svg><g id="p1-a"/><use href="#p1-a"/></svg>'
    """
    start = svg.find("<svg")
    if start < 0:
        raise ValueError("a picture must be SVG text or have _repr_svg_()")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[start:].strip(), flags=re.S)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg).replace("xlink:href=", "href=")
    svg = re.sub(r"<style[^>]*>\s*\*\s*\{.*?</style>", "", svg, flags=re.S)  # would style the page
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}", svg)


def _colours():
    """What sets the colour of each kind, on light paper and on dark."""
    light = "".join(f".{kind} {{ --kind: {row[1]}; }}\n" for kind, row in KINDS.items())
    dark = "".join(f"  .{kind} {{ --kind: {row[2]}; }}\n" for kind, row in KINDS.items())
    return f"{light}@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _row(tag, cells, kinds):
    pairs = zip(cells, kinds, strict=True)
    row = (f'<{tag} class="{k}">{_cell(c)}</{tag}>' if k else f"<{tag}>{_cell(c)}</{tag}>"
           for c, k in pairs)  # fmt: skip
    return f"<tr>{''.join(row)}</tr>"


def _numeric(column):
    """Whether a column holds numbers, and nothing else but gaps."""
    kept = [value for value in column if value is not None and value != ""]
    return bool(kept) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in kept
    )


def _cell(value):
    """A value as HTML: fractions to four digits, None as a gap, a mark in its colour."""
    if isinstance(value, Mark):
        return f'<span class="mark {value.kind}">{value}</span>'
    if isinstance(value, float):
        return f"{value:#.4g}" if math.isfinite(value) else str(value)
    return "" if value is None else html.escape(str(value))
