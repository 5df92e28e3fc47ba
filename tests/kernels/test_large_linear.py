"""Linear layers of many rows against float64, where tiles hang over and where threads cut."""

import numpy as np
import pytest

from minigrad.kernels import launch
from minigrad.kernels.cpu import large_linear, matmul
from minigrad.kernels.cpu.large_linear import (
    APART,
    BLOCK,
    DEPTH,
    HEIGHT,
    ROWS,
    ROWS_SUMMED,
    ROWS_TRANSPOSED,
)
from minigrad.kernels.cpu.simd import HALVED, LANES, WIDTH

from .exactness import counted

pytestmark = pytest.mark.skipif(
    not large_linear.FASTER, reason="not measured on whole vectors of 16 numbers"
)

SHAPES = [  # too large for tiny layers
    (8 * ROWS, LANES, 9 * WIDTH),
    (8 * ROWS + 1, LANES + 5, 6 * WIDTH + 1),
    (16 * ROWS + HEIGHT - 1, 64, WIDTH),
    (6 * ROWS + 7, 33, 5 * WIDTH - 1),
    (ROWS, DEPTH, 4 * WIDTH + 5),
    (ROWS_TRANSPOSED + ROWS, 200, 16 * WIDTH + 1),
]
WEIGHTS = [  # rows, outputs, inputs
    (LANES, 20 * HEIGHT + 1, 20 * WIDTH + 3),
    (100, BLOCK + HEIGHT, 9 * WIDTH + 1),
    (ROWS_SUMMED, HEIGHT, 6 * WIDTH),
]


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


@pytest.fixture
def used(monkeypatch):
    """The products that went by tiles."""
    names = ["product", "product_with_transposed", "product_of_transposed"]
    return counted(monkeypatch, large_linear, names)


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("rows, depth, columns", SHAPES)
def test_layer(rng, rows, depth, columns, with_bias, used):
    x, weight = normal(rng, rows, depth), normal(rng, columns, depth)
    bias = normal(rng, columns) if with_bias else None
    expected = x.astype(float) @ weight.T.astype(float) + (bias if with_bias else 0)
    y = matmul.linear(x, weight, bias)
    assert used == ["product_with_transposed"]
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-4)
    assert y.dtype == np.float32 and y.flags.c_contiguous


@pytest.mark.parametrize("rows, depth, columns", SHAPES)
def test_gradient_of_the_input(rng, rows, depth, columns, used):
    g, weight = normal(rng, rows, depth), normal(rng, depth, columns)
    expected = g.astype(float) @ weight.astype(float)
    for call in (matmul.linear_input_grad, matmul.matmul):
        np.testing.assert_allclose(call(g, weight), expected, rtol=1e-5, atol=1e-4)
    assert used == ["product"] * 2


@pytest.mark.skipif(not ROWS_SUMMED, reason="BLAS is faster on vectors of 8 numbers")
@pytest.mark.parametrize("rows, outputs, inputs", WEIGHTS)
def test_gradient_of_the_weight(rng, rows, outputs, inputs, used):
    g, x = normal(rng, rows, outputs), normal(rng, rows, inputs)
    expected = g.T.astype(float) @ x.astype(float)
    d_weight = matmul.linear_weight_grad(g, x)
    np.testing.assert_allclose(d_weight, expected, rtol=1e-5, atol=1e-4)
    assert used == ["product_of_transposed"] and d_weight.flags.c_contiguous


@pytest.mark.skipif(not ROWS_SUMMED, reason="BLAS is faster on vectors of 8 numbers")
@pytest.mark.parametrize(
    "rows, outputs, inputs", [(ROWS_SUMMED + 1, 64, 64), (64, HEIGHT - 1, 2000), (64, 64, 8)]
)
def test_other_gradients_of_weights_go_to_blas(rng, rows, outputs, inputs, used):
    g, x = normal(rng, rows, outputs), normal(rng, rows, inputs)
    np.testing.assert_allclose(matmul.linear_weight_grad(g, x), g.T @ x, rtol=1e-4, atol=1e-3)
    assert used == []


def test_leading_axes_and_every_second_bias(rng, used):
    rows = 4 * ROWS_TRANSPOSED
    x, weight = normal(rng, 4, rows // 4, 72), normal(rng, 80, 72)
    bias = normal(rng, 160)[::2]
    y = matmul.linear(x, weight, bias)
    assert used == ["product_with_transposed"] and y.shape == (4, rows // 4, 80)
    np.testing.assert_allclose(y, x @ weight.T + bias, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "rows, depth, columns, change",
    [
        (ROWS_TRANSPOSED - 1, 160, 160, {}),
        (16 * ROWS, LANES - 1, 128, {}),
        (ROWS, DEPTH + 1, 64, {}),
        (2 * ROWS, 500, WIDTH - 1, {}),
        (ROWS, 128, 128, {"dtype": np.float64}),
        (ROWS, 128, 128, {"order": "F"}),
        pytest.param(
            ROWS, APART, 64, {}, marks=pytest.mark.skipif(not HALVED, reason="tiles of 6 rows")
        ),
    ],
)
def test_others_go_to_blas(rng, rows, depth, columns, change, used):
    x = np.asarray(rng.standard_normal((rows, depth)), **{"dtype": np.float32, **change})
    weight = rng.standard_normal((columns, depth)).astype(x.dtype)
    bias = np.ones(columns, x.dtype)
    np.testing.assert_allclose(matmul.linear(x, weight, bias), x @ weight.T + 1, atol=1e-3)
    assert used == []


def test_threads_change_no_bit(rng, used):
    x, weight, bias = normal(rng, 8 * ROWS + 5, 100), normal(rng, 70, 100), normal(rng, 70)
    before, found = launch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            launch.set_num_threads(threads)
            found.append(matmul.linear(x, weight, bias).tobytes())
    finally:
        launch.set_num_threads(before)
    assert len(set(found)) == 1 and len(used) == 3


def test_what_is_not_finite_stays_in_its_row(rng, used):
    x, weight, bias = normal(rng, 8 * ROWS, 32), normal(rng, 48, 32), normal(rng, 48)
    x[7, 3], x[8, 0] = np.nan, np.inf
    y = matmul.linear(x, weight, bias)
    assert not np.isfinite(y[7:9]).any() and np.isfinite(np.delete(y, [7, 8], axis=0)).all()
    assert used == ["product_with_transposed"]
