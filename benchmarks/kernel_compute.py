"""How close do operations that multiply come to NumPy's matrix product, and to PyTorch?

Forward with recording and backward of single convolutions, a linear layer and attention. "share"
is the multiplications and additions of the definition, divided by the time, as a share of the rate
of a product of two 512 × 512 matrices just before; Winograd's algorithm needs fewer and may exceed
one. Attention runs in a process of its own, which tells its peak memory.
"""

import numpy as np

from benchmarks import harness

# name: (images, channels, extent, filters, kernel, stride, padding, groups, axes if not two)
CONVOLUTIONS = {
    "3×3, 1→32, 28²": (64, 1, 28, 32, 3, 1, 1, 1),
    "3×3, 3→64, 32²": (16, 3, 32, 64, 3, 1, 1, 1),
    "3×3, 32→64, 14²": (64, 32, 14, 64, 3, 1, 1, 1),
    "3×3, 64→64, 32²": (16, 64, 32, 64, 3, 1, 1, 1),
    "3×3, 64→64, 56²": (4, 64, 56, 64, 3, 1, 1, 1),
    "3×3, 256→256, 14²": (8, 256, 14, 256, 3, 1, 1, 1),
    "3×3, 512→512, 7²": (8, 512, 7, 512, 3, 1, 1, 1),
    "3×3 stride 2, 64→128, 32²": (16, 64, 32, 128, 3, 2, 1, 1),
    "1×1, 128→128, 16²": (16, 128, 16, 128, 1, 1, 0, 1),
    "1×1 stride 2, 64→128, 32²": (16, 64, 32, 128, 1, 2, 0, 1),
    "5×5, 6→16, 14²": (64, 6, 14, 16, 5, 1, 0, 1),
    "5×5, 32→32, 16²": (16, 32, 16, 32, 5, 1, 2, 1),
    "7×7 stride 2, 3→64, 64²": (8, 3, 64, 64, 7, 2, 3, 1),
    "3×3 depthwise, 64, 32²": (16, 64, 32, 64, 3, 1, 1, 64),
    "5, 64→64, 256 long": (32, 64, 256, 64, 5, 1, 2, 1, 1),
}
ATTENTION = {64: 32, 512: 4, 2048: 1}  # tokens: sequences; four heads of width 64
HEADS, WIDTH = 4, 64


def product_rate():
    """Operations a second of NumPy's matrix product."""
    a, b, out = np.ones((3, 512, 512), np.float32)
    return 2 * 512**3 / harness.seconds_per_call(lambda: np.dot(a, b, out), 0.1)


def numbers(tensor, *shape):
    rng = np.random.default_rng(0)
    return tensor(rng.standard_normal(shape).astype(np.float32)).requires_grad_()


def convolution(
    lib, tensor, count, channels, size, filters, kernel, stride, padding, groups, axes=2
):
    """(output, its inputs, operations forward)"""
    x = numbers(tensor, count, channels, *axes * (size,))
    weight = numbers(tensor, filters, channels // groups, *axes * (kernel,))
    bias = numbers(tensor, filters)
    facts = {"stride": stride, "padding": padding, "groups": groups}
    conv = getattr(lib.nn.functional, f"conv{axes}d")

    def output():
        return conv(x, weight, bias, **facts)

    return output, [x, weight, bias], 2 * output()[:, 0].numel() * weight.numel()


def linear(lib, tensor):
    x, weight, bias = (numbers(tensor, *s) for s in ((1024, 512), (512, 512), (512,)))
    output = lambda: lib.nn.functional.linear(x, weight, bias)  # noqa: E731
    return output, [x, weight, bias], 2 * 1024 * 512 * 512


def attention(lib, tensor, tokens, count):
    q, k, v = (numbers(tensor, count, HEADS, tokens, WIDTH) for _ in range(3))
    output = lambda: lib.nn.functional.scaled_dot_product_attention(q, k, v)  # noqa: E731
    return output, [q, k, v], 4 * q.numel() * tokens


def measured(peer, part, make, facts, alone=False):
    lib, tensor = harness.library(peer)
    output, inputs, operations = make(lib, tensor, *facts)
    operations *= 1 if part == "forward" else 2
    call = harness.parts(lib, output, inputs)[part]

    def measure():
        rate, seconds = product_rate(), harness.seconds_per_call(call)
        found = {"seconds": seconds, "share": operations / seconds / rate}
        return found | ({"peak_mb": harness.peak_mb()} if alone else {})

    return measure


WORKLOADS = {
    **{f"conv {name}": (convolution, facts) for name, facts in CONVOLUTIONS.items()},
    "linear 512→512, 1024 rows": (linear, ()),
    **{f"attention {n} × {t} tokens": (attention, (t, n), True) for t, n in ATTENTION.items()},
}
for _name, _workload in WORKLOADS.items():
    for _part in ("forward", "backward"):
        for _peer in (harness.OURS, harness.EAGER):
            harness.case(f"{_name}, {_part}", _peer)(
                lambda peer=_peer, part=_part, w=_workload: measured(peer, part, *w)
            )

if __name__ == "__main__":
    shared = [workload for workload in harness.CASES if not workload.startswith("attention")]
    harness.main("kernel_compute", together=shared)
