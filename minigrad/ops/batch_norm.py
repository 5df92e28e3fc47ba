"""Batch norm: each channel by the statistics of the batch, or by running ones."""

import functools

import numpy as np

from .. import dtypes
from ..engine import graph
from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from .operands import only_tensors, optional_tensors

__all__ = ["batch_norm"]


class BatchNorm(Op):
    """y = x̂ · weight + bias, x̂ = (x − mean) / √(variance + ε) over all but the second axis.

    dL/dx = (ĝ − mean(ĝ) − x̂ · mean(ĝ x̂)) / √(variance + ε) with ĝ = g · weight,
    dL/dweight = Σ g x̂,  dL/dbias = Σ g

    ``track`` is told the means and variances, or None. Source: Ioffe and Szegedy 2015.
    """

    recomputes = True

    def forward(ctx, k, x, weight, bias, *, eps, track):
        ctx.eps, ctx.weighted, ctx.biased = eps, weight is not None, bias is not None
        y, mean, variance = k.batch_norm(x, weight, bias, eps)
        if track is not None:
            track(mean, variance)
        ctx.save(x, weight, mean, variance)
        return y

    def vjp(ctx, k, g):
        x, weight, mean, variance = ctx.saved
        if mean is not None:
            gx, gw, gb = k.batch_norm_vjp(g, x, weight, mean, variance, ctx.eps, False)
        else:
            axes, shape = _over_channels(x)
            gx, gw, gb = normalized(k, x, g, weight, shape, axes, axes, ctx.eps)
        return gx, gw if ctx.weighted else None, gb if ctx.biased else None

    def samples(rng):
        params = {"eps": 1e-5, "track": None}
        weight, bias = rng.normal(size=3), rng.normal(size=3)
        yield Sample("columns", (rng.normal(size=(4, 3)), weight, bias), params)
        yield Sample("planes", (rng.normal(size=(2, 3, 4)), weight, None), params)
        yield Sample("images", (rng.normal(size=(2, 3, 2, 2)), None, bias), params)

    def peer(torch, x, weight, bias, *, eps, track):
        return torch.nn.functional.batch_norm(x, None, None, weight, bias, True, 0.1, eps)


class ChannelNorm(Op):
    """y = x̂ · weight + bias, x̂ = (x − mean) / √(variance + ε) with given statistics.

    dL/dx = g · weight / √(variance + ε),  dL/dweight = Σ g x̂,  dL/dbias = Σ g
    """

    def forward(ctx, k, x, weight, bias, mean, variance, *, eps):
        ctx.eps, ctx.weighted, ctx.biased = eps, weight is not None, bias is not None
        ctx.save(x, weight, mean, variance)
        return k.channel_norm(x, weight, bias, mean, variance, eps)

    def vjp(ctx, k, g):
        x, weight, mean, variance = ctx.saved
        if k.records:
            gx, gw, gb = ctx.composed(k, x, weight, mean, variance, g)
        else:
            gx, gw, gb = k.batch_norm_vjp(g, x, weight, mean, variance, ctx.eps, True)
        return gx, gw if ctx.weighted else None, gb if ctx.biased else None, None, None

    def composed(ctx, k, x, weight, mean, variance, g):
        """The gradients in differentiable ops."""
        axes, shape = _over_channels(x)
        scale = k.reshape(k.rsqrt(k.add(variance, ctx.eps)), shape)
        normal = k.mul(k.sub(x, k.reshape(mean, shape)), scale)
        gw = g if weight is None else k.mul(g, k.reshape(weight, shape))
        return k.mul(gw, scale), k.sum(k.mul(g, normal), axes, False), k.sum(g, axes, False)

    def samples(rng):
        numbers = rng.normal(size=3), rng.normal(size=3), rng.normal(size=3), rng.random(3) + 0.5
        fixed = {"params": {"eps": 1e-5}, "constants": (3, 4)}
        yield Sample("columns", (rng.normal(size=(4, 3)), *numbers), **fixed)
        yield Sample("planes", (rng.normal(size=(2, 3, 4)), None, *numbers[1:]), **fixed)
        plain = rng.normal(size=(2, 3, 2, 2)), numbers[0], None, *numbers[2:]
        yield Sample("images", plain, **fixed)

    def peer(torch, x, weight, bias, mean, variance, *, eps):
        statistics = mean.detach(), variance.detach()
        return torch.nn.functional.batch_norm(x, *statistics, weight, bias, False, 0.1, eps)


def _over_channels(x):
    """The axes other than the second, and a shape for one number per channel."""
    ndim = len(x.shape)
    return (0, *range(2, ndim)), (1, -1, *(1 for _ in range(2, ndim)))


def normalized(k, x, g, weight, shape, axes, others, eps):
    """The gradients of normalising over ``axes``, in differentiable ops.

    ``weight`` takes ``shape``; its gradient and that of the bias are sums over ``others``.
    """
    centred = k.sub(x, k.mean(x, axes, True))
    scale = k.rsqrt(k.add(k.mean(k.mul(centred, centred), axes, True), eps))
    normal = k.mul(centred, scale)
    gw = g if weight is None else k.mul(g, k.reshape(weight, shape))
    along = k.mul(normal, k.mean(k.mul(gw, normal), axes, True))
    gx = k.mul(scale, k.sub(k.sub(gw, k.mean(gw, axes, True)), along))
    return gx, k.sum(k.mul(g, normal), others, False), k.sum(g, others, False)


def check_floating(name, x, argument="input"):
    """Raise unless x is a floating tensor."""
    only_tensors(name, x, arguments=(argument,))
    if x._tag is None and x._array.dtype.kind != "f":
        raise RuntimeError(f"{name}: {argument} must be floating, got {dtype_of(x)}")


def check_parameters(name, x, **parameters):
    """Raise unless they have the dtype of x, or are all float32 beside a half-precision x."""
    kind, tag = x._array.dtype, x._tag
    for t in parameters.values():
        if t is not None and (t._array.dtype is not kind or t._tag is not tag):
            break
    else:
        return
    dtype, given = dtype_of(x), {dtype_of(t) for t in parameters.values() if t is not None}
    if given == {dtype} or (dtype.emulated and given == {dtypes.float32}):
        return
    wrong = {n: t for n, t in parameters.items() if t is not None and dtype_of(t) is not dtype}
    argument, t = next(iter(wrong.items()))
    raise RuntimeError(
        f"{name}: {argument} has dtype {dtype_of(t)} but the input has {dtype}; "
        f"convert one of them with .to({dtype.name!r})"
    )


def check_channels(name, x, **parameters):
    """Raise unless x is (N, C, …), and the parameters fit it and have one number per channel."""
    optional_tensors(name, **parameters)
    shape = x._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"{name} needs an input (N, C) or (N, C, ...), got shape {shape}")
    extent = shape[1:2]
    for argument, t in parameters.items():
        if t is not None and t._array.shape != extent:
            raise RuntimeError(
                f"{name}: {argument} has shape {t._array.shape}, but the input of shape {shape} "
                f"has {shape[1]} channels"
            )
    check_parameters(name, x, **parameters)


def check_statistics(name, mean, variance, computed):
    """Raise unless running statistics come both or not at all, and where they are needed."""
    if (mean is None) != (variance is None):
        raise ValueError(f"{name}: running_mean and running_var come both or neither")
    if mean is None and not computed:
        raise RuntimeError(
            f"{name}: running_mean and running_var must be given where the statistics are not "
            "those of the input"
        )
    optional_tensors(name, running_mean=mean, running_var=variance)
    for argument, t in (("running_mean", mean), ("running_var", variance)):
        if t is not None and t._requires_grad:
            raise RuntimeError(f"{name} has no gradient for {argument}, which requires grad")


def update_statistics(running_mean, running_var, momentum, count, mean, variance):
    """running ← (1 − momentum) · running + momentum · new, the variance being made unbiased."""
    _move(running_mean, 1 - momentum, mean * momentum)
    _move(running_var, 1 - momentum, variance * (momentum * count / max(count - 1, 1)))


def _move(running, kept, added):
    """A buffer becomes kept · buffer + added, in place."""
    array, tag = running._array, running._tag
    if tag is None:
        array *= kept
        array += added
    else:
        array[...] = dtypes.encode(graph.values(running) * np.float32(kept) + added, tag)
    graph.written(running)


def count_batch(counter):
    """Add one to a 0-d buffer, in place; returns the sum."""
    counter._array += 1
    graph.written(counter)
    return counter._array


def batch_norm(
    input,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
):
    """(x − mean) / √(variance + ε) · weight + bias over each channel of (N, C) or (N, C, …).

    In training the statistics are those of the batch, and the running ones (which may be None)
    move towards them, the unbiased variance that is, whether or not anything is recorded;
    otherwise the running ones are used. Source: Ioffe and Szegedy 2015.

    >>> import minigrad as mg
    >>> mean, var = mg.zeros(1), mg.ones(1)
    >>> y = mg.nn.functional.batch_norm(mg.tensor([[0.0], [2.0]]), mean, var, training=True)
    >>> y.flatten(), mean, var
    (tensor([-1.0000,  1.0000]), tensor([0.1000]), tensor([1.1000]))
    """
    track = prepared(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return ChannelNorm.apply(input, weight, bias, running_mean, running_var, eps=eps)
    return BatchNorm.apply(input, weight, bias, eps=eps, track=track)


def prepared(input, running_mean, running_var, weight, bias, training, momentum, eps):
    """Check the arguments of batch_norm; the function to be told the statistics, or None."""
    check_floating("batch_norm", input)
    check_statistics("batch_norm", running_mean, running_var, training)
    statistics = {"running_mean": running_mean, "running_var": running_var}
    check_channels("batch_norm", input, **statistics, weight=weight, bias=bias)
    if eps < 0 or (training and eps == 0):
        kind = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm: eps must be {kind}, got {eps}")
    if not training:
        return None
    shape = input._array.shape
    count = input._array.size // max(shape[1], 1)
    if count == 1:
        raise ValueError(
            "batch_norm: expected more than 1 value per channel when training, "
            f"got input of shape {shape}"
        )
    if running_mean is None or not count:
        return None
    if not isinstance(momentum, int | float):
        raise TypeError(f"batch_norm: momentum must be a number, got {type(momentum).__name__}")
    return functools.partial(update_statistics, running_mean, running_var, momentum, count)
