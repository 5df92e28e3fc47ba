"""Channels exchanged for pixels, and among each other."""

from .operands import only_tensors
from .shape import permute, reshape

__all__ = []


def _factor(name, argument, value):
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: {argument} must be an int, got {value!r}")
    if value < 1:
        raise RuntimeError(f"{name}: {argument} must be positive, got {value}")
    return value.__index__()


def _image(name, input):
    """(leading extents, channels, height, width)"""
    only_tensors(name, input)
    shape = input._array.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"{name}: input must be (..., channels, height, width), got shape {shape}"
        )
    return shape[:-3], *shape[-3:]


def pixel_shuffle(input, upscale_factor):
    """(…, C r², H, W) to (…, C, H r, W r): r² channels become a square of pixels.

    Source: Shi et al. 2016.

    >>> import minigrad as mg
    >>> mg.nn.functional.pixel_shuffle(mg.arange(4.0).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    lead, channels, height, width = _image("pixel_shuffle", input)
    r = _factor("pixel_shuffle", "upscale_factor", upscale_factor)
    if channels % r**2:
        raise RuntimeError(
            f"pixel_shuffle: channels must be divisible by upscale_factor² = {r**2}, got shape "
            f"{input._array.shape}"
        )
    n = len(lead)
    x = reshape(input, (*lead, channels // r**2, r, r, height, width))
    x = permute(x, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return reshape(x, (*lead, channels // r**2, height * r, width * r))


def pixel_unshuffle(input, downscale_factor):
    """(…, C, H r, W r) to (…, C r², H, W): the inverse of :func:`pixel_shuffle`."""
    lead, channels, height, width = _image("pixel_unshuffle", input)
    r = _factor("pixel_unshuffle", "downscale_factor", downscale_factor)
    if height % r or width % r:
        raise RuntimeError(
            f"pixel_unshuffle: height and width must be divisible by downscale_factor={r}, got "
            f"shape {input._array.shape}"
        )
    n = len(lead)
    x = reshape(input, (*lead, channels, height // r, r, width // r, r))
    x = permute(x, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return reshape(x, (*lead, channels * r**2, height // r, width // r))


def channel_shuffle(input, groups):
    """(N, C, …) with the channels of ``groups`` groups dealt out in turn.

    Source: Zhang et al. 2018.

    >>> import minigrad as mg
    >>> mg.nn.functional.channel_shuffle(mg.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    only_tensors("channel_shuffle", input)
    shape = input._array.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"channel_shuffle: input must have 3 dimensions or more, got shape {shape}"
        )
    groups = _factor("channel_shuffle", "groups", groups)
    if shape[1] % groups:
        raise RuntimeError(
            f"channel_shuffle: channels must be divisible by groups={groups}, got shape {shape}"
        )
    x = reshape(input, (shape[0], groups, shape[1] // groups, *shape[2:]))
    return reshape(permute(x, (0, 2, 1, *range(3, x._array.ndim))), shape)
