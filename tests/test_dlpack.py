"""Sharing memory with other libraries."""

import numpy as np
import pytest

import minigrad as mg


def test_numpy_shares_memory_both_ways():
    x = mg.arange(6.0)
    array = np.from_dlpack(x)
    x[0] = 7.0
    assert array[0] == 7.0
    assert mg.from_dlpack(x) is x


@pytest.mark.torch
def test_torch_shares_memory_both_ways():
    import torch

    theirs = torch.arange(6.0).reshape(2, 3).t()
    ours = mg.from_dlpack(theirs)
    assert ours.tolist() == theirs.tolist()
    theirs[0, 0] = 9.0
    assert ours[0, 0].item() == 9.0
    back = torch.from_dlpack(ours)
    ours[1, 1] = -1.0
    assert back[1, 1].item() == -1.0


@pytest.mark.torch
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0)[::-1],
        np.arange(6.0).reshape(2, 3)[:, ::-2],
        np.broadcast_to(np.arange(3.0), (2, 3)),
        np.zeros((0, 3)),
        np.float64(3.0),
        np.arange(5, dtype=np.float16),
    ],
    ids=["reversed", "reversed columns", "read-only", "empty", "0-d", "half"],
)
def test_torch_reads_any_layout(array):
    import torch

    ours = mg.as_tensor(array)
    assert torch.from_dlpack(ours).tolist() == np.asarray(array).tolist()


def test_read_only_memory_is_copied():
    array = np.arange(3.0)
    array.flags.writeable = False
    x = mg.from_dlpack(array)
    x[0] = 5.0
    assert array[0] == 0.0


def test_refuses():
    with pytest.raises(BufferError, match="detach"):
        np.from_dlpack(mg.ones(2, requires_grad=True))
    with pytest.raises((BufferError, TypeError), match="bfloat16"):
        np.from_dlpack(mg.ones(2, dtype=mg.bfloat16))
    with pytest.raises(TypeError, match="__dlpack__, got list"):
        mg.from_dlpack([1.0])
