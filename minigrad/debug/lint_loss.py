"""P1: probabilities where a loss wants logits or log-probabilities.

The values decide, so that views, ``no_grad`` and a detour through NumPy hide nothing; the graph
tells where a softmax was made, and whether values in [0, 1] come from a sigmoid.
"""

import numpy as np

from ..backend import SIGMOID, array_module
from ..dtypes import finfo
from ..engine.graph import TensorBase, dtype_of, values
from .warning import report, site

FIRST, EVERY = 20, 100  # a kind of input is looked at the first times, and then in every hundredth
calls = {}  # (loss, kind of node that made the input, its shape but the first): how often
# ops that leave probabilities what they are
PASSING = {"cast", "clone", "clamp", "piecewise_linear", "nan_to_num", "cat"}
POSITIVE = 1e-3  # what no log-probability is, however it was rounded
ROWS = 64  # looked at for positive values


def on_softmax(output):
    """Note on the node of a softmax where it was called."""
    if output._node is not None:
        output._node.made_at = site()


def on_loss(name, input):
    """Look at the input of a loss."""
    if not isinstance(input, TensorBase):
        return
    key = name, type(input._node), input._array.shape[1:]
    count = calls[key] = calls.get(key, 0) + 1
    if count <= FIRST or count % EVERY == 0:
        message = _CHECKS[name](name, input)
        if message:
            report("P1", message)


def _of_logits(name, x):
    """Rows that are probabilities: at least 0, with the sum 1."""
    if not _rows_are_probabilities(x):
        return None
    what = "every row is at least 0 and has the sum 1"
    if x.shape[-1] == 1 or (x.ndim > 1 and x.shape[1] == 1):
        what = "every value is 1, as softmax over a single class gives"
    return (
        f"{name} got probabilities instead of logits{_origin(x)}: {what}. It applies softmax "
        "itself, and twice flattens the gradient: pass the raw outputs of the last layer"
    )


def _of_binary_logits(name, x):
    """Values in [0, 1] that a sigmoid or softmax made."""
    node = _maker(x)
    array = values(x)
    if node is None or not array.size or not (array.min().item() >= 0 and array.max().item() <= 1):
        return None
    return (
        f"{name} got probabilities instead of logits{_origin(x)}: all lie in [0, 1] and come from "
        f"{node.name if node.name == 'softmax' else 'a sigmoid'}. It applies the sigmoid itself: "
        "pass the raw outputs of the last layer"
    )


def _of_probabilities(name, x):
    """A softmax over a single class: 1 whatever the model says."""
    node = _maker(x)
    if node is None or node.name != "softmax" or node.saved[0].shape[node.axis] != 1:
        return None
    return (
        f"{name} got only ones{_origin(x)}: softmax over a single class is 1 whatever the model "
        "says. Use binary_cross_entropy_with_logits on the raw output"
    )


def _of_log_probabilities(name, x):
    """Positive values, which no logarithm of a probability is."""
    array = values(x)
    head = array[:ROWS] if array.ndim else array
    if not head.size or not (head > POSITIVE).any().item():
        return None
    if _rows_are_probabilities(x):
        given, fix = "probabilities", "use log_softmax in the place of softmax"
    else:
        given, fix = f"positive values (up to {head.max().item():.3g})", "apply log_softmax first"
    other = "" if name == "kl_div" else ", or pass raw logits to cross_entropy"
    return f"{name} got {given} instead of log-probabilities{_origin(x)}: {fix}{other}"


_CHECKS = {
    "cross_entropy": _of_logits,
    "focal_loss": _of_logits,
    "binary_cross_entropy": _of_probabilities,
    "binary_cross_entropy_with_logits": _of_binary_logits,
    "sigmoid_focal_loss": _of_binary_logits,
    "nll_loss": _of_log_probabilities,
    "kl_div": _of_log_probabilities,
}


def _rows_are_probabilities(x):
    """Whether all values are at least 0 and all sums over the classes are 1."""
    array = values(x)
    if array.ndim == 0 or array.size < 4 or array.dtype.kind != "f":
        return False
    tolerance = 1e-4 if x._tag is None else max(1e-4, 2 * float(finfo(dtype_of(x)).eps))
    axis = 0 if array.ndim == 1 else 1
    first = array if array.ndim == 1 else array[:1]
    return all(_is_distribution(part, axis, tolerance) for part in (first, array))


def _is_distribution(array, axis, tolerance):
    if not (array >= 0).all().item():
        return False  # infinities of both signs have no sum
    sums = array.sum(axis=axis, dtype=np.float64)
    return (array_module(array).abs(sums - 1) < tolerance).all().item()


def _maker(x):
    """The node of the softmax or sigmoid that a tensor comes from, through views and the like."""
    node = x._node
    while node is not None:
        activation = getattr(node, "activation", getattr(node, "activations", (None,)))
        last = activation[-1] if isinstance(activation, tuple) else activation
        if node.name in ("softmax", "sigmoid") or last == SIGMOID:
            return node
        edge = node.edges[0] if node.view or node.name in PASSING else None
        node = edge[0] if edge is not None and edge[1] >= 0 else None
    return None


def _origin(x):
    """Where a softmax was called, if that is known."""
    place = getattr(_maker(x), "made_at", None)
    return "" if place is None else f" (softmax at {place.where})"
