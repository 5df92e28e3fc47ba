"""Saving and loading .npz files."""

import json
import math
import os
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from minigrad.io import npz

NESTED = {
    "none": None, "flag": True, "count": 3, "big": 10**40, "text": "naïve", 7: "int key",
    True: "bool key", "inf": math.inf, "minus": -math.inf, "pi": math.pi, "zero": -0.0,
    "list": [1, [2.5, "x"], ()], "tuple": (1, (None,), {}), "dict": {"a": {"b": [{}]}},
    "odd": {"tensor": 1, "dict": []},
}  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.npz"


def through(value, path):
    mg.save(value, path)
    return mg.load(str(path))


def test_nested_values(path):
    value = through(NESTED, path)
    assert value == NESTED and [type(k) for k in value] == [type(k) for k in NESTED]
    assert type(value["tuple"][2]) is dict and math.copysign(1, value["zero"]) == -1
    assert math.isnan(through(math.nan, path))
    assert through([np.float32(0.5), np.int64(3)], path) == [0.5, 3]
    assert through(OrderedDict(a=1), path) == {"a": 1}


DTYPES = [
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
]  # fmt: skip


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors(name, shape, path):
    tensor = mg.tensor(np.linspace(-1.5, 7, math.prod(shape)).reshape(shape)).to(name)
    back = through({"t": tensor}, path)["t"]
    assert type(back) is mg.Tensor and back.dtype is tensor.dtype and back.shape == shape
    np.testing.assert_array_equal(back._array, tensor._array)
    back._array[...] = 0


def test_other_formats_strides_and_parameters(path):
    fp8 = mg.tensor([1.0, 3.3]).to(mg.float_format(4, 3))
    base = mg.arange(12).reshape(3, 4).float()
    p = mg.nn.Parameter(mg.ones(2))
    back = through([fp8, base.t(), base[::2, 1:], p], path)
    assert back[0].dtype is fp8.dtype and back[0].tolist() == fp8.tolist()
    assert back[1].tolist() == base.t().tolist() and back[2].tolist() == base[::2, 1:].tolist()
    assert type(back[3]) is mg.Tensor and not back[3].requires_grad


def test_arrays_come_back_as_arrays(path):
    array = np.arange(3, dtype=np.int32)
    back = through({"a": array}, path)["a"]
    assert type(back) is np.ndarray and back.dtype == np.int32 and back.tolist() == [0, 1, 2]


def test_one_tensor_met_twice_is_one_tensor(path):
    t = mg.ones(1000)
    a, b = through([t, t], path)
    assert a is b and os.path.getsize(path) < 6000


def test_nonfinite_elements(path):
    values = [math.nan, math.inf, -math.inf, -0.0]
    back = through(mg.tensor(values), path)
    np.testing.assert_array_equal(back.numpy(), np.float32(values))


@pytest.mark.parametrize(
    "value, where",
    [
        ({"a": [1, {2}]}, r"obj\['a'\]\[1\] is a set"),
        (mg.nn.ReLU(), "ReLU.*state_dict"),
        ({1.5: 0}, "key of type float"),
        ({None: 0}, "key of type NoneType"),
        (np.array(["x"]), "dtype <U1"),
        (np.array([object()]), "dtype object"),
        (1j, "complex"),
    ],
)
def test_what_cannot_be_saved_leaves_the_old_file(value, where, path):
    mg.save([1], path)
    with pytest.raises(TypeError, match=where):
        mg.save(value, path)
    assert mg.load(path) == [1] and os.listdir(path.parent) == ["file.npz"]


def test_values_that_contain_themselves(path):
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        mg.save(loop, path)
    assert not os.listdir(path.parent)


def test_a_failed_write_leaves_nothing(path, monkeypatch):
    mg.save([1], path)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        mg.save([2], path)
    assert mg.load(path) == [1] and os.listdir(path.parent) == ["file.npz"]


def test_paths(tmp_path):
    for bad in ("x.pt", "x", "x.npz.gz", ".npz"):
        for act in (lambda p: mg.save([1], p), mg.load):
            with pytest.raises(ValueError, match="ending"):
                act(tmp_path / bad)
    with pytest.raises(FileNotFoundError):
        mg.save([1], tmp_path / "no" / "x.npz")
    with pytest.raises(FileNotFoundError):
        mg.load(tmp_path / "x.npz")
    (tmp_path / "folder.npz").mkdir()
    for act in (lambda p: mg.save([1], p), mg.load):
        with pytest.raises(IsADirectoryError):
            act(tmp_path / "folder.npz")
    (tmp_path / "link.npz").symlink_to(tmp_path / "target.npz")
    mg.save([1], tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink() and mg.load(tmp_path / "target.npz") == [1]
    with pytest.raises(TypeError):
        mg.load(3)


def test_every_truncation_and_every_flipped_bit_is_refused(path):
    mg.save({"weight": mg.tensor([1.0, 2.0]), "epoch": 3}, path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="not a whole file"):
            mg.load(path)
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="not a whole file"):
            mg.load(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(ValueError, match="not a whole file"):
        mg.load(path)


def forge(path, members, sealed=True):
    """A file as an attacker would write it: any members, a valid seal."""
    with open(path, "w+b") as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members:
                archive.writestr(name, content)
            archive.comment = npz.MAGIC + b"0" * 8
        if sealed:
            npz._seal(file)


def manifest(tree=None, arrays=(), **changes):
    content = {"format": "minigrad", "version": 1, "tree": tree, "arrays": list(arrays)}
    return npz.MANIFEST, json.dumps({**content, **changes})


def entry(**changes):
    return {"name": "0.npy", "dtype": "float32", "shape": [2], "crc32": 0, **changes}


def npy(array, allow_pickle=False):
    import io

    file = io.BytesIO()
    np.save(file, array, allow_pickle=allow_pickle)
    return file.getvalue()


DEEP = '{"tuple": [' * 5000 + "]}" * 5000
PLAIN = np.zeros(2, np.float32)
HOSTILE = {
    "no manifest": [("0.npy", npy(PLAIN))],
    "other members": [manifest(), ("evil.py", b"print(1)")],
    "missing member": [manifest(arrays=[entry()])],
    "one name twice": [manifest(arrays=[entry(), entry()]), ("0.npy", npy(PLAIN))],
    "manifest as array": [manifest(arrays=[entry(name=npz.MANIFEST)])],
    "object array": [
        manifest(arrays=[entry()]), ("0.npy", npy(np.array([1, "x"], object), True)),
    ],
    "object dtype": [manifest(arrays=[entry(dtype="object")]), ("0.npy", npy(PLAIN))],
    "wrong crc": [manifest({"tensor": 0}, [entry(crc32=1)]), ("0.npy", npy(PLAIN))],
    "wrong dtype": [manifest(arrays=[entry(dtype="int32")]), ("0.npy", npy(PLAIN))],
    "huge shape": [manifest(arrays=[entry(shape=[10**12])]), ("0.npy", npy(PLAIN))],
    "huge empty shape": [manifest(arrays=[entry(shape=[10**30, 0])]), ("0.npy", npy(PLAIN))],
    "negative shape": [manifest(arrays=[entry(shape=[-1, -2])]), ("0.npy", npy(PLAIN))],
    "bool shape": [manifest(arrays=[entry(shape=[True])]), ("0.npy", npy(PLAIN[:1]))],
    "Fortran order": [
        manifest(arrays=[entry(shape=[2, 3])]), ("0.npy", npy(np.zeros((3, 2), np.float32).T)),
    ],
    "other version": [manifest(version=99)],
    "not a dict": [(npz.MANIFEST, "[]")],
    "no json": [(npz.MANIFEST, b"\x80\x04K\x01.")],
    "deep json": [(npz.MANIFEST, "[" * 100000)],
    "deep tree": [(npz.MANIFEST, manifest()[1].replace("null", DEEP))],
    "missing array": [manifest({"tensor": 0})],
    "unknown kind": [manifest({"call": "os.system"})],
    "two kinds": [manifest({"tuple": [], "list": []})],
    "bad key": [manifest({"dict": [[[1], 2]]})],
    "bad float": [manifest({"float": "1e5"})],
    "unknown format": [manifest(arrays=[entry(dtype="float_e9m9")]), ("0.npy", npy(PLAIN))],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_files_are_refused(name, path):
    forge(path, HOSTILE[name])
    with pytest.raises(ValueError, match="not a whole file"):
        mg.load(path)


def test_compressed_members_are_refused(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(*manifest(tree="x" * 10**6))
        archive.comment = npz.MAGIC + b"0" * 8
    with pytest.raises(ValueError, match="compressed"):
        mg.load(path)


def test_foreign_files_are_refused(path):
    np.savez(path, a=PLAIN)
    with pytest.raises(ValueError, match="foreign"):
        mg.load(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="foreign"):
        mg.load(path)


def test_where_the_tensors_go(path):
    shared = mg.ones(2)
    value = {"a": [shared, (shared, 3)], "b": np.ones(2)}
    mg.save(value, path)
    back = mg.load(path, map_location=mg.device("cpu"), weights_only=True)
    assert back["a"][0] is back["a"][1][0] and back["a"][0].device == "cpu"
    assert type(back["b"]) is np.ndarray
    assert mg.load(path, "cpu")["a"][1][1] == 3
    with pytest.raises(RuntimeError, match="'tpu'"):
        mg.load(path, map_location="tpu")
    with pytest.raises(TypeError, match="map_location.*function"):
        mg.load(path, map_location=lambda storage, place: storage)


def test_numpy_reads_the_arrays(path):
    mg.save(mg.tensor([1.0, 2.0]), path)
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["0"], [1, 2])


def test_equal_values_give_equal_files(path):
    mg.save({"a": mg.ones(3)}, path)
    first = path.read_bytes()
    mg.save({"a": mg.ones(3)}, path)
    assert path.read_bytes() == first


def test_loading_does_not_import_numba(path):
    mg.save({"a": mg.ones(3).bfloat16(), "b": mg.ones(3).half()}, path)
    code = f"import sys, minigrad as mg; mg.load({str(path)!r}); assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=os.getcwd())
