"""How fast is a step of each optimizer beside PyTorch's?

Every optimizer that both libraries have, with its default options, and those that PyTorch has in
one kernel once more with ``fused=True``: on half a million float32 numbers in fifty matrices and on
a million in one, with fixed gradients. The script ends with the geometric means.
"""

from statistics import geometric_mean

import numpy as np

from benchmarks import harness

SIZES = {"50 × 10⁴": (50, (100, 100)), "1 × 10⁶": (1, (1000, 1000))}
LEFT_OUT = {
    "Optimizer": "the base",
    "LBFGS": "its step is as long as its closure",
    "Lion": "not in PyTorch",
    "LAMB": "not in PyTorch",
}


FUSED = ("SGD", "Adam", "AdamW", "Adagrad")


def rows():
    """The optimizers of both libraries, by the names of their rows: (name, options)."""
    from minigrad import optim

    found = {name: getattr(optim, name) for name in optim.__all__}
    names = [
        name
        for name, value in found.items()
        if isinstance(value, type) and issubclass(value, optim.Optimizer) and name not in LEFT_OUT
    ]
    fused = {f"{name} with fused=True": (name, {"fused": True}) for name in FUSED}
    return {name: (name, {}) for name in names} | fused


def prepared(peer, name, options, count, shape):
    """The step to time."""
    lib, tensor = harness.library(peer)
    rng = np.random.default_rng(0)
    parameters = []
    for _ in range(count):
        p = tensor(rng.standard_normal(shape).astype(np.float32)).requires_grad_()
        p.grad = tensor(rng.standard_normal(shape).astype(np.float32))
        parameters.append(p)
    return getattr(lib.optim, name)(parameters, **options).step


TOO_LONG = {("Muon", "1 × 10⁶")}  # eleven seconds in PyTorch

for _size, (_count, _shape) in SIZES.items():
    for _row, _optimizer in rows().items():
        if (_row, _size) not in TOO_LONG:
            harness.declare(
                f"{_row}, {_size}",
                lambda peer, optimizer=_optimizer, count=_count, shape=_shape: prepared(
                    peer, *optimizer, count, shape
                ),
            )


def print_means(results):
    """The geometric mean and the lowest of the ratios to PyTorch, by size and kind of step."""
    kinds = [kind + size for size in SIZES for kind in (", ", " with fused=True, ")]
    for workloads in results.values():
        ratios = {kind: {} for kind in kinds}
        for name, peers in workloads.items():
            kind = next(kind for kind in reversed(kinds) if name.endswith(kind))
            ratios[kind][name] = peers["torch"]["ratio"]
        for found in filter(None, ratios.values()):
            lowest = min(found, key=found.get)
            print(
                f"geometric mean {geometric_mean(found.values()):.2f} of {len(found)}, "
                f"lowest {found[lowest]:.2f} ({lowest})"
            )


if __name__ == "__main__":
    print_means(harness.main("optimizers", together=harness.CASES))
