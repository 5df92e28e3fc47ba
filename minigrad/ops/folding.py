"""The elements of sliding windows as columns, and columns summed back into an image."""

import math

from ..engine.op import Op, Sample
from .conv import output_size, over_samples, per_axis
from .operands import FLOATS, check_category, only_tensors

__all__ = []


class Unfold(Op):
    """y[n, (c, t), o] = x[n, c, o · stride − padding + t · dilation].    dL/dx = fold(g)"""

    def forward(ctx, k, x, *, kernel, size, stride, padding, dilation):
        ctx.extents, ctx.window = x.shape[2:], (kernel, size, stride, padding, dilation)
        return k.unfold(x, *ctx.window)

    def vjp(ctx, k, g):
        return k.fold(g, ctx.extents, *ctx.window)

    def samples(rng):
        yield Sample("image", (rng.normal(size=(2, 2, 4, 5)),), _SAMPLE)

    def peer(torch, x, *, kernel, size, stride, padding, dilation):
        return torch.nn.functional.unfold(x, kernel, dilation, padding, stride)


class Fold(Op):
    """x[n, c, o · stride − padding + t · dilation] = Σ y[n, (c, t), o].    dL/dy = unfold(g)"""

    def forward(ctx, k, y, *, extents, kernel, size, stride, padding, dilation):
        ctx.window = (kernel, size, stride, padding, dilation)
        return k.fold(y, extents, *ctx.window)

    def vjp(ctx, k, g):
        return k.unfold(g, *ctx.window)

    def samples(rng):
        yield Sample("image", (rng.normal(size=(2, 8, 10)),), {"extents": (4, 5), **_SAMPLE})

    def peer(torch, y, *, extents, kernel, size, stride, padding, dilation):
        return torch.nn.functional.fold(y, extents, kernel, dilation, padding, stride)


_SAMPLE = {
    "kernel": (2, 2), "size": (2, 5), "stride": (2, 1), "padding": (0, 1), "dilation": (1, 2),
}  # fmt: skip


def _window(name, extents, kernel_size, dilation, padding, stride):
    """The parameters of both ops, checked."""
    kernel = per_axis(name, "kernel_size", kernel_size, 2, 1, short=False)
    dilation = per_axis(name, "dilation", dilation, 2, 1, short=False)
    padding = per_axis(name, "padding", padding, 2, 0, short=False)
    stride = per_axis(name, "stride", stride, 2, 1, short=False)
    size = output_size(extents, kernel, stride, padding, dilation)
    if min(size) < 1:
        raise RuntimeError(
            f"{name}: windows of kernel_size {kernel} and dilation {dilation} are larger than "
            f"extents {extents} with padding {padding}"
        )
    return {
        "kernel": kernel, "size": size, "stride": stride, "padding": padding, "dilation": dilation,
    }  # fmt: skip


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """(…, channels, height, width) as (…, channels · kernel elements, windows).

    >>> import minigrad as mg
    >>> mg.nn.functional.unfold(mg.arange(6.0).reshape(1, 2, 3), (2, 2))
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """
    only_tensors("unfold", input)
    check_category("unfold", input, FLOATS)
    shape = input._array.shape
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError(
            "unfold: input must be (samples, channels, height, width) or have no samples, without "
            f"extents 0; got shape {shape}"
        )
    window = _window("unfold", shape[-2:], kernel_size, dilation, padding, stride)
    return over_samples(Unfold, 4, input, **window)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """(…, channels · kernel elements, windows) as (…, channels, \\*output_size); overlaps add up.

    >>> import minigrad as mg
    >>> mg.nn.functional.fold(mg.ones(4, 2), (2, 3), (2, 2))
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    only_tensors("fold", input)
    check_category("fold", input, FLOATS)
    shape = input._array.shape
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "fold: input must be (samples, channels · kernel elements, windows) or have no "
            f"samples, without extents 0; got shape {shape}"
        )
    extents = per_axis("fold", "output_size", output_size, 2, 1, short=False)
    window = _window("fold", extents, kernel_size, dilation, padding, stride)
    elements, windows = math.prod(window["kernel"]), math.prod(window["size"])
    if shape[-2] % elements or shape[-1] != windows:
        raise RuntimeError(
            f"fold: input of shape {shape} must have a multiple of {elements} rows and {windows} "
            f"columns for output_size {extents} and windows {window}"
        )
    return over_samples(Fold, 3, input, extents=extents, **window)
