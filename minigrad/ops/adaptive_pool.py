"""Pooling to a given size: windows of nearly equal extents that cover the input."""

import functools

import numpy as np

from ..backend import Table
from .conv import per_axis
from .operands import FLOATS, check_category
from .pool import MaxPool, check_planes, named
from .reduce import mean
from .resample import Resample

__all__ = []


@functools.lru_cache(256)
def _parts(extent, size):
    """The table of means over [⌊o · extent / size⌋, ⌈(o + 1) · extent / size⌉)"""
    o = np.arange(size)
    first, last = o * extent // size, -(-(o + 1) * extent // size)
    index = first + np.arange((last - first).max(initial=1))[:, None]
    weight = (index < last) / (last - first)
    return Table(np.minimum(index, last - 1), weight, extent)


def _tables(name, axes, x, output_size):
    """The tables for sizes that may be None, which keeps an extent"""
    check_category(name, x, FLOATS)
    extents = x._array.shape[-axes:]
    given = output_size
    if axes > 1 and isinstance(given, tuple | list) and len(given) == axes:
        given = [n if m is None else m for n, m in zip(extents, given, strict=True)]
    size = per_axis(name, "output_size", given, axes, 0, short=axes == 1)
    return tuple(map(_parts, extents, size))


def _adaptive_max_pool(axes):
    name = f"adaptive_max_pool{axes}d"

    def adaptive_max_pool(input, output_size, return_indices=False):
        check_planes(name, axes, input)
        windows = _tables(name, axes, input, output_size)
        return MaxPool.apply(input, windows=windows, places=bool(return_indices))

    return named(adaptive_max_pool, name, f"""The largest elements of parts that cover the input.

    There are {_SIZES[axes]}. ``return_indices`` also gives the place of each in its plane.
    """)  # fmt: skip


def _adaptive_avg_pool(axes):
    name = f"adaptive_avg_pool{axes}d"

    def adaptive_avg_pool(input, output_size):
        check_planes(name, axes, input, channels=False)
        tables = _tables(name, axes, input, output_size)
        if all(table.size == 1 for table in tables):
            return mean(input, tuple(range(-axes, 0)), keepdim=True)
        return Resample.apply(input, tables=tables)

    return named(adaptive_avg_pool, name, f"""The means of parts that cover the input.

    There are {_SIZES[axes]}.
    """)  # fmt: skip


_SIZES = {
    1: "``output_size`` of them",
    2: "``output_size`` of them (one for both axes, or two; None keeps an extent)",
    3: "``output_size`` of them (one for all axes, or three; None keeps an extent)",
}
ADAPTIVE_MAX = {axes: _adaptive_max_pool(axes) for axes in (1, 2, 3)}
ADAPTIVE_AVG = {axes: _adaptive_avg_pool(axes) for axes in (1, 2, 3)}
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = ADAPTIVE_MAX.values()
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = ADAPTIVE_AVG.values()
