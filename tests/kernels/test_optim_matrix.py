"""Updates that look at a whole tensor: what the generated sweep does not ask."""

import numpy as np
import pytest

from minigrad.kernels.cpu import optim_matrix
from minigrad.kernels.reference import optim_matrix as reference

ROOMS = pytest.mark.parametrize("room", [optim_matrix, reference], ids=["cpu", "reference"])


def exact_polar_factor(x, coefficients, steps):
    """The iteration of Muon in float64, without any rounding."""
    a, b, c = coefficients
    x = x / np.linalg.norm(x)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


@ROOMS
@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (40, 40), (1, 7)], ids=str)
def test_muon_steps_along_the_iteration_within_bfloat16(room, shape):
    coefficients = 3.4445, -4.775, 2.0315
    grad = np.random.default_rng(0).normal(size=shape)
    param = np.zeros(shape)
    room.muon_update(param, grad, np.zeros(shape), 0.0, 1.0, 0.0, 0.0, False, coefficients, 1e-7, 5)
    expected = exact_polar_factor(grad, coefficients, 5)
    assert np.linalg.norm(param + expected) < 0.03 * np.linalg.norm(expected)


def test_adafactor_sums_of_many_numbers_keep_their_precision():
    shape = 40_000, 3
    grad = np.full(shape, 0.1, np.float32)
    rows, columns = np.zeros((shape[0], 1), np.float32), np.zeros((1, 3), np.float32)
    param = np.ones(shape, np.float32)
    optim_matrix.adafactor_update(
        param, grad, rows, columns, None, 0.01, -0.8, 1e-7, 1e-3, 1.0, 0.0, 1.0, False
    )
    np.testing.assert_allclose(columns, 0.01, rtol=1e-5)
    np.testing.assert_allclose(param, 0.99, rtol=1e-6)


@ROOMS
def test_adafactor_leaves_finite_what_never_had_a_gradient(room):
    param, grad, variance = np.ones(2), np.array([0.0, 1.0]), np.zeros(2)
    room.adafactor_update(
        param, grad, None, None, variance, 0.01, -0.8, 1e-16, 1e-3, 1.0, 0.0, 1.0, False
    )
    np.testing.assert_allclose(param, [1, 0.99])


def test_mixed_dtypes_fall_back():
    param, grad, mean = np.ones(3), np.ones(3, np.float32), np.zeros(3, np.float32)
    optim_matrix.lamb_update(param, grad, mean, mean.copy(), 0.5, 0.9, 0.9, 0.0, 0.0, 1, False)
    np.testing.assert_allclose(param, 0.5, rtol=1e-6)
