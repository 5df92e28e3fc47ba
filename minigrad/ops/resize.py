"""Interpolation: lines, images and volumes of another size."""

import functools
import warnings

import numpy as np

from ..backend import Table
from .adaptive_pool import ADAPTIVE_AVG
from .conv import per_axis
from .operands import FLOATS, INTEGERS, check_category, only_tensors
from .resample import Resample, around

__all__ = []


@functools.lru_cache(256)
def _nearest(extent, size, scale, shift):
    """The element at (o + shift) · scale, rounded down; computed in float32, as PyTorch does"""
    place = np.arange(size, dtype=np.float32) + np.float32(shift)
    index = np.floor(place * np.float32(scale)).astype(np.int64)
    if not shift and size in (extent, 2 * extent):
        index = np.arange(size) * extent // size
    return Table(np.minimum(index, extent - 1)[None], np.ones((1, size)), extent)


def _positions(size, scale, align_corners):
    """Where each output lies among the elements of the input"""
    places = np.arange(size)
    return places * scale if align_corners else (places + 0.5) * scale - 0.5


@functools.lru_cache(256)
def _linear(extent, size, scale, align_corners):
    """The two neighbours, by their nearness"""
    position = np.maximum(_positions(size, scale, align_corners), 0)
    first = np.minimum(np.floor(position), extent - 1)
    t = position - first
    return around(first, np.stack([1 - t, t]), extent)


@functools.lru_cache(256)
def _cubic(extent, size, scale, align_corners):
    """The four neighbours by Keys' kernel with a = -0.75"""
    position = _positions(size, scale, align_corners)
    first = np.floor(position) - 1
    distance = np.abs(position - first - np.arange(4)[:, None])
    return around(first, _keys(distance, -0.75), extent)


def _keys(x, a):
    """The cubic convolution kernel of Keys 1981"""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


# mode: (kernel, how far it reaches)
_KERNELS = {
    "bilinear": (lambda x: np.maximum(1 - x, 0), 1),
    "bicubic": (lambda x: _keys(x, -0.5), 2),
    "lanczos": (lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0), 3),
}


@functools.lru_cache(256)
def _smooth(extent, size, scale, mode):
    """All elements under a kernel, which is widened by ``scale`` where the image shrinks"""
    kernel, reach = _KERNELS[mode]
    widened = max(scale, 1.0)
    center, support = (np.arange(size) + 0.5) * scale, reach * widened
    first = np.maximum((center - support + 0.5).astype(np.int64), 0)
    last = np.minimum((center + support + 0.5).astype(np.int64), extent)
    index = first + np.arange((last - first).max())[:, None]
    weights = np.where(index < last, kernel(np.abs(index - center + 0.5) / widened), 0)
    return around(first, weights / weights.sum(0), extent)


# mode: (numbers of axes, table by extent, size, scale and align_corners)
_MODES = {
    "nearest": ((1, 2, 3), lambda n, m, scale, _: _nearest(n, m, scale, 0.0)),
    "nearest-exact": ((1, 2, 3), lambda n, m, scale, _: _nearest(n, m, scale, 0.5)),
    "linear": ((1,), _linear),
    "bilinear": ((2,), _linear),
    "trilinear": ((3,), _linear),
    "bicubic": ((2,), _cubic),
    "lanczos": ((2,), None),
    "area": ((1, 2, 3), None),
}
_ALIGNED = ("linear", "bilinear", "trilinear", "bicubic", "lanczos")


def interpolate(
    input, size=None, scale_factor=None, mode="nearest", align_corners=None,
    recompute_scale_factor=None, antialias=False,
):  # fmt: skip
    """(samples, channels, \\*extents) with other extents: ``size``, or ``scale_factor`` times them.

    ``mode`` is "nearest" (rounding down), "nearest-exact", "linear", "bilinear", "trilinear",
    "bicubic", "area" (means) or "lanczos". ``align_corners`` keeps the centres of the corners in
    place instead of the corners. ``antialias`` widens the kernel where an image shrinks.
    Positions follow from ``scale_factor``, or with ``recompute_scale_factor`` from the sizes.

    >>> import minigrad as mg
    >>> x = mg.tensor([[[0.0, 1.0]]])
    >>> mg.nn.functional.interpolate(x, scale_factor=2, mode="linear")
    tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])
    """
    only_tensors("interpolate", input)
    shape = input._array.shape
    _check_options(shape, mode, align_corners, antialias)
    size, factors = _target(shape[2:], size, scale_factor, recompute_scale_factor)
    if mode.startswith("nearest"):
        check_category("interpolate", input, INTEGERS, FLOATS)
    else:
        check_category("interpolate", input, FLOATS)
    if min(size) < 1 or 0 in shape[1:]:
        raise RuntimeError(
            f"interpolate: all extents but the number of samples must be positive, got input of "
            f"shape {shape} and size {size}"
        )
    if mode == "area":
        return ADAPTIVE_AVG[len(size)](input, size)
    tables = []
    for n, m, factor in zip(shape[2:], size, factors, strict=True):
        if align_corners:
            scale = (n - 1) / (m - 1) if m > 1 else 0.0
        else:
            scale = 1 / factor if factor else n / m
        tables.append(
            _smooth(n, m, scale, mode)
            if antialias
            else _MODES[mode][1](n, m, scale, bool(align_corners))
        )
    return Resample.apply(input, tables=tuple(tables))


def _check_options(shape, mode, align_corners, antialias):
    """Raise unless there is such a mode with these options for this number of axes."""
    if mode not in _MODES or len(shape) - 2 not in _MODES[mode][0]:
        raise NotImplementedError(
            f"interpolate: no mode {mode!r} for input of shape {shape}, (samples, channels, ...); "
            'there are "nearest", "nearest-exact" and "area", "linear" for 3 dimensions, '
            '"bilinear", "bicubic" and "lanczos" for 4, "trilinear" for 5'
        )
    if align_corners is not None and mode not in _ALIGNED:
        raise ValueError(
            f"interpolate: align_corners is for modes {', '.join(_ALIGNED)}, not {mode!r}"
        )
    if antialias and mode not in _KERNELS:
        raise ValueError(f"interpolate: antialias is for {', '.join(_KERNELS)}, not {mode!r}")
    if mode == "lanczos" and (align_corners or not antialias):
        raise ValueError("interpolate: mode 'lanczos' needs antialias, and no align_corners")


def _target(extents, size, scale_factor, recompute):
    """(size, scale factors, or None for each to follow from the sizes)"""
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"interpolate: give either size or scale_factor, got {size!r} and {scale_factor!r}"
        )
    given = scale_factor if size is None else size
    name, axes = "scale_factor" if size is None else "size", len(extents)
    if not isinstance(given, tuple | list):
        given = (given,) * axes
    if len(given) != axes:
        raise ValueError(f"interpolate: {name} must be one number or {axes}, got {given}")
    if size is not None:
        if recompute:
            raise ValueError("interpolate: recompute_scale_factor needs scale_factor, not size")
        return per_axis("interpolate", "size", tuple(given), axes, 1), (None,) * axes
    if not all(isinstance(f, int | float) and not isinstance(f, bool) for f in given):
        raise TypeError(f"interpolate: scale_factor must be made of numbers, got {given}")
    if not all(0 < f < float("inf") for f in given):
        raise RuntimeError(f"interpolate: scale_factor must be positive and finite, got {given}")
    size = tuple(int(n * f) for n, f in zip(extents, given, strict=True))
    return size, (None,) * axes if recompute else tuple(given)


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """:func:`interpolate` under its old name."""
    return _upsample("upsample", input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """:func:`interpolate` with mode "nearest" under an old name."""
    return _upsample("upsample_nearest", input, size, scale_factor, "nearest", None)


def upsample_bilinear(input, size=None, scale_factor=None):
    """:func:`interpolate` with mode "bilinear" and aligned corners under an old name."""
    return _upsample("upsample_bilinear", input, size, scale_factor, "bilinear", True)


def _upsample(name, *arguments):
    warnings.warn(f"{name} is deprecated: use interpolate", UserWarning, stacklevel=3)
    return interpolate(*arguments)
