"""Copies of NumPy's own, in memory that is used again where they are large."""

import numpy as np
import pytest

from minigrad.kernels import memory
from minigrad.kernels.cpu import shape


def leased_by(call):
    before = memory.stats()["leased_bytes"]
    result = call()
    return memory.stats()["leased_bytes"] - before, result


def test_reshape_views_where_it_can_and_leases_large_copies():
    x = np.arange(2 * 150 * 300.0).reshape(2, 150, 300)
    for view, extents in ((x, (300, -1)), (x[:, ::2], (2, 75, 3, 100)), (x[:1, :9], (-1,))):
        leased, y = leased_by(lambda view=view, extents=extents: shape.reshape(view, extents))
        assert not leased and np.shares_memory(x, y)
        assert np.array_equal(y, view.reshape(extents))
    turned = x.swapaxes(0, 1)
    leased, y = leased_by(lambda: shape.reshape(turned, (-1, 300)))
    assert leased == x.nbytes
    assert np.array_equal(y, turned.reshape(-1, 300))
    with pytest.raises(ValueError, match="reshape"):
        shape.reshape(turned, (7, -1))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_cat_leases_large_results(rng, axis):
    parts = [rng.standard_normal((3, 40, 200)), rng.standard_normal((3, 40, 200)).copy(order="F")]
    leased, y = leased_by(lambda: shape.cat(axis, *parts))
    assert leased == y.nbytes and y.flags.c_contiguous
    assert np.array_equal(y, np.concatenate(parts, axis))
    mixed = parts[0], parts[1].astype(np.float32)
    assert np.array_equal(shape.cat(axis, *mixed), np.concatenate(mixed, axis))
    turned = [x[0, :3, :5].T for x in parts]
    assert shape.cat(axis % 2, *turned).flags.c_contiguous
    with pytest.raises(ValueError, match="must match exactly"):
        shape.cat(axis, parts[0], parts[1][..., :-1, :-1])
