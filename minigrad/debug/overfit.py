"""Learning one batch by heart: what a model that is wired right can do."""

import math

from ..engine.graph import TensorBase
from ..engine.modes import no_grad
from ..optim.adam import Adam
from .data_check import IGNORED
from .report import Check
from .specimen import Specimen, class_axis, laboratory
from .trial import host, split

RATES = (1e-3, 1e-2, 1e-1)
FLOOR, SHARE = 0.01, 0.02
SLOW = 0.1  # of the first loss: below it the model only learns slowly


def overfit_one_batch(model, loss_fn, batch, steps=200, optimizer=None, *, seed=0):
    """Train a copy on one batch for ``steps`` steps, without dropout; returns a :class:`Check`.

    It passes when the loss falls below max(0.01, 2 % of the first) and every sample is classified
    right; a loss that stays above a tenth of the first is an error. Without ``optimizer`` (one over
    the model's parameters, or a function that makes one of a list of them) Adam is tried at 1e-3,
    and where that does not do, at 1e-2 and at 1e-1. What label smoothing keeps the loss above is
    taken off. ``details["losses"]`` is the curve.

    >>> import minigrad as mg
    >>> g = mg.Generator().manual_seed(0)
    >>> batch = mg.randn(16, 8, generator=g), mg.randint(0, 3, (16,), generator=g)
    >>> net = mg.nn.Sequential(mg.nn.Linear(8, 64), mg.nn.ReLU(), mg.nn.Linear(64, 3))
    >>> overfit_one_batch(net, mg.nn.CrossEntropyLoss(), batch).ok
    True
    """
    makers = [optimizer] if optimizer is not None else [_adam(rate) for rate in RATES]
    attempts = []
    for maker in makers:
        attempts.append(_attempt(model, loss_fn, batch, steps, maker, seed))
        if attempts[-1]["passed"]:
            break
    best = min(attempts, key=lambda a: a["losses"][-1] if a["finite"] else math.inf)
    check = Check("one batch", best["losses"][-1], best["threshold"], "loss, at most")
    check.details = {key: best[key] for key in ("losses", "accuracy", "lr")}
    if best["passed"]:
        check.advice = f"Learnt by heart with lr {best['lr']:g} in {steps} steps."
    else:
        accuracy = best["accuracy"]
        right = "" if accuracy is None else f", accuracy {accuracy:.2f}"
        check.find(
            "cannot_overfit", "info" if best["left"] < SLOW else "error",
            f"After {steps} steps on one batch the loss is {best['losses'][-1]:.4g}{right}; it "
            f"began at {best['losses'][0]:.4g} and should be below {best['threshold']:.3g}.",
            "It learns, but slowly: take more steps or a smaller batch." if best["left"] < SLOW
            else "Something is wired wrong (a cut graph, dead units, a wrong loss), or the model "
            "is too small for a batch. See the other findings.",
            first=best["losses"][0], last=best["losses"][-1], accuracy=accuracy, steps=steps,
        )  # fmt: skip
    return check


def _adam(rate):
    return lambda parameters: Adam(parameters, lr=rate)


def _attempt(model, loss_fn, batch, steps, maker, seed):
    """The run with one optimizer."""
    with laboratory(seed):
        specimen = Specimen(model, loss_fn, maker).without_dropout()
        if specimen.optimizer is None:  # nothing can be trained
            losses, lr = [specimen.loss(batch).item()], math.nan
        else:
            losses = [specimen.step(batch) for _ in range(steps)]
            lr = float(specimen.optimizer.param_groups[0]["lr"])
        with no_grad():
            outputs = specimen.outputs(batch)
            losses.append(specimen.loss(batch, outputs).item())
    least = _least(specimen.loss_fn, outputs)
    threshold = least + max(FLOOR, SHARE * (losses[0] - least))
    accuracy = _accuracy(outputs, split(batch)[1])
    finite = math.isfinite(losses[-1])
    passed = finite and losses[-1] < threshold and accuracy in (None, 1.0)
    return {
        "losses": losses, "threshold": threshold, "accuracy": accuracy, "lr": lr,
        "finite": finite, "passed": passed,
        "left": (losses[-1] - least) / max(losses[0] - least, 1e-12),
    }  # fmt: skip


def _accuracy(outputs, targets):
    """The share of right answers; None where targets are no classes of the outputs."""
    if not isinstance(outputs, TensorBase) or targets.is_floating_point():
        return None
    axis = class_axis(outputs, targets)
    if axis is None or outputs.shape[axis] < 2:
        return None
    said, right = host(outputs).argmax(axis), host(targets)
    known = right.ravel() != IGNORED
    return float((said.ravel() == right.ravel())[known].mean()) if known.any() else 1.0


def _least(loss_fn, outputs):
    """The entropy of smoothed labels, below which the cross-entropy cannot fall."""
    smoothing = getattr(loss_fn, "label_smoothing", 0.0)
    if not smoothing or not isinstance(outputs, TensorBase):
        return 0.0
    classes = outputs.shape[1]
    rest = smoothing / classes
    own = 1 - smoothing + rest
    return -own * math.log(own) - (classes - 1) * rest * math.log(rest)
