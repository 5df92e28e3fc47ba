"""The vector room against NumPy, with guards around what it may write."""

import numba
import numpy as np
import pytest

from minigrad.kernels.cpu import simd

pytestmark = pytest.mark.skipif(not simd.LANES, reason="this host has no fused multiply-add")
GUARD, WIDTH, LANES = 64, simd.WIDTH, simd.LANES
HEIGHTS = sorted({simd.HEIGHT, 4, 2, 1}) if LANES else [1]


def compiled(intrinsic, arguments):
    """A compiled function of so many arguments that calls an intrinsic."""
    names = ", ".join(f"a{i}" for i in range(arguments))
    scope = {"intrinsic": intrinsic}
    exec(f"def call({names}):\n    intrinsic({names})\n", scope)
    return numba.njit(scope["call"])


TILES = {rows: compiled(simd.make_tile(rows), 15) for rows in HEIGHTS} if LANES else {}


def numbers(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def guarded(x):
    """The elements of an array between guards."""
    return np.concatenate([np.full(GUARD, 7e7), x.ravel(), np.full(GUARD, 7e7)]).astype(np.float32)


def unguarded(flat, shape):
    assert (flat[:GUARD] == np.float32(7e7)).all() and (flat[-GUARD:] == np.float32(7e7)).all()
    return flat[GUARD:-GUARD].reshape(shape)


@pytest.mark.parametrize("rows", HEIGHTS)
@pytest.mark.parametrize("depth", [1, 2, 7, 64])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("add", [False, True])
def test_tile(rng, rows, depth, turned, add):
    a, b = numbers(rng, 3, rows, depth), numbers(rng, 3, depth, WIDTH + 3)
    c = numbers(rng, rows, WIDTH)
    stored = guarded(a.swapaxes(1, 2) if turned else a)
    row, step = (1, rows) if turned else (depth, 1)
    out = guarded(c)
    TILES[rows](
        stored, GUARD, row, rows * depth, step,
        guarded(b), GUARD + 3, depth * (WIDTH + 3), WIDTH + 3,
        3, depth, out, GUARD, WIDTH, add,
    )  # fmt: skip
    expected = (a.astype(float) @ b[..., 3:].astype(float)).sum(axis=0) + add * c
    np.testing.assert_allclose(unguarded(out, c.shape), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", HEIGHTS)
@pytest.mark.parametrize("depth", [1, 7, 64])
@pytest.mark.parametrize("transposed", [False, True])
def test_layer_tile(rng, rows, depth, transposed):
    a, b, bias = numbers(rng, rows, depth), numbers(rng, depth, WIDTH), numbers(rng, WIDTH)
    left = a.T if transposed else a
    out, (a_, b_, bias_) = guarded(np.zeros((rows, WIDTH))), map(guarded, (left, b, bias))
    steps = (1, rows) if transposed else (depth, 1)
    call = compiled(simd.make_layer_tile(rows), 12)
    call(a_, GUARD, *steps, depth, b_, GUARD, bias_, GUARD, out, GUARD, WIDTH)
    expected = a.astype(float) @ b.astype(float) + bias
    np.testing.assert_allclose(unguarded(out, expected.shape), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", HEIGHTS)
@pytest.mark.parametrize(("count", "depth"), [(0, 5), (1, 1), (3, 7), (2, 64)])
def test_window_tile(rng, rows, count, depth):
    image, b = numbers(rng, 500), numbers(rng, count * depth, WIDTH)
    starts, turns = rng.integers(0, 200, rows + 2), rng.integers(0, 200, count)
    out = guarded(np.zeros((rows, WIDTH)))
    call = compiled(simd.make_window_tile(rows), 11)
    call(image, starts, 2, turns, count, depth, guarded(b), GUARD, out, GUARD, WIDTH)
    read = starts[2:, None, None] + turns[:, None] + np.arange(depth)
    expected = image[read].reshape(rows, -1).astype(float) @ b
    np.testing.assert_allclose(unguarded(out, expected.shape), expected, rtol=1e-5, atol=1e-5)


def test_copy_row(rng):
    x, y = numbers(rng, 2 * WIDTH), guarded(np.zeros(WIDTH))
    compiled(simd.copy_row, 4)(x, 5, y, GUARD)
    np.testing.assert_array_equal(unguarded(y, (WIDTH,)), x[5 : 5 + WIDTH])


@pytest.mark.parametrize("extra", [0, 3])
def test_largest_of_squares(rng, extra):
    """Of small whole numbers, so that there are equals, with NaN among them."""
    width = 2 * LANES + extra
    x = rng.integers(0, 3, (2, width)).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    y, at = guarded(np.zeros(LANES)), np.full(LANES + 2 * GUARD, -1, np.int32)
    call = compiled(simd.largest_of_squares, 8)
    call(guarded(x), GUARD, width, y, GUARD, at, GUARD, 100)
    best, taken = x[0, : 2 * LANES : 2].copy(), 2 * np.arange(LANES)
    for row, odd in ((0, 1), (1, 0), (1, 1)):
        value = x[row, odd : 2 * LANES : 2]
        better = (value > best) | (value != value)
        best[better] = value[better]
        taken[better] = row * width + 2 * np.flatnonzero(better) + odd
    np.testing.assert_array_equal(unguarded(y, (LANES,)), best)
    np.testing.assert_array_equal(at[GUARD:-GUARD], 100 + taken)
    assert (at[:GUARD] == -1).all() and (at[-GUARD:] == -1).all()


def test_a_row_has_the_same_bits_in_a_tile_of_any_height(rng):
    a, b, found = numbers(rng, simd.HEIGHT, 50), numbers(rng, 50, WIDTH), []
    for rows in HEIGHTS:
        c = np.zeros((rows, WIDTH), np.float32)
        TILES[rows](
            a.ravel(), 0, 50, 0, 1, b.ravel(), 0, 0, WIDTH, 1, 50, c.reshape(-1), 0, WIDTH, False
        )
        found.append(c[0].tobytes())
    assert len(set(found)) == 1


@pytest.mark.parametrize("rows", {1, 3, max(LANES - 1, 1), LANES or 1})
def test_planes_to_pixels_and_back(rng, rows):
    to_places, to_rows = compiled(simd.rows_to_places, 9), compiled(simd.places_to_rows, 11)
    x, bias = numbers(rng, LANES, LANES + 5), numbers(rng, LANES)
    places, unit = rng.permutation(2 * LANES)[: LANES + 2].astype(np.int64), LANES + 3
    pixels = guarded(np.zeros((2 * LANES, unit)))
    flat = x[:rows].ravel()  # what follows the rows is not read
    to_places(flat, 5, LANES + 5, rows, pixels, GUARD, unit, places, 2)
    expected = np.zeros((2 * LANES, unit), np.float32)
    expected[places[2:], :rows] = x[:rows, 5:].T
    np.testing.assert_array_equal(unguarded(pixels, expected.shape), expected)
    back = guarded(np.zeros((rows, LANES)))
    to_rows(pixels, GUARD, unit, places, 2, back, GUARD, LANES, rows, bias[:rows], 0)
    wanted = x[:rows, 5:] + bias[:rows, None]
    np.testing.assert_array_equal(unguarded(back, (rows, LANES)), wanted)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[1, 2, 3], [1, -2, 3], [0, 0, 0], [0.5, 0, -1]]),
        np.array([[2.0]]),
        np.array([[1, 1, 1, -1], [1, -1, -1, -1]]),
    ],
    ids=["mirrored rows", "a number", "wide"],
)
def test_transform(rng, matrix):
    outputs, inputs = matrix.shape
    call = compiled(simd.make_transform(np.ones((2, 2)), matrix), 9)
    x = numbers(rng, inputs, inputs, LANES)
    y = guarded(np.zeros((outputs, outputs, LANES)))
    call(1, x.ravel(), 0, inputs * LANES, LANES, y, GUARD, outputs * LANES, LANES)
    expected = np.einsum("ai,ijl,bj->abl", matrix, x.astype(float), matrix)
    np.testing.assert_allclose(
        unguarded(y, expected.shape), expected, rtol=1e-5, atol=1e-5 * abs(expected).max()
    )
