"""Distinct elements and counts."""

import numpy as np

from .. import backend, dtypes, return_types
from ..engine.graph import TensorBase, dtype_of, new_tensor, values
from .operands import FLOATS, INTEGERS, check_axis, check_category, only_tensors
from .shape import moveaxis, reshape

__all__ = ["bincount", "histc", "histogram", "unique", "unique_consecutive"]


def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The distinct elements in order, or distinct slices along ``dim``; NaNs differ.

    With ``return_inverse`` also which of them each element is, with ``return_counts`` also how
    often each occurs. They come sorted in any case, and have no gradient.

    >>> import minigrad as mg
    >>> mg.unique(mg.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    return _distinct("unique", input, True, return_inverse, return_counts, dim)


def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The elements, or slices along ``dim``, that differ from the one before them."""
    return _distinct("unique_consecutive", input, False, return_inverse, return_counts, dim)


def _distinct(name, input, sort, return_inverse, return_counts, dim):
    only_tensors(name, input)
    x, axis, shape = _slices(name, input.detach(), dim)
    kernels = backend.kernels_of(x._array)
    if len(x._array):
        rows = reshape(x, len(x._array), -1)
        first, which, counts = kernels.distinct(values(rows), sort)
        x = new_tensor(x._array[first], x._tag)
    else:
        which, counts = kernels.xp.zeros(0, "int64"), kernels.xp.zeros(0, "int64")
    results = [moveaxis(x, 0, axis)]
    if return_inverse:
        results.append(new_tensor(which.reshape(shape)))
    if return_counts:
        results.append(new_tensor(counts))
    return tuple(results) if len(results) > 1 else results[0]


def _slices(name, x, dim):
    """(what is compared along its first axis, where that axis was, the shape of the inverse)"""
    if dim is None:
        return reshape(x, -1), 0, x._array.shape
    axis = check_axis(dim, x._array.ndim)
    if not x._array.ndim:
        raise IndexError(f"{name}: a 0-d input has no dim={dim}")
    slices = moveaxis(x, axis, 0)
    if 0 in slices._array.shape[1:]:
        raise RuntimeError(
            f"{name}: the slices of shape {x._array.shape} along dim={dim} are empty"
        )
    return slices, axis, (len(slices._array),)


def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, … occurs in a vector of integers, or the sums of their weights.

    >>> import minigrad as mg
    >>> mg.bincount(mg.tensor([0, 2, 2]))
    tensor([1, 0, 2])
    """
    only_tensors("bincount", input)
    check_category("bincount", input, INTEGERS)
    x = input._array
    if x.ndim != 1 or (x.size and int(x.min()) < 0):
        raise RuntimeError(
            f"bincount: input must be a vector of non-negative ints, got shape {x.shape} and "
            f"minimum {x.min() if x.size else None}"
        )
    if isinstance(minlength, bool) or not isinstance(minlength, int):
        raise TypeError(f"bincount: minlength must be an int, got {minlength!r}")
    if minlength < 0:
        raise RuntimeError(f"bincount: minlength={minlength} must not be negative")
    xp = backend.array_module(x)
    if weights is None:
        return new_tensor(xp.bincount(x.astype("int64"), minlength=minlength).astype("int64"))
    only_tensors("bincount", weights, arguments=("weights",))
    if weights._array.shape != x.shape:
        raise RuntimeError(
            f"bincount: weights of shape {weights._array.shape} do not fit input's {x.shape}"
        )
    kind = "float32" if dtype_of(weights) is dtypes.float32 else "float64"
    if not x.size:
        return new_tensor(xp.zeros(minlength, "int64"))
    sums = xp.bincount(x.astype("int64"), values(weights).astype("float64"), minlength)
    return new_tensor(sums.astype(kind))


def _checked(name, low, high):
    """The range of a histogram as it is given."""
    for argument, value in (("min", low), ("max", high)):
        if isinstance(value, TensorBase) or not isinstance(value, bool | int | float):
            raise TypeError(f"{name}: {argument} must be a number, got {type(value).__name__}")
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"{name}: the range [{low}, {high}] must be finite")
    if low > high:
        raise RuntimeError(f"{name}: min={low} must not be above max={high}")
    return low, high


def _extremes(x, low, high):
    """The least and the largest element, or what stands for them where there is none."""
    return (float(x.min()), float(x.max())) if x.size else (low, high)


def _check_bins(name, bins):
    if isinstance(bins, bool) or not isinstance(bins, int):
        raise TypeError(f"{name}: bins must be an int, got {bins!r}")
    if bins <= 0:
        raise RuntimeError(f"{name}: bins={bins} must be positive")


def _check_native(name, x):
    if x._tag is not None or not dtype_of(x).is_floating_point:
        raise RuntimeError(f"{name}: input must be float32 or float64, got {dtype_of(x)}")


def _counted(x, edges, weights=None):
    """How many elements lie between neighbouring edges, the last of which belongs to its bin."""
    xp = backend.array_module(x)
    bins = edges.size - 1
    at = xp.searchsorted(edges, x, "right") - 1
    at = xp.where(x == edges[-1], bins - 1, at)
    inside = (at >= 0) & (at < bins)
    weights = None if weights is None else weights[inside]
    return xp.bincount(at[inside], weights, bins)


def histc(input, bins=100, min=0, max=0):
    """How many elements lie in each of ``bins`` equal parts of [min, max].

    The range is that of the elements if min = max; what lies outside is not counted.
    """
    only_tensors("histc", input)
    check_category("histc", input, FLOATS)
    _check_bins("histc", bins)
    x = values(input).reshape(-1)
    xp = backend.array_module(x)
    if min == max:  # no range: that of the elements, even if it is a point
        min, max = _extremes(x, min, max)
    low, high = _checked("histc", min, max)
    if low == high:
        low, high = low - 1, high + 1
    edges = xp.linspace(low, high, bins + 1, dtype=x.dtype)
    return new_tensor(_counted(x, edges).astype(x.dtype)).to(dtype_of(input))


def histogram(input, bins, *, range=None, weight=None, density=False):
    """(hist, bin_edges): the elements, or their weights, counted between neighbouring edges.

    ``bins`` is a number of equal parts of ``range`` (that of the elements unless given), or the
    edges themselves. With ``density`` the bins integrate to 1.
    """
    only_tensors("histogram", input)
    _check_native("histogram", input)
    x = input._array.reshape(-1)
    xp = backend.array_module(x)
    if isinstance(bins, TensorBase):
        if dtype_of(bins) is not dtype_of(input) or bins._array.ndim != 1 or bins._array.size < 2:
            raise RuntimeError(
                f"histogram: bins must be a vector of at least two {dtype_of(input)} edges, got "
                f"{dtype_of(bins)} of shape {bins._array.shape}"
            )
        edges = bins._array
    else:
        _check_bins("histogram", bins)
        if range is not None and len(range) != 2:
            raise RuntimeError(f"histogram: range must be two numbers, got {range}")
        low, high = _checked("histogram", *(_extremes(x, 0, 1) if range is None else range))
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges = xp.linspace(low, high, bins + 1, dtype=x.dtype)
    if weight is not None:
        only_tensors("histogram", weight, arguments=("weight",))
        if weight._array.shape != input._array.shape or dtype_of(weight) is not dtype_of(input):
            raise RuntimeError(
                f"histogram: weight must have the shape {input._array.shape} and the dtype of "
                f"input, got {weight._array.shape} and {dtype_of(weight)}"
            )
        weight = weight._array.reshape(-1)
    hist = _counted(x, edges, weight).astype(x.dtype)
    if density:
        hist = hist / hist.sum() / xp.diff(edges)
    return return_types.histogram(new_tensor(hist), new_tensor(edges))
