"""The stand-in for CuPy arrays refuses what CuPy refuses."""

import numpy as np
import pytest

from ..standin import Device, xp


@pytest.fixture
def pair():
    host = np.arange(3.0)
    return host, xp.asarray(host.copy())


def _assign(host, device):
    host[:] = device


def _assign_back(host, device):
    device[:] = host


def _in_place(host, device):
    host += device


REFUSED = {
    "asarray": lambda h, d: np.asarray(d),
    "array of a list": lambda h, d: np.array([d, d]),
    "concatenate": lambda h, d: np.concatenate([h, d]),
    "ufunc": lambda h, d: np.exp(d),
    "ufunc method": lambda h, d: np.add.reduce(d),
    "host + device": lambda h, d: h + d,
    "device + host": lambda h, d: d + h,
    "host += device": _in_place,
    "device *= host": lambda h, d: d.__imul__(h),
    "host[:] = device": _assign,
    "device[:] = host": _assign_back,
    "xp.add": lambda h, d: xp.add(d, h),
    "indexing": lambda h, d: d[h.astype(int)],
    "comparison": lambda h, d: h == d,
    "method": lambda h, d: d.dot(h),
    "out": lambda h, d: xp.exp(d, out=h),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_implicit_conversion(name, pair):
    with pytest.raises(TypeError):
        REFUSED[name](*pair)


def test_allows_scalars_and_explicit_transfer(pair):
    host, device = pair
    result = np.float32(2) * device * 3 + 1
    assert type(result) is Device
    np.testing.assert_array_equal(result.get(), np.float32(2) * host * 3 + 1)
    np.testing.assert_array_equal(xp.einsum("i,i->", device, device).get(), 5)


def test_reductions_return_device_arrays(pair):
    total = pair[1].sum()
    assert type(total) is Device
    assert total.shape == ()
    assert float(total) == 3


def test_interfaces_do_not_leak(pair):
    for name in ("__array_interface__", "__array_struct__", "__cuda_array_interface__"):
        assert not hasattr(pair[1], name)
