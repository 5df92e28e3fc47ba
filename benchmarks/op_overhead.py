"""What does recording an op cost on top of its bare kernel, going forward and going back?

Chains of one op on 4×4 arrays. "bare" calls the kernels themselves, "unrecorded" the op under
``no_grad``, "recorded" the op with a gradient to come; the backward pass of the recorded chain is
set against the bare gradient kernels. Graphs are freed where a training step frees them: not in the
forward pass, which holds them, but with the backward pass. All figures are microseconds per op.
PyTorch's bare kernels cannot be called alone, so for it only the totals stand.
"""

import statistics
import time
from functools import partial

import numpy as np

from benchmarks import harness

LENGTH, REPEATS = 500, 20
START = np.linspace(-0.5, 0.5, 16, dtype=np.float32).reshape(4, 4)
OTHER = np.full((4, 4), 0.999, np.float32)

STEPS = {
    "add": lambda lib, y, other: lib.add(y, other),
    "mul": lambda lib, y, other: lib.mul(y, other),
    "tanh": lambda lib, y, other: lib.tanh(y),
}
BARE_GRADIENTS = {
    "add": None,  # the gradient passes through
    "mul": lambda k, g, y: k.mul(g, OTHER),
    "tanh": lambda k, g, y: k.tanh_vjp(g, y),
}


def chain(step, lib, y, other):
    """Apply a step LENGTH times."""
    for _ in range(LENGTH):
        y = step(lib, y, other)
    return y


def microseconds(call, prepare=lambda: None):
    """Median microseconds per op of ``call(prepare())``, the preparation not counted.

    What the call returns lives on until the time is taken.
    """
    spent = []
    for _ in range(REPEATS):
        prepared = [prepare()]
        start = time.perf_counter()
        result = call(prepared)
        spent.append(time.perf_counter() - start)
        del result
    return statistics.median(spent) / LENGTH * 1e6


def tensor_measures(lib, tensor, step):
    """Of a tensor library: the chain unrecorded, recorded, and its backward pass."""
    leaf, other = tensor(START).requires_grad_(), tensor(OTHER)
    ones = tensor(np.ones_like(START))

    def recorded(_=None):
        return chain(step, lib, leaf, other)

    def unrecorded(_):
        with lib.no_grad():
            return chain(step, lib, leaf, other)

    def backward(prepared):
        prepared.pop().backward(ones)  # and the graph is gone

    return {
        "unrecorded forward": microseconds(unrecorded),
        "recorded forward": microseconds(recorded),
        "recorded backward": microseconds(backward, recorded),
    }


def bare_measures(op):
    """The same chain on kernels alone, forward and backward."""
    from minigrad import backend

    kernels = backend.kernels_of(START)
    gradient = BARE_GRADIENTS[op]

    def backward(_):
        g = START
        for _ in range(LENGTH):
            g = gradient(kernels, g, START)

    return {
        "bare forward": microseconds(lambda _: chain(STEPS[op], kernels, START, OTHER)),
        "bare backward": 0.0 if gradient is None else microseconds(backward),
    }


def minigrad_measures(op):
    import minigrad as mg

    found = {**bare_measures(op), **tensor_measures(mg, mg.tensor, STEPS[op])}
    for direction in ("forward", "backward"):
        found[f"overhead {direction}"] = found[f"recorded {direction}"] - found[f"bare {direction}"]
    return found


def torch_measures(op):
    import torch

    return tensor_measures(torch, torch.from_numpy, STEPS[op])


for _op in STEPS:
    harness.case(_op, "minigrad")(lambda op=_op: partial(minigrad_measures, op))
    harness.case(_op, "torch")(lambda op=_op: partial(torch_measures, op))

if __name__ == "__main__":
    harness.main("op_overhead", together=harness.CASES)
