"""How close do memory-bound operations come to the machine's copy rate, and to PyTorch?

Each through its public function, forward with recording and backward, on a million float32 numbers
or more, which a cache may hold, and on several times as many. "share" is what the pass must read
and write at least once, divided by its time, as a share of what ``np.copyto`` moves on as many
numbers just before.
"""

import numpy as np

from benchmarks import harness

COLUMNS = 1000
MATRIX, IMAGES = (1000, COLUMNS), (64, 32, 28, 28)
LARGER = {MATRIX: (8000, COLUMNS), IMAGES: (256, 32, 28, 28)}

# name: (function of (library, input), shape of the input, what forward and backward move, in
# units of the input)
OPS = {
    "layer_norm": (lambda m, x: m.nn.functional.layer_norm(x, (COLUMNS,)), MATRIX, 2, 3),
    "batch_norm": (
        lambda m, x: m.nn.functional.batch_norm(x, None, None, training=True), IMAGES, 2, 3
    ),
    "softmax": (lambda m, x: m.softmax(x, 1), MATRIX, 2, 3),
    "gelu": (lambda m, x: m.nn.functional.gelu(x), MATRIX, 2, 3),
    "tanh": (lambda m, x: m.tanh(x), MATRIX, 2, 3),
    "sigmoid": (lambda m, x: m.sigmoid(x), MATRIX, 2, 3),
    "dropout": (lambda m, x: m.nn.functional.dropout(x, 0.5), MATRIX, 2, 2),
    # a quarter for the results, and a quarter for their places, as int32
    "max_pool": (lambda m, x: m.nn.functional.max_pool2d(x, 2), IMAGES, 1.5, 1.5),
    "to bfloat16": (lambda m, x: x.to(m.bfloat16), MATRIX, 1.5, 1.5),
}  # fmt: skip


def copy_rate(shape):
    """Bytes a second that np.copyto moves, read and written."""
    source = np.ones(shape, np.float32)
    target = np.empty_like(source)
    return 2 * source.nbytes / harness.seconds_per_call(lambda: np.copyto(target, source), 0.1)


def measured(call, moved, shape=MATRIX):
    """The measure of a call that moves so many bytes: seconds, and its share of the copy rate."""

    def measure():
        rate, seconds = copy_rate(shape), harness.seconds_per_call(call)
        return {"seconds": seconds, "share": moved / seconds / rate}

    return measure


def op(peer, part, function, shape, *moved):
    lib, tensor = harness.library(peer)
    x = tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32))
    x.requires_grad_()
    call = harness.parts(lib, lambda: function(lib, x), x)[part]
    return measured(call, moved[part == "backward"] * x.nbytes, shape)


def cross_entropy(peer):
    """Both passes together: the logits are read twice, their gradient is written."""
    lib, tensor = harness.library(peer)
    x = tensor(np.random.default_rng(0).standard_normal(MATRIX).astype(np.float32))
    x.requires_grad_()
    labels, loss = lib.arange(MATRIX[0]), lib.nn.functional.cross_entropy
    return measured(lambda: lib.autograd.grad(loss(x, labels), x), 3 * x.nbytes)


def adamw(peer):
    """An update of a million numbers: four arrays are read, three are written."""
    lib, tensor = harness.library(peer)
    parameter = lib.nn.Parameter(tensor(np.ones(MATRIX, np.float32)))
    parameter.grad = tensor(np.full(MATRIX, 1e-3, np.float32))
    return measured(lib.optim.AdamW([parameter]).step, 7 * parameter.nbytes)


for _peer in (harness.OURS, harness.EAGER):
    for _name, (_function, _shape, *_moved) in OPS.items():
        for _place, _at in (("", _shape), (", beyond the cache", LARGER[_shape])):
            for _part in ("forward", "backward"):
                harness.case(f"{_name}{_place}, {_part}", _peer)(
                    lambda peer=_peer, facts=(_part, _function, _at, *_moved): op(peer, *facts)
                )
    harness.case("cross-entropy both passes, forward", _peer)(lambda p=_peer: cross_entropy(p))
    harness.case("AdamW update, forward", _peer)(lambda p=_peer: adamw(p))

if __name__ == "__main__":
    harness.main("kernel_bandwidth", together=harness.CASES)
