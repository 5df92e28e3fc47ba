"""Dropout as an average of subnetworks: all of them, one by one, against weight scaling."""

from dataclasses import dataclass

import numpy as np

from .. import random
from ..engine.autocast import under
from ..engine.graph import TensorBase
from ..engine.modes import no_grad
from ..nn.dropout import Dropout
from ..ops.softmax import log_softmax
from .trial import copied, host, like

__all__ = ["Subnetworks", "subnetworks"]

_ROWS = 4096  # samples times masks in one call of the model


@dataclass(frozen=True)
class Subnetworks:
    """Class probabilities, arrays of shape (N, C), by three ways to use a net with dropout.

    ``weight_scaling`` is one pass in evaluation mode. ``arithmetic`` and ``geometric`` (normalised)
    are means over all ``count`` subnetworks, each weighted by the probability of its mask.
    """

    count: int
    weight_scaling: np.ndarray
    arithmetic: np.ndarray
    geometric: np.ndarray

    @property
    def geometric_difference(self):
        """The largest difference of log-probabilities between geometric mean and weight scaling."""
        return float(np.abs(np.log(self.geometric) - np.log(self.weight_scaling)).max())

    @property
    def arithmetic_difference(self):
        """The largest difference of probabilities between arithmetic mean and weight scaling."""
        return float(np.abs(self.arithmetic - self.weight_scaling).max())

    def __str__(self):
        return (
            f"{self.count} subnetworks against weight scaling\n"
            f"normalised geometric mean: log-probabilities differ by at most "
            f"{self.geometric_difference:.2g}\n"
            f"arithmetic mean:           probabilities differ by at most "
            f"{self.arithmetic_difference:.2g}"
        )

    __repr__ = __str__


def subnetworks(model, x, n_max=16, layer=None):
    """Every subnetwork of one dropout layer, and how near weight scaling comes to their mean.

    ``model`` maps a batch ``x`` (a tensor whose first axis counts samples) to logits or
    log-probabilities (N, C). All 2ⁿ masks of the n units that its Dropout layer sees are applied,
    everything else is in evaluation mode. ``layer`` is the path of that layer, needed where there
    are several. More than ``n_max`` units raise ValueError. For a softmax over a linear layer the
    geometric mean is weight scaling exactly; deeper nets only come near. Sources: Srivastava et al.
    2014; Goodfellow et al. 2016, 7.12.

    >>> import minigrad as mg
    >>> model = mg.nn.Sequential(mg.nn.Dropout(), mg.nn.Linear(6, 3)).double()
    >>> found = mg.debug.subnetworks(model, mg.randn(4, 6, dtype=mg.float64))
    >>> found.count, found.geometric_difference < 1e-12
    (64, True)
    """
    if not isinstance(x, TensorBase) or not x.ndim:
        raise TypeError("subnetworks: x must be a tensor whose first axis counts samples")
    trial = copied(model).eval()
    place = _Masks(_dropout(trial, layer), n_max)
    with no_grad(), under(None), random.drawing_from(random.default_generator.clone_state()):
        scaled = _log_probabilities(trial, x)
        masks, weights = place.every()
        shape = (len(masks), *scaled.shape)
        arithmetic, logs = np.zeros(shape[1:]), np.zeros(shape[1:])
        share = max(1, _ROWS // len(scaled))
        for first in range(0, len(masks), share):
            place.masks = masks[first : first + share]
            count = len(place.masks)
            many = like(np.tile(host(x), (count, *[1] * (x.ndim - 1))), x)
            found = _log_probabilities(trial, many).reshape(count, *scaled.shape)
            weight = weights[first : first + share, None, None]
            arithmetic += (weight * np.exp(found)).sum(0)
            logs += (weight * found).sum(0)
    geometric = np.exp(logs)
    geometric /= geometric.sum(1, keepdims=True)
    return Subnetworks(len(masks), np.exp(scaled), arithmetic, geometric)


class _Masks:
    """Applies chosen masks to what a dropout layer gets: one mask for each copy of the batch."""

    def __init__(self, layer, n_max):
        self.p, self.n_max, self.units, self.masks = layer.p, n_max, None, None
        layer.register_forward_hook(self)

    def __call__(self, _layer, args, _output):
        (x,) = args
        array = host(x)
        if self.units is None:
            self.units = array[0].size
            if self.units > self.n_max:
                raise ValueError(
                    f"subnetworks: the dropout layer has {self.units} units, so 2^{self.units} "
                    f"masks; n_max is {self.n_max}"
                )
        if self.masks is None:
            return None
        copies = array.reshape(len(self.masks), -1, self.units) / (1 - self.p)
        masked = copies * self.masks[:, None]
        return like(masked.reshape(array.shape), x)

    def every(self):
        """All masks, (2ⁿ, n) of 0 and 1, and the probability of each."""
        numbers = np.arange(2**self.units)[:, None]
        masks = (numbers >> np.arange(self.units) & 1).astype(np.float64)
        kept = masks.sum(1)
        return masks, (1 - self.p) ** kept * self.p ** (self.units - kept)


def _dropout(model, path):
    """The dropout layer of that path, or the only one."""
    found = {n: m for n, m in model.named_modules() if isinstance(m, Dropout)}
    if path is None and len(found) != 1:
        raise ValueError(
            f"subnetworks: the model has {len(found)} Dropout layers"
            + (f" ({', '.join(found)}): name one as layer=" if found else "")
        )
    if path is not None and path not in found:
        raise ValueError(f"subnetworks: {path!r} is no Dropout layer; there are {list(found)}")
    layer = found[path] if path is not None else next(iter(found.values()))
    if not layer.p < 1:
        raise ValueError("subnetworks: a layer with p = 1 drops every unit")
    return layer


def _log_probabilities(model, x):
    output = model(x)
    if not isinstance(output, TensorBase) or output.ndim != 2:
        raise ValueError(
            "subnetworks: the model must give logits (N, C), got "
            + (str(tuple(output.shape)) if isinstance(output, TensorBase) else repr(output))
        )
    return host(log_softmax(output.double(), 1))
