"""Padding: more elements around a tensor, constant or taken from it."""

import numpy as np

from ..engine.op import Op, Sample
from .indexing import Index
from .operands import beside, check_shape, tensor_of

__all__ = []


class Pad(Op):
    """y = x with a constant around it.    dL/dx = g without the border"""

    def forward(ctx, k, x, *, widths, value):
        ctx.inside = tuple(
            slice(low, low + n) for n, (low, _) in zip(x.shape, widths, strict=True)
        )
        return k.pad(x, widths, value)

    def vjp(ctx, k, g):
        return k.index(g, ctx.inside)

    def samples(rng):
        x = rng.normal(size=(2, 3))
        yield Sample("both axes", (x,), {"widths": ((1, 0), (2, 1)), "value": 0.5})
        yield Sample("0-d", (rng.normal(size=()),), {"widths": (), "value": 0.0})

    def peer(torch, x, *, widths, value):
        flat = [w for pair in reversed(widths) for w in pair]
        return torch.nn.functional.pad(x, flat, value=value)


def _reflected(extent, low, high):
    return np.pad(np.arange(extent), (low, high), "reflect")


def _replicated(extent, low, high):
    return np.clip(np.arange(-low, extent + high), 0, extent - 1)


def _circular(extent, low, high):
    return np.arange(-low, extent + high) % extent


# mode: (positions to read, the widest border for an extent)
_MODES = {
    "reflect": (_reflected, lambda extent: extent - 1),
    "replicate": (_replicated, lambda extent: None),
    "circular": (_circular, lambda extent: extent),
}


def pad(input, pad, mode="constant", value=None):
    """``pad`` elements around ``input``: (before, after) of the last axis, then of the one before…

    Negative numbers cut off. ``mode`` is "constant" (``value``, by default 0), "reflect" (without
    repeating the edge), "replicate" (the edge) or "circular" (the other side).

    >>> import minigrad as mg
    >>> mg.nn.functional.pad(mg.tensor([1.0, 2.0]), (1, 2), value=9.0)
    tensor([9., 1., 2., 9., 9.])
    """
    x = tensor_of(input)
    widths = _widths(x, check_shape((pad,)))
    if mode == "constant":
        return _constant(x, widths, 0 if value is None else value)
    if mode not in _MODES:
        raise NotImplementedError(
            f'pad: mode must be "constant", "reflect", "replicate" or "circular", got {mode!r}'
        )
    if value is not None and value != 0:
        raise RuntimeError(f"pad: mode {mode!r} takes no value, got {value}")
    return _read(x, widths, mode, len(pad) // 2)


def _widths(x, pad):
    """(before, after) for every axis."""
    ndim = x._array.ndim
    if len(pad) % 2:
        raise RuntimeError(f"pad: expected pairs of numbers, got {len(pad)} of them: {pad}")
    if len(pad) > 2 * ndim:
        raise RuntimeError(f"pad: {len(pad) // 2} pairs for a tensor of {ndim} dimensions: {pad}")
    pairs = tuple(zip(pad[::2], pad[1::2], strict=True))
    widths = ((0, 0),) * (ndim - len(pairs)) + pairs[::-1]
    for extent, (low, high) in zip(x._array.shape, widths, strict=True):
        if extent + low + high < 0:
            raise RuntimeError(f"pad: ({low}, {high}) cuts more than the extent {extent}")
    return widths


def _constant(x, widths, value):
    x, widths = _cut(x, widths)
    return Pad.apply(x, widths=widths, value=value)


def _cut(x, widths):
    """(the tensor without what negative widths cut off, the other widths)"""
    if all(low >= 0 and high >= 0 for low, high in widths):
        return x, widths
    inside = tuple(
        slice(max(-low, 0), n - max(-high, 0))
        for n, (low, high) in zip(x._array.shape, widths, strict=True)
    )
    return Index.apply(x, where=inside), tuple((max(a, 0), max(b, 0)) for a, b in widths)


def _read(x, widths, mode, count):
    """Padding with elements of the tensor itself, one axis after the other."""
    ndim = x._array.ndim
    if not (1 <= count <= 3 and count < ndim <= count + 2):
        raise NotImplementedError(
            f"pad: mode {mode!r} pads the last 1, 2 or 3 axes of a tensor with 1 or 2 axes more; "
            f"got {count} pairs for shape {x._array.shape}"
        )
    positions, widest = _MODES[mode]
    if mode == "circular":  # what is cut off does not come back at the other side
        x, widths = _cut(x, widths)
    for axis, (low, high) in enumerate(widths):
        extent = x._array.shape[axis]
        if not (low or high):
            continue
        limit = widest(extent)
        if limit is not None and max(low, high) > limit:
            raise RuntimeError(
                f"pad: ({low}, {high}) is too wide for mode {mode!r} and extent {extent}: at most "
                f"{limit}"
            )
        if not extent:
            raise RuntimeError(f"pad: mode {mode!r} has no element to read in {x._array.shape}")
        inside = positions(extent, max(low, 0), max(high, 0))
        inside = inside[max(-low, 0) : len(inside) - max(-high, 0)]
        x = Index.apply(x, where=(*(slice(None),) * axis, beside(inside, x)))
    return x
