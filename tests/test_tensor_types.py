"""PyTorch's older names for the tensors of a dtype."""

import numpy as np
import pytest

import minigrad as mg

NAMES = {
    "FloatTensor": mg.float32, "DoubleTensor": mg.float64, "HalfTensor": mg.float16,
    "BFloat16Tensor": mg.bfloat16, "LongTensor": mg.int64, "IntTensor": mg.int32,
    "ShortTensor": mg.int16, "CharTensor": mg.int8, "ByteTensor": mg.uint8, "BoolTensor": mg.bool,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_they_make_tensors_of_their_dtype(name):
    kind, dtype = getattr(mg, name), NAMES[name]
    assert kind([1, 0]).dtype is dtype
    assert kind([1, 0]).tolist() == [1, 0]
    assert kind(2, 3).shape == (2, 3) and kind(2, 3).dtype is dtype
    assert kind().shape == (0,)
    assert type(kind([1])) is mg.Tensor
    assert kind([1]).type() == f"minigrad.{name}"
    assert repr(kind) == f"<class 'minigrad.{name}'>"


def test_data_of_another_kind():
    assert mg.LongTensor([1.5, 2.0]).tolist() == [1, 2]
    assert mg.FloatTensor(np.arange(3)).dtype is mg.float32
    assert mg.FloatTensor(mg.Size((2, 3))).shape == (2, 3)


def test_an_instance_is_a_tensor_of_the_dtype():
    assert isinstance(mg.ones(2), mg.FloatTensor)
    assert not isinstance(mg.ones(2), mg.LongTensor)
    assert not isinstance(2.0, mg.FloatTensor)


def test_conversion_by_kind():
    assert mg.ones(2).type(mg.LongTensor).dtype is mg.int64
    assert mg.ones(2).type("minigrad.DoubleTensor").dtype is mg.float64
    assert mg.ones(2).type(mg.ones(2).double().type()).dtype is mg.float64
    assert mg.ones(2).type("float64").dtype is mg.float64
    with pytest.raises(ValueError, match="FancyTensor"):
        mg.ones(2).type("minigrad.FancyTensor")


def test_new_makes_tensors_of_the_same_dtype():
    x = mg.ones(3, dtype=mg.float64)
    assert x.new(2, 3).shape == (2, 3) and x.new(2, 3).dtype is mg.float64
    assert x.new([1, 2]).dtype is mg.float64 and x.new([1, 2]).tolist() == [1.0, 2.0]
    assert x.new(mg.zeros(2, 3).size()).shape == (2, 3)
    assert not mg.ones(2, requires_grad=True).new(2).requires_grad
