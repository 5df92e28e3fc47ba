"""Reading and writing at an index for every element (gather, scatter) or slice (index_add)."""

import numpy as np

from .. import backend, dtypes
from ..engine.autocast import casts
from ..engine.graph import TensorBase, dtype_of, new_tensor
from .along import (
    AddAlong,
    AddRows,
    FillAlong,
    MaximumAlong,
    MinimumAlong,
    MultiplyAlong,
    PutAlong,
    TakeAlong,
    TakeRows,
)
from .arithmetic import div
from .indexing import Index
from .operands import check_axis, check_fits, converted, numpy_names, only_tensors, tensor_of
from .places import same_dtype
from .select import masked_fill
from .shape import broadcast_to, expand, reshape

__all__ = [
    "gather",
    "index_add",
    "index_copy",
    "index_fill",
    "index_reduce",
    "index_select",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "take_along_dim",
]

_INT64 = np.dtype(np.int64)


def _index_of(name, index):
    """As :func:`wide_index`, of gather and the scattering ones: if it is empty, of any dtype."""
    if index._array.size:
        return wide_index(name, index)
    return new_tensor(index._array.astype(_INT64))


def wide_index(name, index, narrow=True):
    """An index tensor with int64 indices; int32 is taken too where ``narrow``."""
    kind = index._array.dtype
    if kind == _INT64:
        return index
    if kind != np.int32 or not narrow:
        raise RuntimeError(f"{name}: index must be int64, got {dtype_of(index)}")
    return new_tensor(index._array.astype(_INT64))


def _row(x):
    """A 0-d tensor as a vector of one element."""
    return x if x._array.ndim else reshape(x, 1)


def _cut(x, shape):
    """The first elements of x along each axis, as many as ``shape`` says."""
    if x._array.shape == shape:
        return x
    return Index.apply(x, where=tuple(slice(0, n) for n in shape))


def _check_fits(name, index, shape, axis, what, argument):
    """Refuse an index that has other axes, or more elements along one (but ``axis``)."""
    given = index._array.shape
    if given == shape:
        return
    fits = len(given) == len(shape) and all(
        n <= m or a == axis for a, (n, m) in enumerate(zip(given, shape, strict=True))
    )
    if not fits:
        raise RuntimeError(
            f"{name}: index of shape {given} must have the axes of {argument}, of shape {shape}, "
            f"and no larger extents{what}"
        )


@numpy_names
def gather(input, dim, index, *, sparse_grad=False):
    """y[i, j] = input[i, index[i, j]] for ``dim`` 1, and so on for any axis.

    The index has the axes of the input and no larger extents, except along ``dim``.
    ``sparse_grad`` is accepted and ignored.

    >>> import minigrad as mg
    >>> mg.gather(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), 1, mg.tensor([[1], [0]]))
    tensor([[2.],
            [3.]])
    """
    only_tensors("gather", input, index, arguments=("input", "index"))
    axis = check_axis(dim, input._array.ndim)
    x, at = _row(input), _row(_index_of("gather", index))
    if at._array.size:
        _check_fits("gather", at, x._array.shape, axis, f" except along dim={dim}", "input")
    elif at._array.ndim != x._array.ndim:
        return reshape(Index.apply(reshape(x, -1), where=(slice(0, 0),)), index._array.shape)
    found = TakeAlong.apply(x, at, axis=axis)
    return found if index._array.ndim else reshape(found, ())


def _scattering(name, input, dim, index, src=None):
    """(input, index, src cut to it, axis), all checked and at least 1-D."""
    only_tensors(name, input, index, arguments=("input", "index"))
    x, at = _row(input), _row(_index_of(name, index))
    axis = check_axis(dim, input._array.ndim)
    if at._array.size:
        _check_fits(name, at, x._array.shape, axis, f" except along dim={dim}", "input")
    if src is None:
        return x, at, None, axis
    only_tensors(name, src, arguments=("src",))
    same_dtype(name, input, src, "src")
    source = _row(src)
    if not at._array.size:
        return x, at, source, axis
    _check_fits(name, at, source._array.shape, None, "", "src")
    return x, at, _cut(source, at._array.shape), axis


@numpy_names
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """The input with y[i, index[i, j]] = src[i, j] for ``dim`` 1, and so on for any axis.

    ``src`` is a tensor or a number. Where an element is named twice the last counts; ``reduce``
    "add" or "multiply" takes all of them.

    >>> import minigrad as mg
    >>> mg.scatter(mg.zeros(3), 0, mg.tensor([2, 0]), mg.tensor([1.0, 5.0]))
    tensor([5., 0., 1.])
    """
    if (src is None) == (value is None):
        raise TypeError("scatter: give either src or value")
    src = value if src is None else src
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError(f"scatter: reduce must be 'add' or 'multiply', got {reduce!r}")
    if isinstance(src, TensorBase):
        x, at, source, axis = _scattering("scatter", input, dim, index, src)
        if not at._array.size:
            return input.clone()
    else:
        x, at, _, axis = _scattering("scatter", input, dim, index)
        check_fits("scatter", _number("scatter", src), dtype_of(x))
        if not at._array.size:
            return input.clone()
        if reduce is None:
            return _finished(FillAlong.apply(x, at, axis=axis, value=src), input, at)
        (source,) = converted(dtype_of(x), src, beside=x)
        source = broadcast_to(source, at._array.shape)
    if reduce is None:
        return _finished(PutAlong.apply(x, source, at, axis=axis), input, at)
    combined = _added if reduce == "add" else _multiplied
    return _finished(combined(x, source, at, axis), input, at)


def _number(name, value):
    tensor_of(value, f"{name}: value")
    return value


def _finished(y, input, index):
    return y if y._array.shape == input._array.shape else reshape(y, input._array.shape)


def _added(x, source, at, axis):
    return x + AddAlong.apply(source, at, axis=axis, shape=x._array.shape)


def _multiplied(x, source, at, axis):
    return x * MultiplyAlong.apply(source, at, axis=axis, shape=x._array.shape)


@casts("widest")
@numpy_names
def scatter_add(input, dim, index, src):
    """The input with src[i, j] added at [i, index[i, j]] for ``dim`` 1, and so on."""
    x, at, source, axis = _scattering("scatter_add", input, dim, index, src)
    if not at._array.size:
        return input.clone()
    return _finished(_added(x, source, at, axis), input, at)


@numpy_names
def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """As :func:`scatter`, all values for an element being combined with it.

    ``reduce`` is "sum", "prod", "mean", "amax" or "amin"; without ``include_self`` the input
    counts only where nothing is written.
    """
    if reduce not in _REDUCTIONS:
        raise RuntimeError(
            f"scatter_reduce: reduce must be one of {', '.join(_REDUCTIONS)}, got {reduce!r}"
        )
    x, at, source, axis = _scattering("scatter_reduce", input, dim, index, src)
    if not at._array.size:
        return input.clone()
    return _finished(_reduced(x, source, at, axis, reduce, include_self), input, at)


def _reduced(x, source, at, axis, reduce, include_self):
    combined, neutral = _REDUCTIONS[reduce]
    dtype = dtype_of(x)
    base = x
    if not include_self:
        value = neutral(dtype) if callable(neutral) else neutral
        base = FillAlong.apply(x, at, axis=axis, value=value)
    y = combined(base, source, at, axis)
    if reduce != "mean":
        return y.to(dtype)
    ones = new_tensor((at._array == at._array).astype(_INT64))
    count = AddAlong.apply(ones, at, axis=axis, shape=x._array.shape)
    count = count + 1 if include_self else count.clamp(min=1)
    return div(y, count, rounding_mode=None if dtype.is_floating_point else "floor").to(dtype)


def _lowest(dtype):
    if dtype.is_floating_point:
        return -float("inf")
    return 0 if dtype is dtypes.bool_ else dtypes.iinfo(dtype).min


def _highest(dtype):
    if dtype.is_floating_point:
        return float("inf")
    return 1 if dtype is dtypes.bool_ else dtypes.iinfo(dtype).max


def _extreme(op):
    return lambda x, source, at, axis: op.apply(x, source, at, axis=axis)


# name: (how values join the input, the value that leaves others as they are)
_REDUCTIONS = {
    "sum": (_added, 0),
    "prod": (_multiplied, 1),
    "mean": (_added, 0),
    "amax": (_extreme(MaximumAlong), _lowest),
    "amin": (_extreme(MinimumAlong), _highest),
}


@numpy_names
def take_along_dim(input, indices, dim=None):
    """As :func:`gather`, the two broadcasting along all other axes; without dim, of all elements.

    >>> import minigrad as mg
    >>> x = mg.tensor([[3.0, 1.0], [2.0, 4.0]])
    >>> mg.take_along_dim(x, mg.argsort(x, 1), 1)
    tensor([[1., 3.],
            [2., 4.]])
    """
    only_tensors("take_along_dim", input, indices, arguments=("input", "indices"))
    at = wide_index("take_along_dim", indices, narrow=False)
    if dim is None:
        input, at, dim = reshape(input, -1), reshape(at, -1), 0
    x, shape, wanted = input, input._array.shape, at._array.shape
    if len(shape) != len(wanted):
        raise RuntimeError(
            f"take_along_dim: indices of shape {wanted} must have the axes of input, {shape}"
        )
    axis = check_axis(dim, len(shape))
    try:
        common = np.broadcast_shapes(
            *(tuple(1 if a == axis else n for a, n in enumerate(s)) for s in (shape, wanted))
        )
    except ValueError:
        raise RuntimeError(
            f"take_along_dim: shapes {shape} and {wanted} cannot be broadcast together"
        ) from None
    x, at = (_row(expand(t, _with(common, axis, t._array.shape))) for t in (x, at))
    negative = at._array < 0
    if negative.any():
        at = new_tensor(at._array + x._array.shape[axis] * negative)
    found = TakeAlong.apply(x, at, axis=axis)
    return found if shape else reshape(found, ())


def _with(common, axis, shape):
    return tuple(shape[axis] if a == axis else n for a, n in enumerate(common))


def _slices(name, input, dim, index, narrow=True):
    """(input, index as a vector, axis), at least 1-D."""
    only_tensors(name, input, index, arguments=("input", "index"))
    if index._array.ndim > 1:
        raise IndexError(f"{name}: index must be 0-d or 1-D, got shape {index._array.shape}")
    axis = check_axis(dim, input._array.ndim)
    at = _row(wide_index(name, index, narrow))
    if not input._array.ndim and at._array.size != 1:
        raise RuntimeError(f"{name}: a 0-d input takes one index, got {at._array.size}")
    return _row(input), at, axis


@numpy_names
def index_select(input, dim, index):
    """The slices of the input at the vector ``index`` along ``dim``.

    >>> import minigrad as mg
    >>> mg.index_select(mg.tensor([[1, 2], [3, 4]]), 1, mg.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    x, at, axis = _slices("index_select", input, dim, index)
    found = TakeRows.apply(x, at, axis=axis)
    return found if input._array.ndim else reshape(found, ())


def _sliced(name, input, dim, index, source, narrow=True):
    """(input, index, source, axis) for writing slices, checked."""
    x, at, axis = _slices(name, input, dim, index, narrow)
    only_tensors(name, source, arguments=("source",))
    same_dtype(name, input, source, "source")
    shape = (*x._array.shape[:axis], at._array.size, *x._array.shape[axis + 1 :])
    given = _row(source)
    if given._array.shape != shape:
        raise RuntimeError(
            f"{name}: source of shape {source._array.shape} must have the shape {shape}: that of "
            f"input, with as many slices along dim={dim} as there are indices"
        )
    return x, at, given, axis


@numpy_names
def index_add(input, dim, index, source, *, alpha=1):
    """The input with alpha · the slices of ``source`` added at ``index`` along ``dim``."""
    x, at, given, axis = _sliced("index_add", input, dim, index, source)
    if not isinstance(alpha, bool | int | float):
        raise TypeError(f"index_add: alpha must be a number, got {type(alpha).__name__}")
    if isinstance(alpha, float) and not dtype_of(x).is_floating_point:
        raise RuntimeError(f"index_add: alpha={alpha} must be an int for {dtype_of(x)}")
    given = given if alpha == 1 else (given * alpha).to(dtype_of(x))
    added = AddRows.apply(given, at, axis=axis, extent=x._array.shape[axis])
    return reshape(x + added, input._array.shape)


def _for_elements(at, shape, axis):
    """A vector of indices along an axis, repeated for every element of an array of ``shape``."""
    column = reshape(at, -1, *(1,) * (len(shape) - axis - 1))
    return broadcast_to(column, (*shape[:axis], at._array.size, *shape[axis + 1 :]))


@numpy_names
def index_copy(input, dim, index, source):
    """The input with the slices of ``source`` written at ``index`` along ``dim``."""
    x, at, given, axis = _sliced("index_copy", input, dim, index, source, narrow=False)
    if not given._array.size:
        return input.clone()
    where = _for_elements(at, x._array.shape, axis)
    return reshape(PutAlong.apply(x, given, where, axis=axis), input._array.shape)


@numpy_names
def index_fill(input, dim, index, value):
    """The input with a number or 0-d tensor written at ``index`` along ``dim``."""
    x, at, axis = _slices("index_fill", input, dim, index, narrow=False)
    extent = x._array.shape[axis]
    negative = at._array < 0
    if negative.any():
        at = new_tensor(at._array + extent * negative)
    nowhere = new_tensor(backend.array_module(at._array).zeros(extent, bool))
    chosen = FillAlong.apply(nowhere, at, axis=0, value=True)
    chosen = reshape(chosen, -1, *(1,) * (x._array.ndim - axis - 1))
    return reshape(masked_fill(x, chosen, value), input._array.shape)


@numpy_names
def index_reduce(input, dim, index, source, reduce, *, include_self=True):
    """As :func:`index_add`, the slices being combined by "prod", "mean", "amax" or "amin"."""
    if reduce not in _REDUCTIONS or reduce == "sum":
        raise RuntimeError(
            f"index_reduce: reduce must be prod, mean, amax or amin, got {reduce!r}"
        )
    x, at, given, axis = _sliced("index_reduce", input, dim, index, source)
    if not given._array.size:
        return input.clone()
    where = _for_elements(at, x._array.shape, axis)
    return reshape(_reduced(x, given, where, axis, reduce, include_self), input._array.shape)
