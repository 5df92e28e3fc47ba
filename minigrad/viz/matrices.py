"""Tables of numbers as colours: confusion matrices, and a quantity by layer and step."""

import numpy as np

from .style import INK, PAPER, finished, named, picture, plain

SHOWN_NUMBERS = 20  # classes up to which every cell holds its count


def confusion(matrix, names=None, title="confusion matrix", path=None):
    """A confusion matrix (C, C), rows being the true classes, coloured by the share of its row.

    >>> figure = confusion([[9, 1], [2, 8]], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['9', '1', '2', '8']
    """
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"a confusion matrix is square, got shape {counts.shape}")
    names = [str(name) for name in (range(len(counts)) if names is None else names)]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    side = 1.6 + 0.36 * len(counts)
    figure, axes = picture(side + 0.4, side, title=title)
    plain(axes, grid=None)
    axes.grid(False)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks(range(len(counts)), names)
    axes.set_yticks(range(len(counts)), names)
    named(axes, x="predicted", y="true")
    if len(counts) <= SHOWN_NUMBERS:
        for i, j in np.ndindex(counts.shape):
            if counts[i, j]:
                color = PAPER if shares[i, j] > 0.55 else INK
                where = {"ha": "center", "va": "center"}
                axes.text(j, i, str(counts[i, j]), fontsize=8, color=color, **where)
    return finished(figure, path)


def heat_map(rows, steps=None, quantity="gradient norm", title=None, path=None):
    """A quantity by layer and step: ``rows`` is {layer: a number per step}, drawn as log10.

    Zeros and numbers that are not finite are left white.

    >>> figure = heat_map({"0.weight": [1.0, 0.1], "2.weight": [0.01, 0.0]})
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['0.weight', '2.weight']
    """
    values = np.array(list(rows.values()), float)
    if values.ndim != 2 or not values.size:
        raise ValueError("heat_map takes {layer: a number per step}, all of one length")
    with np.errstate(all="ignore"):
        logs = np.log10(values)
    logs[~np.isfinite(logs)] = np.nan
    figure, axes = picture(7.2, 1.3 + 0.24 * len(rows), title=title or f"{quantity} by layer")
    axes.grid(False)
    steps = list(range(values.shape[1])) if steps is None else list(steps)
    image = axes.imshow(
        logs, aspect="auto", cmap="viridis", interpolation="nearest",
        extent=(steps[0], steps[-1] + 1, len(rows) - 0.5, -0.5),
    )  # fmt: skip
    axes.set_yticks(range(len(rows)), list(rows))
    named(axes, x="step")
    bar = figure.colorbar(image, ax=axes, pad=0.01)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=0, colors=INK)
    bar.set_label(f"log10 of the {quantity}", color=INK, fontsize=8)
    return finished(figure, path)
