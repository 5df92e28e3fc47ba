"""Attention beyond single calls: memory, blocks of scores, dropout, counts."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.kernels import memory
from minigrad.kernels.cpu import attention as cpu
from minigrad.kernels.reference import attention as reference
from minigrad.nn import functional as F


def operands(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return [mg.tensor(rng.normal(size=shape), requires_grad=True) for _ in range(3)]


def test_memory_is_linear_in_the_length(monkeypatch):
    largest = []

    def empty(shape, dtype):
        largest.append(dtype.itemsize * int(np.prod(shape)))
        return memory.empty(shape, dtype)

    monkeypatch.setattr(cpu, "empty", empty)
    q, k, v = (t.float().detach().requires_grad_() for t in operands(1, 1, 4096, 8))
    before = memory.stats()["leased_bytes"]
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    held = memory.stats()["leased_bytes"] - before
    y.sum().backward()
    assert max(largest) <= cpu.BLOCK_BYTES < 4096 * 4096 * 4 / 64
    assert held < 4 * y._array.nbytes


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("block", [1, 200, 3000, 40000])
@pytest.mark.parametrize("p", [0.0, 0.3])
def test_blocks_of_any_size_agree(monkeypatch, causal, block, p):
    monkeypatch.setattr(cpu, "BLOCK_BYTES", block)
    monkeypatch.setattr(cpu, "CAUSAL_ROWS", 3)
    rng = np.random.default_rng(3)
    q, g = rng.normal(size=(2, 3, 2, 7, 4)), rng.normal(size=(2, 3, 2, 7, 5))
    k, v = rng.normal(size=(2, 3, 2, 9, 4)), rng.normal(size=(2, 3, 2, 9, 5))
    for mask in (None, rng.normal(size=(3, 1, 7, 9)), rng.normal(size=(7, 1))):
        settings = 0.4, causal, p, 11
        ours, theirs = (m.attention(q, k, v, mask, *settings) for m in (cpu, reference))
        needed = mask is not None
        gradients = (
            m.attention_vjp(g, q, k, v, mask, *theirs, *settings, needed)
            for m in (cpu, reference)
        )
        for a, b in zip((*ours, *next(gradients)), (*theirs, *next(gradients)), strict=True):
            if b is not None:
                np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_layout_of_the_output_is_that_of_the_query():
    x = mg.randn(2, 5, 3, 4).permute(0, 2, 1, 3)
    y = F.scaled_dot_product_attention(x, x, x)
    assert y.permute(0, 2, 1, 3)._array.flags.c_contiguous


def test_dropout_drops_the_same_weights_in_both_passes():
    x = mg.zeros(1, 1, 6, 4, dtype=mg.float64)
    v = mg.eye(6, dtype=mg.float64).reshape(1, 1, 6, 6).requires_grad_()
    y = F.scaled_dot_product_attention(x, x, v, dropout_p=0.5, generator=mg.Generator())
    weights = y.detach().numpy()[0, 0]
    kept = weights != 0
    np.testing.assert_allclose(weights[kept], 1 / 3)
    assert 0 < kept.sum() < 36
    y.sum().backward()
    np.testing.assert_allclose(v.grad.numpy()[0, 0, :, 0], kept.sum(axis=0) / 3)


def test_second_gradients_use_the_mask_of_dropout():
    q, k, v = operands(2, 3, 4)
    y = F.scaled_dot_product_attention(q, k, v, dropout_p=0.5)
    plain = mg.grad(y.sum(), (q, k, v), retain_graph=True)
    recorded = mg.grad(y.sum(), (q, k, v), create_graph=True)
    for a, b in zip(plain, recorded, strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), atol=1e-12)


def test_masks_seeds_come_from_the_generator():
    q, k, v = operands(2, 3, 4)
    calls = []
    for _ in range(2):
        mg.manual_seed(3)
        calls += [F.scaled_dot_product_attention(q, k, v, dropout_p=0.5) for _ in range(2)]
    first, second, again, _ = (t.detach().numpy() for t in calls)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)


def test_multiply_adds_are_those_of_both_products():
    q, k, v = (mg.zeros(2, n, m, requires_grad=True) for n, m in ((3, 4), (5, 4), (5, 6)))
    node = F.scaled_dot_product_attention(q, k, v).grad_fn
    assert node.multiply_adds(np.zeros((2, 3, 6))) == 2 * 3 * 5 * (4 + 6)


def test_negative_dropout_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        F.scaled_dot_product_attention(*operands(3, 4), dropout_p=-0.1)
