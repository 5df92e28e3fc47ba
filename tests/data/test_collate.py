"""From samples to a batch."""

from collections import namedtuple

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import default_collate

Point = namedtuple("Point", "x y")


def test_collate():
    batch = default_collate(
        [
            {"a": 1, "b": (2.0, "s"), "c": np.ones(2, np.float32), "d": Point(1, [True])},
            {"a": 2, "b": (3.0, "t"), "c": np.zeros(2, np.float32), "d": Point(2, [False])},
        ]
    )
    assert batch["a"].dtype is mg.int64 and batch["b"][0].dtype is mg.float64
    assert batch["b"][1] == ["s", "t"] and batch["c"].tolist() == [[1, 1], [0, 0]]
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
