"""Parameter updates: every option in both rooms, and operands that a loop does not take."""

import numpy as np
import pytest

from minigrad.kernels.cpu import adaptive, optim
from minigrad.kernels.registry import CPU, KERNELS
from minigrad.kernels.samples import strided

from ..tolerances import assert_close

# kernel: rows of (which arrays of its state are there, numbers)
OPTIONS = {
    "descent_update": [
        ([], (0.1, 0.0, 1.0)),
        ([], (0.1, 0.1, -1.0)),
    ],
    "sgd_update": [
        ([1], (0.1, 0.0, 1.0, 0.0, 0.0, 1.0)),
        ([1], (0.1, 0.9, 0.7, 0.0, 0.1, 1.0)),
        ([1], (0.1, 0.9, 1.0, 0.9, 0.0, -1.0)),
    ],
    "asgd_update": [
        ([1], (1.0, 0.1, 1.0, 0.0, 1.0)),
        ([1], (0.9, 0.1, 0.2, 0.1, -1.0)),
    ],
    "rprop_update": [
        ([1, 1], (0.5, 1.2, 1e-6, 50.0, 1.0)),
        ([1, 1], (0.1, 2.0, 0.3, 0.6, -1.0)),
    ],
    "adam_update": [
        ([1, 1, 0], (0.9, 0.99, 0.1, 0.0, 1.5, 1e-3, 1.0, 0.0, 1.0)),
        ([1, 1, 0], (0.9, 0.99, 0.1, 0.3, 1.5, 1e-3, 0.9, 0.0, 1.0)),
        ([1, 1, 1], (0.9, 0.99, 0.1, 0.0, 1.5, 1e-3, 1.0, 0.1, -1.0)),
        ([1, 1, 0], (0.9, 0.99, 0.1, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0)),
    ],
    "adamax_update": [
        ([1, 1], (0.9, 0.99, 0.1, 1e-3, 0.0, 1.0)),
        ([1, 1], (0.9, 0.99, 0.1, 1e-3, 0.1, -1.0)),
    ],
    "rmsprop_update": [
        ([1, 0, 0], (0.1, 0.9, 0.0, 1e-3, 0.0, 1.0)),
        ([1, 1, 0], (0.1, 0.9, 0.0, 1e-3, 0.1, -1.0)),
        ([1, 0, 1], (0.1, 0.9, 0.8, 1e-3, 0.0, 1.0)),
        ([1, 1, 1], (0.1, 0.9, 0.8, 1e-3, 0.1, 1.0)),
    ],
    "adagrad_update": [
        ([1], (0.1, 1e-3, 0.0, 1.0)),
        ([1], (0.1, 1e-3, 0.1, -1.0)),
    ],
    "adadelta_update": [
        ([1, 1], (1.0, 0.9, 1e-3, 0.0, 1.0)),
        ([1, 1], (1.0, 0.9, 1e-3, 0.1, -1.0)),
    ],
}  # fmt: skip
CASES = [(name, *row) for name, rows in OPTIONS.items() for row in rows]


def operands(present, dtype, layout):
    """Parameter, gradient and state; the state is positive, and its means are small."""
    rng = np.random.default_rng(0)
    state = [rng.uniform(0.3, 0.5, (3, 20)) if there else None for there in present]
    arrays = [rng.normal(size=(3, 20)), rng.normal(size=(3, 20)), *state]
    return [x if x is None else layout(x.astype(dtype)) for x in arrays]


@pytest.mark.parametrize("layout", [np.array, strided], ids=["contiguous", "strided"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, present, numbers", CASES)
def test_every_option_equals_the_reference(name, present, numbers, dtype, layout):
    spec = KERNELS[name]
    ours, expected = operands(present, dtype, layout), operands(present, dtype, np.array)
    CPU.fast(spec)(*ours, *numbers)
    spec.reference(*expected, *numbers)
    for number, (a, b) in enumerate(zip(ours, expected, strict=True)):
        if a is not None:
            assert_close(a, b, f"{name}, operand {number}")


def test_the_first_step_does_not_read_the_buffer():
    param, buffer = np.ones(3, np.float32), np.full(3, np.nan, np.float32)
    optim.sgd_update(param, param.copy(), buffer, 0.5, 0.0, 1.0, 0.0, 0.0, 1.0)
    np.testing.assert_array_equal([param, buffer], [[0.5] * 3, [1.0] * 3])


def test_an_infinite_parameter_without_decay_keeps_its_state_finite():
    param, grad = np.array([np.inf], np.float32), np.ones(1, np.float32)
    mean, square = np.zeros_like(grad), np.zeros_like(grad)
    numbers = (0.9, 0.999, 0.1, 0.0, 30.0, 1e-8, 0.9, 0.0, 1.0)
    adaptive.adam_update(param, grad, mean, square, None, *numbers)
    assert np.isfinite([mean, square]).all()


@pytest.mark.parametrize("dtypes", [("float64", "float32"), ("float16", "float16")], ids=str)
def test_other_dtypes(dtypes):
    param, grad = (np.ones(3, dtype) for dtype in dtypes)
    optim.descent_update(param, grad, 0.5, 0.0, 1.0)
    np.testing.assert_array_equal(param, 0.5)
