"""Quantiles: elements at ranks between the smallest and the largest."""

from ..engine.graph import TensorBase, dtype_of
from .along import TakeAlong
from .compare import isnan, logical_not
from .operands import check_axis, converted, numpy_names, tensor_of
from .reduce import any as any_of
from .reduce import check_floating, constant_kernel
from .reduce import sum as sum_of
from .rounding import ceil, floor, round
from .select import where
from .shape import permute, reshape

__all__ = ["nanquantile", "quantile"]

_ROUNDED = {"lower": floor, "higher": ceil, "nearest": round}
INTERPOLATIONS = ("linear", "midpoint", *_ROUNDED)


@numpy_names
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The elements of rank q · (n − 1), of all or along ``dim``; NaN where there is a NaN.

    ``q`` in [0, 1] is a number or a 1-D tensor, which adds a leading axis. ``interpolation``
    between neighbours is "linear", "lower", "higher", "midpoint" or "nearest".

    >>> import minigrad as mg
    >>> mg.quantile(mg.arange(4.0), 0.5)
    tensor(1.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False)


@numpy_names
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """:func:`quantile` of what is not NaN; NaN where nothing is left."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True)


def _quantile(name, input, q, dim, keepdim, interpolation, skip_nan):
    x = tensor_of(input)
    check_floating(name, x)
    q = _checked(name, x, q, interpolation)
    shape = x._array.shape
    axis = None if dim is None else check_axis(dim, len(shape))
    if dim is None or not shape:
        rows, kept = reshape(x, 1, -1), (1,) * len(shape)
        rest = ()
    else:
        rest = (*shape[:axis], *shape[axis + 1 :])
        kept = (*shape[:axis], 1, *shape[axis + 1 :])
        others = (i for i in range(len(shape)) if i != axis)
        rows = reshape(permute(x, *others, axis), -1, shape[axis])
    found = _of_rows(rows, reshape(q, -1), interpolation, skip_nan)
    return reshape(permute(found, 1, 0), *q._array.shape, *(kept if keepdim else rest))


def _checked(name, x, q, interpolation):
    """q as a tensor, after all arguments but ``dim``."""
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(
            f"{name}: interpolation must be one of {INTERPOLATIONS}, got {interpolation!r}"
        )
    if dtype_of(x).itemsize < 4:
        raise RuntimeError(f"{name}: input must be float32 or float64, got {dtype_of(x)}")
    if not x._array.size:
        raise RuntimeError(f"{name}: the input of shape {x._array.shape} has no elements")
    if not isinstance(q, TensorBase):
        q, _ = converted(dtype_of(x), q, x)
    if dtype_of(q) is not dtype_of(x) or q._array.ndim > 1:
        raise RuntimeError(
            f"{name}: q must be a number or a 1-D tensor of {dtype_of(x)}, got {dtype_of(q)} of "
            f"shape {q._array.shape}"
        )
    if not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError(f"{name}: q must lie in [0, 1], got {q.tolist()}")
    return q


def _of_rows(rows, q, interpolation, skip_nan):
    """The quantiles (rows, q) of a matrix."""
    order = constant_kernel("order", rows, 1)
    missing = isnan(rows)
    last = sum_of(logical_not(missing), 1, True) - 1
    ranks = q * (last * (last > 0) if skip_nan else last).to(q.dtype)
    if not skip_nan:  # NaN is the last of all
        ranks = where(any_of(missing, 1, True), float(rows._array.shape[1] - 1), ranks)

    def at(ranks):
        return TakeAlong.apply(rows, TakeAlong.apply(order, ranks.long(), axis=1), axis=1)

    if interpolation in _ROUNDED:
        return at(_ROUNDED[interpolation](ranks))
    below, above = floor(ranks), ceil(ranks)
    weight = 0.5 if interpolation == "midpoint" else ranks - below
    low = at(below)
    return low + weight * (at(above) - low)
