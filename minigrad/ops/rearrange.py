"""Elements in another order, or several times: flips, rolls, repetitions and sliding windows."""

import numpy as np

from ..engine.graph import TensorBase
from ..engine.op import Op, Sample
from .cast import clone
from .indexing import Index
from .operands import beside, check_axes, check_axis, check_shape, numpy_names, tensor_of
from .shape import expand, movedim, reshape, transpose, unsqueeze

__all__ = [
    "flip",
    "fliplr",
    "flipud",
    "repeat_interleave",
    "roll",
    "rot90",
    "tile",
]


class Flip(Op):
    """y = x with the order along some axes reversed.    dL/dx = g reversed along them"""

    def forward(ctx, k, x, *, axes):
        ctx.axes = axes
        return k.flip(x, axes)

    def vjp(ctx, k, g):
        return k.flip(g, ctx.axes)

    def samples(rng):
        yield Sample("both axes", (rng.normal(size=(2, 3)),), {"axes": (0, 1)})
        yield Sample("empty", (rng.normal(size=(0, 3)),), {"axes": (1,)})

    def peer(torch, x, *, axes):
        return x.flip(axes)


class Roll(Op):
    """y[i + shift] = x[i], around the end, along some axes.    dL/dx = g rolled back"""

    def forward(ctx, k, x, *, shifts, axes):
        ctx.shifts, ctx.axes = shifts, axes
        return k.roll(x, shifts, axes)

    def vjp(ctx, k, g):
        return k.roll(g, tuple(-shift for shift in ctx.shifts), ctx.axes)

    def samples(rng):
        yield Sample("both axes", (rng.normal(size=(2, 3)),), {"shifts": (1, -4), "axes": (0, 1)})
        yield Sample("empty", (rng.normal(size=(0, 3)),), {"shifts": (1,), "axes": (0,)})

    def peer(torch, x, *, shifts, axes):
        return x.roll(shifts, axes)


def flip(input, *axes, dims=None):
    """The order along the axes ``dims`` reversed (a copy).

    >>> import minigrad as mg
    >>> mg.flip(mg.arange(3), (0,))
    tensor([2, 1, 0])
    """
    x = tensor_of(input)
    if axes and dims is not None:
        raise TypeError(f"flip: dims is given twice, as {axes} and as {dims}")
    axes = axes if dims is None else dims if isinstance(dims, tuple | list) else (dims,)
    axes = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
    return Flip.apply(x, axes=check_axes(tuple(axes), x._array.ndim) or ())


def fliplr(input):
    """The order along the second axis reversed."""
    return _flipped("fliplr", input, 1)


def flipud(input):
    """The order along the first axis reversed."""
    return _flipped("flipud", input, 0)


def _flipped(name, input, axis):
    x = tensor_of(input)
    if x._array.ndim <= axis:
        raise RuntimeError(
            f"{name}: input must have at least {axis + 1} dimensions, got shape {x._array.shape}"
        )
    return Flip.apply(x, axes=(axis,))


def rot90(input, k=1, dims=(0, 1)):
    """Turned by k · 90 degrees in the plane of two axes, from the first towards the second."""
    x = tensor_of(input)
    if len(dims) != 2:
        raise RuntimeError(f"rot90: dims must be two axes, got {list(dims)}")
    first, second = (check_axis(d, x._array.ndim, "dims") for d in dims)
    if first == second or x._array.ndim < 2:
        raise RuntimeError(f"rot90: dims must be two different axes, got {list(dims)}")
    if k % 4 == 2:
        return flip(x, (first, second))
    if k % 4 == 1:
        return transpose(flip(x, second), first, second)
    return flip(transpose(x, first, second), second) if k % 4 else x.clone()


def _ints(value, argument):
    value = value if isinstance(value, tuple | list) else (value,)
    for part in value:
        if isinstance(part, bool) or not hasattr(part, "__index__"):
            raise TypeError(f"{argument} must be an int or a tuple of ints, got {part!r}")
    return tuple(int(part) for part in value)


def roll(input, shifts, dims=None):
    """Elements moved by ``shifts`` along ``dims``, around the end; all flattened without dims."""
    x = tensor_of(input)
    shifts = _ints(shifts, "shifts")
    if dims is None or dims == () or dims == []:
        if len(shifts) != 1:
            raise RuntimeError(f"roll: without dims, shifts must be one int, got {list(shifts)}")
        flat = Roll.apply(reshape(x, -1), shifts=shifts, axes=(0,))
        return reshape(flat, x._array.shape)
    if not x._array.ndim:
        raise IndexError(f"roll: dims={dims} of a 0-d tensor, which has none")
    axes = tuple(check_axis(d, x._array.ndim, "dims") for d in _ints(dims, "dims"))
    if len(axes) != len(shifts):
        raise RuntimeError(f"roll: shifts={list(shifts)} and dims={dims} differ in length")
    return Roll.apply(x, shifts=shifts, axes=axes)


def repeat(input, *repeats):
    """The whole tensor ``repeats`` times along each axis; more numbers than axes give new ones.

    >>> import minigrad as mg
    >>> mg.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    x = tensor_of(input)
    counts = check_shape(repeats)
    shape = x._array.shape
    if len(counts) < len(shape):
        raise RuntimeError(
            f"repeat: {len(counts)} numbers {counts} for {len(shape)} dimensions of shape {shape}"
        )
    if min(counts, default=0) < 0:
        raise RuntimeError(f"repeat: the numbers must not be negative, got {counts}")
    own = (1,) * (len(counts) - len(shape)) + shape
    apart = [extent for extent in own for extent in (1, extent)]
    spread = [n for pair in zip(counts, own, strict=True) for n in pair]
    whole = tuple(c * n for c, n in zip(counts, own, strict=True))
    return reshape(clone(expand(reshape(x, apart), spread)), whole)


def tile(input, *dims):
    """As ``Tensor.repeat``, but fewer numbers than axes count for the last axes."""
    x = tensor_of(input)
    counts = check_shape(dims)
    return repeat(x, (1,) * (x._array.ndim - len(counts)) + counts)


@numpy_names
def repeat_interleave(input, repeats, dim=None, *, output_size=None):
    """Each slice along ``dim`` repeated; without dim, each element of the flattened tensor.

    ``repeats`` is a number, or a tensor with a number for each slice. ``output_size`` is ignored.
    """
    x = tensor_of(input)
    if dim is None:
        x, dim = reshape(x, -1), 0
    x = x if x._array.ndim else reshape(x, 1)
    axis = check_axis(dim, x._array.ndim)
    extent = x._array.shape[axis]
    counts = _counts(repeats, extent, dim)
    if isinstance(counts, int):
        shape = x._array.shape
        apart = (*shape[: axis + 1], counts, *shape[axis + 1 :])
        whole = (*shape[:axis], extent * counts, *shape[axis + 1 :])
        return reshape(clone(expand(unsqueeze(x, axis + 1), apart)), whole)
    positions = beside(np.repeat(np.arange(extent), counts), x)
    return Index.apply(x, where=(*(slice(None),) * axis, positions))


def _counts(repeats, extent, dim):
    """How often each slice is repeated: one int for all, or an array."""
    if isinstance(repeats, TensorBase):
        if repeats._array.dtype.kind not in "iu" or repeats._array.ndim > 1:
            raise RuntimeError(
                f"repeat_interleave: repeats must be a 0-d or 1-D integer tensor, got "
                f"{repeats.dtype} and shape {repeats._array.shape}"
            )
        repeats = repeats.tolist()
    counts = repeats[0] if isinstance(repeats, list) and len(repeats) == 1 else repeats
    lowest = min(counts, default=0) if isinstance(counts, list) else counts
    if lowest < 0:
        raise RuntimeError(f"repeat_interleave: repeats must not be negative, got {lowest}")
    if isinstance(counts, list) and len(counts) != extent:
        raise RuntimeError(
            f"repeat_interleave: {len(counts)} repeats for the extent {extent} of dim={dim}"
        )
    return counts


def unfold(input, dimension, size, step):
    """Windows of ``size`` elements along an axis, every ``step``: they become a new last axis."""
    x = tensor_of(input)
    whole = x if x._array.ndim else reshape(x, 1)
    axis = check_axis(dimension, x._array.ndim, "dimension")
    extent = whole._array.shape[axis]
    if step <= 0:
        raise RuntimeError(f"unfold: step must be positive, got {step}")
    if not 0 <= size <= extent:
        raise RuntimeError(f"unfold: size={size} does not fit the extent {extent} of the axis")
    starts = np.arange(0, extent - size + 1, step)
    positions = beside(starts[:, None] + np.arange(size), x)
    windows = Index.apply(whole, where=(*(slice(None),) * axis, positions))
    return movedim(windows, axis + 1, -1) if x._array.ndim else reshape(windows, -1)
