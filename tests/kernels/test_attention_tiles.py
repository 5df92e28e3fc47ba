"""Attention by tiles against its definition in float64."""

import numpy as np
import pytest

from minigrad.kernels import launch, memory
from minigrad.kernels.cpu import attention, attention_tiles, simd
from minigrad.kernels.floating import quiet
from minigrad.kernels.reference import attention as reference

from .exactness import assert_near, counted, exactly

pytestmark = pytest.mark.skipif(not simd.LANES, reason="no fused multiply-add on this host")

# queries, keys, columns of both, columns of values
CASES = [
    (64, 64, 32, 32), (2, 3, 16, 16), (17, 5, 16, 32), (5, 40, 32, 16), (70, 70, 32, 32),
    (130, 200, 48, 16), (200, 130, 16, 16), (33, 64, 16, 64),
]  # fmt: skip


def operands(rng, queries, keys, columns, out_columns, lead=(2, 2)):
    shapes = (queries, columns), (keys, columns), (keys, out_columns), (queries, out_columns)
    return [rng.standard_normal((*lead, *shape)).astype(np.float32) for shape in shapes]


@pytest.fixture
def used(monkeypatch):
    """The names of the functions of the room that computed something."""
    return counted(monkeypatch, attention_tiles, ("forward", "backward"))


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("causal", [False, True])
def test_forward_and_gradients(rng, case, causal, used):
    q, k, v, g = operands(rng, *case)
    settings = 0.3, causal, 0.0, 0
    out, lse = attention.attention(q, k, v, None, *settings)
    for found, wanted in zip(
        (out, lse), exactly(reference.attention, q, k, v, None, *settings), strict=True
    ):
        assert_near(found, wanted)
    call = g, q, k, v, None, out, lse, *settings, False
    for found, wanted in zip(
        attention.attention_vjp(*call), exactly(reference.attention_vjp, *call), strict=True
    ):
        assert found is wanted is None or assert_near(found, wanted) is None
    assert set(used) == {"forward", "backward"}  # once for each of its pieces


@pytest.mark.wide
def test_layouts_of_one_product(rng, used):
    """Queries, keys and values as views of one array, and gradients of another layout."""
    parts = rng.standard_normal((2, 37, 3, 4, 16)).astype(np.float32).transpose(2, 0, 3, 1, 4)
    g = rng.standard_normal((2, 37, 4, 16)).astype(np.float32).swapaxes(1, 2)
    settings = 0.25, True, 0.0, 0
    out, lse = attention.attention(*parts, None, *settings)
    assert_near(out, exactly(reference.attention, *parts, None, *settings)[0])
    call = g, *parts, None, out, lse, *settings, False
    found, wanted = attention.attention_vjp(*call), exactly(reference.attention_vjp, *call)
    for i in range(3):
        assert_near(found[i], wanted[i])
    assert set(used) == {"forward", "backward"}  # once for each of its pieces


def test_what_needs_blocks_of_scores_goes_there(rng, used):
    q, k, v, _ = operands(rng, 4, 4, 16, 16)
    mask = np.zeros((4, 4), np.float32)
    attention.attention(q, k, v, mask, 0.3, False, 0.0, 0)
    attention.attention(q, k, v, None, 0.3, False, 0.5, 1)
    attention.attention(q[..., :9], k[..., :9], v, None, 0.3, False, 0.0, 0)
    attention.attention(*(a.astype(np.float64) for a in (q, k, v)), None, 0.3, False, 0.0, 0)
    assert used == []


@pytest.mark.parametrize("scale", [0.3, -0.3, 0.0])
def test_scores_that_are_not_finite(rng, scale):
    q, k, v, _ = operands(rng, 20, 20, 16, 16)
    q[0, 0, 3], q[0, 1, 4, 0], k[1, 0, 18, 2] = -np.inf, np.nan, np.inf
    k[0, 0] = abs(k[0, 0])  # all scores of query 3 are −∞ or ∞
    for causal in (False, True):
        settings = scale, causal, 0.0, 0
        found = attention.attention(q, k, v, None, *settings)
        wanted = exactly(quiet(reference.attention), q, k, v, None, *settings)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_threads_change_no_bit(rng):
    q, k, v, g = operands(rng, 128, 128, 32, 32, lead=(8, 2))
    results = []
    for threads in (1, 2):
        before = launch.get_num_threads()
        launch.set_num_threads(threads)
        try:
            out, lse = attention.attention(q, k, v, None, 0.2, True, 0.0, 0)
            call = g, q, k, v, None, out, lse, 0.2, True, 0.0, 0, False
            results.append((out, lse, *attention.attention_vjp(*call)[:3]))
        finally:
            launch.set_num_threads(before)
    for one, two in zip(*results, strict=True):
        assert np.array_equal(one, two)


def test_memory_is_linear_in_the_length(rng):
    q, k, v, g = operands(rng, 4096, 4096, 16, 16, lead=(1, 1))
    memory.reset_peak()
    before = memory.stats()["leased_bytes"]
    out, lse = attention.attention(q, k, v, None, 0.2, True, 0.0, 0)
    attention.attention_vjp(g, q, k, v, None, out, lse, 0.2, True, 0.0, 0, False)
    assert memory.stats()["peak_leased_bytes"] - before < 4096 * 4096 * 4 / 16
