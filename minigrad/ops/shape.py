"""Shapes: reshaping, reordering, repeating and joining; views wherever NumPy gives views."""

from ..engine.graph import TensorBase
from ..engine.op import Op, Sample
from .indexing import Index
from .operands import check_axis, check_shape, converted, result_type, tensor_of

__all__ = [
    "cat",
    "flatten",
    "permute",
    "reshape",
    "squeeze",
    "stack",
    "t",
    "unbind",
    "transpose",
    "unsqueeze",
]


class Reshape(Op):
    """y = x under another shape.    dL/dx = g under the shape of x"""

    view = True

    def forward(ctx, k, x, *, shape):
        ctx.shape = x.shape
        return k.reshape(x, shape)

    def vjp(ctx, k, g):
        return k.reshape(g, ctx.shape)

    def samples(rng):
        yield Sample("matrix to cube", (rng.normal(size=(4, 6)),), {"shape": (2, 3, 4)})
        yield Sample("to 0-d", (rng.normal(size=(1, 1)),), {"shape": ()})
        yield Sample("empty", (rng.normal(size=(0, 3)),), {"shape": (3, 0)})

    def peer(torch, x, *, shape):
        return x.reshape(shape)


class Permute(Op):
    """y = x with its axes in another order.    dL/dx = g with the order undone"""

    view = True

    def forward(ctx, k, x, *, axes):
        ctx.inverse = tuple(sorted(range(len(axes)), key=axes.__getitem__))
        return k.permute(x, axes)

    def vjp(ctx, k, g):
        return k.permute(g, ctx.inverse)

    def samples(rng):
        yield Sample("cube", (rng.normal(size=(2, 3, 4)),), {"axes": (2, 0, 1)})
        yield Sample("0-d", (rng.normal(size=()),), {"axes": ()})
        yield Sample("empty", (rng.normal(size=(0, 3)),), {"axes": (1, 0)})

    def peer(torch, x, *, axes):
        return x.permute(axes)


class Expand(Op):
    """y = x repeated along axes of extent 1 or new ones.    dL/dx = g summed along them"""

    view = True

    def forward(ctx, k, x, *, shape):
        ctx.shape = x.shape
        return k.expand(x, shape)

    def vjp(ctx, k, g):
        return k.unbroadcast(g, ctx.shape)

    def samples(rng):
        yield Sample("column", (rng.normal(size=(3, 1)),), {"shape": (2, 3, 4)})
        yield Sample("0-d", (rng.normal(size=()),), {"shape": (2, 2)})

    def peer(torch, x, *, shape):
        return x.expand(shape)


class Cat(Op):
    """y = tensors one after another along an axis.    Each gets its slice of g"""

    def forward(ctx, k, *arrays, axis):
        ctx.axis = axis
        ctx.ends = []
        end = 0
        for array in arrays:
            end += array.shape[axis]
            ctx.ends.append(end)
        return k.cat(axis, *arrays)

    def vjp(ctx, k, g):
        before = (slice(None),) * ctx.axis
        starts = (0, *ctx.ends)
        return tuple(
            k.index(g, (*before, slice(low, high))) if ctx.needs(i) else None
            for i, (low, high) in enumerate(zip(starts, ctx.ends, strict=False))
        )

    def samples(rng):
        parts = (rng.normal(size=(2, 3)), rng.normal(size=(1, 3)), rng.normal(size=(0, 3)))
        yield Sample("rows", parts, {"axis": 0})
        yield Sample("columns", (rng.normal(size=(2, 1)), rng.normal(size=(2, 3))), {"axis": 1})

    def peer(torch, *tensors, axis):
        return torch.cat(tensors, dim=axis)


def reshape(input, *shape):
    """The same elements in row-major order under another shape; one extent may be −1.

    >>> import minigrad as mg
    >>> mg.reshape(mg.arange(6), (2, -1)).shape
    (2, 3)
    """
    x = tensor_of(input)
    return Reshape.apply(x, shape=_complete(check_shape(shape), x._array.size))


def _complete(shape, size):
    """The shape with a −1 filled in, after checking that it holds ``size`` elements."""
    known, free = 1, 0
    for extent in shape:
        if extent == -1:
            free += 1
        elif extent < -1:
            raise RuntimeError(f"invalid extent {extent} in shape {shape}")
        else:
            known *= extent
    fits = free == 0 and known == size or free == 1 and known and size % known == 0
    if not fits:
        if free == 1 and known == 0 and size == 0:
            raise RuntimeError(f"the −1 in shape {shape} is ambiguous for a tensor of 0 elements")
        raise RuntimeError(f"shape {shape} is invalid for input of size {size}")
    return tuple(size // known if extent == -1 else extent for extent in shape)


def flatten(input, start_dim=0, end_dim=-1):
    """Axes ``start_dim`` to ``end_dim`` as one."""
    x = tensor_of(input)
    shape = x._array.shape
    first, last = check_axis(start_dim, len(shape)), check_axis(end_dim, len(shape))
    if first > last:
        raise RuntimeError(f"flatten: start_dim={start_dim} comes after end_dim={end_dim}")
    if first == last and shape:
        return x
    size = 1
    for extent in shape[first : last + 1]:
        size *= extent
    return Reshape.apply(x, shape=(*shape[:first], size, *shape[last + 1 :]))


def permute(input, *dims):
    """The tensor with its axes in the order ``dims``: a tuple, or one argument per axis."""
    x = tensor_of(input)
    dims = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple | list) else dims
    axes = tuple(check_axis(d, x._array.ndim, "dims") for d in dims)
    if sorted(axes) != list(range(x._array.ndim)):
        raise RuntimeError(f"permute: dims={tuple(dims)} is no order of {x._array.ndim} axes")
    return Permute.apply(x, axes=axes)


def transpose(input, dim0, dim1):
    """The tensor with two axes exchanged."""
    x = tensor_of(input)
    axes = list(range(x._array.ndim))
    a, b = check_axis(dim0, len(axes), "dim0"), check_axis(dim1, len(axes), "dim1")
    if axes:
        axes[a], axes[b] = axes[b], axes[a]
    return Permute.apply(x, axes=tuple(axes))


def t(input):
    """The transpose of a matrix; vectors and 0-d tensors as they are."""
    x = tensor_of(input)
    if x._array.ndim > 2:
        raise RuntimeError(f"t() expects at most 2 dimensions, got shape {x._array.shape}")
    return Permute.apply(x, axes=tuple(reversed(range(x._array.ndim))))


def squeeze(input, dim=None):
    """Without axes of extent 1: all of them, or those in ``dim``."""
    x = tensor_of(input)
    shape = x._array.shape
    given = dim if isinstance(dim, tuple | list) else (dim,)
    axes = range(len(shape)) if dim is None else [check_axis(d, len(shape)) for d in given]
    gone = {a for a in axes if shape and shape[a] == 1}
    return Reshape.apply(x, shape=tuple(n for a, n in enumerate(shape) if a not in gone))


def unsqueeze(input, dim):
    """With a new axis of extent 1 at ``dim``."""
    x = tensor_of(input)
    axis = check_axis(dim, x._array.ndim + 1)
    shape = x._array.shape
    return Reshape.apply(x, shape=(*shape[:axis], 1, *shape[axis:]))


def unbind(input, dim=0):
    """The slices along ``dim``, as a tuple."""
    x = tensor_of(input)
    if not x._array.ndim:
        raise RuntimeError("unbind: a 0-d tensor has no axis to take slices along")
    before = (slice(None),) * check_axis(dim, x._array.ndim)
    return tuple(Index.apply(x, where=(*before, i)) for i in range(x._array.shape[len(before)]))


def expand(input, *size):
    """Repeat (as a view) along axes of extent 1 or new leading axes; −1 keeps an extent."""
    x = tensor_of(input)
    shape, own = check_shape(size), x._array.shape
    new = len(shape) - len(own)
    if new < 0:
        raise RuntimeError(f"expand: {shape} has fewer dimensions than the input's {own}")
    whole = tuple(own[i - new] if n == -1 and i >= new else n for i, n in enumerate(shape))
    if any(n < 0 for n in whole) or any(
        m not in (1, n) for m, n in zip(own, whole[new:], strict=True)
    ):
        raise RuntimeError(f"expand: shape {own} cannot be expanded to {shape}")
    return Expand.apply(x, shape=whole)


def cat(tensors, dim=0):
    """Tensors one after another along ``dim``; their other extents must agree."""
    tensors = _sequence("cat", tensors)
    dtype = result_type(*tensors)
    axis = check_axis(dim, max(t._array.ndim for t in tensors))
    if len({t._array.ndim for t in tensors}) > 1:  # PyTorch skips empty 1-D tensors
        tensors = [t for t in tensors if t._array.shape != (0,)]
    shapes = [t._array.shape for t in tensors]
    if len({(len(s), s[:axis], s[axis + 1 :]) for s in shapes}) > 1 or not shapes[0]:
        raise RuntimeError(f"cat: shapes {shapes} must be equal except along dim={dim}")
    return Cat.apply(*converted(dtype, *tensors), axis=axis)


def stack(tensors, dim=0):
    """Tensors of one shape along a new axis ``dim``."""
    tensors = _sequence("stack", tensors)
    shapes = [t._array.shape for t in tensors]
    if len(set(shapes)) > 1:
        raise RuntimeError(f"stack: the shapes must be equal, got {shapes}")
    return cat([unsqueeze(t, dim) for t in tensors], check_axis(dim, len(shapes[0]) + 1))


def _sequence(name, tensors):
    if isinstance(tensors, TensorBase) or not isinstance(tensors, tuple | list):
        raise TypeError(f"{name}: tensors must be a tuple or list, got {type(tensors).__name__}")
    if not tensors:
        raise ValueError(f"{name}: expected at least one tensor, got none")
    return [tensor_of(t, f"tensors[{i}]") for i, t in enumerate(tensors)]
