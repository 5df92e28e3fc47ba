"""Images and volumes read at the points of a grid, as spatial transformers do."""

import functools
import itertools
import math

import numpy as np

from .. import dtypes
from ..backend import array_module
from ..engine.autocast import casts
from ..engine.graph import dtype_of, new_tensor
from .along import TakeAlong
from .arithmetic import abs as absolute
from .arithmetic import add, mul, sub
from .cast import cast
from .indexing import Index
from .matmul import check_same_dtype, matmul
from .operands import FLOATS, beside, check_category, check_shape, only_tensors
from .select import where
from .shape import expand, reshape, transpose

__all__ = []


def _position(g, extent, align_corners):
    """[-1, 1] as positions: the centres of the first and last element, or their outer edges"""
    if align_corners:
        return mul(add(g, 1), (extent - 1) / 2)
    return mul(sub(mul(add(g, 1), extent), 1), 0.5)


def _clipped(x, extent):
    """The nearest of [0, extent − 1], 0 for NaN; there is no gradient at its ends"""
    edge = float(extent - 1)
    return where(x > 0, where(x >= edge, edge, x), 0.0)


def _reflected(x, extent, align_corners):
    """x reflected at the centres of the first and last element, or at their outer edges"""
    low, span = (0.0, extent - 1.0) if align_corners else (-0.5, float(extent))
    if not span:
        return mul(x, 0.0)
    distance = absolute(sub(x, low))
    turns = _constant(distance, lambda xp, d: xp.floor(d / span))
    rest = sub(distance, mul(turns, span))
    return add(where(turns % 2 == 0, rest, sub(span, rest)), low)


def _constant(x, function):
    """A function of the values, without gradient"""
    return new_tensor(function(array_module(x._array), x._array))


def _floor(x):
    return _constant(x, lambda xp, values: xp.floor(values))


def _padded(x, extent, padding_mode, align_corners):
    """The position that stands for one outside of the input"""
    if padding_mode == "zeros":
        return x
    if padding_mode == "reflection":
        x = _reflected(x, extent, align_corners)
    return _clipped(x, extent)


def _cubic(t):
    """Keys' weights with a = -0.75 of the elements at -1, 0, 1 and 2, for a position t in [0, 1)"""
    a = -0.75

    def near(x):
        return add(mul(sub(mul(x, a + 2), a + 3), mul(x, x)), 1)

    def far(x):
        return sub(mul(add(mul(sub(mul(x, a), 5 * a), x), 8 * a), x), 4 * a)

    return far(add(t, 1)), near(t), near(sub(1, t)), far(sub(2, t))


def _taps(x, extent, mode, *padding):
    """(element, weight) for every element that positions read along one axis"""
    if mode == "bicubic":
        first = _floor(x)
        elements = (_padded(add(first, n), extent, *padding) for n in (-1, 0, 1, 2))
        return list(zip(elements, _cubic(sub(x, first)), strict=True))
    x = _padded(x, extent, *padding)
    if mode == "nearest":
        return [(_constant(x, lambda xp, values: xp.rint(values)), None)]
    first = _floor(x)
    t = sub(x, first)
    return [(first, sub(1, t)), (add(first, 1), t)]


def _read(planes, elements, extents):
    """(N, C, S) planes at an element along each axis, (N, points): (N, C, points), 0 outside"""
    xp = array_module(planes._array)
    place, valid = 0, True
    for element, extent in zip(elements, extents, strict=True):
        index = element._array
        inside = (index >= 0) & (index <= extent - 1)
        place = place * extent + xp.where(inside, index, 0).astype(np.int64)
        valid = valid & inside
    shape = (len(place), planes._array.shape[1], place.shape[1])
    everywhere = new_tensor(xp.ascontiguousarray(xp.broadcast_to(place[:, None], shape)))
    found = TakeAlong.apply(planes, everywhere, axis=2)
    return where(new_tensor(valid[:, None]), found, 0.0)


@casts("widest")
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """(N, C, H, W) read at the points (N, H′, W′, 2) of a grid: (N, C, H′, W′); volumes likewise.

    The last axis of ``grid`` is (x, y) or (x, y, z) in [-1, 1], from the outer edges of the first
    element to those of the last, or with ``align_corners`` between their centres. ``mode`` is
    "bilinear", "nearest" or, for images, "bicubic"; ``padding_mode`` "zeros", "border" or
    "reflection" says what lies beyond. Source: Jaderberg et al. 2015.

    >>> import minigrad as mg
    >>> x = mg.tensor([[[[1.0, 3.0]]]])
    >>> grid = mg.tensor([[[[0.0, 0.0], [1.0, 0.0]]]])
    >>> mg.nn.functional.grid_sample(x, grid, align_corners=True)
    tensor([[[[2., 3.]]]])
    """
    _check(input, grid, mode, padding_mode)
    dtype = dtype_of(input)
    if input._tag is not None:  # positions need more digits
        input, grid = cast(input, dtypes.float32), cast(grid, dtypes.float32)
    count, channels, *extents = input._array.shape
    size, axes = grid._array.shape[1:-1], len(extents)
    points = reshape(grid, (count, math.prod(size), axes))
    taps = []
    for axis, extent in enumerate(extents):
        g = Index.apply(points, where=(slice(None), slice(None), axes - 1 - axis))
        x = _position(g, extent, align_corners)
        taps.append(_taps(x, extent, mode, padding_mode, bool(align_corners)))
    planes = reshape(input, (count, channels, math.prod(extents)))
    terms = []
    for combination in itertools.product(*taps):
        elements, weights = zip(*combination, strict=True)
        found = _read(planes, elements, extents)
        if mode != "nearest":
            weight = functools.reduce(mul, weights)
            found = mul(found, reshape(weight, (count, 1, math.prod(size))))
        terms.append(found)
    y = functools.reduce(add, terms)
    return cast(reshape(y, (count, channels, *size)), dtype)


def _check(input, grid, mode, padding_mode):
    only_tensors("grid_sample", input, grid, arguments=("input", "grid"))
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            f"grid_sample: mode must be 'bilinear', 'nearest' or 'bicubic', got {mode!r}"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "grid_sample: padding_mode must be 'zeros', 'border' or 'reflection', got "
            f"{padding_mode!r}"
        )
    shape, points = input._array.shape, grid._array.shape
    axes = len(shape) - 2
    if axes not in (2, 3) or len(points) != len(shape) or points[-1] != axes:
        raise RuntimeError(
            "grid_sample: expected input (N, C, H, W) and grid (N, H, W, 2), or (N, C, D, H, W) "
            f"and (N, D, H, W, 3); got shapes {shape} and {points}"
        )
    if shape[0] != points[0]:
        raise RuntimeError(
            f"grid_sample: input and grid of shapes {shape} and {points} must have the same number "
            "of samples"
        )
    if 0 in shape[2:]:
        raise RuntimeError(f"grid_sample: input of shape {shape} has an extent 0")
    if mode == "bicubic" and axes != 2:
        raise RuntimeError("grid_sample: mode 'bicubic' takes images (N, C, H, W) alone")
    check_category("grid_sample", input, FLOATS)
    check_same_dtype("grid_sample", input, grid)


def affine_grid(theta, size, align_corners=None):
    """The grid that :func:`grid_sample` reads an affinely moved image of a size from.

    ``theta`` (N, 2, 3) maps (x, y, 1) of each output to (x, y) of the input, both in [-1, 1];
    ``size`` is (N, C, H, W). For volumes they are (N, 3, 4) and (N, C, D, H, W).
    """
    only_tensors("affine_grid", theta, arguments=("theta",))
    size, shape = check_shape((size,)), theta._array.shape
    if not dtype_of(theta).is_floating_point:
        raise ValueError(f"affine_grid: theta must be of floats, got {dtype_of(theta)}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            f"affine_grid: size must be (N, C, H, W) or (N, C, D, H, W), got {size}"
        )
    axes = len(size) - 2
    if shape[1:] != (axes, axes + 1) or min(size) < 1:
        raise ValueError(
            f"affine_grid: expected theta ({size[0]}, {axes}, {axes + 1}) and a positive size, got "
            f"shape {shape} and size {size}"
        )
    if shape[0] != size[0]:
        raise RuntimeError(f"affine_grid: theta of shape {shape} and size {size} differ in N")
    lines = [
        np.linspace(-1, 1, n) * (1 if align_corners else (n - 1) / n) if n > 1 else np.zeros(1)
        for n in size[2:]
    ]
    points = [*np.meshgrid(*lines, indexing="ij")[::-1], np.ones(size[2:])]
    base = np.stack(points, -1).reshape(1, -1, axes + 1)
    base = cast(new_tensor(beside(base, theta)), dtype_of(theta))
    base = expand(base, (size[0], *base._array.shape[1:]))
    return reshape(matmul(base, transpose(theta, 1, 2)), (size[0], *size[2:], axes))
