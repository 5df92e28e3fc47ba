"""Diagonals and triangles of matrices."""

from ..engine.op import Op, Sample
from .operands import check_axis, tensor_of
from .reduce import sum as total

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "trace", "tril", "triu"]


class Diagonal(Op):
    """y[…, i] = x[…, i, i + offset] of two axes (a view).    dL/dx = g on that diagonal, else 0"""

    view = True

    def forward(ctx, k, x, *, offset, axes):
        ctx.shape, ctx.offset, ctx.axes = x.shape, offset, axes
        return k.diagonal(x, offset, axes)

    def vjp(ctx, k, g):
        return k.diagonal_adjoint(g, ctx.shape, ctx.offset, ctx.axes)

    def samples(rng):
        yield Sample("main", (rng.normal(size=(3, 4)),), {"offset": 0, "axes": (0, 1)})
        yield Sample("of a cube", (rng.normal(size=(2, 3, 2)),), {"offset": -1, "axes": (1, 0)})

    def peer(torch, x, *, offset, axes):
        return x.diagonal(offset, *axes)


class DiagonalAdjoint(Op):
    """y = zeros of a shape with x on a diagonal.    dL/dx = the diagonal of g"""

    def forward(ctx, k, x, *, shape, offset, axes):
        ctx.offset, ctx.axes = offset, axes
        return k.diagonal_adjoint(x, shape, offset, axes)

    def vjp(ctx, k, g):
        return k.diagonal(g, ctx.offset, ctx.axes)

    def samples(rng):
        place = {"shape": (2, 3, 2), "offset": -1, "axes": (1, 0)}
        yield Sample("in a cube", (rng.normal(size=(2, 2)),), place)

    def peer(torch, x, *, shape, offset, axes):
        zeros = torch.zeros(shape, dtype=x.dtype)
        return torch.diagonal_scatter(zeros, x, offset, *axes)


class _Triangle(Op, abstract=True):
    def forward(ctx, k, x, *, diagonal):
        ctx.diagonal = diagonal
        return getattr(k, ctx.name)(x, diagonal)

    def vjp(ctx, k, g):
        return getattr(k, ctx.name)(g, ctx.diagonal)

    def samples(rng):
        yield Sample("matrices above", (rng.normal(size=(2, 3, 4)),), {"diagonal": 1})
        yield Sample("matrices below", (rng.normal(size=(2, 3, 4)),), {"diagonal": -1})


class Tril(_Triangle):
    """y = x on and below a diagonal of the last two axes, else 0.    dL/dx = g there, else 0"""

    def peer(torch, x, *, diagonal):
        return x.tril(diagonal)


class Triu(_Triangle):
    """y = x on and above a diagonal of the last two axes, else 0.    dL/dx = g there, else 0"""

    def peer(torch, x, *, diagonal):
        return x.triu(diagonal)


def _triangle(op, input, diagonal):
    x = tensor_of(input)
    if x._array.ndim < 2:
        raise RuntimeError(
            f"{op.name}: input must have at least 2 dimensions, got shape {x._array.shape}"
        )
    return op.apply(x, diagonal=diagonal)


def tril(input, diagonal=0):
    """The elements on and below a diagonal of the last two axes; zeros above."""
    return _triangle(Tril, input, diagonal)


def triu(input, diagonal=0):
    """The elements on and above a diagonal of the last two axes; zeros below."""
    return _triangle(Triu, input, diagonal)


def diagonal(input, offset=0, dim1=0, dim2=1):
    """A diagonal of two axes, as the new last axis (a view).

    >>> import minigrad as mg
    >>> mg.diagonal(mg.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    x = tensor_of(input)
    axes = _two_axes("diagonal", dim1, dim2, x._array.ndim)
    return Diagonal.apply(x, offset=offset, axes=axes)


def _two_axes(name, dim1, dim2, ndim):
    if ndim < 2:
        raise IndexError(f"{name}: at least 2 dimensions are needed, got {ndim}")
    axes = check_axis(dim1, ndim, "dim1"), check_axis(dim2, ndim, "dim2")
    if axes[0] == axes[1]:
        raise RuntimeError(f"{name}: dim1={dim1} and dim2={dim2} are the same axis")
    return axes


def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Matrices in the axes dim1 and dim2 of the result with the last axis on a diagonal."""
    x = tensor_of(input)
    if not x._array.ndim:
        raise IndexError("diag_embed: input must have at least 1 dimension, got a 0-d tensor")
    axes = _two_axes("diag_embed", dim1, dim2, x._array.ndim + 1)
    *lead, extent = x._array.shape
    for axis in sorted(axes):
        lead.insert(axis, extent + abs(offset))
    return DiagonalAdjoint.apply(x, shape=tuple(lead), offset=offset, axes=axes)


def diag(input, diagonal=0):
    """A matrix with a vector on a diagonal, or the diagonal of a matrix."""
    x = tensor_of(input)
    if x._array.ndim == 1:
        return diag_embed(x, diagonal)
    if x._array.ndim != 2:
        raise RuntimeError(f"diag: input must be a vector or a matrix, got {x._array.shape}")
    return Diagonal.apply(x, offset=diagonal, axes=(0, 1)).clone()


def diagflat(input, offset=0):
    """A matrix with all elements on a diagonal."""
    return diag_embed(tensor_of(input).reshape(-1), offset)


def trace(input):
    """The sum of the main diagonal of a matrix."""
    x = tensor_of(input)
    if x._array.ndim != 2:
        raise RuntimeError(f"trace: input must be a matrix, got shape {x._array.shape}")
    return total(diagonal(x))
