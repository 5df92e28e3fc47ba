"""Data types are one object each, however they come."""

import copy
import math
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import dtypes


@pytest.mark.parametrize(
    "dtype", [mg.float32, mg.bfloat16, mg.bool, mg.float_format(4, 3)], ids=repr
)
def test_copies_of_a_dtype_are_the_dtype(dtype):
    for made in (copy.copy(dtype), copy.deepcopy([dtype])[0], pickle.loads(pickle.dumps(dtype))):
        assert made is dtype


def test_leaf_tensors_are_pickled():
    for tensor in (
        mg.nn.Parameter(mg.arange(3.0)),
        mg.arange(6).reshape(2, 3).T,
        mg.ones(2, dtype=mg.bfloat16),
    ):
        made = pickle.loads(pickle.dumps(tensor))
        assert type(made) is type(tensor) and made.dtype is tensor.dtype
        assert made.requires_grad == tensor.requires_grad and made.tolist() == tensor.tolist()
    with pytest.raises(RuntimeError, match="only leaf tensors"):
        pickle.dumps(mg.ones(1, requires_grad=True) * 2)


def test_numpy_by_force_detaches():
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="detach"):
        x.numpy()
    assert x.numpy(force=True).tolist() == [1.0, 1.0]
    assert (2 * x).numpy(force=True).tolist() == [2.0, 2.0]


def test_numpy_without_recording_needs_no_detach():
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="detach"):
        x.numpy()
    with mg.no_grad():
        assert x.numpy().tolist() == [1, 1]


def test_numbers_too_large_for_a_dtype_become_infinite_without_a_warning():
    assert mg.tensor([1e300, -1e300], dtype=mg.float64).float().tolist() == [math.inf, -math.inf]


def test_views_that_use_up_one_array_are_decoded_with_it():
    whole = dtypes.encode(np.arange(24, dtype=np.float32).reshape(2, 3, 4), mg.bfloat16)
    parts = [whole.transpose(1, 0, 2)[i] for i in range(3)]
    for given in (parts, [None, *parts[::-1]], parts[:2], [whole, parts[0]]):
        tags = [None if view is None else mg.bfloat16 for view in given]
        for one, view in zip(dtypes.decode_all(given, tags), given, strict=True):
            if view is not None:
                np.testing.assert_array_equal(one, dtypes.decode(view, mg.bfloat16))
                assert one.dtype == np.float32
    first, second, third = dtypes.decode_all(parts, [mg.bfloat16] * 3)
    assert first.base is second.base is third.base is not None
    assert dtypes.decode_all(parts[:2], [mg.bfloat16] * 2)[0].base is not first.base
