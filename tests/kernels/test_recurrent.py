"""Recurrent steps whose products are made by tiles."""

import numpy as np
import pytest

from minigrad.kernels import launch, registry, samples
from minigrad.kernels.cpu import matmul, recurrent, simd

from .test_sweep import assert_same_call, bits, call, copies

pytestmark = pytest.mark.skipif(not simd.LANES, reason="this host has no fused multiply-add")
names = pytest.mark.parametrize("name", ["rnn", "rnn_vjp", "lstm", "lstm_vjp", "gru", "gru_vjp"])


@pytest.fixture
def tiles(monkeypatch):
    """Tiles at every size; how often they were used."""
    used, panels = [], recurrent._panels
    monkeypatch.setattr(recurrent, "FEW", 0)
    monkeypatch.setattr(recurrent, "_panels", lambda weight: used.append(1) or panels(weight))
    return used


def arguments_of(name):
    return samples.sample(registry.KERNELS[name], "float32", (21, 64))


@names
def test_equals_the_reference(name, tiles):
    spec, arguments = registry.KERNELS[name], arguments_of(name)
    actual = call(registry.CPU.fast(spec), copies(arguments))
    expected = call(spec.reference, copies(arguments))
    assert_same_call(spec, actual, expected, name)
    assert len(tiles) > 0


@names
def test_same_bits_for_any_number_of_threads(name, tiles, monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    monkeypatch.setattr(matmul, "BLAS_ALONE", 1 << 30)  # what BLAS adds up promises less
    before, seen = launch.get_num_threads(), []
    for threads in (1, 2, 3):
        launch.set_num_threads(threads)
        found = call(registry.CPU.fast(registry.KERNELS[name]), copies(arguments_of(name)))
        seen.append(bits(found))
    launch.set_num_threads(before)
    assert seen[0] == seen[1] == seen[2]


def test_the_product_by_tiles(rng):
    weight = rng.standard_normal((30, 48)).astype(np.float32)
    a, out = rng.standard_normal((7, 30)).astype(np.float32), np.empty((7, 48), np.float32)
    recurrent._by_panels(out, a, recurrent._panels(weight), False)
    np.testing.assert_allclose(out, a.astype(float) @ weight, rtol=1e-5, atol=1e-5)
