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
from .reduce import check_floating, count_over, kept_shape, sum
from .shape import reshape, squeeze, transpose, unsqueeze

__all__ = ["corrcoef", "cov", "std", "std_mean", "var", "var_mean"]


class Variance(Op):
    """v = Σ (x − m)² / (n − correction) over axes, and the mean m.

    dL/dx = 2 gᵥ (x − m) / (n − correction) + gₘ / n
    """

    def forward(ctx, k, x, *, axis, correction, keepdims):
        ctx.kept = kept_shape(x.shape, axis)
        ctx.count = count_over(x.shape, axis)
        ctx.freedom = max(ctx.count - correction, 0)
        v, m = k.variance(x, axis, correction)
        if not keepdims:
            left = tuple(n for i, n in enumerate(x.shape) if axis is not None and i not in axis)
            v, m = k.reshape(v, left), k.reshape(m, left)
        ctx.save(x, m)
        return v, m

    def fill_gradients(ctx, gradients):
        return gradients  # mostly one of the two is wanted alone

    def vjp(ctx, k, gv, gm):
        x, m = ctx.saved
        gx = None
        if gv is not None:
            slope = k.mul(k.reshape(gv, ctx.kept), 2 / ctx.freedom if ctx.freedom else math.inf)
            gx = k.mul(k.sub(x, k.reshape(m, ctx.kept)), slope)
        if gm is None:
            return gx
        flat = k.mul(k.reshape(gm, ctx.kept), 1 / ctx.count if ctx.count else math.nan)
        return k.expand(flat, x.shape) if gx is None else k.add(gx, flat)

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("rows", (x,), {"axis": (1,), "correction": 1, "keepdims": False})
        yield Sample("columns", (x,), {"axis": (0,), "correction": 0, "keepdims": True})
        yield Sample("all", (x,), {"axis": None, "correction": 0.5, "keepdims": False})
        yield Sample("0-d", (x[0, 0],), {"axis": None, "correction": 0, "keepdims": False})

    def peer(torch, x, *, axis, correction, keepdims):
        return torch.var_mean(x, axis, correction=correction, keepdim=keepdims)


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


def _moments(name, input, dim, unbiased, keepdim, correction):
    """(variance, mean) of var, std and their like."""
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
    return _moments("var", input, dim, unbiased, keepdim, correction)[0]


@numpy_names
def std(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """The square root of :func:`var`."""
    return Root.apply(_moments("std", input, dim, unbiased, keepdim, correction)[0])


@numpy_names
def var_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(:func:`var`, mean) over all axes, or over ``dim``, in one go."""
    return _moments("var_mean", input, dim, unbiased, keepdim, correction)


@numpy_names
def std_mean(input, dim=None, unbiased=None, keepdim=False, *, correction=None):
    """(:func:`std`, mean) over all axes, or over ``dim``, in one go."""
    v, m = _moments("std_mean", input, dim, unbiased, keepdim, correction)
    return Root.apply(v), m


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
