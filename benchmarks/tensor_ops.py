"""How fast is the tensor library beside PyTorch, forward and backward together?

Every workload calls a public function and asks for the gradient of its floating input, once on a
million float32 numbers, where memory decides, and once on 4×4, where Python does. The script ends
with the geometric means.
"""

from statistics import geometric_mean

import numpy as np

from benchmarks import harness

SIZES = {"1000×1000": 1000, "4×4": 4}

# name: function of (library, x, another matrix, integer matrix within the extents)
WORKLOADS = {
    "x·y + y": lambda m, x, y, i: x * y + y,
    "chain of four": lambda m, x, y, i: ((x * y).exp() + 1).log(),
    "x / (1 + |x|)": lambda m, x, y, i: x / (1 + x.abs()),
    "clamp": lambda m, x, y, i: x.clamp(-1, 1),
    "where": lambda m, x, y, i: m.where(x > 0, x, y),
    "x ** 3": lambda m, x, y, i: x**3,
    "sum, all": lambda m, x, y, i: x.sum(),
    "sum, first axis": lambda m, x, y, i: x.sum(0),
    "sum, last axis": lambda m, x, y, i: x.sum(1),
    "mean, first axis": lambda m, x, y, i: x.mean(0),
    "mean, last axis": lambda m, x, y, i: x.mean(1),
    "var, first axis": lambda m, x, y, i: x.var(0),
    "var, last axis": lambda m, x, y, i: x.var(1),
    "amax, first axis": lambda m, x, y, i: x.amax(0),
    "amax, last axis": lambda m, x, y, i: x.amax(1),
    "max, last axis": lambda m, x, y, i: x.max(1)[0],
    "logsumexp, first axis": lambda m, x, y, i: x.logsumexp(0),
    "logsumexp, last axis": lambda m, x, y, i: x.logsumexp(1),
    "norm": lambda m, x, y, i: x.norm(),
    "softmax, first axis": lambda m, x, y, i: x.softmax(0),
    "softmax, last axis": lambda m, x, y, i: x.softmax(1),
    "log_softmax, last axis": lambda m, x, y, i: x.log_softmax(1),
    "gather, last axis": lambda m, x, y, i: x.gather(1, i),
    "gather, first axis": lambda m, x, y, i: x.gather(0, i),
    "index_select, rows": lambda m, x, y, i: x.index_select(0, i[0]),
    "index_select, columns": lambda m, x, y, i: x.index_select(1, i[0]),
    "x[rows]": lambda m, x, y, i: x[i[0]],
    "cat, rows": lambda m, x, y, i: m.cat([x, y], 0),
    "cat, columns": lambda m, x, y, i: m.cat([x, y], 1),
    "permute, contiguous": lambda m, x, y, i: x.permute(1, 0).contiguous(),
    "cumsum, first axis": lambda m, x, y, i: x.cumsum(0),
    "cumsum, last axis": lambda m, x, y, i: x.cumsum(1),
}


def prepared(peer, size, function):
    """The call to time: forward and backward of one workload."""
    lib, tensor = harness.library(peer)
    rng = np.random.default_rng(0)
    x, y = (rng.uniform(0.1, 1, (size, size)).astype(np.float32) for _ in range(2))
    indices = tensor(rng.integers(0, size, (size, size)))
    x, y = tensor(x).requires_grad_(), tensor(y)
    g = tensor(np.ones(tuple(function(lib, x, y, indices).shape), np.float32))
    return lambda: lib.autograd.grad(function(lib, x, y, indices), x, g)


for _size, _extent in SIZES.items():
    for _name, _function in WORKLOADS.items():
        harness.declare(
            f"{_name}, {_size}",
            lambda peer, size=_extent, function=_function: prepared(peer, size, function),
        )


def print_means(results):
    """The geometric mean and the lowest of the ratios to PyTorch, by size."""
    for count, workloads in results.items():
        for size in SIZES:
            ratios = {w: p["torch"]["ratio"] for w, p in workloads.items() if w.endswith(size)}
            if ratios:
                mean = geometric_mean(ratios.values())
                lowest = min(ratios, key=ratios.get)
                print(
                    f"{size}, {count} thread{'s'[: count > 1]}: geometric mean {mean:.2f} of "
                    f"{len(ratios)}, lowest {ratios[lowest]:.2f} ({lowest})"
                )


if __name__ == "__main__":
    print_means(harness.main("tensor_ops", together=harness.CASES))
