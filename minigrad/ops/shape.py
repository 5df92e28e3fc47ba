"""Shapes: the same elements under other axes; views wherever NumPy gives views."""

import numpy as np

from .. import dtypes
from ..engine.graph import new_tensor, version_cell
from ..engine.op import OPS, Op, Sample
from .operands import check_axis, check_shape, numpy_names, tensor_of

__all__ = [
    "adjoint",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "flatten",
    "moveaxis",
    "movedim",
    "permute",
    "ravel",
    "reshape",
    "squeeze",
    "swapaxes",
    "swapdims",
    "t",
    "transpose",
    "unflatten",
    "unsqueeze",
]


class Reshape(Op):
    """y = x under another shape.    dL/dx = g under the shape of x"""

    view = True
    moves = True

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
    moves = True

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


class Repeated(Op):
    """y = x repeated along axes of extent 1 or new ones, to be read.    dL/dx = g summed along them

    Gradients of sums are made with it, where nobody can tell a view from a copy.
    """

    def forward(ctx, k, x, *, shape):
        ctx.shape = x.shape
        return k.repeated(x, shape)

    def vjp(ctx, k, g):
        return k.unbroadcast(g, ctx.shape)

    def samples(rng):
        yield Sample("column", (rng.normal(size=(3, 1)),), {"shape": (2, 3, 4)})
        yield Sample("0-d", (rng.normal(size=()),), {"shape": (2, 2)})

    def peer(torch, x, *, shape):
        return x.expand(shape)


def reshape(input, *shape):
    """The same elements in row-major order under another shape; one extent may be −1.

    >>> import minigrad as mg
    >>> mg.reshape(mg.arange(6), (2, -1)).shape
    (2, 3)
    """
    x = tensor_of(input)
    return Reshape.apply(x, shape=_complete(check_shape(shape), x._array.size))


def ravel(input):
    """All elements along one axis."""
    return reshape(input, -1)


def view(input, *shape):
    """The same memory under another shape (or, given a dtype, with its bits read as that dtype).

    Raises RuntimeError where the elements do not lie so that a view exists: use :func:`reshape`.
    """
    if len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        return _view_as_dtype(input, shape[0])
    whole = _complete(check_shape(shape), input._array.size)
    if not _viewable(input._array, whole):
        raise RuntimeError(
            f"view: shape {input._array.shape} with strides {input.stride()} has no view of shape "
            f"{whole}; use .reshape(...)"
        )
    return Reshape.apply(input, shape=whole)


def _view_as_dtype(x, dtype):
    if x._requires_grad:
        raise RuntimeError(f"view: bits read as {dtype} have no gradient; use .detach() or .to()")
    array = x._array.view(dtype.storage)
    result = new_tensor(array, dtype if dtype.emulated else None)
    result._writes = version_cell(x)
    return result


def _viewable(array, shape):
    """Whether an array has a view of another shape: every new axis must walk evenly."""
    if array.flags.c_contiguous or not array.size:
        return True
    wanted = [n for n in shape if n != 1]
    runs = _runs(array)
    for extent in reversed(wanted):
        if not runs or runs[-1] % extent:
            return False
        runs[-1] //= extent
        if runs[-1] == 1:
            runs.pop()
    return not runs


def _runs(array):
    """The lengths of the stretches of axes along which elements lie evenly spaced."""
    runs, after = [], None
    for extent, step in zip(array.shape[::-1], array.strides[::-1], strict=True):
        if extent == 1:
            continue
        if after is not None and step == after:
            runs[0] *= extent
        else:
            runs.insert(0, extent)
        after = step * extent
    return runs


def unflatten(input, dim, sizes):
    """Axis ``dim`` as several axes of the given sizes, one of which may be −1.

    >>> import minigrad as mg
    >>> mg.unflatten(mg.ones(2, 6), 1, (3, -1)).shape
    (2, 3, 2)
    """
    x = tensor_of(input)
    shape = x._array.shape
    axis = check_axis(dim, len(shape))
    sizes = check_shape((sizes,))
    if not sizes:
        raise RuntimeError("unflatten: sizes must not be empty")
    try:
        whole = _complete(sizes, shape[axis])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: sizes={sizes} do not multiply to the extent {shape[axis]} of dim={dim}"
        ) from None
    return Reshape.apply(x, shape=(*shape[:axis], *whole, *shape[axis + 1 :]))


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
    first, last = (
        check_axis(start_dim, len(shape), "start_dim"),
        check_axis(end_dim, len(shape), "end_dim"),
    )
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


swapaxes = swapdims = transpose


def movedim(input, source, destination):
    """Axes ``source`` (an int or a tuple) moved to the places ``destination``; others keep order.

    >>> import minigrad as mg
    >>> mg.movedim(mg.ones(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    x = tensor_of(input)
    ndim = x._array.ndim
    froms, tos = (_listed(d) for d in (source, destination))
    if len(froms) != len(tos):
        raise RuntimeError(
            f"movedim: source={source} and destination={destination} differ in length"
        )
    froms = [check_axis(d, ndim, "source") for d in froms]
    tos = [check_axis(d, ndim, "destination") for d in tos]
    for name, axes, given in (("source", froms, source), ("destination", tos, destination)):
        if len(set(axes)) < len(axes):
            raise RuntimeError(f"movedim: {name}={given} names an axis twice")
    order = [axis for axis in range(ndim) if axis not in froms]
    for place, axis in sorted(zip(tos, froms, strict=True)):
        order.insert(place, axis)
    return Permute.apply(x, axes=tuple(order))


moveaxis = movedim


def _listed(dim):
    return list(dim) if isinstance(dim, tuple | list) else [dim]


def adjoint(input):
    """The last two axes exchanged."""
    return transpose(input, -2, -1)


def t(input):
    """The transpose of a matrix; vectors and 0-d tensors as they are."""
    x = tensor_of(input)
    if x._array.ndim > 2:
        raise RuntimeError(f"t() expects at most 2 dimensions, got shape {x._array.shape}")
    return Permute.apply(x, axes=tuple(reversed(range(x._array.ndim))))


@numpy_names
def squeeze(input, dim=None):
    """Without axes of extent 1: all of them, or those in ``dim``."""
    x = tensor_of(input)
    shape = x._array.shape
    given = dim if isinstance(dim, tuple | list) else (dim,)
    axes = range(len(shape)) if dim is None else [check_axis(d, len(shape)) for d in given]
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"squeeze: dim={dim} names an axis twice")
    gone = {a for a in axes if shape and shape[a] == 1}
    return Reshape.apply(x, shape=tuple(n for a, n in enumerate(shape) if a not in gone))


@numpy_names
def unsqueeze(input, dim):
    """With a new axis of extent 1 at ``dim``."""
    x = tensor_of(input)
    axis = check_axis(dim, x._array.ndim + 1)
    shape = x._array.shape
    return Reshape.apply(x, shape=(*shape[:axis], 1, *shape[axis:]))


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


def sum_to_size(input, *size):
    """The input summed over axes until it has a shape that broadcasts to its own."""
    x, shape = tensor_of(input), check_shape(size)
    if not shape:
        return x.sum()
    own = x._array.shape
    new = len(own) - len(shape)
    if new < 0 or any(n not in (1, m) for n, m in zip(shape, own[new:], strict=True)):
        raise RuntimeError(f"sum_to_size: shape {own} cannot be summed to {shape}")
    return OPS["unbroadcast"].apply(x, shape=shape)


def broadcast_to(input, size):
    """As :func:`expand`: repeated, as a view, to the shape ``size``."""
    return expand(input, size)


def broadcast_shapes(*shapes):
    """The shape that arrays of these shapes broadcast to.

    >>> broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    shapes = [(s,) if hasattr(s, "__index__") else tuple(s) for s in shapes]
    if any(extent < 0 for shape in shapes for extent in shape):
        raise RuntimeError(f"broadcast_shapes: extents must not be negative, got {shapes}")
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise RuntimeError(
            f"broadcast_shapes: shapes {shapes} cannot be broadcast together: counted from the "
            "last, the extents must be equal or 1"
        ) from None


def broadcast_tensors(*tensors):
    """All tensors expanded to the shape they broadcast to, as a tuple."""
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tensors[0]
    tensors = [tensor_of(t, f"tensors[{i}]") for i, t in enumerate(tensors)]
    shape = broadcast_shapes(*(t._array.shape for t in tensors))
    return tuple(expand(t, shape) for t in tensors)


def _at_least(axes, tensors):
    """One tensor or several, each with new axes up to a number, where ``axes`` puts them."""
    if len(tensors) == 1 and not isinstance(tensors[0], tuple | list):
        return axes(tensor_of(tensors[0], "tensors"))
    tensors = tensors[0] if len(tensors) == 1 else tensors
    return tuple(axes(tensor_of(t, f"tensors[{i}]")) for i, t in enumerate(tensors))


def atleast_1d(*tensors):
    """0-d tensors as vectors of one element; several tensors give a tuple."""
    return _at_least(lambda x: x if x._array.ndim else reshape(x, 1), tensors)


def atleast_2d(*tensors):
    """0-d tensors as 1 × 1 matrices and vectors as rows; several tensors give a tuple."""
    return _at_least(lambda x: x if x._array.ndim > 1 else reshape(x, 1, -1), tensors)


def atleast_3d(*tensors):
    """With leading and trailing axes of extent 1 up to three; several tensors give a tuple."""

    def raised(x):
        if x._array.ndim > 2:
            return x
        return unsqueeze(atleast_2d(x), -1)

    return _at_least(raised, tensors)
