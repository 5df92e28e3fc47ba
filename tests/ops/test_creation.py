"""Tensors from data."""

import numpy as np
import pytest

import minigrad as mg


@pytest.mark.parametrize("data", [0.1, [0.1], [[0.1], [0.2]]])
def test_numbers_keep_all_digits_in_the_dtype_asked_for(data):
    assert mg.tensor(data, dtype=mg.float64).tolist() == data
    assert mg.as_tensor(data, dtype=mg.float64).tolist() == data


def test_numpy_floats_in_a_list_keep_their_precision():
    assert mg.tensor([np.float64(2.0)]).dtype is mg.float64
    assert mg.tensor([np.float32(2.0)]).dtype is mg.float32
    assert mg.tensor([2.0]).dtype is mg.float32


@pytest.mark.parametrize("make", [mg.zeros, mg.ones, mg.rand, mg.empty])
def test_negative_extents_are_refused(make):
    with pytest.raises(RuntimeError, match=r"\(2, -1\)"):
        make(2, -1)


def test_tensor_called_itself_makes_floats():
    assert mg.Tensor([1, 2]).dtype is mg.float32
    assert mg.Tensor([1, 2]).tolist() == [1.0, 2.0]
    assert mg.Tensor(2, 3).shape == (2, 3)
    assert mg.Tensor(mg.zeros(2, 3).size()).shape == (2, 3)
    assert mg.Tensor().shape == (0,)
    assert mg.Tensor(mg.tensor([3])).tolist() == [3.0]


def test_randint_takes_the_size_by_name():
    assert mg.randint(10, size=(2, 3)).shape == (2, 3)
    assert mg.randint(low=3, high=4, size=(2,)).tolist() == [3, 3]
    with pytest.raises(TypeError, match="size"):
        mg.randint(10)


def test_arange_of_integer_tensors_is_integer():
    assert mg.arange(mg.tensor(3)).dtype is mg.int64
