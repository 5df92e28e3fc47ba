"""What ran in a forward pass: every op, its module, what activations gave, what came back."""

import contextlib
from dataclasses import dataclass

import numpy as np

from ..engine import observe
from ..engine.graph import TensorBase, values

ACTIVATIONS = ("relu", "tanh", "sigmoid")
SATURATED = 0.97  # of the largest slope's range: |tanh| above, sigmoid outside [0.03, 0.97]


@dataclass
class Activation:
    """How the units of one activation did over all samples of a probe.

    ``share`` is that of dead units of a ReLU (0 for every sample), or that of saturated values.
    """

    module: str
    op: str
    units: int
    share: float


class Trace:
    """The ops of a forward pass in their order, each with the path of its module."""

    def __init__(self, model):
        self.model = model
        self.nodes = []  # (node, path of the module)
        self.called = {}  # {path: module}, in the order of the calls
        self.activations = []
        self.returned = {}  # {path of a module with weights: size of the gradient at its output}
        self._stack = [""]

    @contextlib.contextmanager
    def watching(self):
        """Follow what runs inside."""
        handles = []
        for path, module in self.model.named_modules():
            handles.append(module.register_forward_pre_hook(self._enter(path, module)))
            handles.append(module.register_forward_hook(self._leave, always_call=True))
        unsubscribe = observe.subscribe(self._note)
        try:
            yield self
        finally:
            unsubscribe()
            for handle in handles:
                handle.remove()

    def _enter(self, path, module):
        def enter(_module, _args):
            self._stack.append(path)
            self.called.setdefault(path, module)

        return enter

    def _leave(self, module, _args, output):
        path = self._stack.pop()
        weighs = any(p.ndim > 1 for p in module._parameters.values() if p is not None)
        if weighs and isinstance(output, TensorBase) and output.requires_grad:
            self.returned[path] = None
            output.register_hook(lambda gradient: self._return(path, gradient))

    def _return(self, path, gradient):
        gradient = values(gradient).astype(np.float64)
        self.returned[path] = float(np.sqrt((gradient**2).mean()))

    def _note(self, event, node, output):
        if event == "forward":
            self.nodes.append((node, self._stack[-1]))
            if node.name in ACTIVATIONS:
                self._activation(node.name, np.asarray(output))

    def _activation(self, op, output):
        path = self._stack[-1]
        share = _dead(output) if op == "relu" else _saturated(op, output)
        self.activations.append(Activation(path, op, _units(output), share))

    def where(self, path):
        """A module in words."""
        module = self.called.get(path)
        return f"{path!r} ({type(module).__name__})" if path else "the model itself"

    # the graph
    def cuts(self, loss):
        """A function that says in words where the way from a parameter to the loss ends.

        It takes the name of the parameter and the parameter.
        """
        reached = _reached(loss)
        return lambda name, parameter: self._cut(parameter, name, reached)

    def _cut(self, parameter, name, reached):
        followers, last = set(), None
        for node, path in self.nodes:
            if not node.recorded:
                continue
            if any(e is not None and (e[0] is parameter or e[0] in followers) for e in node.edges):
                followers.add(node)
                if node not in reached:
                    last = node, path
        if last is not None:
            return f"cut after op {last[0].name!r} in {self.where(last[1])}"
        owner = name.rpartition(".")[0]
        if owner in self.called:
            return f"{self.where(owner)} ran without recording (no_grad) or did not use it"
        return f"{owner!r} was never called"


def _reached(loss):
    """The nodes that a backward pass from a loss would visit."""
    found, stack = set(), [loss._node] if loss._node is not None else []
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(e[0] for e in node.edges if e is not None and e[1] >= 0)
    return found


def _units(output):
    if output.ndim < 2:
        return output.size
    return output.shape[1] if output.ndim > 3 else output.shape[-1]


def _dead(output):
    """The share of units that are 0 throughout.

    Units stand on axis 1 of images and on the last axis of vectors; of three axes either may be.
    """
    if output.ndim < 2:
        return float((output <= 0).mean())
    places = {2: (1,), 3: (1, 2)}.get(output.ndim, (1,))
    return max(_dead_along(output, place) for place in places)


def _dead_along(output, place):
    axes = tuple(axis for axis in range(output.ndim) if axis != place)
    return float((output <= 0).all(axes).mean())


def _saturated(op, output):
    centred = output if op == "tanh" else 2 * output - 1
    return float((np.abs(centred) > (SATURATED if op == "tanh" else 2 * SATURATED - 1)).mean())
