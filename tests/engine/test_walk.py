"""The backward walk: depth, release, repetition, accumulation."""

import gc
import os
import sys
import time
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import dtypes
from minigrad.engine import walk
from minigrad.engine.op import OPS, Op

from .training import step


def leaf(*values, dtype=mg.float64):
    return mg.tensor(values, dtype=dtype, requires_grad=True)


def test_a_hundred_thousand_ops_in_a_chain():
    x = leaf(1.0)
    (x * 1.0).backward()
    # processor time: tests run side by side, and what the others take is not ours
    start, depth = time.process_time(), sys.getrecursionlimit()
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    del y
    assert time.process_time() - start < 3
    assert sys.getrecursionlimit() == depth
    assert x.grad.item() == 2.0


def test_a_chain_that_saves_is_freed_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    held = weakref.ref(y)
    del y
    assert held() is None


def test_a_graph_dies_by_reference_count():
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = mg.tanh(x)
        middle, z = weakref.ref(y), (y * y).sum()
        z.backward()
        del y, z
        assert middle() is None
    finally:
        gc.enable()


def resident_bytes():
    with open("/proc/self/statm") as status:
        return int(status.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads Linux's /proc")
def test_two_hundred_steps_do_not_grow_memory():
    x, y = mg.randn(32, 2), mg.randn(32, 1)
    weights = [mg.randn(*s, requires_grad=True) for s in ((2, 16), (16,), (16, 1))]
    for _ in range(20):
        step(x, y, weights)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        traced, resident = tracemalloc.get_traced_memory()[0], resident_bytes()
        for _ in range(200):
            step(x, y, weights)
        assert tracemalloc.get_traced_memory()[0] - traced < 2e6
        assert resident_bytes() - resident < 2e6
    finally:
        tracemalloc.stop()
        gc.enable()


def test_a_node_runs_once_after_all_of_its_gradients_arrived():
    runs = []
    x = leaf(2.0)
    y = x * 3.0
    y.register_hook(lambda g: runs.append(g.item()))
    z = y * y + y.exp() * 0.0 + y
    z.sum().backward()
    assert runs == [13.0]
    assert x.grad.tolist() == [39.0]


def test_a_second_backward_says_how_to_keep_the_graph():
    y = (leaf(1.0, 2.0) ** 2).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time.*retain_graph=True"):
        y.backward()


def test_retain_graph_accumulates():
    x = leaf(1.0, 2.0)
    y = (x**2).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 8.0]


def test_a_graph_that_saved_nothing_can_be_walked_again():
    x = leaf(1.0, 2.0)
    y = (x + 1.0).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_accumulation_is_over_walks_and_uses():
    x = leaf(1.0, 2.0)
    for _ in range(3):
        (x + x * x).sum().backward()
    assert x.grad.tolist() == [9.0, 15.0]


def test_gradients_of_a_sum_do_not_share_memory():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    z = x + y
    z.backward(mg.ones(2, dtype=mg.float64))
    assert not np.shares_memory(x.grad.numpy(), y.grad.numpy())
    x.grad.add_(1.0)
    assert y.grad.tolist() == [1.0, 1.0]


def test_the_users_gradient_is_not_captured():
    x = leaf(1.0, 2.0)
    start = mg.ones(2, dtype=mg.float64)
    (x + 0.0).backward(start)
    assert not np.shares_memory(x.grad.numpy(), start.numpy())
    start.fill_(7.0)
    assert x.grad.tolist() == [1.0, 1.0]


def test_the_users_gradient_on_a_leaf_is_not_captured():
    x = leaf(1.0, 2.0)
    start = mg.ones(2, dtype=mg.float64)
    x.backward(start)
    x.backward(start)
    assert start.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_gradient_that_is_a_view_is_copied():
    x = leaf(1.0, 2.0, 3.0)
    x.sum().backward()
    x.grad.mul_(2.0)
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


def test_accumulating_leaves_an_earlier_gradient_as_it_was():
    x = leaf(1.0, 2.0)
    (x * 2.0).sum().backward()
    earlier = x.grad.detach().clone()
    kept = x.grad.numpy().copy()
    (x * 3.0).sum().backward()
    assert earlier.tolist() == kept.tolist()
    assert x.grad.tolist() == [5.0, 5.0]


def test_backward_needs_a_scalar_or_a_gradient():
    y = leaf(1.0, 2.0) * 2.0
    with pytest.raises(RuntimeError, match=r"only for scalar outputs.*\(2,\)"):
        y.backward()
    with pytest.raises(RuntimeError, match=r"shape \(3,\).*\(2,\)"):
        y.backward(mg.ones(3, dtype=mg.float64))


def test_backward_of_what_requires_no_grad():
    with pytest.raises(RuntimeError, match="does not require grad"):
        mg.tensor(1.0).backward()


class _Wrong(Op, abstract=True):
    """Returns whatever gradient the test asks for."""

    name = "wrong"

    def forward(ctx, k, x):
        return x.copy()

    def vjp(ctx, k, g):
        return ctx.answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((np.ones(2), np.ones(2)), "2 gradients for 1 input"),
        (np.ones(3), r"shape \(3,\).*shape \(2,\)"),
        (np.ones((2, 2, 3)), r"shape \(2, 2, 3\).*shape \(2,\)"),
    ],
    ids=["number", "shape", "dimensions"],
)
def test_the_engine_checks_what_a_vjp_returns(answer, message):
    class Bad(_Wrong, abstract=True):
        pass

    Bad.answer = answer
    with pytest.raises(RuntimeError, match=message):
        Bad.apply(leaf(1.0, 2.0)).sum().backward()


def test_the_engine_unbroadcasts_and_casts():
    class Broadcast(_Wrong, abstract=True):
        answer = np.ones((3, 2))

    x = leaf(1.0, 2.0, dtype=mg.float32)
    Broadcast.apply(x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert x.grad.dtype is mg.float32


def test_a_gradient_in_a_narrow_format_is_taken_as_it_is_stored(monkeypatch):
    x = mg.ones(3, requires_grad=True)
    y, g = x.to(mg.bfloat16), mg.tensor([1.0, 2.0, 3.0], dtype=mg.bfloat16)
    monkeypatch.setattr(dtypes, "encode", None)  # nothing is rounded again
    y.backward(g)
    assert x.grad.tolist() == [1.0, 2.0, 3.0]


POINTWISE = sorted(name for name, op in OPS.items() if op.pointwise)


@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16, mg.float_format(4, 3)])
@pytest.mark.parametrize("name", POINTWISE)
def test_pointwise_gradients_in_pieces_are_those_of_the_whole(name, dtype, monkeypatch):
    op, rng = OPS[name], np.random.default_rng(0)
    params = next(iter(op.samples(rng))).params
    values, seed = mg.tensor(rng.normal(size=(2, 6, 3))), mg.tensor(rng.normal(size=(2, 3, 6)))

    def gradient(piece):
        monkeypatch.setattr(walk, "PIECE", piece)
        x = values.to(dtype).requires_grad_()
        op.apply(x.transpose(1, 2), **params).backward(seed.to(dtype))
        return x.grad.tolist()

    assert gradient(5) == gradient(36)


def test_stored_forms_go_before_the_vjp_of_their_float32_forms():
    class Doubling(Op, abstract=True):
        def forward(ctx, k, x):
            ctx.save(x)
            return k.add(x, x)

        def vjp(ctx, k, g):
            seen.append((len(ctx.saved), type(node.saved) is tuple))
            return k.add(g, g)

    seen, y = [], Doubling.apply(mg.ones(2, dtype=mg.bfloat16, requires_grad=True))
    node = y._node
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    assert seen == [(1, True), (1, False)]


def test_the_users_gradient_in_a_narrow_format_is_not_captured():
    x = mg.ones(2, dtype=mg.bfloat16, requires_grad=True)
    g = mg.tensor([1.0, 2.0], dtype=mg.bfloat16)
    x.backward(g)
    g.zero_()
    assert x.grad.tolist() == [1.0, 2.0]
