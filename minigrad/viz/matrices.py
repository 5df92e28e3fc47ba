"""Tables of numbers as colours: confusion matrices, and a quantity by layer and step."""

import numpy as np

from .marks import BLUES, Image, Text
from .panel import Panel
from .picture import picture
from .style import INK, PAPER

SHOWN_NUMBERS = 20  # classes up to which every cell holds its count


def confusion(matrix, names=None, title="confusion matrix", path=None):
    """A confusion matrix (C, C), rows being the true classes, coloured by the share of its row.

    >>> picture = confusion([[9, 1], [2, 8]], ["cat", "dog"])
    >>> picture.panels[0].texts
    ['9', '1', '2', '8']
    """
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"a confusion matrix is square, got shape {counts.shape}")
    count = len(counts)
    names = [str(name) for name in (range(count) if names is None else names)]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    panel = Panel(xlabel="predicted", ylabel="true", grid="", xlim=(0, count), ylim=(count, 0))
    panel.add(Image(values=shares, place=(0, count, 0, count), range=(0, 1), colors=BLUES))
    middles = np.arange(count) + 0.5
    panel.tick("x", middles, names).tick("y", middles, names)
    if count <= SHOWN_NUMBERS:
        for i, j in zip(*np.nonzero(counts), strict=True):
            color = PAPER if shares[i, j] > 0.55 else INK
            panel.add(Text(color, j + 0.5, i + 0.5, str(counts[i, j]), anchor="middle"))
    side = 1.5 + 0.36 * count
    return picture([panel], (side + 0.2, side), title, path)


def heat_map(rows, steps=None, quantity="gradient norm", title=None, path=None):
    """A quantity by layer and step: ``rows`` is {layer: a number per step}, drawn as log10.

    Zeros and numbers that are not finite are left white.

    >>> picture = heat_map({"0.weight": [1.0, 0.1], "2.weight": [0.01, 0.0]})
    >>> picture.panels[0].fixed["y"][1]
    ['0.weight', '2.weight']
    """
    values = np.array(list(rows.values()), float)
    if values.ndim != 2 or not values.size:
        raise ValueError("heat_map takes {layer: a number per step}, all of one length")
    with np.errstate(all="ignore"):
        logs = np.log10(values)
    logs[~np.isfinite(logs)] = np.nan
    steps = list(range(values.shape[1])) if steps is None else list(steps)
    edges = steps[0], steps[-1] + 1
    panel = Panel(xlabel="step", grid="", bar=f"log10 of the {quantity}")
    panel.add(Image(values=logs, place=(*edges, 0, len(rows))))
    panel.ylim = len(rows), 0
    panel.tick("y", np.arange(len(rows)) + 0.5, list(rows))
    size = 7.2, max(1.3 + 0.2 * len(rows), 2.2)
    return picture([panel], size, title or f"{quantity} by layer", path)
