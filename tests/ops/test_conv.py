"""Convolutions: which way they are computed, and what no list of calls shows."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.kernels import registry
from minigrad.nn import functional as F

rng = np.random.default_rng(0)


def tensor(*shape):
    return mg.tensor(rng.normal(size=shape))


def draw(axes):
    """A random convolution: (x, weight, g, window)."""
    groups = int(rng.choice([1, 1, 2, 3]))
    kernel, stride, dilation = rng.integers(1, 4, (3, axes)).tolist()
    padding, size = rng.integers(0, 4, axes).tolist(), rng.integers(1, 6, axes).tolist()
    extents = [
        max(1, (n - 1) * s + (k - 1) * d + 1 - 2 * p + int(rng.integers(0, 3)))
        for n, s, k, d, p in zip(size, stride, kernel, dilation, padding, strict=True)
    ]
    inputs, outputs = (groups * int(rng.integers(1, 13)) for _ in range(2))
    count = int(rng.integers(1, 5))
    return (
        rng.normal(size=(count, inputs, *extents)),
        rng.normal(size=(outputs, inputs // groups, *kernel)),
        rng.normal(size=(count, outputs, *size)),
        (tuple(stride), tuple(padding), tuple(dilation), groups),
    )


@pytest.mark.parametrize("axes", [1, 2, 3])
# long sums wherever they can, or matrix products by rows, or of all rows of the kernel
@pytest.mark.parametrize(("weights", "lines"), [(1024, 0), (0, 0), (0, 1024)])
def test_random_windows_equal_the_reference(axes, weights, lines, monkeypatch):
    from minigrad.kernels.cpu import conv

    monkeypatch.setattr(conv, "FEW_WEIGHTS", weights)
    monkeypatch.setattr(conv, "FEW_LINES", lines)
    monkeypatch.setattr(conv, "COLUMNS", 8)
    monkeypatch.setattr(conv, "SCRATCH", 1 << 12)
    for _ in range(20):
        x, weight, g, window = draw(axes)
        for name, arguments in (
            ("conv", (x, weight, None, g.shape[2:])),
            ("conv_input_grad", (g, weight, None, x.shape[2:])),
            ("conv_weight_grad", (g, x, weight.shape[2:])),
        ):
            expected = getattr(registry.REFERENCE, name)(*arguments, *window)
            actual = getattr(registry.CPU, name)(*arguments, *window)
            np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_three_kernels_are_adjoint(axes):
    k = registry.REFERENCE
    x, weight, g, window = draw(axes)
    product = (k.conv(x, weight, None, g.shape[2:], *window) * g).sum()
    by_input = k.conv_input_grad(g, weight, None, x.shape[2:], *window)
    by_weight = k.conv_weight_grad(g, x, weight.shape[2:], *window)
    assert np.isclose((by_input * x).sum(), product)
    assert np.isclose((by_weight * weight).sum(), product)


def test_transposed_convolution_is_the_gradient():
    x, weight = tensor(2, 3, 7, 6).requires_grad_(), tensor(4, 3, 3, 2)
    y = F.conv2d(x, weight, stride=2, padding=1)
    g = tensor(*y.shape)
    (gradient,) = mg.grad(y, x, g)
    back = F.conv_transpose2d(g, weight, stride=2, padding=1, output_padding=(0, 0))
    np.testing.assert_allclose(back.numpy(), gradient.numpy(), atol=1e-12)


def test_without_input_channels_only_the_bias_is_left():
    y = F.conv2d(mg.zeros(2, 0, 4, 4), mg.zeros(3, 0, 2, 2), mg.tensor([1.0, 2.0, 3.0]))
    assert y.shape == (2, 3, 3, 3)
    assert y[0, :, 1, 1].tolist() == [1.0, 2.0, 3.0]


def test_sizes_that_nothing_reaches_hold_the_bias():
    y = F.conv_transpose1d(mg.ones(1, 1, 2), mg.ones(1, 1, 1), mg.tensor([5.0]), stride=3)
    assert y.tolist() == [[[6.0, 5.0, 5.0, 6.0]]]


def test_fold_counts_how_often_unfold_reads():
    ones = mg.ones(1, 1, 4, 4)
    counts = F.fold(F.unfold(ones, 3), (4, 4), 3)
    assert counts[0, 0].tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]


def test_convolution_is_the_product_with_unfolded_columns():
    x, weight = tensor(2, 3, 6, 5), tensor(4, 3, 3, 2)
    columns = F.unfold(x, (3, 2), padding=1, stride=2)
    product = (weight.reshape(4, -1) @ columns).reshape(2, 4, 3, 3)
    expected = F.conv2d(x, weight, stride=2, padding=1)
    assert expected.shape[2:] == (3, 3)
    np.testing.assert_allclose(product.numpy(), expected.numpy(), atol=1e-12)
