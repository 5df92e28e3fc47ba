"""Batch normalisation: each channel (the second axis) centred and scaled to unit variance."""

from ..registry import kernel
from .normalization import SUMS, affine, inverse_deviation, moments, slopes


def _channels(make, shape):
    return make.normal(shape), make.normal(shape[1:2]), make.normal(shape[1:2])


def _batch(make, shape):
    return *_channels(make, shape), 1e-5


def _fixed(make, shape):
    statistics = make.normal(shape[1:2]), make.uniform(shape[1:2], 0.5, 2)
    return *_channels(make, shape), *statistics, 1e-5


def _batch_vjp(make, shape):
    x, weight, _, eps = _batch(make, shape)
    _, mean, variance = batch_norm(x, None, None, eps)
    return make.normal(shape), x, weight, mean, variance, eps, False


def _over_channels(x):
    """The axes other than that of channels (the second), and a shape for numbers per channel"""
    shape = (1, x.shape[1], *(1 for _ in x.shape[2:]))
    return (0, *range(2, x.ndim)), shape


@kernel(_batch, min_ndim=2, notes=SUMS)
def batch_norm(x, weight, bias, eps):
    """(x − mean) / √(variance + ε) · weight + bias, with the statistics of each channel

    Channels are the second axis. Returns that, the means and the variances.
    """
    axes, shape = _over_channels(x)
    mean, variance = moments(x, axes)
    y = affine((x - mean) * inverse_deviation(variance, eps), weight, bias, shape)
    return y, mean.reshape(-1), variance.reshape(-1)


@kernel(_fixed, min_ndim=2)
def channel_norm(x, weight, bias, mean, variance, eps):
    """(x − mean) / √(variance + ε) · weight + bias, with given statistics of each channel"""
    shape = _over_channels(x)[1]
    scale = inverse_deviation(variance, eps).reshape(shape)
    return affine((x - mean.reshape(shape)) * scale, weight, bias, shape)


@kernel(_batch_vjp, min_ndim=2, notes=SUMS)
def batch_norm_vjp(g, x, weight, mean, variance, eps, fixed):
    """The gradients of :func:`batch_norm` for x, and for weight and bias (channels,)

    Those of :func:`channel_norm` if the statistics are ``fixed``.
    """
    axes, shape = _over_channels(x)
    mean, variance = mean.reshape(shape), variance.reshape(shape)
    gradient, products = slopes(g, x, weight, axes, shape, mean, variance, eps)
    if fixed:
        gradient = affine(g * inverse_deviation(variance, eps), weight, None, shape)
    return gradient, products.sum(axis=axes), g.sum(axis=axes)
