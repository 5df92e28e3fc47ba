"""Rounding to nearest and at random."""

import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import amp

FORMATS = [mg.bfloat16, mg.float16, mg.float_format(4, 3), mg.float_format(5, 2)]


def key(seed=0):
    return mg.Generator().manual_seed(seed)


@pytest.mark.parametrize("dtype", FORMATS)
def test_to_nearest_is_what_a_cast_gives(dtype, rng):
    x = mg.tensor(rng.normal(size=1000).astype(np.float32))
    np.testing.assert_array_equal(amp.round_to(x, dtype), x.to(dtype).float())
    assert amp.round_to(x.double(), dtype).dtype is mg.float64


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("value", [1.003, -0.7, 3e-3, 1e-7, 1.5])
def test_at_random_the_mean_is_kept(dtype, value):
    """Neighbours only, each with its probability: four standard errors of 2^16 draws."""
    n = 2**16
    x = mg.full((n,), value)
    rounded = amp.round_to(x, dtype, stochastic=True, generator=key()).double().numpy()
    low, high = rounded.min(), rounded.max()
    exact = float(np.float32(value))
    assert low <= exact <= high and len(np.unique(rounded)) <= 2
    spread = (high - low) / 2 if high > low else 0
    assert abs(rounded.mean() - exact) <= 4 * spread / np.sqrt(n)
    if low < high:
        on_grid = amp.round_to(mg.tensor([low, high], dtype=mg.float32), dtype).numpy()
        np.testing.assert_array_equal(on_grid, np.float32([low, high]))


@pytest.mark.parametrize("dtype", FORMATS)
def test_at_random_what_lies_on_the_grid_stays(dtype, rng):
    x = mg.tensor(rng.normal(size=1000).astype(np.float32)).to(dtype).float()
    x[:4] = mg.tensor([0.0, float("inf"), -float("inf"), -0.0])
    rounded = amp.round_to(x, dtype, stochastic=True, generator=key()).numpy()
    np.testing.assert_array_equal(rounded, x)
    assert np.signbit(rounded[3])
    nan = amp.round_to(mg.tensor([float("nan")]), dtype, stochastic=True)
    assert nan.isnan().all()


def test_a_seed_repeats_the_draws():
    x = mg.rand(100)
    first, again, other = (
        amp.round_to(x, mg.bfloat16, stochastic=True, generator=key(s)).numpy() for s in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_context_covers_ops_gradients_and_writes():
    x = mg.full((4096,), 1.001, requires_grad=True)
    with amp.stochastic_rounding(key()):
        y = x.bfloat16()
        (y * y).float().sum().backward()
    assert len(y.float().unique()) == 2 and len(x.grad.unique()) > 1
    with amp.stochastic_rounding(key()), amp.stochastic_rounding(enabled=False):
        assert len(x.bfloat16().float().unique()) == 1
    assert len(x.bfloat16().float().unique()) == 1


@pytest.mark.parametrize(
    "x, dtype, message",
    [
        (mg.ones(2), mg.float32, "emulated"),
        (mg.ones(2).long(), mg.bfloat16, "floating"),
        (1.5, mg.bfloat16, "floating"),
    ],
)
def test_bad_arguments(x, dtype, message):
    with pytest.raises(TypeError, match=message):
        amp.round_to(x, dtype)


def test_one_context_serves_several_threads():
    shared, seen = amp.stochastic_rounding(key()), []
    begun, joined, ended = (threading.Event() for _ in range(3))

    def within():
        with amp.stochastic_rounding(key()):
            with shared:
                begun.set()
                joined.wait(5)
            ended.set()

    def without():
        begun.wait(5)
        with shared:
            joined.set()
            ended.wait(5)
        seen.append(mg.full((1000,), 1.003).to(mg.bfloat16).unique().tolist())

    threads = [threading.Thread(target=f) for f in (within, without)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [[1.0]]
