"""What made a gradient infinite or NaN: read from the graph afterwards, at no cost before."""

import math
from dataclasses import dataclass

from .. import backend, dtypes
from ..engine.graph import RELEASED, values


@dataclass(frozen=True)
class Skip:
    """Why a step was skipped.

    Where the loss was finite (``during`` is "backward"), ``parameter`` is the first one on the way
    back from the loss whose gradient was not, and ``op`` the op that used it. Where the loss was
    not (``during`` is "forward"), ``op`` is the first op that gave a non-finite result, if the
    graph still told. ``parameters`` are all with a non-finite gradient.
    """

    parameter: str
    op: str
    during: str
    parameters: tuple
    scale: float
    loss: float

    def __str__(self):
        count = len(self.parameters)
        names = self.parameter if count == 1 else f"{self.parameter} and {count - 1} more"
        text = f"step skipped: non-finite gradients of {names}; "
        if self.during == "forward":
            origin = f", first in {self.op}" if self.op else ""
            return f"{text}the loss was {self.loss}{origin}"
        user = f" in {self.op} or above it" if self.op else ""
        return f"{text}they overflowed{user} at a loss scale of {_power(self.scale)}"


def _power(scale):
    """A scale as people know it: a power of 2 where it is one."""
    fraction, exponent = math.frexp(scale)
    return f"2^{exponent - 1}" if fraction == 0.5 else f"{scale:g}"


def explain(optimizer, overflowed, outputs, failure, scale):
    """The :class:`Skip` for parameters with non-finite gradients of some outputs (losses).

    ``failure`` is an output that was not finite, as a number, with what :func:`first_nonfinite`
    said of it; None where all were finite.
    """
    names, users = _names(optimizer), _users(outputs)
    first = max(overflowed, key=lambda p: users[p].sequence if p in users else -1)
    used_by = users[first].name if first in users else ""
    if failure is not None:
        loss, used_by = failure
    else:
        loss = largest(values(outputs[-1])) if outputs else math.nan
    return Skip(
        names[first],
        used_by,
        "backward" if failure is None else "forward",
        tuple(names[p] for p in overflowed),
        scale,
        loss,
    )


def largest(array):
    """The largest magnitude in a floating array: NaN where there is one."""
    k = backend.kernels_of(array)
    return float(k.amax(k.abs(array))) if array.size else 0.0


def first_nonfinite(output):
    """The first op on the way to an output whose result is not finite, or an input of an op.

    Known are the arrays that the graph keeps for the backward pass.
    """
    for node in sorted(_nodes([output]), key=lambda node: node.sequence):
        if not node.saved or node.saved is RELEASED:
            continue
        for array, (kind, index, tag) in zip(node.saved, node.owners, strict=True):
            if kind is None or array is None or _is_finite(array, tag):
                continue
            if kind == "output":
                return node.name
            edge = node.edges[index]
            made = edge is not None and edge[1] >= 0
            return edge[0].name if made else f"an input of {node.name}"
    return output._node.name if output._node is not None else ""


def _is_finite(array, tag):
    array = dtypes.decode(array, tag) if tag else array
    return array.dtype.kind != "f" or math.isfinite(largest(array))


def _names(optimizer):
    """{parameter: its name, or the number of its group and its place there}"""
    names = {}
    for number, group in enumerate(optimizer.param_groups):
        known = group.get("param_names")
        for place, parameter in enumerate(group["params"]):
            names[parameter] = known[place] if known else f"parameter {place} of group {number}"
    return names


def _nodes(outputs):
    """Every node of the graphs of some outputs, once."""
    seen, stack = set(), [t._node for t in outputs if t._node is not None]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [edge[0] for edge in node.edges if edge is not None and edge[1] >= 0]
    return seen


def _users(outputs):
    """{leaf: the last op that used it, or a cast of it} in the graphs of some outputs"""
    users = {}
    for node in _nodes(outputs):
        for edge in node.edges:
            if edge is not None:
                known = users.get(edge[0])
                if known is None or known.sequence < node.sequence:
                    users[edge[0]] = node
    return {
        target: users.get(node, node) if node.name == "cast" else node
        for target, node in users.items()
    }
