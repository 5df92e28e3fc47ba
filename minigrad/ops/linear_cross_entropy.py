"""Cross-entropy of a linear layer's outputs without holding all of them."""

from .. import backend
from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from .cast import cast
from .cross_entropy import check_smoothing, checked, cross_entropy, slope_by_ops
from .matmul import linear
from .operands import only_tensors, optional_tensors
from .pointwise_loss import check_reduction, full_precision
from .shape import reshape

__all__ = ["linear_cross_entropy"]

CHUNK = 1 << 20  # logits that exist at a time


class LinearCrossEntropy(Op):
    """ℓ = cross-entropy of z = x Wᵀ + b.    dL/dx = G W,  dL/dW = Gᵀ x,  dL/db = Σ G,  G = g dℓ/dz

    Rows come in chunks, so that only a part of z exists at a time. A sum or mean makes the
    gradients in its forward pass; losses of each row make z again.
    """

    precision = "fp32"
    recomputes = True

    def forward(
        ctx, k, x, w, b, target, weight, *, ignore_index, label_smoothing, reduction
    ):
        ctx.settings = ignore_index, label_smoothing, reduction
        xp = backend.array_module(x)
        share = _share(xp, w, target, weight, ignore_index, reduction)
        at_once = ctx.recorded and reduction != "none"
        losses, gradients = _by_chunks(
            k, x, w, b, target, weight, ctx.settings, share if at_once else None
        )
        ctx.save(x, w, b, target, weight, *(gradients if at_once else ()))
        if reduction == "none":
            return losses
        total = losses.sum()
        if reduction == "mean":
            count = _total(xp, w, target, weight, ignore_index)
            total = k.div(total, xp.asarray(count, dtype=x.dtype))
        return xp.asarray(total, dtype=x.dtype)

    def vjp(ctx, k, g):
        x, w, b, target, weight, *gradients = ctx.saved
        *_, reduction = ctx.settings
        if k.records:
            z = k.linear(x, w, b)
            ignore_index, smoothing, _ = ctx.settings
            slope = slope_by_ops(k, z, target, weight, ignore_index, smoothing, 0.0, reduction)
            slope = k.mul(k.reshape(g, (-1, 1)) if reduction == "none" else g, slope)
            gb = k.sum(slope, (0,), False) if b is not None else None
            return k.linear_input_grad(slope, w), k.linear_weight_grad(slope, x), gb, None, None
        if reduction == "none":
            _, made = _by_chunks(k, x, w, b, target, weight, ctx.settings, g)
        else:
            made = [None if a is None else k.mul(g, a) for a in gradients]
        return *made, None, None

    def samples(rng):
        x, w, t = rng.normal(size=(4, 2)), rng.normal(size=(3, 2)), rng.integers(0, 3, 4)
        plain = {"ignore_index": -100, "label_smoothing": 0.0, "reduction": "none"}
        smooth = {"ignore_index": int(t[0]), "label_smoothing": 0.1, "reduction": "mean"}
        yield Sample("plain", (x, w, None, t, None), plain)
        weights = rng.normal(size=3), t, rng.uniform(0.5, 2, 3)
        yield Sample("smooth", (x, w, *weights), smooth, constants=(4,))

    def peer(torch, x, w, b, target, weight, *, ignore_index, label_smoothing, reduction):
        F = torch.nn.functional
        return F.cross_entropy(
            F.linear(x, w, b), target, None if weight is None else weight.detach(),
            ignore_index=ignore_index, label_smoothing=label_smoothing, reduction=reduction,
        )  # fmt: skip


def _total(xp, w, target, weight, ignore_index):
    """Σ w_t over the rows that count."""
    kept = target != ignore_index
    if weight is None:
        return kept.sum()
    return xp.where(kept, weight[xp.clip(target, 0, len(w) - 1)], 0).sum()


def _share(xp, w, target, weight, ignore_index, reduction):
    """By how much each row counts in a sum or mean."""
    total = _total(xp, w, target, weight, ignore_index) if reduction == "mean" else 1
    return xp.full(target.shape, 1 / total if total else 0, w.dtype)


def _by_chunks(k, x, w, b, target, weight, settings, g):
    """Losses of the rows and, where g (N,) is given, the gradients of x, w and b (or None)."""
    ignore_index, smoothing, _ = settings
    xp, step = backend.array_module(x), max(1, CHUNK // len(w))
    losses, gx = xp.empty(target.shape, x.dtype), xp.empty_like(x)
    gw, gb = xp.zeros_like(w), None if b is None else xp.zeros_like(b)
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        z, t = k.linear(x[part], w, b), target[part]
        chunk, slope = k.cross_entropy(
            z[:, :, None], t[:, None], weight, ignore_index, smoothing, 0.0, "none"
        )
        losses[part] = chunk[:, 0]
        if g is None:
            continue
        slope = k.mul(slope[:, :, 0], g[part, None])
        gx[part] = k.linear_input_grad(slope, w)
        gw += k.linear_weight_grad(slope, x[part])
        if b is not None:
            gb += slope.sum(axis=0)
    return losses, (gx, gw, gb)


def linear_cross_entropy(
    input,
    linear_weight,
    target,
    *,
    linear_bias=None,
    weight=None,
    reduction="mean",
    ignore_index=None,
    label_smoothing=0.0,
    options=None,
):
    """cross_entropy(linear(input, linear_weight, linear_bias), target), a chunk of rows at a time.

    For ``input`` (N, F) or (F,) and ``linear_weight`` (C, F), or (C, d1, …, F) for losses of
    several axes, which hold all logits. ``options`` is accepted and ignored: rows always come in
    chunks.
    """
    name = "linear_cross_entropy"
    check_reduction(reduction)
    check_smoothing(label_smoothing)
    only_tensors(name, input, linear_weight, target, arguments=("input", "linear_weight", "target"))
    optional_tensors(name, linear_bias=linear_bias)
    _check_shapes(name, input._array.shape, linear_weight._array.shape, linear_bias)
    soft = dtype_of(target).is_floating_point
    if soft and ignore_index is not None:
        raise RuntimeError(f"{name}: ignore_index does not go with target probabilities")
    ignore_index = -100 if ignore_index is None else ignore_index
    x, w = full_precision(input), full_precision(linear_weight)
    b = None if linear_bias is None else full_precision(linear_bias)
    if soft or w._array.ndim > 2 or not x._array.size:
        return cross_entropy(
            _logits(x, w, b), target, weight, ignore_index=ignore_index, reduction=reduction,
            label_smoothing=label_smoothing,
        )  # fmt: skip
    shape = (*x._array.shape[:-1], len(w._array))
    _, t, weight = checked(name, input, target, weight, shape=shape)
    losses = LinearCrossEntropy.apply(
        x if x._array.ndim == 2 else x.reshape(1, -1),
        cast(w, dtype_of(x)),
        b,
        t.reshape(-1),
        weight,
        ignore_index=ignore_index,
        label_smoothing=float(label_smoothing),
        reduction=reduction,
    )
    return reshape(losses, shape[:-1]) if reduction == "none" else losses


def _check_shapes(name, input, weight, bias):
    """Raise RuntimeError unless input, linear_weight and linear_bias belong together."""
    if len(input) not in (1, 2):
        raise RuntimeError(f"{name}: input must have shape (N, F) or (F,), got {input}")
    if len(weight) < 2 or weight[-1] != input[-1]:
        raise RuntimeError(
            f"{name}: linear_weight must have shape (C, …, {input[-1]}) for input of shape {input},"
            f" got {weight}"
        )
    if bias is not None and bias._array.shape != weight[:-1]:
        raise RuntimeError(
            f"{name}: linear_bias must have shape {weight[:-1]}, got {bias._array.shape}"
        )
    if len(weight) > 2 and len(input) == 1:
        raise RuntimeError(f"{name}: linear_weight of shape {weight} needs input (N, F)")


def _logits(x, w, b):
    """x Wᵀ + b in the shape (N, C, d1, …)."""
    outer = w._array.shape[:-1]
    flat = linear(x, w.reshape(-1, w._array.shape[-1]), None if b is None else b.reshape(-1))
    return flat.reshape((*x._array.shape[:-1], *outer))
