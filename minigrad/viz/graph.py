"""The graph of a computation as a drawing: ops, shapes, what they keep, and where gradients end.

Forward runs downwards. Every op of the picture is also a step of the backward pass, which runs
upwards along the same arrows; an arrow that is missing is a gradient that does not flow.
"""

import html
from dataclasses import dataclass, field

import numpy as np

from .. import dtypes
from ..engine.graph import RELEASED, TensorBase, dtype_of
from .style import AMBER, BLUE, FAINT, GREEN, INK, MUTED, PAPER, RED

__all__ = ["Graph", "graph"]

WIDTH, ROW, GAP_X, GAP_Y, MARGIN, LINE = 150, 15, 26, 34, 16, 6.6
FILLS = {"op": PAPER, "parameter": "#ddf4ff", "input": "#f6f8fa", "output": "#fff8c5"}
LOW = "#ffebe9"  # ops that compute in two bytes


@dataclass
class Box:
    """A node of the picture: an op (or several), a parameter, an input or the output."""

    kind: str
    lines: list
    order: int
    key: object = None
    below: set = field(default_factory=set)  # keys of the boxes that use it
    low: bool = False
    cut: bool = False  # a parameter that should have a gradient and has none
    kept: int = 0  # bytes kept for the backward pass
    rank: int = 0
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self):
        """Pixels from side to side."""
        return max(WIDTH, LINE * max(map(len, self.lines)) + 16)

    @property
    def height(self):
        """Pixels from top to bottom."""
        return ROW * len(self.lines) + 10


def graph(output, model=None, show="ops+shapes+grads", collapse=None):
    """The graph behind a tensor, a loss say, as a :class:`Graph`.

    ``model`` gives parameters their names. ``show`` joins "ops", "shapes" (of results, with dtypes
    and the bytes kept for backward) and "grads" (norms of the gradients of parameters; one that
    wants a gradient and has none while others have is red). ``collapse="module"`` makes one box of
    the ops that use parameters of the same module and of what lies between them.

    Raises ValueError for a tensor that no recorded op made.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.Tanh(), mg.nn.Linear(3, 1))
    >>> picture = graph(net(mg.ones(4, 2)).sum(), net)
    >>> [box.lines[0] for box in picture.boxes if box.kind == "parameter"]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """
    if not isinstance(output, TensorBase) or output._node is None:
        raise ValueError(
            "graph needs a tensor that an op made with recording on: the loss of a model whose "
            "parameters require grad, before backward() without retain_graph frees it"
        )
    if collapse not in (None, "module"):
        raise ValueError(f"collapse must be None or 'module', got {collapse!r}")
    names = {} if model is None else {p: name for name, p in model.named_parameters()}
    boxes = _boxes(output, names, show.split("+"))
    if collapse is not None:
        boxes = _collapsed(boxes)
    return Graph(boxes)


class Graph:
    """A picture of a computation: ``svg`` is its text, notebooks show it, ``dot()`` exports it."""

    def __init__(self, boxes):
        self.boxes = sorted(boxes.values(), key=lambda box: box.order)
        self._by_key = boxes
        _rank(self.boxes, boxes)
        self.size = _place(self.boxes, boxes)

    @property
    def edges(self):
        """Pairs of boxes: a result and what uses it."""
        return [(box, self._by_key[key]) for box in self.boxes for key in sorted(
            box.below, key=lambda key: self._by_key[key].order
        )]

    @property
    def kept_bytes(self):
        """Bytes that all ops keep for the backward pass, beside parameters."""
        return sum(box.kept for box in self.boxes)

    def _aside(self, above, below):
        """How far to the side an arrow swings to pass the boxes of the rows between its ends."""
        between = [box for box in self.boxes if above.rank < box.rank < below.rank]
        if not between:
            return 0.0
        t = np.linspace(0, 1, 25)[1:-1]
        shares = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        asides = WIDTH / 10 * np.array(sorted(range(-30, 31), key=abs))[:, None, None]
        points = _curve(above, below, asides)  # a line for each swing, a column for each t
        x, y = (sum(s[:, None] * p[i] for s, p in zip(shares, points, strict=True)) for i in (0, 1))
        left, top, width, height = np.array([(b.x, b.y, b.width, b.height) for b in between]).T
        behind = (x > left - 6) & (x < left + width + 6) & (y > top - 2) & (y < top + height + 2)
        outside = (x < 4) | (x > self.size[0] - 4)
        bad = behind.any(2).sum(1) + outside.any(2).sum(1)
        return float(asides[bad.argmin(), 0, 0])

    @property
    def svg(self):
        """The picture as SVG."""
        width, height = self.size
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" font-family="sans-serif">',
            f'<rect width="100%" height="100%" fill="{PAPER}"/>',
            *(_arrow(above, below, self._aside(above, below)) for above, below in self.edges),
            *(_drawn(box) for box in self.boxes),
            "</svg>",
        ]
        return "\n".join(parts)

    def __repr__(self):
        return f"Graph({len(self.boxes)} boxes, {len(self.edges)} edges)"

    def _repr_svg_(self):
        return self.svg

    def save(self, path):
        """Write the picture to an ``.svg`` file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.svg)

    def dot(self):
        """The graph in Graphviz's language."""
        numbers = {id(box): f"n{number}" for number, box in enumerate(self.boxes)}
        lines = ["digraph {", '  node [shape=box, fontname="sans-serif"];']
        for box in self.boxes:
            text = "\\n".join(line.replace('"', "'") for line in box.lines)
            lines.append(f'  {numbers[id(box)]} [label="{text}"];')
        lines += [f"  {numbers[id(a)]} -> {numbers[id(b)]};" for a, b in self.edges]
        return "\n".join([*lines, "}"])


# ------------------------------------------------------------------ from nodes to boxes


def _boxes(output, names, show):
    """{node or leaf: box} of everything behind a tensor."""
    boxes = {"output": Box("output", _result(output.shape, dtype_of(output), show), 2**62)}
    boxes["output"].lines.insert(0, "output")
    stack = [(output._node, "output", output._array.shape, output._tag or output._array.dtype)]
    seen_grads = any(p._grad is not None for p in names)
    while stack:
        target, user, shape, kind = stack.pop()
        known = boxes.get(target)
        if known is not None:
            known.below.add(user)
            continue
        leaf = isinstance(target, TensorBase)
        if leaf:
            box = _leaf(target, names, show, seen_grads)
        else:
            box = _op(target, shape, kind, show)
            for edge in target.edges:
                if edge is not None:
                    stack.append((edge[0], target, edge[2], edge[3]))
        box.key = target
        box.below.add(user)
        boxes[target] = box
    first = min(box.order for box in boxes.values() if box.kind == "op")
    place = {p: number for number, p in enumerate(names)}
    for key, box in boxes.items():
        if box.kind in ("parameter", "input"):
            box.order = first - 1 - len(place) + place.get(key, -1)
    return boxes


def _result(shape, dtype, show):
    if "shapes" not in show:
        return []
    return [f"{'×'.join(map(str, shape)) or 'scalar'}  {dtype.name}"]


def _op(node, shape, kind, show):
    dtype = kind if type(kind) is dtypes.dtype else dtypes.of_storage(kind)
    box = Box("op", [node.name, *_result(shape, dtype, show)], node.sequence)
    box.low = dtype.itemsize <= 2
    if node.saved and node.saved is not RELEASED:
        inputs = {id(edge[0]._array) for edge in node.edges if edge is not None and edge[1] < 0}
        arrays = [a for a in node.saved if hasattr(a, "nbytes") and id(a) not in inputs]
        box.kept = sum(array.nbytes for array in arrays)
        if box.kept and "shapes" in show:
            box.lines.append(f"keeps {_bytes(box.kept)}")
    return box


def _leaf(tensor, names, show, seen_grads):
    name = names.get(tensor)
    lines = [name or "input", *_result(tensor.shape, dtype_of(tensor), show)]
    box = Box("parameter" if name else "input", lines, 0)
    if "grads" in show and name:
        if tensor._grad is not None:
            lines.append(f"|gradient| {tensor._grad.detach().float().norm().item():.3g}")
        elif seen_grads:
            box.cut = True
            lines.append("no gradient")
    return box


def _bytes(count):
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def _collapsed(boxes):
    """The boxes with the ops of one module, known by its parameters, made one."""
    owner = {}
    for box in boxes.values():
        if box.kind == "parameter" and box.lines[0] != "input":
            module = box.lines[0].rpartition(".")[0]
            for user in _users(box, boxes):
                owner.setdefault(user, module)
    spans = {}
    for node, module in owner.items():
        low, high = spans.get(module, (2**62, 0))
        spans[module] = min(low, boxes[node].order), max(high, boxes[node].order)
    group = {}
    for key, box in boxes.items():
        if box.kind != "op":
            continue
        inside = [m for m, (low, high) in spans.items() if low <= box.order <= high]
        module = owner.get(key) or (inside[0] if len(inside) == 1 else None)
        if module is not None:
            group[key] = ("module", module)
    return _merged(boxes, group)


def _users(box, boxes):
    """The ops that use what a box gives, and those that use a cast of it."""
    for user in box.below:
        if user in boxes and boxes[user].kind == "op":
            yield user
            if boxes[user].lines[0] == "cast":
                yield from _users(boxes[user], boxes)


def _merged(boxes, group):
    made = {}
    for key, box in sorted(boxes.items(), key=lambda item: item[1].order):
        target = group.get(key, key)
        if target is key:
            made[key] = box
            continue
        if box.kind == "op" and target not in made:
            made[target] = Box("op", [target[1] or "model"], box.order, target, low=box.low)
        made[target].kept += box.kept
        made[target].lines = [target[1] or "model", *box.lines[1:2]]
        made[target].below |= box.below
    for key in [k for k, b in made.items() if b.kind == "parameter"]:
        users = {group.get(user, user) for user in made[key].below}
        if users and all(isinstance(user, tuple) for user in users):
            del made[key]  # its module stands for it
    for key, box in made.items():
        box.below = {group.get(user, user) for user in box.below} - {key}
        if isinstance(key, tuple) and box.kept:
            box.lines.append(f"keeps {_bytes(box.kept)}")
    return made


# ------------------------------------------------------------------ from boxes to a picture


def _rank(boxes, by_key):
    """The row of each box: below all that it uses; what only feeds in stands just above its use."""
    above = {}
    for box in boxes:
        for key in box.below:
            by_key[key].rank = max(by_key[key].rank, box.rank + 1)
            above.setdefault(key, []).append(box)
    late = {id(box) for box in boxes if box.kind in ("parameter", "input")}
    late |= {id(by_key[key]) for key, users in above.items() if all(id(b) in late for b in users)}
    for box in reversed(boxes):
        if id(box) in late and box.below:
            box.rank = min(by_key[key].rank for key in box.below) - 1
    lowest = min(box.rank for box in boxes)
    for box in boxes:
        box.rank -= lowest


def _place(boxes, by_key):
    """Give every box its place, each row ordered by the middle of what it leads to."""
    rows = {}
    for box in boxes:
        rows.setdefault(box.rank, []).append(box)
    for _ in range(4):
        for rank in sorted(rows, reverse=True):
            for place, box in enumerate(rows[rank]):
                box.x = place
            rows[rank].sort(key=lambda box: _middle(box, by_key, len(boxes)))
            for place, box in enumerate(rows[rank]):
                box.x = place - len(rows[rank]) / 2
    widths = {rank: sum(b.width + GAP_X for b in row) - GAP_X for rank, row in rows.items()}
    total, y = max(widths.values()) + 2 * MARGIN, MARGIN
    for rank in sorted(rows):
        x = (total - widths[rank]) / 2
        for box in rows[rank]:
            box.x, box.y = x, y
            x += box.width + GAP_X
        y += max(box.height for box in rows[rank]) + GAP_Y
    return total, y - GAP_Y + MARGIN


def _middle(box, by_key, count):
    places = [by_key[key].x for key in box.below]
    side = -0.1 if box.kind in ("parameter", "input") else 0.0
    return sum(places) / len(places) + side if places else 0.0


def _curve(above, below, aside):
    """The four points of the Bézier curve of an arrow."""
    x1, y1 = above.x + above.width / 2, above.y + above.height
    x2, y2 = below.x + below.width / 2, below.y
    bend = (y2 - y1) / 2
    return (x1, y1), (x1 + aside, y1 + bend), (x2 + aside, y2 - bend), (x2, y2 - 5)


def _arrow(above, below, aside):
    color = RED if above.cut else BLUE if above.kind == "parameter" else MUTED
    start, one, two, end = (f"{x:.1f} {y:.1f}" for x, y in _curve(above, below, aside))
    x2, y2 = below.x + below.width / 2, below.y
    return (
        f'<path d="M{start} C{one} {two} {end}" fill="none" stroke="{color}" '
        'stroke-width="1.2"/>'
        f'<path d="M{x2 - 4:.1f} {y2 - 6:.1f} L{x2:.1f} {y2:.1f} L{x2 + 4:.1f} {y2 - 6:.1f} Z" '
        f'fill="{color}"/>'
    )


def _drawn(box):
    fill = LOW if box.low and box.kind == "op" else FILLS[box.kind]
    edge = RED if box.cut else {"parameter": BLUE, "output": AMBER, "input": GREEN}.get(
        box.kind, FAINT if box.kind != "op" else MUTED
    )
    middle = box.x + box.width / 2
    texts = [
        f'<text x="{middle:.1f}" y="{box.y + 16 + ROW * row:.1f}" text-anchor="middle" '
        f'font-size="{12 if not row else 10.5}" fill="{INK if not row else MUTED}"'
        f'{" font-weight=" + chr(34) + "bold" + chr(34) if not row else ""}>'
        f"{html.escape(line)}</text>"
        for row, line in enumerate(box.lines)
    ]
    return (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="5" fill="{fill}" stroke="{edge}"/>' + "".join(texts)
    )
