"""Softmax and its logarithm."""

from .. import backend, dtypes
from ..engine import observe
from ..engine.graph import dtype_of, new_tensor, values
from ..engine.op import Op, Sample
from .arithmetic import neg
from .cast import cast
from .functions import log
from .operands import FLOATS, check_axis, check_category, numpy_names, only_tensors
from .sampling import exponential_like

__all__ = ["log_softmax", "softmax"]


def _samples(rng):
    yield Sample("rows", (rng.normal(size=(3, 4)),), {"axis": 1})
    yield Sample("columns", (rng.normal(size=(3, 4)),), {"axis": 0})
    yield Sample("middle", (rng.normal(size=(2, 3, 2)),), {"axis": 1})


def _gradient_samples(rng):
    g, y = rng.normal(size=(3, 4)), rng.uniform(0.1, 0.4, (3, 4))
    yield Sample("rows", (g, y), {"axis": 1})
    yield Sample("columns", (g, y), {"axis": 0})


class Softmax(Op):
    """yᵢ = exp(xᵢ) / Σⱼ exp(xⱼ).    dL/dx = y · (g − Σ g y)"""

    precision = "fp32"
    samples = _samples

    def forward(ctx, k, x, *, axis):
        ctx.axis = axis
        y = k.softmax(x, axis)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.softmax_vjp(g, y, ctx.axis)

    def peer(torch, x, *, axis):
        return torch.softmax(x, axis)


class SoftmaxVjp(Op):
    """z = y · (g − Σ g y).    dL/dg = y (h − Σ h y),  dL/dy = h (g − Σ g y) − g Σ h y"""

    samples = _gradient_samples

    def forward(ctx, k, g, y, *, axis):
        ctx.axis = axis
        ctx.save(g, y)
        return k.softmax_vjp(g, y, axis)

    def vjp(ctx, k, h):
        g, y = ctx.saved
        gy = None
        if ctx.needs(1):
            centred = k.sub(g, k.sum(k.mul(g, y), (ctx.axis,), True))
            gy = k.sub(k.mul(h, centred), k.mul(g, k.sum(k.mul(h, y), (ctx.axis,), True)))
        return k.softmax_vjp(h, y, ctx.axis), gy

    def peer(torch, g, y, *, axis):
        return y * (g - (g * y).sum(axis, keepdim=True))


class LogSoftmax(Op):
    """yᵢ = xᵢ − ln Σⱼ exp(xⱼ).    dL/dx = g − exp(y) Σ g"""

    precision = "fp32"
    samples = _samples

    def forward(ctx, k, x, *, axis):
        ctx.axis = axis
        y = k.log_softmax(x, axis)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.log_softmax_vjp(g, y, ctx.axis)

    def peer(torch, x, *, axis):
        return torch.log_softmax(x, axis)


class LogSoftmaxVjp(Op):
    """z = g − exp(y) Σ g.    dL/dg = h − Σ h exp(y),  dL/dy = −h exp(y) Σ g"""

    samples = _gradient_samples

    def forward(ctx, k, g, y, *, axis):
        ctx.axis = axis
        ctx.save(g, y)
        return k.log_softmax_vjp(g, y, axis)

    def vjp(ctx, k, h):
        g, y = ctx.saved
        weighted = k.mul(h, k.exp(y))
        gg = k.sub(h, k.sum(weighted, (ctx.axis,), True))
        return gg, k.neg(k.mul(weighted, k.sum(g, (ctx.axis,), True))) if ctx.needs(1) else None

    def peer(torch, g, y, *, axis):
        return g - y.exp() * g.sum(axis, keepdim=True)


@numpy_names
def softmax(input, dim, dtype=None):
    """exp(x) / Σ exp(x) along ``dim``, without overflow.

    >>> import minigrad as mg
    >>> mg.softmax(mg.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    y = _normalised(Softmax, input, dim, dtype)
    if observe.watchers:
        observe.watchers["softmax"](y)
    return y


@numpy_names
def log_softmax(input, dim, dtype=None):
    """x − ln Σ exp(x) along ``dim``, without overflow."""
    return _normalised(LogSoftmax, input, dim, dtype)


def softmin(input, dim, *, dtype=None):
    """exp(−x) / Σ exp(−x) along ``dim``, without overflow."""
    only_tensors("softmin", input)
    return softmax(neg(input), dim, dtype=dtype)


def gumbel_softmax(logits, tau=1.0, hard=False, eps=1e-10, dim=-1, *, generator=None):
    """softmax((logits + noise) / tau) along ``dim``, the noise having Gumbel's distribution.

    With ``hard`` the values are one-hot, the gradient that of the soft ones. ``eps`` is ignored.
    Source: Jang et al. 2017.
    """
    only_tensors("gumbel_softmax", logits, arguments=("logits",))
    check_category("gumbel_softmax", logits, FLOATS)
    clocks = new_tensor(exponential_like(values(logits), generator))
    soft = softmax((logits - cast(log(clocks), dtype_of(logits))) / tau, dim)
    if not hard:
        return soft
    return _winners(soft, check_axis(dim, soft._array.ndim)) - soft.detach() + soft


def _winners(x, axis):
    """1 at the first largest element along an axis, 0 elsewhere."""
    array = values(x)
    xp = backend.array_module(array)
    places = xp.arange(array.shape[axis]).reshape((-1, *(1 for _ in array.shape[axis + 1 :])))
    winners = places == xp.argmax(array, axis=axis, keepdims=True)
    return cast(new_tensor(winners), dtype_of(x))


def _normalised(op, input, dim, dtype):
    only_tensors(op.name, input)
    x = input if dtype is None else cast(input, dtypes.check(dtype))
    check_category(op.name, x, FLOATS)
    axis = check_axis(dim, x._array.ndim)
    if x._array.ndim == 0:
        return op.apply(x.reshape(1), axis=0).reshape(())
    if x._array.size == 0:
        return x.clone()
    return op.apply(x, axis=axis)
