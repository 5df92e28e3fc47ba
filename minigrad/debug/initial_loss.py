"""The loss before training: a model that knows nothing should say so."""

import math

import numpy as np

from ..engine.graph import TensorBase
from ..engine.modes import no_grad
from ..nn.loss import BCELoss, NLLLoss
from ..ops.creation import full_like
from .data_check import IGNORED
from .report import Check
from .specimen import Specimen, class_axis, head, laboratory
from .trial import host, split

TOLERANCE = 0.1  # of the expected loss
FAR = 0.5  # of the expected loss, or nats, above it: too much for any model
GAIN = 0.8  # of a last layer; PyTorch's initialisation has 0.58, Xavier's and He's above 1
LARGE = 3.0  # root mean square of inputs that explain a high loss
REGRESSION = 2.0  # times the loss of saying 0


def initial_loss(model, loss_fn, batch, *, seed=0):
    """Hold the first loss against that of outputs which favour nothing; returns a :class:`Check`.

    For C classes that is ln C, with label smoothing too; for yes or no ln 2; for numbers the loss
    of saying 0. Losses of classes should be within 10 % of it. More above is a warning where the
    inputs or the last layer are too large (a root mean square above 3, or a layer as He and Xavier
    initialisation make it), and above 50 % always; behind a batch norm it is for information. So is
    a loss below it: the model knows the answers already. ``details`` has the entropy of the classes
    in the batch, the least loss that a model can reach which ignores its inputs.

    Errors are outputs that are probabilities already where the loss makes them such
    (``double_softmax``), that sum to 1 over an axis that is not the classes', or that depend on
    other samples of the batch (``softmax_axis``, ``batch_mixing``); a warning, outputs that are
    random in evaluation mode. The loss is computed on a copy, in training mode without dropout.

    >>> import minigrad as mg
    >>> net = mg.nn.Linear(4, 10)
    >>> _ = mg.nn.init.zeros_(net.weight), mg.nn.init.zeros_(net.bias)
    >>> batch = mg.ones(8, 4), mg.arange(8)
    >>> check = initial_loss(net, mg.nn.CrossEntropyLoss(), batch)
    >>> check.ok, round(check.number, 4), round(check.details["expected"], 4)
    (True, 2.3026, 2.3026)
    """
    check = Check("initial loss", measure="expected about")
    with laboratory(seed), no_grad():
        specimen = Specimen(model, loss_fn).without_dropout()
        outputs = specimen.outputs(batch)
        check.number = specimen.loss(batch, outputs).item()
        if not math.isfinite(check.number):
            check.find(
                "non_finite", "error", f"The first loss is {check.number}.",
                "Run the batch under mg.debug.anomaly(), which says where it begins.",
            )  # fmt: skip
        elif isinstance(outputs, TensorBase) and outputs.is_floating_point() and outputs.ndim:
            _expect(check, specimen, batch, outputs)
            _outputs(check, specimen, batch, outputs)
    return check


def _expect(check, specimen, batch, outputs):
    """Compare with the loss of outputs that favour nothing."""
    targets = host(split(batch)[1])
    neutral = specimen.loss(batch, full_like(outputs, _neutral(specimen, outputs))).item()
    check.threshold = check.details["expected"] = neutral
    above = check.number - neutral
    if targets.dtype.kind == "f" and not _is_yes_or_no(targets):
        _regression(check, neutral)
        return
    if targets.dtype.kind in "iu":
        check.details["prior_entropy"] = _entropy(targets)
    if above > TOLERANCE * neutral:
        check.find(
            "initial_loss", _severity(specimen, batch, above / max(neutral, 1.0)),
            f"The first loss is {check.number:.3f}; outputs that favour nothing have "
            f"{neutral:.3f}.",
            _remedy(batch), loss=check.number, expected=neutral,
        )  # fmt: skip
    elif above < -TOLERANCE * neutral:
        check.find(
            "initial_loss", "info",
            f"The first loss is {check.number:.3f}, below the {neutral:.3f} of outputs that favour "
            "nothing.", "Fine for a pretrained model or a bias set to the class shares; otherwise "
            "the targets leak into the inputs.", loss=check.number, expected=neutral,
        )  # fmt: skip


def _severity(specimen, batch, above):
    """A warning where there is something to mend: large inputs, a large last layer, or both."""
    weights = [p for p in specimen.model.parameters() if p.ndim > 1]
    gain = _scale(weights[-1]) * math.sqrt(math.prod(weights[-1].shape[1:])) if weights else 0.0
    large = _input_scale(batch) > LARGE or gain > GAIN or above > FAR
    return "warning" if large else "info"


def _scale(tensor):
    """The root mean square."""
    return float(np.sqrt((host(tensor).astype(np.float64) ** 2).mean()))


def _input_scale(batch):
    inputs = split(batch)[0][0]
    return _scale(inputs) if inputs.is_floating_point() else 0.0


def _remedy(batch):
    scale = _input_scale(batch)
    if scale > LARGE:
        return f"Standardise the inputs, whose root mean square is {scale:.3g}."
    return (
        "Scale the last layer down, for instance its weights by 0.1: the first steps only unlearn "
        "its random opinions."
    )


def _regression(check, neutral):
    check.measure = "at most twice that of saying 0,"
    if check.number > REGRESSION * neutral:
        check.find(
            "initial_loss", "warning",
            f"The first loss is {check.number:.3g}, that of saying 0 is {neutral:.3g}.",
            "Scale the last layer down.", loss=check.number, expected=neutral,
        )  # fmt: skip


def _neutral(specimen, outputs):
    """The output that favours nothing: a logit of 0, or what stands for it."""
    kind = type(specimen.loss_fn)
    name = getattr(specimen.loss_fn, "__name__", "")
    if issubclass(kind, BCELoss) or name == "binary_cross_entropy":
        return 0.5
    if issubclass(kind, NLLLoss) or name == "nll_loss":
        return -math.log(max(outputs.shape[1 if outputs.ndim > 1 else 0], 1))
    return 0.0


def _is_yes_or_no(targets):
    return bool(np.isin(targets, (0.0, 1.0)).all())


def _entropy(targets):
    counts = np.unique(targets[targets != IGNORED], return_counts=True)[1]
    shares = counts / max(counts.sum(), 1)
    return float(-(shares * np.log(shares)).sum()) + 0.0


def _outputs(check, specimen, batch, outputs):
    """What the outputs of a classifier must not be."""
    targets = split(batch)[1]
    wants = _wants_logits(specimen, batch, outputs)
    values = host(outputs).astype(np.float64)
    own = class_axis(outputs, targets) or 1
    axis = _sums_to_one(values, own)
    if axis is None and isinstance(specimen.loss_fn, NLLLoss):
        axis = _sums_to_one(np.exp(values), own)
    if axis not in (None, own):
        check.find(
            "softmax_axis", "error",
            f"The outputs, of shape {values.shape}, sum to 1 over axis {axis}; classes stand on "
            f"axis {own}.", f"Take the softmax over axis {own}, or give logits to a loss that "
            "takes it.", axis=axis,
        )  # fmt: skip
        return
    if axis == own and wants == "softmax":
        check.find(
            "double_softmax", "error",
            "The outputs are probabilities already, and the loss takes another softmax of them: it "
            "cannot fall to 0.", "Leave the last softmax out: the loss wants logits.",
        )  # fmt: skip
    elif wants == "sigmoid" and values.size > 8 and 0 < values.min() <= values.max() < 1:
        check.find(
            "double_sigmoid", "error",
            "All outputs lie between 0 and 1, and the loss takes another sigmoid of them.",
            "Leave the last sigmoid out: the loss wants logits.",
        )  # fmt: skip
    _independence(check, specimen, batch)


def _wants_logits(specimen, batch, outputs):
    """"softmax" or "sigmoid" where the loss takes one of its inputs itself, else None.

    A loss with a softmax does not change when all logits of a sample rise; one with a sigmoid takes
    0 for ln 2.
    """
    zero = specimen.loss(batch, full_like(outputs, 0.0)).item()
    targets = host(split(batch)[1])
    axis = class_axis(outputs, targets)
    if targets.dtype.kind in "iu" and axis is not None and outputs.shape[axis] > 1:
        raised = specimen.loss(batch, full_like(outputs, 5.0)).item()
        return "softmax" if zero > 0.1 and abs(raised - zero) < 1e-3 * abs(zero) else None
    if targets.dtype.kind == "f" and _is_yes_or_no(targets):
        return "sigmoid" if abs(zero - math.log(2)) < 1e-4 else None
    return None


def _sums_to_one(values, own):
    """The axis over which values that are not negative sum to 1 (``own`` first), or None."""
    if values.ndim < 2 or values.size == 0 or values.min() < 0:
        return None
    for axis in (own, *range(values.ndim)):
        if values.shape[axis] > 1 and np.allclose(values.sum(axis), 1.0, atol=1e-3):
            return axis
    return None


def _independence(check, specimen, batch):
    """In evaluation a sample's output depends on it alone, and is the same each time."""
    count = len(host(split(batch)[1])) // 2
    specimen.model.eval()
    whole, again = (specimen.outputs(batch) for _ in range(2))
    if not _close(whole, again):
        check.find(
            "random_evaluation", "warning",
            "In evaluation mode the model gives other outputs each time.",
            "Give functional dropout training=self.training.",
        )  # fmt: skip
        return
    part = specimen.outputs(head(batch, count))
    if count and not _close(whole[: len(part)], part):
        check.find(
            "batch_mixing", "error",
            "The output of a sample depends on the other samples of its batch.",
            "Look for a softmax, norm, reshape or reduction over the batch axis.",
        )  # fmt: skip


def _close(a, b):
    a, b = host(a), host(b)
    scale = float(np.abs(a).max()) if a.size else 0.0
    return a.shape == b.shape and np.allclose(a, b, rtol=0, atol=1e-3 * scale + 1e-12)
