"""Channels that are taken together: all of them, some, or one at a time."""

import numpy as np
import pytest

from minigrad.kernels.cpu import batch_norm, norm_relu
from minigrad.kernels.reference import batch_norm as reference
from minigrad.kernels.reference import norm_relu as relu_reference

from .exactness import assert_near, exactly

CHANNELS, EPS = 5, 1e-5
SIDES = {"all": 10, "two at a time": 78, "each alone": 140}


@pytest.fixture(params=SIDES.values(), ids=SIDES)
def operands(request, rng):
    """x, a gradient, weight, bias, mean and variance"""
    shape = (3, CHANNELS, request.param, request.param)
    x, g = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    weight, bias = (rng.uniform(0.5, 2, CHANNELS).astype(np.float32) for _ in range(2))
    _, *statistics = reference.batch_norm(x, weight, bias, EPS)
    return x, g, weight, bias, *(a.astype(np.float32) for a in statistics)


def same(function, other, *arguments):
    """Both agree to rounding, the second one in float64."""
    results, expected = function(*arguments), exactly(other, *arguments)
    for result, wanted in zip(results, expected, strict=True):
        assert_near(result, wanted)


def test_sides_give_these_numbers_of_channels_together():
    together = [min(CHANNELS, batch_norm.BLOCK // side**2) for side in SIDES.values()]
    assert together == [CHANNELS, 2, 0]


def test_batch_norm_and_its_gradients(operands):
    x, g, weight, bias, mean, variance = operands
    same(batch_norm.batch_norm, reference.batch_norm, x, weight, bias, EPS)
    for fixed in (False, True):
        call = g, x, weight, mean, variance, EPS, fixed
        same(batch_norm.batch_norm_vjp, reference.batch_norm_vjp, *call)


def test_with_relu_and_pooling(operands):
    x, g, weight, bias, mean, variance = operands
    same(norm_relu.channel_moments, relu_reference.channel_moments, x)
    call = g, x, weight, bias, mean, variance, EPS, False
    same(norm_relu.norm_relu_vjp, relu_reference.norm_relu_vjp, *call)
    y, at = norm_relu.norm_relu_pool(x, weight, bias, mean, variance, EPS)
    call = y, at, x, weight, mean, variance, EPS, False
    same(norm_relu.norm_relu_pool_vjp, relu_reference.norm_relu_pool_vjp, *call)
