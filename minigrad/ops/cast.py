"""Copies: in another dtype, or in memory of their own."""

from .. import backend, dtypes
from ..engine import graph, observe
from ..engine.modes import state
from ..engine.op import Op, Sample, finish
from . import samples as draw

__all__ = ["clone"]


class Cast(Op):
    """y = x in another dtype.    dL/dx = g in the dtype of x"""

    def forward(ctx, k, x, *, dtype):
        return dtypes.encode(x, dtype) if dtype.emulated else k.astype(x, dtype.storage)

    def vjp(ctx, k, g):
        return g

    @classmethod
    def apply(cls, x, *, dtype):
        """As :meth:`Op.apply`, except that the output has the dtype asked for."""
        ctx = object.__new__(cls)
        ctx.saved = ()
        ctx.emulated = dtype.emulated or x._tag is not None
        ctx.k = backend.kernels_of(x._array)
        ctx.recorded = x._requires_grad and state.recording and dtype.is_floating_point
        out = graph.as_array(ctx.forward(ctx.k, graph.values(x), dtype=dtype))
        if observe.listeners:
            observe.announce("forward", ctx, out)
        tag = dtype if dtype.emulated else None
        return finish(ctx, (x,), (x._array,), out, tag, ctx.recorded)

    def samples(rng):
        yield Sample("to float64", (rng.normal(size=(3, 4)),), {"dtype": dtypes.float64})

    def peer(torch, x, *, dtype):
        return x.to(getattr(torch, dtype.name))


class Clone(Op):
    """y = x in memory of its own.    dL/dx = g"""

    samples = draw.unary

    def forward(ctx, k, x):
        return x.copy()

    def vjp(ctx, k, g):
        return g

    def peer(torch, x):
        return x.clone()


def cast(x, dtype):
    """The tensor in ``dtype``; itself if it has it already."""
    if graph.dtype_of(x) is dtype:
        return x
    return Cast.apply(x, dtype=dtype)



def clone(input, *, memory_format=None):
    """A copy of the tensor with memory of its own; gradients flow through.

    ``memory_format`` is accepted and ignored: copies are row-major.
    """
    return Clone.apply(input)
