"""Every kernel against its reference, generated from the registry."""

import inspect

import numpy as np
import pytest

from minigrad.kernels import launch, registry, samples

from ..standin import Device, xp
from ..tiers import FAST as FAST_TIER
from ..tiers import WIDE
from ..tolerances import assert_close
from .conftest import PLAIN, compiled_only

registry.register_backend(Device, xp)

SPECS = list(registry.KERNELS.values())
FAST = [spec for spec in SPECS if registry.CPU.fast(spec) is not None]
SHAPES = (*samples.SMALL_SHAPES, *samples.EMPTY_SHAPES, (20, 35)) if PLAIN else samples.SHAPES

every_kernel = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
fast_kernel = pytest.mark.parametrize("spec", FAST, ids=lambda spec: spec.name)


def call(function, arguments):
    """The results of a call (as a list) and the operands as they are afterwards."""
    with np.errstate(all="ignore"):
        result = function(*arguments)
    results = list(result) if isinstance(result, (tuple, list)) else [result]
    return [r for r in results if r is not None], arguments


def copies(arguments):
    """Private copies of the operands, layouts kept."""
    return tuple(a.copy("K") if isinstance(a, np.ndarray) else a for a in arguments)


def host(value):
    return value.get() if isinstance(value, Device) else value


def device(arguments):
    return tuple(
        Device(a) if isinstance(a, np.ndarray) else device(a) if type(a) is tuple else a
        for a in arguments
    )


def assert_same_call(spec, actual, expected, what):
    """Results and written operands agree; all other operands are untouched."""
    (results, after), (wanted, wanted_after) = actual, expected
    sums = spec.notes.get("sums", False)
    assert len(results) == len(wanted), what
    for got, want in zip(results, wanted, strict=True):
        assert_close(host(got), host(want), what, sums)
    for i in spec.writes:
        if after[i] is not None:
            assert_close(host(after[i]), host(wanted_after[i]), f"{what}, operand {i}", sums)


def assert_untouched(spec, before, after, what):
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        if isinstance(old, np.ndarray) and i not in spec.writes:
            np.testing.assert_array_equal(host(new), old, err_msg=f"{what}: operand {i} changed")


def bits(call_result):
    results, after = call_result
    arrays = [np.asarray(a) for a in (*results, *after) if isinstance(a, (np.ndarray, np.generic))]
    return [a.tobytes() for a in arrays]


def with_nonfinite(arguments):
    """The call with NaN and both infinities sprinkled into its floating operands."""

    def sprinkle(x):
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or x.size < 3:
            return x
        x = x.copy()
        x.flat[[0, x.size // 2, x.size - 1]] = np.nan, np.inf, -np.inf
        return x

    return tuple(map(sprinkle, arguments))


@fast_kernel
def test_signature_equals_the_reference(spec):
    parameters = [
        [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()]
        for f in (registry.CPU.fast(spec), spec.reference)
    ]
    assert parameters[0] == parameters[1]


@pytest.mark.parametrize("layout", [
    pytest.param(layout, id=layout.__name__, marks=WIDE if number else FAST_TIER)
    for number, layout in enumerate(samples.LAYOUTS)
])  # fmt: skip
@fast_kernel
def test_equals_the_reference(spec, layout):
    for dtype, shape, arguments in samples.calls(spec, SHAPES):
        what = f"{spec.name} {dtype} {shape} {layout.__name__}"
        laid_out = samples.relayout(copies(arguments), layout)
        actual = call(registry.CPU.fast(spec), laid_out)
        expected = call(spec.reference, copies(arguments))
        assert_same_call(spec, actual, expected, what)
        assert_untouched(spec, arguments, laid_out, what)


@fast_kernel
def test_nonfinite_values_propagate_alike(spec):
    if reason := spec.notes.get("nonfinite"):
        pytest.skip(reason)
    for dtype, shape, arguments in samples.calls(spec, SHAPES):
        arguments = with_nonfinite(arguments)
        actual = call(registry.CPU.fast(spec), copies(arguments))
        expected = call(spec.reference, copies(arguments))
        assert_same_call(spec, actual, expected, f"{spec.name} {dtype} {shape} with NaN and inf")


@pytest.fixture
def threads():
    before = launch.get_num_threads()
    yield launch.set_num_threads
    launch.set_num_threads(before)


@compiled_only
@fast_kernel
def test_same_bits_for_any_number_of_threads(spec, threads, monkeypatch):
    if reason := spec.notes.get("threads"):
        pytest.skip(reason)
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    for dtype, shape, arguments in samples.calls(spec, SHAPES):
        seen = []
        for count in (1, 2, 3):
            threads(count)
            seen.append(bits(call(registry.CPU.fast(spec), copies(arguments))))
        assert seen[0] == seen[1] == seen[2], f"{spec.name} {dtype} {shape}"


@every_kernel
def test_reference_runs_on_device_arrays(spec):
    for dtype, shape, arguments in samples.calls(spec, SHAPES):
        what = f"reference of {spec.name} on device arrays, {dtype} {shape}"
        actual = call(spec.reference, device(copies(arguments)))
        expected = call(spec.reference, copies(arguments))
        assert all(isinstance(r, Device) for r in actual[0]), what
        assert_same_call(spec, actual, expected, what)
        assert_untouched(spec, arguments, actual[1], what)
