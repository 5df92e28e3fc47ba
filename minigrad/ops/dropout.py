"""Dropout without a stored mask."""

from .. import random
from ..engine.op import Op, Sample
from .operands import floating

__all__ = ["dropout"]


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
        """PyTorch draws other masks: the peer takes the mask from minigrad's own kernel."""
        from ..backend import REFERENCE

        mask = REFERENCE.dropout(x.detach().new_ones(x.shape).numpy(), p, key)
        return x * torch.as_tensor(mask)


def dropout(input, p=0.5, training=True, inplace=False, *, generator=None):
    """Zero elements with probability ``p`` and scale the others by 1 / (1 − p).

    Source: Srivastava et al. 2014. Returns ``input`` itself when not training or ``p`` is 0.
    ``inplace`` is accepted and ignored: graphs hold no in-place ops.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, got {p}")
    x = floating(input)
    if not training or p == 0:
        return x
    return Dropout.apply(x, p=float(p), key=draw_key(generator))


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
