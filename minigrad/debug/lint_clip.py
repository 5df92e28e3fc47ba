"""C5: clipping gradients that a GradScaler has scaled."""

import weakref

from . import progress
from .progress import Attached, thread
from .warning import report

_scaled = Attached(list)  # of a parameter: a weak reference to its gradient, which is scaled
DEPTH = 8  # how far below the root of a backward pass the scaled loss may be


def on_scaled(tensor):
    """A GradScaler made a tensor."""
    if tensor._node is not None:
        thread.own.scaled.append(tensor._node.sequence)


def mark(roots, leaves):
    """Note whose gradients a backward pass has made larger."""
    roots = roots if isinstance(roots, list | tuple) else (roots,)
    if not any(_from_scaler(root._node, DEPTH) for root in roots):
        return
    for leaf in leaves:
        if leaf._grad is not None:
            _scaled.of(leaf)[:] = [weakref.ref(leaf._grad)]


def _from_scaler(node, depth):
    if node is None or not depth:
        return False
    if node.sequence in thread.own.scaled:
        return True
    below = [edge[0] for edge in node.edges if edge is not None and edge[1] >= 0]
    return any(_from_scaler(n, depth - 1) for n in below[:2])


def on_unscaled(optimizer):
    """The gradients of an optimizer were divided by the scale."""
    for parameter in progress.parameters_of(optimizer):
        _scaled.discard(parameter)


def on_clip(parameters):
    """Gradients are about to be clipped."""
    for parameter in filter(_scaled.known, parameters):
        gradient, (noted,) = parameter._grad, _scaled.of(parameter)
        if gradient is None or noted() is not gradient:
            continue
        if gradient._writes is None or gradient._writes[0] == 0:  # nobody unscaled it by hand
            report(
                "C5",
                "the gradients that are clipped are still multiplied by the scale of the "
                "GradScaler, so the limit means nothing: call scaler.unscale_(optimizer) before "
                "clipping",
            )
            return
