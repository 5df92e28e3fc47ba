"""Layer, group, instance, RMS and local response norm: each sample by itself."""

import math
import warnings

from .. import dtypes
from ..engine.autocast import casts
from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from .batch_norm import (
    ChannelNorm,
    check_channels,
    check_floating,
    check_parameters,
    check_statistics,
    normalized,
    update_statistics,
)
from .cast import cast
from .operands import only_tensors, optional_tensors
from .padding import pad

__all__ = ["group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


class GroupNorm(Op):
    """y = x̂ · weight + bias, x̂ = (x − mean) / √(variance + ε) over each group of channels.

    dL/dx = (ĝ − mean(ĝ) − x̂ · mean(ĝ x̂)) / √(variance + ε) with ĝ = g · weight,
    dL/dweight = Σ g x̂,  dL/dbias = Σ g

    ``layout`` is (samples, groups, channels of a group, positions); a layer norm has one group and
    one position. ``track`` is told the means and variances, or None.
    Sources: Ba, Kiros and Hinton 2016; Wu and He 2018.
    """

    precision = "fp32"
    recomputes = True
    accumulates = True

    def forward(ctx, k, x, weight, bias, *, layout, eps, track):
        ctx.layout, ctx.eps = layout, eps
        ctx.shapes = tuple(None if p is None else p.shape for p in (weight, bias))
        y, mean, variance = k.group_norm(x, weight, bias, layout, eps)
        if track is not None:
            track(mean, variance)
        ctx.save(x, weight, mean, variance)
        return y

    def vjp(ctx, k, g):
        x, weight, mean, variance = ctx.saved
        if mean is not None:
            onto, ctx.onto = ctx.onto, None
            statistics = mean, variance, ctx.layout, ctx.eps
            parameters = any(shape is not None for shape in ctx.shapes)
            gx, gw, gb = k.group_norm_vjp(g, x, weight, *statistics, onto, parameters)
        else:
            blocks, each = (k.reshape(x, ctx.layout), k.reshape(g, ctx.layout)), ctx.layout[1:3]
            gx, gw, gb = normalized(k, *blocks, weight, (1, *each, 1), (2, 3), (0, 3), ctx.eps)
            gx = k.reshape(gx, x.shape)
        shape = ctx.shapes[0] or ctx.shapes[1]
        if shape is not None and gw.shape != shape:
            gw, gb = k.reshape(gw, shape), k.reshape(gb, shape)
        return gx, gw if ctx.shapes[0] else None, gb if ctx.shapes[1] else None

    def samples(rng):
        rows = {"eps": 1e-5, "track": None}
        x, weight, bias = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4)
        yield Sample("rows", (x, weight, bias), {"layout": (3, 1, 4, 1), **rows})
        yield Sample("no bias", (x, weight, None), {"layout": (3, 1, 4, 1), **rows})
        wide = rng.normal(size=(3, 8)), rng.normal(size=8), rng.normal(size=8)
        yield Sample("groups of rows", wide, {"layout": (3, 2, 4, 1), **rows})
        planes = rng.normal(size=(2, 4, 3)), weight, bias
        yield Sample("planes", planes, {"layout": (2, 2, 2, 3), **rows})
        yield Sample("instances", (planes[0], None, None), {"layout": (2, 4, 1, 3), **rows})

    def peer(torch, x, weight, bias, *, layout, eps, track):
        blocks = x.reshape(layout[0], layout[1] * layout[2], layout[3])
        y = torch.nn.functional.group_norm(blocks, layout[1], weight, bias, eps)
        return y.reshape(x.shape)


class RmsNorm(Op):
    """y = x r · weight, r = 1 / √(mean of x² + ε) of each row of ``width`` elements.

    dL/dx = r · (ĝ − x r · mean(ĝ x r)) with ĝ = g · weight,  dL/dweight = Σ g x r

    Source: Zhang and Sennrich 2019.
    """

    precision = "fp32"
    recomputes = True

    def forward(ctx, k, x, weight, *, width, eps):
        ctx.width, ctx.eps = width, eps
        y, factor = k.rms_norm(x, weight, width, eps)
        ctx.save(x, weight, factor)
        return y

    def vjp(ctx, k, g):
        x, weight, factor = ctx.saved
        if factor is not None:
            gx, gw = k.rms_norm_vjp(g, x, weight, factor, ctx.width)
        else:
            gx, gw = ctx.composed(k, x, weight, g)
        return gx, None if weight is None else k.reshape(gw, weight.shape)

    def composed(ctx, k, x, weight, g):
        """The gradients in differentiable ops."""
        shape = (math.prod(x.shape) // max(ctx.width, 1), ctx.width)
        rows, g = k.reshape(x, shape), k.reshape(g, shape)
        factor = k.rsqrt(k.add(k.mean(k.mul(rows, rows), (1,), True), ctx.eps))
        unit = k.mul(rows, factor)
        gw = g if weight is None else k.mul(g, k.reshape(weight, -1))
        along = k.mean(k.mul(gw, unit), (1,), True)
        gx = k.mul(factor, k.sub(gw, k.mul(unit, along)))
        return k.reshape(gx, x.shape), k.sum(k.mul(g, unit), (0,), False)

    def samples(rng):
        x, weight = rng.normal(size=(3, 4)), rng.normal(size=4)
        yield Sample("rows", (x, weight), {"width": 4, "eps": 1e-5})
        yield Sample("no weight", (x, None), {"width": 2, "eps": 0.1})

    def peer(torch, x, weight, *, width, eps):
        y = torch.nn.functional.rms_norm(x.reshape(-1, width), (width,), weight, eps)
        return y.reshape(x.shape)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """(x − mean) / √(variance + ε) · weight + bias over the last axes, ``normalized_shape``.

    ``weight`` and ``bias`` have that shape. Each sample is normalised by itself, whatever else is
    in the batch. Source: Ba, Kiros and Hinton 2016.

    >>> import minigrad as mg
    >>> mg.nn.functional.layer_norm(mg.tensor([1.0, 3.0]), (2,))
    tensor([-1.0000,  1.0000])
    """
    width = _last_axes("layer_norm", input, normalized_shape, weight, bias)
    check_parameters("layer_norm", input, weight=weight, bias=bias)
    rows = math.prod(input._array.shape[: input._array.ndim - len(normalized_shape)])
    layout = (rows, 1, width, 1)
    return GroupNorm.apply(input, weight, bias, layout=layout, eps=eps, track=None)


def _last_axes(name, x, normalized_shape, weight, bias=None):
    """How many elements the normalised axes have, after checking them and the parameters."""
    check_floating(name, x)
    optional_tensors(name, weight=weight, bias=bias)
    if not isinstance(normalized_shape, tuple | list):
        raise TypeError(
            f"{name}: normalized_shape must be a tuple of ints, such as ({normalized_shape},), "
            f"got {type(normalized_shape).__name__}"
        )
    wanted, shape = tuple(normalized_shape), x._array.shape
    if not wanted:
        raise RuntimeError(f"{name}: normalized_shape must have at least one axis, got ()")
    if shape[-len(wanted) :] != wanted:
        raise RuntimeError(
            f"{name}: normalized_shape={wanted} needs an input whose last axes have these extents, "
            f"got shape {shape}"
        )
    for argument, t in (("weight", weight), ("bias", bias)):
        if t is not None and t._array.shape != wanted:
            raise RuntimeError(
                f"{name}: {argument} has shape {t._array.shape} but normalized_shape is {wanted}"
            )
    return math.prod(wanted)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """x / √(mean of x² + ε) · weight over the last axes, ``normalized_shape``.

    ``eps`` None is the machine epsilon of the dtype computed in: float64, otherwise float32.
    Source: Zhang and Sennrich 2019.
    """
    width = _last_axes("rms_norm", input, normalized_shape, weight)
    dtype = dtype_of(input)
    if eps is None:
        eps = dtypes.finfo(dtype if dtype is dtypes.float64 else dtypes.float32).eps
    if weight is not None:
        check_floating("rms_norm", weight, "weight")
        if dtype_of(weight) is not (dtypes.float32 if dtype.emulated else dtype):
            weight = cast(weight, dtype)
    return RmsNorm.apply(input, weight, width=width, eps=eps)


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """(x − mean) / √(variance + ε) · weight + bias over groups of the channels of (N, C, …).

    ``weight`` and ``bias`` have one number per channel. A group that has a single value per sample
    gives nothing but the bias: that warns. Source: Wu and He 2018.
    """
    check_floating("group_norm", input)
    check_channels("group_norm", input, weight=weight, bias=bias)
    shape = input._array.shape
    if not hasattr(num_groups, "__index__"):
        raise TypeError(f"group_norm: num_groups must be an int, got {num_groups!r}")
    if num_groups < 1 or shape[1] % num_groups:
        raise RuntimeError(
            f"group_norm: num_groups={num_groups} must be positive and divide the {shape[1]} "
            f"channels of the input of shape {shape}"
        )
    layout = (shape[0], num_groups, shape[1] // num_groups, math.prod(shape[2:]))
    if layout[2] * layout[3] == 1:
        _single_values(shape, num_groups)
    return GroupNorm.apply(input, weight, bias, layout=layout, eps=eps, track=None)


def _single_values(shape, num_groups):
    message = (
        f"group_norm: with num_groups={num_groups} an input of shape {shape} has a single value in "
        "each group of a sample"
    )
    if shape[0] == 1:
        raise ValueError(f"{message}; statistics need more than 1 value")
    warnings.warn(f"{message}: what comes out is the bias alone", UserWarning, stacklevel=3)


@casts("input")
def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """(x − mean) / √(variance + ε) · weight + bias over each channel of each sample of (N, C, …).

    With ``use_input_stats`` the running statistics, if given, move towards the mean over samples
    of the means and unbiased variances; without it they are what x is normalised by.
    Source: Ulyanov, Vedaldi and Lempitsky 2016.
    """
    check_floating("instance_norm", input)
    shape = input._array.shape
    positions = math.prod(shape[2:])
    if use_input_stats and positions == 1:
        raise ValueError(
            f"instance_norm: expected more than 1 spatial element when training, got shape {shape}"
        )
    check_statistics("instance_norm", running_mean, running_var, use_input_stats)
    statistics = {"running_mean": running_mean, "running_var": running_var}
    check_channels("instance_norm", input, **statistics, weight=weight, bias=bias)
    if not use_input_stats:
        return ChannelNorm.apply(input, weight, bias, running_mean, running_var, eps=eps)
    track = None
    if running_mean is not None and shape[0]:

        def track(mean, variance):
            means = (s.reshape(shape[:2]).mean(axis=0) for s in (mean, variance))
            update_statistics(running_mean, running_var, momentum, positions, *means)

    layout = (*shape[:2], 1, positions)
    return GroupNorm.apply(input, weight, bias, layout=layout, eps=eps, track=track)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """x / (k + α · mean of x² over ``size`` neighbouring channels)^β for an input (N, C, …).

    Beyond the first and last channel there are zeros. Source: Krizhevsky et al. 2012.
    """
    only_tensors("local_response_norm", input)
    shape = input._array.shape
    if len(shape) < 3:
        raise ValueError(f"local_response_norm needs an input (N, C, L, ...), got shape {shape}")
    if size < 1:
        raise RuntimeError(f"local_response_norm: size must be positive, got {size}")
    if not input._array.size:
        return input
    squares = (input * input).reshape(shape[0], shape[1], -1)
    padded = pad(squares, (0, 0, size // 2, (size - 1) // 2))
    total = padded[:, : shape[1]]
    for offset in range(1, size):
        total = total + padded[:, offset : offset + shape[1]]
    return input / (total.reshape(shape) * (alpha / size) + k) ** beta
