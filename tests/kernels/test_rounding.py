"""Conversions are exact: every 16-bit pattern, ties, subnormals, overflow, a million others."""

import numba
import numpy as np
import pytest

from minigrad.kernels.registry import CPU, REFERENCE

KERNELS = pytest.mark.parametrize("k", [CPU, REFERENCE], ids=["cpu", "reference"])
COUNT = 2000 if numba.config.DISABLE_JIT else 1_000_000
HALVES = np.arange(1 << 16, dtype=np.uint16)


def random_floats():
    """Any bits, and the neighbourhood of every 16-bit pattern: ties and both sides of them."""
    bits = np.random.default_rng(0).integers(0, 1 << 32, COUNT, dtype=np.uint32)
    step = 97 if numba.config.DISABLE_JIT else 1
    upper = HALVES[::step].astype(np.uint32) << 16
    edges = [upper | low for low in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF)]
    with np.errstate(invalid="ignore"):
        exact = HALVES[::step].view(np.float16).astype(np.float32).view(np.uint32)
        halves = [exact + offset for offset in (0, 0xFFF, 0x1000, 0x1001)]
    return np.concatenate([bits, *edges, *(h.astype(np.uint32) for h in halves)]).view(np.float32)


def assert_same_numbers(actual, expected):
    """The same bits, and NaN where NaN is expected, whatever its payload."""
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(actual), nan)
    unsigned = f"u{expected.dtype.itemsize}"
    np.testing.assert_array_equal(actual[~nan].view(unsigned), expected[~nan].view(unsigned))


@KERNELS
def test_float16_both_ways(k):
    x = random_floats()
    with np.errstate(all="ignore"):
        assert_same_numbers(k.float32_to_float16(x), x.astype(np.float16))
        halves = HALVES.view(np.float16)
        assert_same_numbers(k.float16_to_float32(halves), halves.astype(np.float32))


def widened(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


@KERNELS
def test_bfloat16_rounds_to_nearest_even(k):
    """The result is the nearer of the two neighbours, by exact distances in float64."""
    x = random_floats()
    actual = widened(k.float32_to_bfloat16(x))
    toward_0 = x.view(np.uint32) >> 16
    low, high = widened(toward_0.astype(np.uint16)), widened((toward_0 + 1).astype(np.uint16))
    with np.errstate(invalid="ignore"):
        wide = x.astype(np.float64)
    with np.errstate(invalid="ignore"):
        beyond = np.copysign(2.0**128, wide)  # where infinity would stand on the grid
        low, high = (np.where(np.isinf(v), beyond, v) for v in (low, high))
        to_low, to_high = np.abs(wide - low), np.abs(high - wide)
    up = (to_high < to_low) | ((to_high == to_low) & (toward_0 & 1 == 1))
    expected = np.where(up, high, low)
    expected = np.where(np.isfinite(x), expected, wide)
    with np.errstate(over="ignore"):
        assert_same_numbers(actual, expected.astype(np.float32))


@KERNELS
def test_bfloat16_to_float32_is_a_shift(k):
    np.testing.assert_array_equal(
        k.bfloat16_to_float32(HALVES).view(np.uint32), HALVES.astype(np.uint32) << 16
    )


@pytest.mark.torch
@KERNELS
def test_bfloat16_equals_torch(k):
    torch = pytest.importorskip("torch")
    x = random_floats()
    ours = widened(k.float32_to_bfloat16(x))
    assert_same_numbers(ours, torch.from_numpy(x).bfloat16().float().numpy())


@KERNELS
def test_round_to_known_formats(k):
    x = random_floats()
    with np.errstate(all="ignore"):
        half = x.astype(np.float16).astype(np.float32)
        assert_same_numbers(k.round_to(x, 5, 10), half)
        assert_same_numbers(k.round_to(x, 8, 7), widened(REFERENCE.float32_to_bfloat16(x)))
        assert_same_numbers(k.round_to(x, 8, 23), x)


def numbers_of(exponent_bits, mantissa_bits):
    """All finite non-negative numbers of a format, and the one after the largest."""
    bias = 2 ** (exponent_bits - 1) - 1
    count = (2**exponent_bits - 1) * 2**mantissa_bits + 1
    codes = np.arange(count)
    exponent, mantissa = codes >> mantissa_bits, codes & (2**mantissa_bits - 1)
    normal = exponent > 0
    scale = 2.0 ** (np.maximum(exponent, 1) - bias - mantissa_bits)
    return (mantissa + normal * 2**mantissa_bits) * scale


@pytest.mark.parametrize(("exponent_bits", "mantissa_bits"), [(4, 3), (5, 2), (3, 2), (2, 1)])
@KERNELS
def test_round_to_by_listing_all_numbers(k, exponent_bits, mantissa_bits):
    grid = numbers_of(exponent_bits, mantissa_bits)
    middles = (grid[1:] + grid[:-1]) / 2
    x = np.concatenate([grid, middles, np.nextafter(middles, 0), np.nextafter(middles, 9e9)])
    x = np.concatenate([x, -x]).astype(np.float32)
    place = np.searchsorted(middles, np.abs(x).astype(np.float64), side="left")
    tie = np.isin(np.abs(x), middles.astype(np.float32))
    place += tie & (place % 2 == 1)  # on a tie the even code
    expected = np.append(grid[:-1], np.inf)[place]
    actual = k.round_to(x, exponent_bits, mantissa_bits)
    np.testing.assert_array_equal(actual, np.copysign(expected, x).astype(np.float32))


@pytest.mark.parametrize("sizes", [(1, 3), (9, 3), (5, 0), (5, 24)])
@KERNELS
def test_round_to_refuses_formats_it_cannot_do(k, sizes):
    with pytest.raises(ValueError, match="2 to 8 exponent bits and 1 to 23 mantissa bits"):
        k.round_to(np.ones(3, np.float32), *sizes)
