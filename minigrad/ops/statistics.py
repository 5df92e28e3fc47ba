"""Variances, standard deviations and covariances."""

import math

from .. import dtypes
from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from .arithmetic import sqrt
from .clamp import clamp
from .diagonals import diagonal
from .matmul import matmul
from .operands import check_axes, floating, numpy_names, tensor_of
from .reduce import check_floating, count_over, kept_shape, mean, sum
from .shape import reshape, squeeze, transpose, unsqueeze

__all__ = ["corrcoef", "cov", "std", "std_mean", "var", "var_mean"]


class Variance(Op):
    """v = Σ (x − m)² / (n − correction) over axes, m being the mean.

    dL/dx = 2 g (x − m) / (n − correction)
    """

    recomputes = True

    def forward(ctx, k, x, *, axis, correction, keepdims):
        ctx.axis, ctx.kept = axis, kept_shape(x.shape, axis)
        ctx.freedom = max(count_over(x.shape, axis) - correction, 0)
        v, m = k.variance(x, axis, correction)
        ctx.save(x, m)
        left = () if axis is None else [n for i, n in enumerate(x.shape) if i not in axis]
        return v if keepdims else k.reshape(v, left)

    def vjp(ctx, k, g):
        x, m = ctx.saved
        m = k.mean(x, ctx.axis, True) if m is None else m
        slope = k.mul(k.reshape(g, ctx.kept), 2 / ctx.freedom if ctx.freedom else math.inf)
        return k.mul(k.sub(x, m), slope)

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("rows", (x,), {"axis": (1,), "correction": 1, "keepdims": False})
        yield Sample("columns", (x,), {"axis": (0,), "correction": 0, "keepdims": True})
        yield Sample("all", (x,), {"axis": None, "correction": 0.5, "keepdims": False})
        yield Sample("0-d", (x[0, 0],), {"axis": None, "correction": 0, "keepdims": False})

    def peer(torch, x, *, axis, correction, keepdims):
        return torch.var(x, axis, correction=correction, keepdim=keepdims)


class Root(Op):
    """y = √x.    dL/dx = g / (2y), 0 where y = 0"""

    def forward(ctx, k, x):
        y = k.sqrt(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.div(k.mul(g, 0.5), k.where(k.eq(y, 0.0), math.inf, y))

    def samples(rng):
        yield Sample("matrix", (rng.uniform(0.5, 2, (3, 4)),))

    def peer(torch, x):
        return x.sqrt()


def _variance(name, input, dim, unbiased, keepdim, correction):
    """The variance for var, std and their like."""
    x = tensor_of(input)
    check_floating(name, x)
    if isinstance(dim, bool):  # var(False)
        dim, unbiased = None, dim
    if correction is None:
        correction = 0 if unbiased is False else 1
    elif unbiased is not None:
        raise TypeError(f"{name}: give unbiased or correction, not both")
    if isinstance(correction, bool) or not isinstance(correction, int | float):
        raise TypeError(f"{name}: correction must be a number, got {correction!r}")
    axis = check_axes(dim, x._array.ndim)
    return Variance.apply(x, axis=axis, correction=correction, keepdims=bool(keepdim))


@numpy_names
def var(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """Σ (x − mean)² / (n − correction) over all axes, or over ``dim``.

    ``correction`` is 1 unless given; ``unbiased`` False is ``correction`` 0.

    >>> import minigrad as mg
    >>> mg.var(mg.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    return _variance("var", input, dim, unbiased, keepdim, correction)


@numpy_names
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The square root of :func:`var`."""
    return Root.apply(_variance("std", input, dim, unbiased, keepdim, correction))


def _with_mean(spread):
    """var_mean and std_mean: a measure of spread and the mean over the same axes."""

    @numpy_names
    def function(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
        check_floating(function.__name__, tensor_of(input))
        measured = spread(input, dim, unbiased, keepdim, correction=correction)
        return measured, mean(input, None if isinstance(dim, bool) else dim, keepdim)

    function.__name__ = function.__qualname__ = f"{spread.__name__}_mean"
    function.__doc__ = f"(:func:`{spread.__name__}`, mean) over all axes, or over ``dim``."
    return function


var_mean, std_mean = _with_mean(var), _with_mean(std)


def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariances of the rows of a matrix, whose columns are observations.

    ``fweights`` counts how often each was made (integers), ``aweights`` weighs it. A vector is one
    row, and its covariance 0-d.
    """
    x = tensor_of(input)
    if x._array.ndim > 2:
        raise RuntimeError(f"cov: input must have at most 2 dimensions, got shape {x.shape}")
    rows = floating(reshape(x, 1, -1) if x._array.ndim < 2 else x)
    weights = _weights(rows._array.shape[1], fweights, aweights)
    total = rows._array.shape[1] if weights is None else sum(weights)
    repeats = 1 if aweights is None or not correction else sum(weights * aweights) / total
    freedom = total - correction * repeats
    weighted = rows if weights is None else rows * weights
    centred = rows - sum(weighted, 1, True) / total
    right = centred if weights is None else centred * weights
    freedom = max(freedom, 0.0) if weights is None else clamp(freedom, 0)
    return squeeze(matmul(centred, transpose(right, 0, 1)) / freedom)


def _weights(count, fweights, aweights):
    """The weights of ``count`` observations, or None if all are 1."""
    found = None
    for name, weights, whole in (("fweights", fweights, True), ("aweights", aweights, False)):
        if weights is None:
            continue
        w = tensor_of(weights, name)
        if dtype_of(w).is_floating_point is whole or dtype_of(w) is dtypes.bool_:
            kind = "integers" if whole else "floating point"
            raise RuntimeError(f"cov: {name} must be {kind}, got {dtype_of(w)}")
        if w._array.shape not in ((count,), ()) or w._array.size != count:
            raise RuntimeError(
                f"cov: {name} must be of shape ({count},), one for each observation, got {w.shape}"
            )
        if bool((w < 0).any()):
            raise RuntimeError(f"cov: {name} cannot be negative, got {w.tolist()}")
        found = w if found is None else found * w
    return found


def corrcoef(input):
    """The correlations of the rows of a matrix: covariances over products of deviations."""
    x = tensor_of(input)
    if x._array.ndim > 2:
        raise RuntimeError(f"corrcoef: input must have at most 2 dimensions, got shape {x.shape}")
    c = cov(x)
    if not c._array.ndim:
        return c / c
    deviations = sqrt(diagonal(c))
    return clamp(c / unsqueeze(deviations, 1) / unsqueeze(deviations, 0), -1, 1)
