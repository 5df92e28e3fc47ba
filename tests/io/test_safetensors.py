"""Saving and loading .safetensors files."""

import os
import sys

import numpy as np
import pytest

import minigrad as mg

DTYPES = [
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
]  # fmt: skip


@pytest.fixture
def path(tmp_path):
    pytest.importorskip("safetensors")
    return tmp_path / "file.safetensors"


def sample(name, shape=(2, 3)):
    return mg.tensor(np.linspace(-1.5, 7, 6).reshape(shape)).to(name)


@pytest.mark.parametrize("name", DTYPES)
def test_round_trip(name, path):
    tensors = {"a": sample(name), "b.c": sample(name).reshape(3, 2).t(), "s": sample(name)[0, 0]}
    mg.save({**tensors, "empty": mg.zeros(0, 2)}, path)
    back = mg.load(path)
    assert back["empty"].shape == (0, 2)
    for key, tensor in tensors.items():
        assert back[key].dtype is tensor.dtype and back[key].shape == tensor.shape
        np.testing.assert_array_equal(back[key]._array, tensor._array)
    back["a"]._array[...] = 0


@pytest.mark.parametrize(
    "value", [[mg.ones(1)], {"a": 1.0}, {"a": {"b": mg.ones(1)}}, {1: mg.ones(1)}], ids=repr
)
def test_only_flat_dicts_of_tensors(value, path):
    with pytest.raises(TypeError, match="flat dict"):
        mg.save(value, path)
    assert not os.listdir(path.parent)


def test_other_formats_are_refused(path):
    with pytest.raises(TypeError, match="float_e4m3"):
        mg.save({"a": mg.ones(1).to(mg.float_format(4, 3))}, path)


def test_damaged_files_are_refused(path):
    mg.save({"a": mg.ones(3)}, path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole + b"x", b"\xff" * 8 + whole[8:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="not a whole safetensors file"):
            mg.load(path)


def test_without_the_library(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for act in (lambda p: mg.save({}, p), mg.load):
        with pytest.raises(RuntimeError, match=r"pip install minigrad\[io\]"):
            act(tmp_path / "x.safetensors")


@pytest.mark.torch
@pytest.mark.parametrize("name", DTYPES)
def test_both_ways_with_torch(name, path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file, save_file

    tensor = sample(name)
    mg.save({"a": tensor}, path)
    theirs = load_file(path)["a"]
    assert str(theirs.dtype) == f"torch.{name}" and theirs.tolist() == tensor.tolist()
    save_file({"b": torch.stack([theirs, theirs])}, path)
    back = mg.load(path)["b"]
    assert back.dtype is tensor.dtype and back[1].tolist() == tensor.tolist()
