"""x[...]: reading elements, putting gradients back where they were read, and writing."""

import numpy as np

from .. import dtypes
from ..engine.graph import TensorBase, dtype_of, new_tensor
from ..engine.op import Op, Sample
from .along import TakeRows
from .operands import beside
from .shape import reshape


class Index(Op):
    """y = x[where].    dL/dx = zeros with g added at ``where``"""

    view = True

    def forward(ctx, k, x, *, where):
        ctx.where, ctx.shape = where, x.shape
        return k.index(x, where)

    def vjp(ctx, k, g):
        return k.index_adjoint(g, ctx.shape, ctx.where)

    def samples(rng):
        x = rng.normal(size=(4, 3))
        yield Sample("row", (x,), {"where": (1,)})
        yield Sample("every other row, reversed columns", (x,), {
            "where": (slice(None, None, 2), slice(0, 2))
        })
        yield Sample("new axis", (x,), {"where": (Ellipsis, None)})
        yield Sample("repeated rows", (x,), {"where": (np.array([0, 2, 0]),)})
        yield Sample("mask", (x,), {"where": (np.array([True, False, True, True]),)})

    def peer(torch, x, *, where):
        return x[_for_torch(torch, where)]


class IndexAdjoint(Op):
    """y = zeros of a shape with x added at ``where``.    dL/dx = g[where]"""

    def forward(ctx, k, x, *, shape, where):
        ctx.where = where
        return k.index_adjoint(x, shape, where)

    def vjp(ctx, k, g):
        return k.index(g, ctx.where)

    def samples(rng):
        yield Sample("row", (rng.normal(size=3),), {"shape": (4, 3), "where": (1,)})
        yield Sample("repeated rows", (rng.normal(size=(3, 2)),), {
            "shape": (4, 2), "where": (np.array([0, 2, 0]),)
        })

    def peer(torch, x, *, shape, where):
        zeros = torch.zeros(shape, dtype=x.dtype)
        where = _for_torch(torch, where)
        where = tuple(torch.as_tensor(w) if isinstance(w, int) else w for w in where)
        return zeros.index_put(where, x, accumulate=True)


class Put(Op):
    """y = x with values written at ``where``, broadcast.

    dL/dx = g, 0 at ``where``,  dL/dvalues = g[where]
    """

    def forward(ctx, k, x, values, *, where):
        ctx.where = where
        return k.put(x, values, where)

    def vjp(ctx, k, g):
        gx = k.put(g, 0.0, ctx.where) if ctx.needs(0) else None
        return gx, k.index(g, ctx.where) if ctx.needs(1) else None

    def samples(rng):
        x = rng.normal(size=(4, 3))
        yield Sample("rows", (x, rng.normal(size=3)), {"where": (np.array([0, 2]),)})
        yield Sample("column", (x, rng.normal(size=4)), {"where": (slice(None), 1)})
        yield Sample("mask", (x, rng.normal(size=())), {"where": (x > 0,)})

    def peer(torch, x, values, *, where):
        if all(isinstance(w, np.ndarray) for w in where):
            return x.index_put(_for_torch(torch, where), values)
        return x.select_scatter(values, 1, where[1])


def _for_torch(torch, where):
    return tuple(torch.as_tensor(w) if isinstance(w, np.ndarray) else w for w in where)


def check_index(where, x):
    """An index as a tuple of ints, slices, None, Ellipsis and arrays that fit the tensor x."""
    shape = x._array.shape
    where = where if isinstance(where, tuple) else (where,)
    parts = tuple(map(_part, where))
    taken = sum(map(_axes_taken, parts))
    if taken > len(shape):
        raise IndexError(f"too many indices for a tensor of shape {shape}: {taken}")
    if sum(p is Ellipsis for p in parts) > 1:  # the others stand for no axis
        first = next(i for i, p in enumerate(parts) if p is Ellipsis)
        parts = (*parts[: first + 1], *(p for p in parts[first + 1 :] if p is not Ellipsis))
    axis = 0
    for part in parts:
        if part is Ellipsis:
            axis += len(shape) - taken
            continue
        _check_part(part, axis, shape)
        axis += _axes_taken(part)
    if taken == len(shape) and any(map(_is_array, parts)):
        # NumPy takes arrays on both sides of an Ellipsis for apart even if it stands for no axis
        parts = tuple(p for p in parts if p is not Ellipsis)
    if type(x._array) is not np.ndarray:
        parts = tuple(beside(p, x) if type(p) is np.ndarray else p for p in parts)
    return parts


def _axes_taken(part):
    return part.ndim if _is_mask(part) else 0 if part is None or part is Ellipsis else 1


def _check_part(part, axis, shape):
    """Refuse what does not fit the axes it stands for."""
    if isinstance(part, int):
        if not -shape[axis] <= part < shape[axis]:
            raise out_of_bounds(part, axis, shape[axis])
    elif isinstance(part, slice):
        if part.step is not None and part.step <= 0:
            raise ValueError("slice steps must be positive; use flip to reverse")
    elif _is_mask(part):
        if part.shape != shape[axis : axis + part.ndim]:
            raise IndexError(
                f"a mask of shape {part.shape} does not fit the tensor of shape {shape} at "
                f"dimension {axis}"
            )
    elif part is not None and part.size:
        outside = part[(part < -shape[axis]) | (part >= shape[axis])]
        if outside.size:
            raise out_of_bounds(int(outside[0]), axis, shape[axis])


def out_of_bounds(index, axis, extent):
    return IndexError(f"index {index} is out of bounds for dimension {axis} with size {extent}")


def split_index(parts):
    """A checked index as two, read one after the other: ints, slices and None, then arrays.

    Where both occur, PyTorch takes the ints first; NumPy would count them among the arrays, and
    put the axes elsewhere. The second index is None where one is enough.
    """
    if not (any(isinstance(p, int) for p in parts) and any(map(_is_array, parts))):
        return parts, None
    first, second = [], []
    for part in parts:
        if _is_array(part):
            first += [slice(None)] * (part.ndim if _is_mask(part) else 1)
            second.append(part)
        else:
            first.append(part)
            if not isinstance(part, int):
                second.append(part if part is Ellipsis else slice(None))
    if not any(part is Ellipsis for part in first):
        first.append(Ellipsis)  # where nothing is left, NumPy gives a view with it, not a number
    return tuple(first), tuple(second)


def _is_array(part):
    return hasattr(part, "dtype")


def _is_mask(part):
    return _is_array(part) and part.dtype == bool


_INDICES = dtypes.int64, dtypes.int32, dtypes.uint8, dtypes.bool_


def _check_dtype(index):
    if dtype_of(index) not in _INDICES:
        raise IndexError(
            "tensors used as indices must be integer or bool (int64, int32, uint8 or bool), got "
            f"{dtype_of(index)}"
        )


def _part(part):
    if isinstance(part, TensorBase):
        _check_dtype(part)
        part = part._array
    if isinstance(part, list | tuple | range):
        part = np.asarray(part, dtype=None if len(part) else np.int64)
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, bool | np.bool_):
        return np.asarray(part)
    if hasattr(part, "dtype"):
        return _array_part(part)
    if hasattr(part, "__index__"):
        return part.__index__()
    raise IndexError(
        f"cannot index a tensor with {type(part).__name__}: only ints, slices, None, Ellipsis, "
        "lists and tensors of integers or bools"
    )


def _array_part(part):
    """An array of ints or a mask (uint8 is one, as in PyTorch); a 0-d integer becomes an int."""
    if part.dtype.kind not in "iub":
        raise IndexError(f"tensors used as indices must be integer or bool, got {part.dtype}")
    if part.dtype == np.uint8:
        return part.astype(bool)
    return int(part) if part.ndim == 0 and part.dtype.kind != "b" else part


def check_shapes(parts):
    """Refuse index arrays that do not broadcast together."""
    arrays = [p for p in parts if _is_array(p)]
    if len(arrays) > 1:
        shapes = [(int(p.sum()),) if _is_mask(p) else p.shape for p in arrays]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            listed = ", ".join(map(str, shapes))
            raise IndexError(f"indices of shapes {listed} cannot be broadcast together") from None


def _only_rows(parts, ndim):
    """The axis of an index that is one integer array among full slices; else None."""
    axis = None
    for i, part in enumerate(parts):
        if _is_array(part):
            if axis is not None or not _is_rows(part):
                return None
            axis = i
        elif part is Ellipsis and axis is None:
            return ndim - 1 if i == len(parts) - 2 and _is_rows(parts[-1]) else None
        elif part is Ellipsis or not (isinstance(part, slice) and part == slice(None)):
            return None
    return axis


def _is_rows(part):
    return _is_array(part) and part.dtype.kind == "i" and part.ndim > 0


def getitem(input, where):
    """input[where], PyTorch's indexing with ints, slices, None, Ellipsis and tensors."""
    x = input._array
    if type(where) is int and x.ndim and -len(x) <= where < len(x):
        return Index.apply(input, where=(where,))
    if isinstance(where, TensorBase) and x.ndim and _is_rows(where._array):
        _check_dtype(where)
        return rows_at(input, where, 0)
    parts = check_index(where, input)
    axis = _only_rows(parts, x.ndim)
    if axis is not None:
        return rows_at(input, new_tensor(next(filter(_is_array, parts))), axis)
    check_shapes(parts)
    first, second = split_index(parts)
    found = Index.apply(input, where=first)
    return found if second is None else Index.apply(found, where=second)


def rows_at(x, index, axis):
    """The slices along an axis at a tensor of indices, its axes in the place of that one."""
    at, shape = index._array, x._array.shape
    negative = at < 0
    if negative.any():
        at = at + shape[axis] * (negative & (at >= -shape[axis]))
    if at.ndim == 1:
        return TakeRows.apply(x, index if at is index._array else new_tensor(at), axis=axis)
    found = TakeRows.apply(x, new_tensor(at.reshape(-1)), axis=axis)
    return reshape(found, (*shape[:axis], *at.shape, *shape[axis + 1 :]))
