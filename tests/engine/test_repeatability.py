"""The same seed gives the same bits: again, in threads, in a forked child, on more threads."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import minigrad as mg
from minigrad.kernels import launch

from .training import train


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64, mg.bfloat16], ids=str)
def test_two_runs_give_the_same_bits(dtype):
    assert train(3, dtype=dtype) == train(3, dtype=dtype)
    assert train(3, dtype=dtype) != train(4, dtype=dtype)


def test_four_threads_training_at_once_equal_the_sequential_runs():
    seeds = range(4)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(train, seeds))
    assert together == [train(seed) for seed in seeds]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_trains_to_the_same_bits():
    expected = train(5)
    child = os.fork()
    if child == 0:
        os._exit(0 if train(5) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def elementwise_bits():
    """Forward and backward of kernels that are split over threads, without BLAS."""
    x = mg.randn(300, 200, generator=mg.Generator().manual_seed(1), requires_grad=True)
    y = mg.softmax(mg.gelu(x) * mg.tanh(x) + mg.dropout(x, 0.5, generator=mg.Generator()), 1)
    (y * y).sum().backward()
    return y.detach().numpy().tobytes(), x.grad.numpy().tobytes()


def test_the_number_of_threads_does_not_change_bits(monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    before, seen = mg.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            launch.set_num_threads(count)
            seen.append(elementwise_bits())
    finally:
        launch.set_num_threads(before)
    assert seen[0] == seen[1] == seen[2]
