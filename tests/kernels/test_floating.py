"""Infinities and NaN come without warnings, which are errors in these tests."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.kernels.floating import quiet
from minigrad.nn import functional as F


def numbers(*shape):
    """Normal numbers with infinities, NaN and the largest ones among them."""
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    x.flat[:4] = np.inf, -np.inf, np.nan, 3e38
    return mg.tensor(x, requires_grad=True)


@pytest.mark.parametrize(
    "compute",
    [
        lambda: numbers(40, 50) @ numbers(50, 40),
        lambda: numbers(2, 4, 5) @ numbers(2, 5, 4),
        lambda: F.linear(numbers(40, 50), numbers(30, 50), numbers(30)),
        lambda: F.conv2d(numbers(2, 32, 16, 16), numbers(64, 32, 3, 3), numbers(64)),
        lambda: F.conv_transpose2d(numbers(2, 64, 8, 8), numbers(64, 32, 1, 1), numbers(32)),
        lambda: F.scaled_dot_product_attention(*(numbers(2, 3, 200, 64) for _ in "qkv")),
        lambda: nn.MultiheadAttention(8, 2)(*(numbers(5, 4, 8) for _ in "qkv"))[0],
        lambda: nn.LSTM(8, 256)(numbers(5, 16, 8))[0],
        lambda: F.dropout(numbers(4, 6), 1.0),
        lambda: F.linear_cross_entropy(
            numbers(4, 6), numbers(5, 6), mg.full((4,), -100, dtype=mg.int64)
        ),
        lambda: F.multi_margin_loss(mg.ones(0, 6), mg.ones(0, dtype=mg.int64)),
        lambda: numbers(4, 6).norm(2, 1),
    ],
)
def test_ops_are_quiet(compute):
    y = compute()
    if y.requires_grad:
        y.sum().backward()


def test_quiet_lasts_as_long_as_the_call():
    one, zero = np.ones(1), np.zeros(1)
    assert quiet(np.divide)(one, zero) == np.inf
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        one / zero
