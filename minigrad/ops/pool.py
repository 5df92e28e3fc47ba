"""Pooling: the largest element, the mean or a norm of every window.

Along each axis a window is a column of a table. Taps that fall outside of the input repeat one
inside, with weight 0: the largest element can be found without asking where the border is, and
means are sums with weights, as interpolation is.
"""

import functools
import math

import numpy as np

from ..backend import Table
from ..engine.graph import dtype_of, new_tensor
from ..engine.op import Op, Sample
from .activation import relu
from .arithmetic import abs as absolute
from .arithmetic import div, mul, neg, pow, sign
from .conv import per_axis
from .operands import FLOATS, INTEGERS, beside, check_category, only_tensors
from .resample import Resample

__all__ = []


class MaxPool(Op):
    """y = the largest element of each window.    dL/dx = Σ g of those it is in y

    The windows are tables of elements along the last axes. With ``places`` also where it is, as
    int64 that count the elements of a plane.
    """

    def forward(ctx, k, x, *, windows, places):
        y, at = k.max_pool(x, windows)
        ctx.shape, ctx.axes = x.shape, len(windows)
        ctx.save(at)
        return (y, at.astype("int64")) if places else y

    def fill_gradients(ctx, gradients):
        return gradients  # places have none

    def intermediate(ctx, array):
        return new_tensor(array.astype("int64"))  # places: a constant

    def vjp(ctx, k, g, _places=None):
        (at,) = ctx.saved
        lead = ctx.shape[: -ctx.axes]
        flat = math.prod(lead), math.prod(ctx.shape[-ctx.axes :])
        picked = flat[0], math.prod(at.shape[-ctx.axes :])
        gx = k.add_along(k.reshape(g, picked), k.reshape(at, picked), 1, flat)
        return k.reshape(gx, ctx.shape)

    def samples(rng):
        for name, extents, window in (
            ("line", (7,), (3, 2, 1, 1, False)),
            ("plane", (5, 4), (2, 2, 0, 1, True)),
            ("overlap", (4, 5), (3, 1, 1, 2, False)),
            ("space", (3, 2, 4), (2, 1, 0, 1, False)),
        ):
            windows = tuple(_taps(n, *window) for n in extents)
            params = {"windows": windows, "places": name != "space"}
            yield Sample(name, (rng.normal(size=(2, 1, *extents)),), params)

    def peer(torch, x, *, windows, places):
        axes, extents = len(windows), x.shape[-len(windows) :]
        indices = []
        for axis, window in enumerate(windows):
            shape = [1] * (2 * axes)
            shape[axis], shape[axes + axis] = window.index.shape
            indices.append(torch.as_tensor(window.index.astype(np.int64)).reshape(shape))
        taps = x[(..., *indices)].flatten(-2 * axes, -axes - 1)
        y, tap = taps.max(-axes - 1, keepdim=True)
        y = y.squeeze(-axes - 1)
        if not places:
            return y
        at = torch.arange(math.prod(extents)).reshape(extents)[tuple(indices)]
        at = at.flatten(0, axes - 1).expand(taps.shape)
        return y, at.gather(-axes - 1, tap).squeeze(-axes - 1)


def _count(extent, kernel, stride, padding, dilation, ceil_mode):
    """How many windows there are; the last must begin in the input or in the border before it."""
    spare = extent + 2 * padding - dilation * (kernel - 1) - 1
    count = (spare + (stride - 1 if ceil_mode else 0)) // stride + 1
    return count - 1 if ceil_mode and (count - 1) * stride >= extent + padding else count


@functools.lru_cache(256)
def _taps(extent, kernel, stride, padding, dilation, ceil_mode):
    """The table of windows along one axis, each element with weight 1; None if a window is empty"""
    count = _count(extent, kernel, stride, padding, dilation, ceil_mode)
    start = np.arange(count) * stride - padding
    first = np.maximum(-(start // dilation), 0)
    last = np.minimum((extent - 1 - start) // dilation, kernel - 1)
    if count < 1 or (first > last).any():
        return None
    tap = np.arange(kernel)[:, None]
    inside = np.clip(tap, first, last)
    return Table(start + inside * dilation, inside == tap, extent)


def _divisors(table, kernel, stride, padding, include_pad):
    """How many elements each window has, those of the border included or not"""
    if not include_pad:
        return table.weight.sum(0)
    start = np.arange(table.size) * stride - padding
    return np.minimum(start + kernel, table.extent + padding) - start


@functools.lru_cache(256)
def _means(extent, kernel, stride, padding, ceil_mode, include_pad):
    """The table of means of windows along one axis"""
    table = _taps(extent, kernel, stride, padding, 1, ceil_mode)
    weight = table.weight / _divisors(table, kernel, stride, padding, include_pad)
    return Table(table.index, weight, extent)


@functools.lru_cache(256)
def _scaled(table, factor):
    """The table with all weights times a number"""
    return Table(table.index, table.weight * factor, table.extent)


def check_planes(name, axes, x, channels=True):
    """Raise unless x is (samples, channels, ...), or has no samples; no other extent may be 0."""
    only_tensors(name, x)
    shape = x._array.shape
    if len(shape) not in (axes + 1, axes + 2):
        raise RuntimeError(
            f"{name}: input must have {axes + 2} dimensions (samples, channels, ...), or "
            f"{axes + 1} without samples; got shape {shape}"
        )
    if 0 in shape[-axes - 1 if channels else -axes :]:
        raise RuntimeError(f"{name}: only the number of samples may be 0, got shape {shape}")


def check_windows(name, axes, x, kernel_size, stride, padding, dilation=1, ceil_mode=False):
    """(kernel, stride, padding, dilation) as tuples and the tables of windows, all checked."""
    check_planes(name, axes, x)
    check_category(name, x, INTEGERS, FLOATS)
    kernel = per_axis(name, "kernel_size", kernel_size, axes, 1)
    stride = kernel if stride in (None, (), []) else per_axis(name, "stride", stride, axes, 1)
    padding = per_axis(name, "padding", padding, axes, 0)
    dilation = per_axis(name, "dilation", dilation, axes, 1)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise RuntimeError(
            f"{name}: padding={padding} must be at most half of kernel_size={kernel}"
        )
    extents = x._array.shape[-axes:]
    window = kernel, stride, padding, dilation
    tables = tuple(_taps(*w, bool(ceil_mode)) for w in zip(extents, *window, strict=True))
    if None in tables:
        raise RuntimeError(
            f"{name}: windows of kernel_size={kernel} and dilation={dilation} do not fit into "
            f"extents {extents} with padding={padding}"
        )
    return window, tables


def _max_pool(axes):
    name = f"max_pool{axes}d"

    def max_pool(
        input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,
        return_indices=False,
    ):  # fmt: skip
        _, windows = check_windows(
            name, axes, input, kernel_size, stride, padding, dilation, ceil_mode
        )
        return MaxPool.apply(input, windows=windows, places=bool(return_indices))

    return named(max_pool, name, f"""The largest element of every window of the last {_AXES[axes]}.

    ``input`` is (samples, channels, ...) or has no samples. ``stride`` is the kernel's size where
    it is not given; the border counts as smaller than all elements. ``ceil_mode`` adds a last
    window for elements that are left over. ``return_indices`` also gives the place of each largest
    element in its plane: of equal ones the first, of NaNs the last.
    """)  # fmt: skip


def _sums(x, tables, divisors):
    """Sums over windows of integers divided by numbers for each axis, rounded towards 0"""
    divisor = functools.reduce(np.multiply.outer, divisors).astype(np.int64)
    total = Resample.apply(x, tables=tables)
    return div(total, new_tensor(beside(divisor, x)), rounding_mode="trunc").to(dtype_of(x))


def _average(
    name, axes, x, kernel_size, stride, padding, ceil_mode, include_pad, divisor_override=None
):
    window, tables = check_windows(name, axes, x, kernel_size, stride, padding, 1, ceil_mode)
    windows = list(zip(*window[:3], strict=True))
    floating = dtype_of(x).is_floating_point
    if divisor_override is not None:
        divisor = _divisor(name, divisor_override)
        if not floating:
            return _sums(x, tables, [np.full((1,) * axes, divisor)])
        return Resample.apply(x, tables=(*tables[:-1], _scaled(tables[-1], 1 / divisor)))
    if not floating:
        pairs = zip(tables, windows, strict=True)
        return _sums(x, tables, [_divisors(t, *w, include_pad) for t, w in pairs])
    pairs = zip(x._array.shape[-axes:], windows, strict=True)
    means = [_means(n, *w, bool(ceil_mode), bool(include_pad)) for n, w in pairs]
    return Resample.apply(x, tables=tuple(means))


def _avg_pool(axes):
    name = f"avg_pool{axes}d"

    def avg_pool(
        input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
        divisor_override=None,
    ):  # fmt: skip
        return _average(
            name, axes, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
            divisor_override,
        )  # fmt: skip

    def avg_pool1d(
        input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
    ):
        return _average(
            name, axes, input, kernel_size, stride, padding, ceil_mode, count_include_pad
        )

    function = avg_pool1d if axes == 1 else avg_pool
    return named(function, name, f"""The mean of every window of the last {_AXES[axes]}.

    ``input`` is (samples, channels, ...) or has no samples; ``stride`` is the kernel's size where
    it is not given. The zeros of the border count as elements with ``count_include_pad``.
    """)  # fmt: skip


def _divisor(name, value):
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name}: divisor_override must be an int, got {value!r}")
    if not value:
        raise RuntimeError(f"{name}: divisor_override must not be 0")
    return value


def _lp_pool(axes):
    name = f"lp_pool{axes}d"

    def lp_pool(input, norm_type, kernel_size, stride=None, ceil_mode=False):
        kernel = per_axis(name, "kernel_size", kernel_size, axes, 1, short=axes == 1)
        if norm_type == 0:
            raise ZeroDivisionError(f"{name}: norm_type must not be 0")
        if norm_type == math.inf:
            return MAX[axes](absolute(input), kernel, stride, 0, 1, ceil_mode)
        if norm_type == -math.inf:
            return neg(MAX[axes](neg(absolute(input)), kernel, stride, 0, 1, ceil_mode))
        means = AVG[axes](pow(input, norm_type), kernel, stride, 0, ceil_mode)
        sums = mul(mul(sign(means), relu(absolute(means))), math.prod(kernel))
        return pow(sums, 1 / norm_type)

    return named(lp_pool, name, f"""y = (Σ xᵖ)^(1/p) over every window of the last {_AXES[axes]}.

    ``norm_type`` is p, infinity included; odd powers keep their signs. Where the sum is 0, so is
    the gradient. Windows that ``ceil_mode`` cuts off count as whole ones with the same mean.
    """)  # fmt: skip


def named(function, name, doc):
    """The function under its public name."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


_AXES = {1: "axis", 2: "two axes", 3: "three axes"}
MAX = {axes: _max_pool(axes) for axes in (1, 2, 3)}
AVG = {axes: _avg_pool(axes) for axes in (1, 2, 3)}
LP = {axes: _lp_pool(axes) for axes in (1, 2, 3)}
max_pool1d, max_pool2d, max_pool3d = MAX.values()
avg_pool1d, avg_pool2d, avg_pool3d = AVG.values()
lp_pool1d, lp_pool2d, lp_pool3d = LP.values()
