"""Dropout without a stored mask."""

import math
import warnings

from .. import random
from ..backend import REFERENCE
from ..engine import graph
from ..engine.op import Op, Sample
from .operands import tensor_of

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]


class Dropout(Op):
    """y = x · mask / (1 − p), mask = 1 with probability 1 − p.    dL/dx = g · mask / (1 − p)

    The mask is a hash of each element's index and ``key``; the backward pass makes it again.
    """

    def forward(ctx, k, x, *, p, key):
        ctx.p, ctx.key = p, key
        return k.dropout(x, p, key)

    def vjp(ctx, k, g):
        return k.dropout(g, ctx.p, ctx.key)

    def samples(rng):
        yield Sample("half", (rng.normal(size=(3, 4)),), {"p": 0.5, "key": 7})
        yield Sample("everything", (rng.normal(size=4),), {"p": 1.0, "key": 7})
        yield Sample("0-d", (rng.normal(size=()),), {"p": 0.2, "key": 1})
        yield Sample("empty", (rng.normal(size=(0, 2)),), {"p": 0.2, "key": 1})

    def peer(torch, x, *, p, key):
        return x * _peer_mask(torch, x, p, key, None)


class DropoutRows(Op):
    """y = x · mask / (1 − p), one mask element for each of ``rows``.    dL/dx = g · mask / (1 − p)

    An input (N, C, …) has N · C rows: its channels.
    """

    def forward(ctx, k, x, *, p, key, rows):
        ctx.p, ctx.key, ctx.rows = p, key, rows
        return k.dropout_rows(x, p, key, rows)

    def vjp(ctx, k, g):
        return k.dropout_rows(g, ctx.p, ctx.key, ctx.rows)

    def samples(rng):
        yield Sample("rows", (rng.normal(size=(3, 4)),), {"p": 0.5, "key": 7, "rows": 3})
        yield Sample("images", (rng.normal(size=(2, 3, 2, 2)),), {"p": 0.3, "key": 8, "rows": 6})
        yield Sample("empty", (rng.normal(size=(0, 2)),), {"p": 0.2, "key": 1, "rows": 0})

    def peer(torch, x, *, p, key, rows):
        return x * _peer_mask(torch, x, p, key, rows)


class AlphaDropout(Op):
    """y = s · ((x − α) m / (1 − p) + α), s = √((1 − p) / (1 + p α²)).    dL/dx = s g m / (1 − p)

    A dropped element becomes α, what SELU saturates at, before mean 0 and variance 1 are restored.
    The mask m has an element for each of x, or for each of ``rows`` rows.
    """

    def forward(ctx, k, x, *, p, key, rows):
        ctx.p, ctx.key, ctx.rows = p, key, rows
        alpha, scale = map(x.dtype.type, (SATURATED, _alpha_scale(p)))
        return k.mul(k.add(_masked(k, k.sub(x, alpha), p, key, rows), alpha), scale)

    def vjp(ctx, k, g):
        return k.mul(_masked(k, g, ctx.p, ctx.key, ctx.rows), _alpha_scale(ctx.p))

    def samples(rng):
        yield Sample("elements", (rng.normal(size=(3, 4)),), {"p": 0.5, "key": 7, "rows": None})
        yield Sample("rows", (rng.normal(size=(3, 4)),), {"p": 0.2, "key": 7, "rows": 3})

    def peer(torch, x, *, p, key, rows):
        mask = _peer_mask(torch, x, p, key, rows)
        return ((x - SATURATED) * mask + SATURATED) * _alpha_scale(p)


SATURATED = -1.0507009873554805 * 1.6732632423543772  # what SELU tends to on the left


def _alpha_scale(p):
    return math.sqrt((1 - p) / (1 + p * SATURATED**2))


def _masked(k, x, p, key, rows):
    return k.dropout(x, p, key) if rows is None else k.dropout_rows(x, p, key, rows)


def _peer_mask(torch, x, p, key, rows):
    """PyTorch draws other masks: peers take them from minigrad's own kernels."""
    ones = x.detach().new_ones(x.shape).numpy()
    return torch.as_tensor(_masked(REFERENCE, ones, p, key, rows))


def _idle(input, p, training):
    """Whether dropout returns its input as it is, after checking the arguments."""
    check_probability(p)
    x = tensor_of(input)
    if not training or p == 0:
        return True
    if not graph.dtype_of(x).is_floating_point:
        raise RuntimeError(f"dropout takes floats in training, got {graph.dtype_of(x)}")
    return False


def check_probability(p):
    """Raise unless p is a probability."""
    if not isinstance(p, int | float):
        raise TypeError(f"dropout probability must be a number, got {type(p).__name__} ({p!r})")
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, got {p}")


def dropout(input, p=0.5, training=True, inplace=False, *, generator=None):
    """Zero elements with probability ``p`` and scale the others by 1 / (1 − p).

    Source: Srivastava et al. 2014. Returns ``input`` itself when not training or ``p`` is 0.
    ``inplace`` is accepted and ignored: graphs hold no in-place ops.
    """
    if _idle(input, p, training):
        return tensor_of(input)
    return Dropout.apply(tensor_of(input), p=float(p), key=draw_key(generator))


def _by_channel(op, input, p, generator, axes=2):
    """Drop whole channels, which are what the first ``axes`` axes of the input count."""
    x = tensor_of(input)
    shape = x._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"dropping channels needs an input (N, C, ...), got shape {shape}")
    return op.apply(x, p=float(p), key=draw_key(generator), rows=math.prod(shape[:axes]))


def dropout1d(input, p=0.5, training=True, inplace=False, *, generator=None):
    """Zero whole channels of (N, C, L) or (C, L), as :func:`dropout` zeros elements.

    Source: Tompson et al. 2015.
    """
    idle, ndim = _idle(input, p, training), tensor_of(input)._array.ndim
    if ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: expected a 2D or 3D input, got a {ndim}D one")
    if idle:
        return input
    return _by_channel(DropoutRows, input, p, generator, ndim - 1)


def dropout2d(input, p=0.5, training=True, inplace=False, *, generator=None):
    """Zero whole channels of (N, C, H, W), as :func:`dropout` zeros elements.

    Three axes are (N, C, L), with a warning. Source: Tompson et al. 2015.
    """
    idle, ndim = _idle(input, p, training), tensor_of(input)._array.ndim
    if ndim == 3:
        message = "dropout2d: a 3D input is taken for (N, C, L); dropout1d says so without warning"
        warnings.warn(message, UserWarning, stacklevel=2)
    elif ndim != 4:
        _warn_of_axes("dropout2d", ndim, "4D")
    return input if idle else _by_channel(DropoutRows, input, p, generator)


def dropout3d(input, p=0.5, training=True, inplace=False, *, generator=None):
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W), as :func:`dropout` zeros elements.

    Source: Tompson et al. 2015.
    """
    idle, ndim = _idle(input, p, training), tensor_of(input)._array.ndim
    if ndim not in (4, 5):
        _warn_of_axes("dropout3d", ndim, "4D or 5D")
    if idle:
        return input
    return _by_channel(DropoutRows, input, p, generator, 1 if ndim == 4 else 2)


def _warn_of_axes(name, ndim, wanted):
    message = f"{name}: expected a {wanted} input, got a {ndim}D one, whose second axis is dropped"
    warnings.warn(message, UserWarning, stacklevel=3)


def alpha_dropout(input, p=0.5, training=False, inplace=False, *, generator=None):
    """Set elements to what SELU saturates at, with probability ``p``; mean and variance stay.

    Source: Klambauer et al. 2017.
    """
    if _idle(input, p, training):
        return input
    return AlphaDropout.apply(input, p=float(p), key=draw_key(generator), rows=None)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False, *, generator=None):
    """As :func:`alpha_dropout`, for whole channels of (N, C, …)."""
    if _idle(input, p, training):
        return input
    return _by_channel(AlphaDropout, input, p, generator)


def draw_key(generator=None):
    """A 32-bit key for one mask, from the next counter of a generator."""
    seed, counter = (generator or random.default_generator).reserve(1)
    return _mixed(seed, counter)


def _mixed(seed, counter):
    """A hash of two integers in which each bit of either changes half of the result."""
    value = (seed * 0x9E3779B97F4A7C15 + counter) % 2**64
    for multiplier in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        value = (value ^ (value >> 30)) * multiplier % 2**64
        value ^= value >> 27
    return (value ^ (value >> 31)) & 0xFFFFFFFF
