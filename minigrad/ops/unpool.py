"""Max pooling undone: elements go back to where they were found."""

import math

from .along import PutAlong
from .conv import per_axis
from .operands import FLOATS, check_category, only_tensors
from .pool import check_planes, named
from .scatter import wide_index
from .shape import reshape

__all__ = []


def _size(name, extents, kernel, stride, padding, output_size):
    """The extents of the result: those given, if pooling could have come from them."""
    axes = len(kernel)
    usual = tuple(
        (n - 1) * s + k - 2 * p
        for n, k, s, p in zip(extents, kernel, stride, padding, strict=True)
    )
    if not isinstance(output_size, tuple | list | None):
        raise TypeError(
            f"{name}: output_size must be a tuple of {axes} ints, got {output_size!r}"
        )
    size = usual if output_size is None else tuple(output_size)
    if len(size) == axes + 2:
        size = size[2:]
    if len(size) != axes:
        raise ValueError(
            f"{name}: output_size must have {axes} or {axes + 2} elements, got {output_size}"
        )
    if any(abs(n - m) >= max(s, 1) for n, m, s in zip(size, usual, stride, strict=True)):
        raise ValueError(
            f"{name}: output_size={output_size} must differ from {usual} by less than "
            f"stride={stride}"
        )
    if min(size) < 0:
        raise ValueError(f"{name}: padding={padding} leaves nothing of extents {usual}")
    return size


def _max_unpool(axes):
    name = f"max_unpool{axes}d"

    def max_unpool(input, indices, kernel_size, stride=None, padding=0, output_size=None):
        only_tensors(name, input, indices, arguments=("input", "indices"))
        check_planes(name, axes, input)
        check_category(name, input, FLOATS)
        at = wide_index(name, indices, narrow=False)
        shape = input._array.shape
        if at._array.shape != shape:
            raise RuntimeError(
                f"{name}: indices of shape {at._array.shape} must have the shape of input, {shape}"
            )
        kernel = per_axis(name, "kernel_size", kernel_size, axes, 0, short=axes == 1)
        stride = kernel if stride is None else per_axis(name, "stride", stride, axes, 0)
        padding = per_axis(name, "padding", padding, axes, 0)
        size = _size(name, shape[-axes:], kernel, stride, padding, output_size)
        outside = (at._array < 0) | (at._array >= math.prod(size))
        if outside.any():
            raise RuntimeError(
                f"{name}: index {int(at._array[outside][0])} lies outside of planes of size {size}"
            )
        lead = shape[:-axes]
        flat = math.prod(lead), math.prod(shape[-axes:])
        zeros = input.new_zeros(flat[0], math.prod(size))
        y = PutAlong.apply(zeros, reshape(input, flat), reshape(at, flat), axis=1)
        return reshape(y, (*lead, *size))

    return named(max_unpool, name, f"""Zeros with each element where its index says.

    The indices are those of :func:`max_pool{axes}d`. The result has the extents that its windows
    just cover, or ``output_size``. Where an index occurs twice the last element counts.
    """)  # fmt: skip


UNPOOL = {axes: _max_unpool(axes) for axes in (1, 2, 3)}
max_unpool1d, max_unpool2d, max_unpool3d = UNPOOL.values()
