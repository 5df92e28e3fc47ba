"""Reading and writing elements."""

import numpy as np
import pytest

import minigrad as mg

INDICES = {
    "int and array apart": lambda m: (0, slice(None), m.tensor([0, 1])),
    "array and int apart": lambda m: (m.tensor([0, 1]), slice(None), 1),
    "0-d tensor and array apart": lambda m: (m.tensor(1), slice(None), m.tensor([0, 1])),
    "int and mask": lambda m: (1, m.tensor([True, False, True])),
    "int, new axis, array": lambda m: (0, None, m.tensor([2, 0])),
    "array, ellipsis, int": lambda m: (m.tensor([1]), Ellipsis, -1),
    "range": lambda m: range(2),
    "tuple among others": lambda m: (slice(None), (0, 2)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", INDICES)
def test_equals_torch(name):
    import torch

    values = np.arange(24.0).reshape(2, 3, 4)
    results = []
    for m in (mg, torch):
        x = m.tensor(values, requires_grad=True)
        y = x[INDICES[name](m)]
        (y * y).sum().backward()
        written = m.tensor(values)
        written[INDICES[name](m)] = -1.0
        results.append([y.detach().numpy(), x.grad.numpy(), written.numpy()])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_uint8_is_a_mask():
    x = mg.arange(6).reshape(2, 3)
    assert x[mg.tensor([0, 1], dtype=mg.uint8)].tolist() == [[3, 4, 5]]


def test_errors():
    x = mg.zeros(2, 3)
    with pytest.raises(IndexError, match="float"):
        x[1.0]
    with pytest.raises(RuntimeError, match="item assignment"):
        x[:] = mg.zeros(4)
