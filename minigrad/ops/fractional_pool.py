"""Fractional max pooling: windows at random places that nearly tile the input."""

import itertools
import math

import numpy as np

from ..backend import array_module
from ..engine.graph import dtype_of, new_tensor, values
from .along import TakeAlong
from .conv import per_axis
from .operands import FLOATS, check_category, only_tensors
from .pool import check_planes, named
from .sampling import uniform_like
from .shape import reshape

__all__ = []


def _starts(samples, extent, kernel, size):
    """Where the windows of every channel begin along one axis; the last ends with the input

    start[i] = ⌊(i + u) α⌋ − ⌊u α⌋ with α = (extent − kernel) / (size − 1) and u the sample
    """
    xp, kind = array_module(samples), samples.dtype.type
    last = xp.full((*samples.shape, 1), extent - kernel, "int64")
    if size < 2:
        return last[..., :size]
    alpha = kind(extent - kernel) / kind(size - 1)
    u = samples[..., None]
    steps = xp.arange(size - 1).astype(samples.dtype) + u
    starts = (steps * alpha).astype("int64") - (u * alpha).astype("int64")
    return xp.concatenate([starts, last], -1)


def _places(x, samples, kernel, size):
    """The places of the largest elements of all windows in their planes, (N, C, windows)"""
    extents, axes = x.shape[2:], len(size)
    starts = []
    for axis in range(axes):
        sample = samples[..., axes - 1 - axis if axes == 2 else axis]
        begin = _starts(sample, extents[axis], kernel[axis], size[axis])
        shape = [*x.shape[:2], *(1,) * axes]
        shape[2 + axis] = size[axis]
        starts.append(begin.reshape(shape))
    xp, best, found = array_module(x), None, None
    flat = x.reshape(*x.shape[:2], math.prod(extents))
    for taps in itertools.product(*map(range, kernel)):
        place = 0
        for start, tap, extent in zip(starts, taps, extents, strict=True):
            place = place * extent + (start + tap)
        place = place.reshape(*x.shape[:2], math.prod(size))
        value = xp.take_along_axis(flat, place, -1)
        if best is None:
            best, found = value, place
            continue
        better = (value > best) | (value != value)
        best, found = xp.where(better, value, best), xp.where(better, place, found)
    return found


def _target(name, axes, extents, kernel_size, output_size, output_ratio):
    """(kernel, size), checked"""
    kernel = per_axis(name, "kernel_size", kernel_size, axes, 1, short=False)
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name}: give an output_size or an output_ratio")
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, tuple | list) else (output_ratio,) * axes
        if len(ratios) != axes:
            raise ValueError(f"{name}: output_ratio must be {axes} numbers, got {output_ratio}")
        output_size = tuple(int(n * r) for n, r in zip(extents, ratios, strict=True))
    size = per_axis(name, "output_size", output_size, axes, 0, short=False)
    if any(m + k - 1 > n for n, m, k in zip(extents, size, kernel, strict=True)):
        raise RuntimeError(
            f"{name}: kernel_size={kernel} is too large for extents {extents} and "
            f"output_size={size}"
        )
    return kernel, size


def _samples(name, axes, x, given):
    """One number in [0, 1) for every channel and axis, (N, C, axes)"""
    shape = (*x._array.shape[:2], axes)
    if given is None:
        xp = array_module(x._array)
        like = xp.zeros(shape, np.float32 if x._tag is not None else x._array.dtype)
        return uniform_like(like)
    only_tensors(name, given, arguments=("_random_samples",))
    rows, *rest = given._array.shape or (0,)
    if rows < shape[0] or (*rest,) != shape[1:] or dtype_of(given) is not dtype_of(x):
        raise RuntimeError(
            f"{name}: _random_samples must have shape {shape} and {dtype_of(x)}, got "
            f"{given._array.shape} and {dtype_of(given)}"
        )
    return values(given)[: shape[0]]


def _fractional(axes):
    name = f"fractional_max_pool{axes}d"

    def fractional_max_pool(
        input, kernel_size, output_size=None, output_ratio=None, return_indices=False,
        _random_samples=None,
    ):  # fmt: skip
        check_planes(name, axes, input)
        check_category(name, input, FLOATS)
        shape = input._array.shape
        kernel, size = _target(
            name, axes, shape[-axes:], kernel_size, output_size, output_ratio
        )
        batch = input if len(shape) == axes + 2 else reshape(input, (1, *shape))
        samples = _samples(name, axes, batch, _random_samples)
        at = new_tensor(_places(values(batch), samples, kernel, size))
        count, channels = batch._array.shape[:2]
        planes = reshape(batch, (count, channels, math.prod(shape[-axes:])))
        y = reshape(TakeAlong.apply(planes, at, axis=2), (*shape[:-axes], *size))
        return (y, reshape(at, y._array.shape)) if return_indices else y

    return named(fractional_max_pool, name, f"""The largest elements of windows at random places.

    There are ``output_size`` windows along each of {axes} axes, or ``output_ratio`` times the
    input's extents, drawn anew for every channel. ``return_indices`` also gives the place of each
    element in its plane. Source: Graham 2014.
    """)  # fmt: skip


FRACTIONAL = {axes: _fractional(axes) for axes in (2, 3)}
fractional_max_pool2d, fractional_max_pool3d = FRACTIONAL.values()
