"""Random numbers: known answers, moments, and no dependence on how a draw is cut."""

import numpy as np
import pytest

from minigrad.kernels import launch
from minigrad.kernels.cpu import random
from minigrad.kernels.reference import random as reference

from .conftest import compiled_only

ROOMS = pytest.mark.parametrize("room", [random, reference], ids=["cpu", "reference"])
FILLS = pytest.mark.parametrize("fill", ["fill_uniform", "fill_normal"])
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])

KNOWN = [  # key, counter, words: the vectors published with Random123
    (0, 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
]


def draw(room, fill, size, dtype, key=7, counter=0):
    out = np.empty(size, dtype)
    getattr(room, fill)(out, key, counter)
    return out


@ROOMS
@pytest.mark.parametrize("key, counter, words", KNOWN)
def test_known_answers(room, key, counter, words):
    assert tuple(draw(room, "philox_bits", 4, "uint32", key, counter)) == words


@pytest.mark.parametrize("counter", [0, 2**32 - 2, 2**64 - 2])
@pytest.mark.parametrize("key", [1, 2**63 + 12345])
def test_all_64_bits_of_key_and_counter_count(key, counter):
    ours, theirs, other = (
        draw(room, "philox_bits", 1030, "uint32", k, counter)
        for room, k in ((random, key), (reference, key), (random, key ^ 1 << 40))
    )
    np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(ours, other)


@FILLS
@DTYPES
@ROOMS
def test_a_draw_continues_where_the_last_one_ended(room, fill, dtype):
    per_counter = 4 if dtype == "float32" else 2
    whole = draw(room, fill, 200, dtype)
    second = draw(room, fill, 101, dtype, counter=99 // per_counter + 1)
    start = (99 // per_counter + 1) * per_counter
    np.testing.assert_array_equal(draw(room, fill, 99, dtype), whole[:99])
    np.testing.assert_array_equal(second[: 200 - start], whole[start:])


@compiled_only
@FILLS
@DTYPES
def test_same_bits_for_any_number_of_threads(fill, dtype, monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    before, seen = launch.get_num_threads(), set()
    for threads in (1, 2, 3):
        launch.set_num_threads(threads)
        x = draw(random, fill, 5003, dtype)
        seen.add(x.tobytes() + random.dropout(x, 0.4, 2**32 - 9).tobytes())
    launch.set_num_threads(before)
    assert len(seen) == 1


@DTYPES
def test_uniform(dtype):
    x = draw(random, "fill_uniform", 100_000, dtype)
    assert x.min() >= 0
    assert x.max() < 1
    assert abs(x.mean() - 0.5) < 4 / np.sqrt(12 * x.size)
    counts = np.histogram(x, 50, (0, 1))[0]
    assert ((counts - 2000) ** 2 / 2000).sum() < 100  # chi squared with 49 degrees of freedom


@DTYPES
def test_normal(dtype):
    x = draw(random, "fill_normal", 100_000, dtype).astype(np.float64)
    sigma = 1 / np.sqrt(x.size)
    assert abs(x.mean()) < 4 * sigma
    assert abs((x**2).mean() - 1) < 4 * np.sqrt(2) * sigma
    assert abs((x**3).mean()) < 4 * np.sqrt(15) * sigma
    assert abs((x**4).mean() - 3) < 4 * np.sqrt(96) * sigma
    assert abs((x[::2] * x[1::2]).mean()) < 4 * sigma * np.sqrt(2)


@DTYPES
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_dropout_keeps_the_rest_scaled(dtype, p):
    x = np.ones((250, 400), dtype)
    y = random.dropout(x, p, 99)
    kept = y != 0
    assert abs(kept.mean() - (1 - p)) <= 4 * np.sqrt(p * (1 - p) / x.size)
    np.testing.assert_allclose(y[kept], 1 / (1 - p), rtol=1e-6)


def test_dropout_of_everything_is_zero():
    np.testing.assert_array_equal(random.dropout(np.ones(100), 1.0, 3), 0)


def test_dropout_masks_differ_with_the_key():
    x = np.ones(10_000, np.float32)
    a, b = random.dropout(x, 0.5, 1) != 0, random.dropout(x, 0.5, 2**31 + 77) != 0
    assert abs((a == b).mean() - 0.5) < 0.02
