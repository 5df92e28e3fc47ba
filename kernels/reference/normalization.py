"""Normalisation: values centred and scaled to unit variance, then scaled and shifted as learnt.

Variances are means of squared deviations from the mean (two passes), which loses no digits where
the mean is large. Scale (``weight``) and shift (``bias``) may be None.
"""

import math

from ..registry import array_module, kernel

SUMS = {"sums": True}  # errors are relative to the largest element


def _layout(shape):
    """(samples, groups, channels of a group, positions): the last axis is positions if it can be"""
    positions = shape[-1] if len(shape) > 2 else 1
    channels = shape[-2] if len(shape) > 2 else shape[-1]
    groups = 5 if channels % 5 == 0 and channels > 5 else 1
    samples = math.prod(shape) // max(channels * positions, 1)
    return samples, groups, channels // groups, positions


def _grouped(make, shape):
    layout = _layout(shape)
    channels = (layout[1] * layout[2],)
    return make.normal(shape), make.normal(channels), make.normal(channels), layout, 1e-5


def _grouped_vjp(make, shape):
    x, weight, _, layout, eps = _grouped(make, shape)
    _, mean, variance = group_norm(x, None, None, layout, eps)
    return make.normal(shape), x, weight, mean, variance, layout, eps, make.normal(shape)


def _rows(make, shape):
    return make.normal(shape), make.normal(shape[-1:]), shape[-1], 1e-5


def _rows_vjp(make, shape):
    x, weight, width, eps = _rows(make, shape)
    return make.normal(shape), x, weight, rms_norm(x, None, width, eps)[1], width


def moments(x, axes):
    """The mean and the mean of squared deviations from it; the axes are kept."""
    count = math.prod(x.shape[axis] for axis in axes) or float("nan")
    mean = x.sum(axis=axes, keepdims=True) / x.dtype.type(count)
    centred = x - mean
    return mean, (centred * centred).sum(axis=axes, keepdims=True) / x.dtype.type(count)


def inverse_deviation(variance, eps):
    return 1 / array_module(variance).sqrt(variance + variance.dtype.type(eps))


def affine(x, weight, bias, shape):
    """x · weight + bias, both of which take ``shape``"""
    if weight is not None:
        x = x * weight.reshape(shape)
    return x if bias is None else x + bias.reshape(shape)


def slopes(g, x, weight, axes, shape, mean, variance, eps):
    """The gradient through statistics over ``axes``, and g · x̂"""
    scale = inverse_deviation(variance, eps)
    normal = (x - mean) * scale
    gw = affine(g, weight, None, shape)
    count = x.dtype.type(math.prod(x.shape[axis] for axis in axes) or 1)
    total = gw.sum(axis=axes, keepdims=True) / count
    along = (gw * normal).sum(axis=axes, keepdims=True) / count
    return scale * (gw - total - normal * along), g * normal


@kernel(_grouped, min_ndim=1, notes=SUMS)
def group_norm(x, weight, bias, layout, eps):
    """(x − mean) / √(variance + ε) · weight + bias, with the statistics of each group of channels

    ``layout`` = (samples, groups, channels of a group, positions) divides x; weight and bias have
    one number per channel. Returns that, and the mean and variance of each group of each sample.
    One group and one position make a layer norm.
    """
    blocks = x.reshape(layout)
    mean, variance = moments(blocks, (2, 3))
    y = (blocks - mean) * inverse_deviation(variance, eps)
    y = affine(y, weight, bias, (1, *layout[1:3], 1))
    return y.reshape(x.shape), mean.reshape(-1), variance.reshape(-1)


@kernel(_grouped_vjp, min_ndim=1, notes=SUMS)
def group_norm_vjp(g, x, weight, mean, variance, layout, eps, onto=None, parameters=True):
    """The gradients of :func:`group_norm` for x, and for weight and bias (channels,)

    The first one is added to ``onto``, which came to x on another way; the others are None without
    ``parameters``.
    """
    each = (*layout[:2], 1, 1)
    gradient, products = slopes(
        g.reshape(layout), x.reshape(layout), weight, (2, 3), (1, *layout[1:3], 1),
        mean.reshape(each), variance.reshape(each), eps,
    )  # fmt: skip
    gradient = gradient.reshape(x.shape)
    gradient = gradient if onto is None else onto + gradient
    if not parameters:
        return gradient, None, None
    weight_gradient = products.sum(axis=(0, 3)).reshape(-1)
    bias_gradient = g.reshape(layout).sum(axis=(0, 3)).reshape(-1)
    return gradient, weight_gradient, bias_gradient


@kernel(_rows, min_ndim=1, notes=SUMS)
def rms_norm(x, weight, width, eps):
    """x / √(mean of x² + ε) · weight on rows of ``width`` elements, and the factor of each row"""
    rows = x.reshape(x.size // max(width, 1), width)
    mean_square = (rows * rows).sum(axis=1, keepdims=True) / x.dtype.type(width or float("nan"))
    factor = inverse_deviation(mean_square, eps)
    return affine(rows * factor, weight, None, -1).reshape(x.shape), factor.reshape(-1)


@kernel(_rows_vjp, min_ndim=1, notes=SUMS)
def rms_norm_vjp(g, x, weight, factor, width):
    """The gradients of :func:`rms_norm` for x, and for weight as a vector"""
    factor = factor.reshape(-1, 1)
    g, rows = g.reshape(len(factor), width), x.reshape(len(factor), width)
    normal = rows * factor
    gw = affine(g, weight, None, -1)
    along = (gw * normal).sum(axis=1, keepdims=True) / x.dtype.type(width or 1)
    return (factor * (gw - normal * along)).reshape(x.shape), (g * normal).sum(axis=0)
