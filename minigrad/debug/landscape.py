"""How smooth the loss is around a model: along its gradient, and where it curves most."""

from dataclasses import dataclass

import numpy as np

from ..engine.gradients import grad
from ..engine.graph import overwrite, values
from .trial import Trial, host, like

__all__ = ["Landscape", "landscape", "sharpness"]


@dataclass(frozen=True)
class Landscape:
    """The loss and its gradient at several steps along the negative gradient.

    ``steps`` are the lengths η of w − η g, ``losses`` the losses there and ``changes`` the norms
    ‖Δg‖ of how much the gradient changed. ``loss_range`` is the largest loss minus the smallest,
    ``gradient_change`` the largest ‖Δg‖ (a small one: gradients predict), ``effective_beta`` the
    largest ‖Δg‖ / ‖Δw‖. NaN or infinite where a step led to such a loss.
    """

    loss: float
    gradient_norm: float
    steps: tuple
    losses: tuple
    changes: tuple

    @property
    def loss_range(self):
        return float(np.max(self.losses) - np.min(self.losses))

    @property
    def gradient_change(self):
        return float(np.max(self.changes))

    @property
    def effective_beta(self):
        moved = np.array(self.steps) * self.gradient_norm
        return float(np.max(np.array(self.changes) / moved)) if self.gradient_norm else 0.0

    def __str__(self):
        return (
            f"loss {self.loss:.4g}, between {np.min(self.losses):.4g} and "
            f"{np.max(self.losses):.4g} for steps of {self.steps[0]:g} to {self.steps[-1]:g}\n"
            f"gradient of norm {self.gradient_norm:.4g} changes by at most "
            f"{self.gradient_change:.4g}\n"
            f"effective smoothness β {self.effective_beta:.4g}"
        )

    __repr__ = __str__


def landscape(model, loss_fn, batch, lr_range=(0.5, 4.0), lr=0.1, points=8):
    """Loss and gradient along the negative gradient: how far a step can be trusted.

    The steps are ``points`` learning rates, evenly from ``lr_range[0]`` to ``lr_range[1]`` times
    ``lr``. All runs see the same batch ``(*inputs, targets)`` and the same dropout masks, on a copy
    of the model in its present mode. Source: Santurkar et al. 2018, figure 4.

    >>> import minigrad as mg
    >>> model, x = mg.nn.Linear(1, 1, bias=False), mg.ones(1, 1)
    >>> around = mg.debug.landscape(model, lambda y, target: (y - target).square().sum(), (x, x))
    >>> round(around.effective_beta, 3)  # the second derivative
    2.0
    """
    low, high = lr_range
    if not 0 < low <= high or lr <= 0 or points < 1:
        raise ValueError(
            "landscape: lr_range must be (low, high) with 0 < low <= high, lr positive and points "
            f"at least 1; got {lr_range}, {lr}, {points}"
        )
    trial = Trial(model, loss_fn, batch)
    start = {name: host(p).copy() for name, p in trial.parameters.items()}
    loss, direction = _slope(trial)
    losses, changes, steps = [], [], tuple(float(s) * lr for s in np.linspace(low, high, points))
    for step in steps:
        for name, parameter in trial.parameters.items():
            moved = start[name] - start[name].dtype.type(step) * direction.get(name, 0)
            overwrite(parameter, values(like(moved, parameter)))
        there, gradient = _slope(trial)
        losses.append(there)
        changes.append(_norm({n: gradient[n] - g for n, g in direction.items()}))
    return Landscape(loss, _norm(direction), steps, tuple(losses), tuple(changes))


def _slope(trial):
    """The loss as a number, and {name: its gradient as an array}."""
    loss = trial.loss()
    return loss.item(), {name: host(g) for name, g in trial.gradients(loss).items()}


def _norm(arrays):
    with np.errstate(all="ignore"):
        return float(np.sqrt(sum((a.astype(np.float64) ** 2).sum() for a in arrays.values())))


def sharpness(model, loss_fn, batch, iterations=30, seed=0):
    """The largest eigenvalue of the Hessian of the loss, by power iteration.

    Each iteration multiplies the Hessian by a vector through a second backward pass. Where the
    eigenvalue of largest magnitude is negative, a second round finds the largest on the Hessian
    shifted by it. A copy of the model runs in its present mode; ``seed`` draws the first vector.

    >>> import minigrad as mg
    >>> w = mg.nn.Linear(2, 1, bias=False)
    >>> bowl = lambda y, target: 1.5 * y.square().sum()
    >>> round(mg.debug.sharpness(w, bowl, (mg.tensor([[1.0, 0.0]]), None)), 4)
    3.0
    """
    if iterations < 1:
        raise ValueError(f"sharpness: iterations must be at least 1, got {iterations}")
    trial = Trial(model, loss_fn, batch)
    slopes = trial.gradients(trial.loss(), create_graph=True)
    parameters = [trial.parameters[name] for name in slopes]
    slopes = list(slopes.values())
    if not any(g.requires_grad for g in slopes):
        return 0.0  # the loss is linear

    def product(vectors):
        pairs = [(g, v) for g, v in zip(slopes, vectors, strict=True) if g.requires_grad]
        outputs, given = zip(*pairs, strict=True)
        found = grad(
            outputs, parameters, given, retain_graph=True, allow_unused=True,
            materialize_grads=True,
        )  # fmt: skip
        return [g.detach() for g in found]

    largest = _dominant(product, parameters, iterations, seed, 0.0)
    return largest if largest >= 0 else _dominant(product, parameters, iterations, seed, -largest)


def _dominant(product, parameters, iterations, seed, shift):
    """The eigenvalue of largest magnitude of H + shift·I, minus the shift."""
    rng = np.random.default_rng(seed)
    vectors = [rng.normal(size=p._array.shape) for p in parameters]
    value = 0.0
    for _ in range(iterations):
        length = np.sqrt(sum((v**2).sum() for v in vectors))
        if not length or not np.isfinite(length):
            break
        vectors = [v / length for v in vectors]
        given = [like(v, p) for v, p in zip(vectors, parameters, strict=True)]
        images = [host(g).astype(np.float64) for g in product(given)]
        images = [i + shift * v for i, v in zip(images, vectors, strict=True)]
        value = float(sum((i * v).sum() for i, v in zip(images, vectors, strict=True)))
        vectors = images
    return value - shift
