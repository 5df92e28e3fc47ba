"""The matrices of Winograd's algorithm, for one axis.

A tile of outputs y of a convolution with the taps w depends on a few inputs x:

    y = Aᵀ [(G w) ⊙ (Bᵀ x)]

takes as many products as Aᵀ has columns. Toom and Cook's method finds the matrices: taps and
outputs are polynomials, evaluated at some points and multiplied there, and Bᵀ is the inverse of the
evaluation of their product, transposed. m outputs of n taps need m + n − 1 points.

With a stride s the windows meet each residue of positions modulo s with taps of their own, so that
s convolutions with stride 1 add up; where such a part has one tap, its products are those of the
definition. The gradient of the input turns this around: each residue of positions gets one of the
convolutions. Points near 1 in size, in pairs of both signs, keep errors near those of the
definition. Sources: Winograd 1980; Lavin and Gray 2016.
"""

import itertools
from fractions import Fraction
from typing import NamedTuple

import numpy as np

# the points beside ∞, in quarters, by the number of all
POINTS = {5: (2, -2, 5, -5), 6: (0, 3, -3, 6, -6)}


class Form(NamedTuple):
    """The matrices of a tile, and how tiles lie."""

    inputs: np.ndarray  # Bᵀ (places, span)
    weights: np.ndarray  # G (factors, taps): of its rows each serves some places
    outputs: np.ndarray  # Aᵀ (out, places)
    begins: np.ndarray  # (factors + 1,): where the places of every factor begin
    step: int  # from the inputs of one tile to those of the next
    first: int = 0  # input of the first tile

    @property
    def extents(self):
        """(places, factors, span, step, out)"""
        places, span = self.inputs.shape
        return places, len(self.weights), span, self.step, len(self.outputs)


def _unfilled(parts, span, taps, outputs, step, first=0):
    """A form of some parts (Bᵀ, G, Aᵀ), still to be filled: (it, where the places, and where the
    factors of each part lie)
    """
    begins = [np.arange(len(g)) if len(g) > 1 else [0] for _, g, _ in parts]
    places, factors = (np.cumsum([0, *(len(p[i]) for p in parts)]) for i in (0, 1))
    begins = np.concatenate([b + p for b, p in zip(begins, places, strict=False)] + [places[-1:]])
    form = Form(
        np.zeros((places[-1], span)), np.zeros((factors[-1], taps)),
        np.zeros((outputs, places[-1])), begins.astype(np.int64), step, first,
    )  # fmt: skip
    return form, *([slice(*pair) for pair in itertools.pairwise(n)] for n in (places, factors))


def interpolated(taps, outputs):
    """Bᵀ, G and Aᵀ of windows with stride 1. Factors that normalise Bᵀ stand in G."""
    count = taps + outputs - 1
    if taps == 1:
        return np.eye(outputs), np.ones((1, 1)), np.eye(outputs)
    points = [Fraction(n, 4) for n in POINTS[count]]
    powers = np.array([[p**i for i in range(count)] for p in points] + [[0] * (count - 1) + [1]])
    inverse = np.linalg.inv(powers.astype(float)).T
    scale = np.array(
        [float(np.prod([p - q for q in points if q != p])) for p in points] + [1.0]
    )
    of_taps, of_outputs = (powers[:, :n].astype(float) for n in (taps, outputs))
    of_taps[-1, -1] = of_outputs[-1, -1] = 1
    return (inverse * scale[:, None]).round(12), of_taps / scale[:, None], of_outputs.T


def windows(taps, stride, outputs):
    """The form of y[i] = Σ_t w[t] x[stride i + t] for i < outputs."""
    parts = [interpolated(len(range(r, taps, stride)), outputs) for r in range(stride)]
    span, step = stride * (outputs - 1) + taps, stride * outputs
    form, places, factors = _unfilled(parts, span, taps, outputs, step)
    for r, (inputs, weights, of_outputs) in enumerate(parts):
        form.inputs[places[r], r : r + stride * inputs.shape[1] : stride] = inputs
        form.weights[factors[r], r::stride] = weights
        form.outputs[:, places[r]] = of_outputs
    return form


def spread(taps, stride, outputs):
    """The form of the input gradient of such windows, for stride · outputs of its positions.

    y[q] = Σ w[taps − 1 − t] x[i] over stride (i + first) + t = q + stride − 1, where ``first``
    ≤ 0 makes the least i zero: the first position of a tile is the last of its residues.
    """
    counts = [len(range(r, taps, stride)) for r in range(stride)]
    starts = [(r < stride - 1) - counts[r] + 1 for r in range(stride)]
    first, ends = min(starts), [s + n for s, n in zip(starts, counts, strict=True)]
    parts = [interpolated(count, outputs) for count in counts]
    span = max(ends) + outputs - 1 - first
    form, places, factors = _unfilled(parts, span, taps, stride * outputs, outputs, first)
    for r, (inputs, weights, of_outputs) in enumerate(parts):
        start = starts[r] - first
        form.inputs[places[r], start : start + inputs.shape[1]] = inputs
        form.weights[factors[r], (taps - 1 - r) % stride :: stride] = weights
        form.outputs[(r + 1) % stride :: stride, places[r]] = of_outputs
    return form
