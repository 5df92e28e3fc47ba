"""Which way of computing a convolution is fastest, and does ``kernels/cpu/conv.py`` choose it?

Times every way that can compute a convolution, forward and the gradient of the weights, over
kernels, channels, sizes and strides. In the table that it prints, milliseconds: ``*`` marks the
way that is chosen, and the last column by how much the fastest would be faster.
"""

from contextlib import ExitStack
from functools import partial
from unittest import mock

import numpy as np

from benchmarks import harness

BUDGET = 0.06
WAYS = ("pointwise", "winograd", "direct", "spread", "tiles", "matrices")
PASSES = ("forward", "weights")
OPERATIONS = 2e8  # of a workload, about: so many images are taken


def workloads():
    """name: (images, channels, size, filters, kernel, stride, groups)"""
    found = {}
    widths = (3, 32), (8, 8), (16, 6), (16, 16), (32, 64), (64, 64), (256, 256)
    for kernel, stride in ((1, 1), (1, 2), (3, 1), (3, 2), (5, 1)):
        for channels, filters in widths:
            for size in (7, 14, 32):
                one = 2 * channels * filters * (kernel * size / stride) ** 2
                count = int(min(max(OPERATIONS / one, 1), 64))
                name = f"{kernel}×{kernel} s{stride}, {channels}→{filters}, {size}², {count} images"
                found[name] = (count, channels, size, filters, kernel, stride, 1)
    for size in (14, 32):
        found[f"3×3 s1, depthwise 64, {size}², 16 images"] = (16, 64, size, 64, 3, 1, 64)
    return found


WORKLOADS = workloads()


def call(which, count, channels, size, filters, kernel, stride, groups):
    """A pass as a function of no arguments."""
    from minigrad import backend

    rng = np.random.default_rng(0)
    x = rng.standard_normal((count, channels, size, size)).astype(np.float32)
    weight = rng.standard_normal((filters, channels // groups, kernel, kernel)).astype(np.float32)
    k, padding = backend.kernels_of(x), kernel // 2
    out = ((size + 2 * padding - kernel) // stride + 1,) * 2
    window = ((stride,) * 2, (padding,) * 2, (1, 1), groups)
    if which == "forward":
        return lambda: k.conv(x, weight, None, out, *window)
    g = rng.standard_normal((count, filters, *out)).astype(np.float32)
    return lambda: k.conv_weight_grad(g, x, weight.shape[2:], *window)


def decisions():
    """The predicate that ``kernels/cpu/conv.py`` asks for each way but the last, in its order."""
    from minigrad.kernels.cpu import conv

    return {
        "pointwise": (conv, "_is_pointwise"),
        "winograd": (conv.winograd, "fits"),
        "direct": (conv, "_is_direct"),
        "spread": (conv.conv_spread, "fits"),
        "tiles": (conv.conv_tiles, "fits"),
    }


def able(way):
    """The predicate of a way without the limits that only say when it pays."""
    from minigrad.kernels.cpu import conv

    anything = dict.fromkeys(conv.winograd.FORMS, (1, 1, 0))
    loose = mock.patch.object(conv.winograd, "FEWEST", anything)
    looser = mock.patch.object(conv.conv_tiles, "FEWEST", 1)
    fits = getattr(*decisions()[way])

    def answer(*arguments):
        with loose, looser:
            return way == "direct" or fits(*arguments)

    return answer


def taken(function, way=None):
    """(the way that a call goes, its result); with ``way`` it goes that one if it can."""
    gone = []

    def watched(name, predicate):
        def answer(*arguments):
            yes = bool(predicate(*arguments)) and not gone
            if yes:
                gone.append(name)
            return yes

        return answer

    with ExitStack() as stack:
        for name, (module, attribute) in decisions().items():
            predicate = getattr(module, attribute)
            if way is not None:
                predicate = able(name) if name == way else lambda *_: False
            stack.enter_context(mock.patch.object(module, attribute, watched(name, predicate)))
        result = function()
    return (gone or ["matrices"])[0], result


def forced(way):
    """A context in which every convolution goes one way."""
    stack = ExitStack()
    for name, (module, attribute) in decisions().items():
        answer = name == way
        stack.enter_context(mock.patch.object(module, attribute, lambda *_, a=answer: a))
    return stack


def measures(facts):
    """Seconds by pass and way; results of all ways must agree."""
    found = {}
    for which in PASSES:
        function = call(which, *facts)
        expected = function()
        for way in WAYS:
            went, result = taken(function, way)
            if went != way:
                continue
            scale = np.abs(expected).max()
            np.testing.assert_allclose(result, expected, rtol=0, atol=1e-4 * scale)
            with forced(way):
                found[f"{which} {way}"] = harness.seconds_per_call(function, BUDGET, 5)
    return found


def print_table(results):
    """One line for each workload and pass."""
    for count, rows in results.items():
        print(f"\n{count} threads, ms{'':<34}" + "".join(f"{way:>12}" for way in WAYS), " to gain")
        for name, peers in rows.items():
            for which in PASSES:
                chosen, _ = taken(call(which, *WORKLOADS[name]))
                seconds = {way: peers[harness.OURS].get(f"{which} {way}") for way in WAYS}
                cells = [
                    "" if s is None else f"{s * 1e3:.2f}{'*' if way == chosen else ' '}"
                    for way, s in seconds.items()
                ]
                gain = seconds[chosen] / min(s for s in seconds.values() if s) - 1
                line = "".join(f"{cell:>12}" for cell in cells)
                print(f"{name:<36}{which:<8}{line}   {gain:5.0%}")


for _name, _facts in WORKLOADS.items():
    harness.case(_name, harness.OURS)(lambda facts=_facts: partial(measures, facts))

if __name__ == "__main__":
    print_table(harness.main("conv_dispatch", together=harness.CASES, rounds=3))
