"""How the size of activations and gradients changes from layer to layer."""

from dataclasses import dataclass, field

import numpy as np

from .. import random
from ..engine.autocast import under
from ..engine.gradients import grad
from ..engine.graph import TensorBase
from ..engine.modes import enable_grad
from .tables import table
from .trial import copied, host, like, noted_outputs

__all__ = ["Signal", "SignalRow", "signal_propagation"]


@dataclass(frozen=True)
class SignalRow:
    """One call of a layer: E[h²] of its output and the variance of the gradients there.

    ``depth`` counts the layers with weights so far.
    """

    path: str
    kind: str
    depth: int
    mean_square: float
    gradient_variance: float


@dataclass(frozen=True)
class Signal:
    """The rows of :func:`signal_propagation`; prints as a table.

    ``slope`` is the change of log₂ E[h²] per layer with weights, fitted over all of them (at what
    comes last before the next one: after the activation), and ``gradient_slope`` that of the
    gradient variance. 0 is what an initialisation should give; NaN: fewer than two usable layers.
    """

    rows: list = field(default_factory=list)

    @property
    def layers(self):
        """The last row of each depth: a layer with weights and what follows it."""
        return list({row.depth: row for row in self.rows if row.depth}.values())

    @property
    def slope(self):
        return _slope([(row.depth, row.mean_square) for row in self.layers])

    @property
    def gradient_slope(self):
        return _slope([(row.depth, row.gradient_variance) for row in self.layers])

    def __str__(self):
        rows = [("layer", "kind", "E[h²]", "log₂ change", "gradient variance")]
        ends, before = set(map(id, self.layers)), None
        for row in self.rows:
            change = ""
            if id(row) in ends:
                change = "" if before is None else _change(before, row.mean_square)
                before = row.mean_square
            numbers = f"{row.mean_square:.3g}", change, f"{row.gradient_variance:.3g}"
            rows.append((row.path, row.kind, *numbers))
        end = f"log₂ per layer: signal {self.slope:+.3f}, gradient {self.gradient_slope:+.3f}"
        return "\n".join([*table(rows, left=2), "", end])

    __repr__ = __str__


def signal_propagation(model, x, seed=0):
    """E[h²] of the output of every layer and the variance of the gradients there.

    The input ``x`` (a tensor, or a tuple of inputs) goes through a copy of the model in its present
    mode; back comes a gradient drawn from N(0, 1) for each output (by ``seed``). Activations that
    shrink or grow by the same factor at every layer vanish or explode in a deep network: good
    initial weights keep log₂ E[h²] level. Layers are the modules without modules inside.
    Sources: Glorot and Bengio 2010; He et al. 2015.

    >>> import minigrad as mg
    >>> _ = mg.manual_seed(0)
    >>> layers = [part for _ in range(20) for part in (mg.nn.Linear(64, 64), mg.nn.ReLU())]
    >>> model = mg.nn.Sequential(*layers)
    >>> _ = mg.nn.init.apply_(model, "xavier")
    >>> signal = mg.debug.signal_propagation(model, mg.randn(256, 64))
    >>> -1.2 < signal.slope < -0.8  # each ReLU takes half, and Xavier does not make up for it
    True
    """
    inputs = tuple(x) if isinstance(x, list | tuple) else (x,)
    if not all(isinstance(t, TensorBase) for t in inputs):
        raise TypeError("signal_propagation: x must be a tensor or a tuple of tensors")
    trial = copied(model)
    calls = noted_outputs(trial)
    with enable_grad(), under(None):
        with random.drawing_from(random.default_generator.clone_state()):
            result = trial(*inputs)
        gradients = _sent_back(result, [tensor for *_, tensor in calls], seed)
    rows, depth = [], 0
    for (path, module, tensor), gradient in zip(calls, gradients, strict=True):
        depth += any(p.ndim > 1 for p in module.parameters())
        with np.errstate(all="ignore"):
            signal = float(np.mean(_wide(tensor) ** 2))
            variance = float("nan") if gradient is None else float(np.var(_wide(gradient)))
        rows.append(SignalRow(path, type(module).__name__, depth, signal, variance))
    return Signal(rows)


def _sent_back(result, tensors, seed):
    """The gradient of each tensor (or None) where the outputs of the model receive N(0, 1)."""
    outputs = result if isinstance(result, tuple) else (result,)
    outputs = [t for t in outputs if isinstance(t, TensorBase) and t.requires_grad]
    wanted = list({id(t): t for t in tensors if t.requires_grad}.values())
    if not outputs or not wanted:
        return [None] * len(tensors)
    rng = np.random.default_rng(seed)
    given = [like(rng.normal(size=t.shape), t) for t in outputs]
    found = dict(zip(map(id, wanted), grad(outputs, wanted, given, allow_unused=True), strict=True))
    return [found.get(id(t)) for t in tensors]


def _wide(tensor):
    return host(tensor).astype(np.float64)


def _slope(pairs):
    """The least-squares slope of log₂ of positive finite numbers over their depth."""
    usable = [(depth, np.log2(v)) for depth, v in pairs if np.isfinite(v) and v > 0]
    if len(usable) < 2:
        return float("nan")
    return float(np.polyfit(*zip(*usable, strict=True), 1)[0])


def _change(before, after):
    usable = before > 0 and after > 0 and np.isfinite(before) and np.isfinite(after)
    return f"{np.log2(after / before):+.2f}" if usable else ""
