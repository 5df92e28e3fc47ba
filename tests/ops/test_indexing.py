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
    "masks on two axes": lambda m: (m.tensor([True, True]), m.tensor([False, True, True])),
    "0-d mask": lambda m: m.tensor(True),
    "bools and new axes": lambda m: (None, True, m.tensor([1, 0]), None),
    "negative ones": lambda m: (slice(None), m.tensor([-1, 0, -3, -1])),
    "matrix of indices": lambda m: m.tensor([[0, 1], [-1, 1]]),
    "arrays that broadcast": lambda m: (m.tensor([[0], [1]]), m.tensor([0, 2])),
    "arrays around a slice": lambda m: (m.tensor([1, 0]), slice(1, 3), m.tensor([3, 3])),
    "arrays around an ellipsis of no axes": lambda m: (
        None, m.tensor([1, 0]), m.tensor([1]), Ellipsis, m.tensor([[3], [2]])
    ),
    "a bool and ints for all axes": lambda m: (True, 1, 2, 3),
    "two ellipses": lambda m: (Ellipsis, 0, Ellipsis),
    "last axis": lambda m: (Ellipsis, m.tensor([3, 0, 3])),
    "nothing": lambda m: m.tensor([], dtype=m.int64),
    "empty list": lambda m: [],
    "int32": lambda m: m.tensor([1, 0], dtype=m.int32),
    "array beside a slice": lambda m: (slice(0, 1), m.tensor([2, 0])),
    "NumPy's array": lambda m: np.array([1, 0]),
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


def test_bounds_name_index_dimension_and_extent():
    x = mg.zeros(2, 3)
    for where, found in (
        (2, "index 2 .*dimension 0 with size 2"),
        ((0, -4), "index -4 .*dimension 1 with size 3"),
        (mg.tensor([0, -3]), "index -3 .*dimension 0 with size 2"),
        ((slice(None), mg.tensor([1, 5])), "index 5 .*dimension 1 with size 3"),
        ((mg.tensor([0]), mg.tensor([3])), "index 3 .*dimension 1 with size 3"),
    ):
        with pytest.raises(IndexError, match=found):
            x[where]
        with pytest.raises(IndexError, match=found):
            x[where] = 1.0


def test_an_index_that_is_written_before_backward_is_noticed():
    x, index = mg.ones(3, requires_grad=True), mg.tensor([0, 1])
    y = x[index].sum()
    index[0] = 2
    with pytest.raises(RuntimeError, match="modified"):
        y.backward()


def test_basic_indices_are_views_and_arrays_are_not():
    x = mg.zeros(2, 3)
    x[0][1:] = 1.0
    x[mg.tensor([1])][:] = 5.0
    assert x.tolist() == [[0, 1, 1], [0, 0, 0]]


def test_assignment_broadcasts():
    x = mg.zeros(2, 3)
    x[:, mg.tensor([0, 2])] = mg.tensor([[1.0], [2.0]])
    assert x.tolist() == [[1, 0, 1], [2, 0, 2]]
    x[x > 1] = -1
    assert x.tolist() == [[1, 0, 1], [-1, 0, -1]]
    half = mg.zeros(3, dtype=mg.bfloat16)
    half[mg.tensor([2, 0])] = mg.tensor([1.5, 2.5])
    assert half.tolist() == [2.5, 0.0, 1.5]


def test_elements_named_twice_receive_every_gradient():
    x = mg.zeros(2, 2, requires_grad=True)
    x[mg.tensor([0, 0, 1]), mg.tensor([1, 1, 0])].sum().backward()
    assert x.grad.tolist() == [[0, 2], [1, 0]]


def test_written_in_place():
    x = mg.zeros(3)
    assert x.index_put_((mg.tensor([0, 0]),), mg.tensor([1.0, 2.0]), accumulate=True) is x
    x.masked_scatter_(mg.tensor([False, True, True]), mg.tensor([5.0, 6.0]))
    assert x.tolist() == [3, 5, 6]
    assert x.put_(mg.tensor([-1]), mg.tensor([0.0])).tolist() == [3, 5, 0]
