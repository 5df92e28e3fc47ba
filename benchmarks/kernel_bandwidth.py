"""How close do memory-bound kernels come to the machine's copy bandwidth, and to PyTorch?

"share of copy" counts what a kernel must read and write, divided by its time, as a share of what
``np.copyto`` moves on arrays of the same size. The other workloads time one op at a million
float32 numbers through the public functions: forward with recording, backward, and both.
"""

import numpy as np

from benchmarks import harness

SHAPE = (1000, 1000)
COMPUTE_BOUND = ("attention", "conv", "matmul", "pool", "random", "rnn")
BUDGET = 0.3


def copy_bandwidth():
    """Bytes a second that np.copyto moves, read and written."""
    source = np.ones(SHAPE, np.float32)
    target = np.empty_like(source)
    return 2 * source.nbytes / harness.seconds_per_call(lambda: np.copyto(target, source), BUDGET)


def traffic(arguments, result, writes):
    """Bytes a call must read and write at least."""
    results = result if isinstance(result, tuple) else (result,)
    written = [arguments[position] for position in writes]
    arrays = [a for a in (*arguments, *results, *written) if isinstance(a, np.ndarray)]
    return sum(array.nbytes for array in arrays)


def memory_bound_kernels():
    """Every fast float32 kernel that does little more than read and write: (spec, function)."""
    from minigrad import backend

    kernels = backend.kernels_of(np.ones(1))
    for spec in backend.KERNELS.values():
        function = kernels.fast(spec)
        bound = spec.family not in COMPUTE_BOUND and "float32" in spec.dtypes
        if function is not None and bound:
            yield spec, function


@harness.case("share of copy", "minigrad")
def shares_of_copy():
    from minigrad.kernels import samples

    shares = {}
    for spec, function in memory_bound_kernels():
        arguments = samples.sample(spec, "float32", SHAPE)
        moved = traffic(arguments, function(*arguments), spec.writes)
        seconds = harness.seconds_per_call(lambda f=function, a=arguments: f(*a), BUDGET)
        shares[spec.name] = moved / seconds / copy_bandwidth()
    return shares


def activation_parts(peer, name):
    """Forward, backward, and both of an activation, as calls to time."""
    lib, tensor = harness.library(peer)
    rng = np.random.default_rng(0)
    x = tensor(rng.standard_normal(SHAPE).astype(np.float32)).requires_grad_()
    g = tensor(rng.standard_normal(SHAPE).astype(np.float32))
    function = lib.nn.functional.gelu if name == "gelu" else getattr(lib, name)
    y = function(x)

    def backward():
        lib.autograd.grad(y, x, g, retain_graph=True)

    return {
        "forward": lambda: function(x),
        "backward": backward,
        "both": lambda: lib.autograd.grad(function(x), x, g),
    }


def cross_entropy(peer):
    """Softmax-cross-entropy on 1000 rows of 1000 classes, forward and backward."""
    lib, tensor = harness.library(peer)
    rng = np.random.default_rng(0)
    logits = tensor(rng.standard_normal(SHAPE).astype(np.float32)).requires_grad_()
    labels = tensor(rng.integers(0, SHAPE[1], SHAPE[0]))
    return lambda: lib.autograd.grad(lib.nn.functional.cross_entropy(logits, labels), logits)


def adamw(peer):
    """One AdamW update of a million parameters."""
    lib, tensor = harness.library(peer)
    parameter = lib.nn.Parameter(tensor(np.ones(SHAPE, np.float32)))
    parameter.grad = tensor(np.full(SHAPE, 1e-3, np.float32))
    return lib.optim.AdamW([parameter]).step


for _name in ("tanh", "sigmoid", "gelu"):
    for _part in ("forward", "backward", "both"):
        harness.declare(
            f"{_name} {_part}",
            lambda peer, name=_name, part=_part: activation_parts(peer, name)[part],
        )
harness.declare("cross-entropy both", cross_entropy)
harness.declare("AdamW update", adamw)

if __name__ == "__main__":
    harness.main("kernel_bandwidth", together=True)
