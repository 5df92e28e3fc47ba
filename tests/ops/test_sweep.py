"""Every op on every one of its samples."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.op import OPS
from minigrad.testing import gradcheck, gradgradcheck

from ..tiers import by_turns
from .sweep import (
    CASES,
    DTYPES,
    LAYOUTS,
    assert_near,
    cotangents,
    every_case,
    every_op,
    wide,
)

# ops that cannot be differentiated twice: this list may only get shorter
ONCE_DIFFERENTIABLE = ()
MAX_ONCE_DIFFERENTIABLE = 0


@every_op
def test_states_its_gradient(op):
    assert re.search(r"dL/d|gradient|\bg\b", op.__doc__), f"{op.name}: no gradient in its docstring"


@every_op
def test_has_samples_and_a_peer(op):
    assert any(case.op is op for case in CASES)
    assert callable(op.peer)


def test_every_op_is_twice_differentiable():
    once = {op.name for op in OPS.values() if op.once_differentiable}
    assert once <= set(ONCE_DIFFERENTIABLE)
    assert len(ONCE_DIFFERENTIABLE) <= MAX_ONCE_DIFFERENTIABLE


def _differentiable(case):
    if not case.watched():
        pytest.skip(f"{case.op.name} has no differentiable input here")
    return case.inputs()


@every_case
def test_gradcheck(case):
    assert gradcheck(case.call, _differentiable(case))


@every_case
def test_gradgradcheck(case):
    assert gradgradcheck(case.call, _differentiable(case), fast_mode=True)


@pytest.mark.full
@every_case
def test_gradgradcheck_of_every_element(case):
    assert gradgradcheck(case.call, _differentiable(case))


@by_turns("case, layout", CASES, [name for name in LAYOUTS if name != "contiguous"])
def test_gradcheck_of_layouts(case, layout):
    inputs = case.inputs(layout=layout)
    _differentiable(case)
    assert gradcheck(case.call, inputs, fast_mode=True)


def exactly(tensor):
    """A float64 leaf with the values of a floating leaf; anything else as it is."""
    if tensor is None or not tensor.dtype.is_floating_point:
        return tensor
    return tensor.detach().double().requires_grad_(tensor.requires_grad)


def compare(case, dtype, layout):
    """A call and its gradients against the contiguous float64 call from the same rounded values."""
    inputs = case.inputs(dtype, layout)
    exact = [exactly(t) for t in inputs]
    results = []
    for arguments in (inputs, exact):
        outputs = case.call(*arguments)
        starts = cotangents(outputs)
        starts = [None if s is None else s.to(getattr(mg, dtype)).to(s.dtype) for s in starts]
        results.append((outputs, case.gradients(outputs, arguments, starts)))
    for kind, actual, expected in zip(("output", "gradient"), *results, strict=True):
        for number, (a, b) in enumerate(zip(actual, expected, strict=True)):
            assert_near(a, b, dtype, f"{case} {dtype} {layout} {kind} {number}")
    for tensor, gradient in zip([inputs[i] for i in case.watched()], results[0][1], strict=True):
        assert gradient is None or gradient.dtype is tensor.dtype
        assert gradient is None or isinstance(gradient._array, np.ndarray)


@by_turns("case, dtype", CASES, DTYPES)
def test_dtypes(case, dtype):
    compare(case, dtype, "contiguous")


@by_turns("case, layout", CASES, list(LAYOUTS))
def test_layouts(case, layout):
    compare(case, "float32", layout)


@pytest.mark.full
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@every_case
def test_dtypes_and_layouts(case, dtype, layout):
    compare(case, dtype, layout)


@every_case
def test_nothing_is_mutated(case):
    inputs = case.inputs()
    outputs = case.call(*inputs)
    starts = cotangents(outputs)
    watched = [t for t in (*inputs, *starts, *outputs) if t is not None]
    before = [wide(t).copy() for t in watched]
    case.gradients(outputs, inputs, starts)
    for tensor, values in zip(watched, before, strict=True):
        np.testing.assert_array_equal(wide(tensor), values)
    for tensor, array in zip(inputs, case.sample.inputs, strict=True):
        if tensor is not None:
            np.testing.assert_array_equal(wide(tensor), array)
