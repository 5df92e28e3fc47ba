"""x[...]: reading elements, and the op that puts gradients back where they were read."""

import numpy as np

from ..engine.graph import TensorBase
from ..engine.op import Op, Sample


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


def _for_torch(torch, where):
    return tuple(torch.as_tensor(w) if isinstance(w, np.ndarray) else w for w in where)


def check_index(where, shape):
    """An index as a tuple of ints, slices, None, Ellipsis and arrays, within ``shape``."""
    where = where if isinstance(where, tuple) else (where,)
    parts = tuple(_part(w) for w in where)
    taken = sum(p.ndim if _is_mask(p) else 0 if p is None or p is Ellipsis else 1 for p in parts)
    if taken > len(shape):
        raise IndexError(f"too many indices for a tensor of shape {shape}: {taken}")
    if any(isinstance(p, slice) and p.step is not None and p.step <= 0 for p in parts):
        raise ValueError("slice steps must be positive; use flip to reverse")
    return parts


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
    return tuple(first), tuple(second)


def _is_array(part):
    return hasattr(part, "dtype")


def _is_mask(part):
    return _is_array(part) and part.dtype == bool


def _part(part):
    if isinstance(part, TensorBase):
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


def getitem(input, where):
    """input[where], PyTorch's indexing with ints, slices, None, Ellipsis and tensors."""
    first, second = split_index(check_index(where, input._array.shape))
    found = Index.apply(input, where=first)
    return found if second is None else Index.apply(found, where=second)
