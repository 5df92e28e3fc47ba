"""ReLU of normalised channels, and the largest of 2 × 2 of them: what follows a batch norm."""

from ..registry import array_module, kernel
from .activation import relu, relu_vjp
from .batch_norm import batch_norm_vjp, channel_norm
from .normalization import SUMS, moments

CLOSED = 4  # stands where the place in a window would, if nothing in it is positive


def _channels(make, shape):
    numbers = [make.normal(shape[1:2]) for _ in range(3)]
    return make.normal(shape), *numbers, make.uniform(shape[1:2], 0.5, 2), 1e-5


def _pooled(shape):
    """(samples, channels, height, width) of pooled images."""
    return 2, 3, min(shape[0], 9), shape[-1]


def _images(make, shape):
    *lead, height, width = _pooled(shape)
    return _channels(make, (*lead, 2 * height, 2 * width))


def _channels_vjp(make, shape):
    return make.normal(shape), *_channels(make, shape), False


def _images_vjp(make, shape):
    x, weight, _, *numbers = _images(make, shape)
    size = _pooled(shape)
    at = make.integers(size, 0, CLOSED + 1).astype("uint8")
    return make.normal(size), at, x, weight, *numbers, False


@kernel(lambda make, shape: (make.normal(shape),), min_ndim=2, allows_empty=False, notes=SUMS)
def channel_moments(x):
    """The mean and the variance of each channel, the second axis"""
    mean, variance = moments(x, (0, *range(2, x.ndim)))
    return mean.reshape(-1), variance.reshape(-1)


@kernel(_channels, min_ndim=2, optional=(1, 2))
def norm_relu(x, weight, bias, mean, variance, eps):
    """max(0, (x − mean) / √(variance + ε) · weight + bias) with given statistics of channels"""
    return relu(channel_norm(x, weight, bias, mean, variance, eps))


@kernel(_channels_vjp, min_ndim=2, notes=SUMS)
def norm_relu_vjp(g, x, weight, bias, mean, variance, eps, fixed):
    """The gradients of :func:`norm_relu` for x, weight and bias

    Unless the statistics are ``fixed``, they are those of x and move with it.
    """
    g = relu_vjp(g, channel_norm(x, weight, bias, mean, variance, eps))
    return batch_norm_vjp(g, x, weight, mean, variance, eps, fixed)


def _corners(x):
    """The elements of windows of 2 × 2 side by side, on an axis of their own"""
    *lead, height, width = x.shape
    tiles = x.reshape(*lead, height // 2, 2, width // 2, 2).swapaxes(-3, -2)
    return tiles.reshape(*lead, height // 2, width // 2, 4)


@kernel(_images, min_ndim=1, allows_empty=False)
def norm_relu_pool(x, weight, bias, mean, variance, eps):
    """The largest of each 2 × 2 elements of norm_relu, and its number 0 to 3 in the window

    That is CLOSED if none is positive; else of equal ones the first, of NaNs the last. Heights and
    widths are even.
    """
    xp, corners = array_module(x), _corners(channel_norm(x, weight, bias, mean, variance, eps))
    y, at = corners[..., 0], xp.zeros(corners.shape[:-1], "uint8")
    for tap in range(1, 4):
        value = corners[..., tap]
        better = (value > y) | (value != value)
        y, at = xp.where(better, value, y), xp.where(better, xp.uint8(tap), at)
    return relu(y), xp.where(y <= 0, xp.uint8(CLOSED), at)


@kernel(_images_vjp, min_ndim=1, allows_empty=False, notes=SUMS)
def norm_relu_pool_vjp(g, at, x, weight, mean, variance, eps, fixed):
    """The gradients of :func:`norm_relu_pool` for x, weight and bias, as norm_relu_vjp has them"""
    xp = array_module(g)
    spread = xp.zeros(x.shape, g.dtype)
    for tap in range(CLOSED):
        spread[..., tap // 2 :: 2, tap % 2 :: 2] = xp.where(at == tap, g, 0)
    return batch_norm_vjp(spread, x, weight, mean, variance, eps, fixed)
