"""Softmax and log-softmax along one axis; the largest entry is subtracted first."""

from ..registry import array_module, kernel


def _inputs(make, shape):
    return make.normal(shape), -1


def _gradient_and_probabilities(make, shape):
    return make.normal(shape), make.uniform(shape, 0, 1), -1


def _gradient_and_logarithms(make, shape):
    return make.normal(shape), make.uniform(shape, -4, 0), -1


@kernel(_inputs, min_ndim=1, allows_empty=False)
def softmax(x, axis):
    """yᵢ = exp(xᵢ) / Σⱼ exp(xⱼ)"""
    e = array_module(x).exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@kernel(_gradient_and_probabilities, min_ndim=1, allows_empty=False)
def softmax_vjp(g, y, axis):
    """y · (g − Σⱼ gⱼ yⱼ), from the output y"""
    return y * (g - (g * y).sum(axis=axis, keepdims=True))


@kernel(_inputs, min_ndim=1, allows_empty=False)
def log_softmax(x, axis):
    """yᵢ = xᵢ − ln Σⱼ exp(xⱼ)"""
    xp = array_module(x)
    x = x - x.max(axis=axis, keepdims=True)
    return x - xp.log(xp.exp(x).sum(axis=axis, keepdims=True))


@kernel(_gradient_and_logarithms, min_ndim=1, allows_empty=False)
def log_softmax_vjp(g, y, axis):
    """g − exp(y) · Σⱼ gⱼ, from the output y"""
    return g - array_module(y).exp(y) * g.sum(axis=axis, keepdims=True)
