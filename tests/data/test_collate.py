"""From samples to a batch."""

import collections
import types
from collections import namedtuple

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import default_collate
from minigrad.data.collate import default_convert
from minigrad.data.workers import packed, unpacked

Point = namedtuple("Point", "x y")


def test_collate():
    batch = default_collate(
        [
            {"a": 1, "b": (2.0, "s"), "c": np.ones(2, np.float32), "d": Point(1, [True])},
            {"a": 2, "b": (3.0, "t"), "c": np.zeros(2, np.float32), "d": Point(2, [False])},
        ]
    )
    assert batch["a"].dtype is mg.int64 and batch["b"][0].dtype is mg.float64
    assert batch["b"][1] == ("s", "t") and batch["c"].tolist() == [[1, 1], [0, 0]]
    assert type(batch["d"]) is Point and batch["d"].y[0].dtype is mg.bool
    assert default_collate([np.float32(1), np.float32(2)]).dtype is mg.float32


def test_collate_refuses():
    with pytest.raises(TypeError, match="NoneType.*collate_fn"):
        default_collate([None])
    with pytest.raises(RuntimeError, match="different shapes.*pad"):
        default_collate([mg.ones(2), mg.ones(3)])
    with pytest.raises(RuntimeError, match="equal lengths"):
        default_collate([(1, 2), (1,)])


@pytest.mark.torch
def test_collated_dtypes_are_those_of_torch():
    torch = pytest.importorskip("torch")
    samples = [(1, 2.0, True, np.int32(4), np.ones(2)), (2, 3.0, False, np.int32(5), np.ones(2))]
    ours = default_collate(samples)
    theirs = torch.utils.data.default_collate(samples)
    for a, b in zip(ours, theirs, strict=True):
        assert str(a.dtype).split(".")[1] == str(b.dtype).split(".")[1]
    assert [t.tolist() for t in ours] == [t.tolist() for t in theirs]


@pytest.mark.parametrize(
    "sample",
    [
        collections.OrderedDict(a=1),
        collections.defaultdict(list, a=1),
        collections.Counter("aa"),
        types.MappingProxyType({"a": 1}),
    ],
    ids=lambda sample: type(sample).__name__,
)
def test_mappings_keep_their_kind(sample):
    batch = default_collate([sample, sample])
    assert type(batch) is type(sample) and batch["a"].tolist() == [sample["a"]] * 2
    assert type(default_convert(sample)) is type(sample)
    if not isinstance(sample, types.MappingProxyType):  # which no process can send
        assert type(unpacked(packed(batch))) is type(sample)


def test_samples_that_are_not_batched_are_converted_inside_lists():
    inner, point = default_convert([np.ones(2), Point(np.ones(1), "s")])
    assert inner.tolist() == [1, 1] and type(point) is Point and point.x.tolist() == [1]
