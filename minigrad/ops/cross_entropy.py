"""Cross-entropy of logits with classes and with class probabilities."""

import math

from .. import backend, dtypes
from ..engine import observe
from ..engine.graph import TensorBase, dtype_of, new_tensor
from ..engine.op import Op, Sample
from .cast import cast
from .operands import only_tensors
from .pointwise_loss import check_constant, check_reduction, class_weight, full_precision
from .shape import permute
from .softmax import log_softmax

__all__ = ["cross_entropy", "focal_loss", "nll_loss"]


class CrossEntropyMean(Op):
    """ℓ = mean over rows of −ln softmax(x)_t.    dL/dx = g · (softmax(x) − onehot(t)) / N

    N counts the rows that are not ignored; the others have gradient 0. One pass computes the loss
    and its gradient together.
    """

    precision = "fp32"
    recomputes = True

    def forward(ctx, k, x, target, *, ignore_index):
        ctx.ignore_index = ignore_index
        loss, slope = k.cross_entropy_mean(x, target, ignore_index)
        ctx.save(x, target, slope)
        return loss

    def vjp(ctx, k, g):
        x, target, slope = ctx.saved
        if slope is not None:
            # the gradient that starts a backward pass is 1: then this is the answer as it is
            return slope if g.ndim == 0 and g.item() == 1 else k.mul(g, slope), None
        return k.mul(g, slope_by_ops(k, x, target, None, ctx.ignore_index, 0.0, 0.0, "mean")), None

    def samples(rng):
        x, target = rng.normal(size=(4, 3)), rng.integers(0, 3, 4)
        yield Sample("rows", (x, target), {"ignore_index": -100})
        yield Sample("ignored rows", (x, target), {"ignore_index": int(target[0])})
        one = (rng.normal(size=(2, 1)), rng.integers(0, 1, 2))
        yield Sample("one class", one, {"ignore_index": -100})

    def peer(torch, x, target, *, ignore_index):
        return torch.nn.functional.cross_entropy(x, target, ignore_index=ignore_index)


class CrossEntropy(Op):
    """ℓ = (1 − p_t)ᵞ (−(1 − ε) w_t ln p_t − ε/C Σ_c w_c ln p_c), p = softmax(x).    dL/dx = g dℓ/dx

    Of each row, summed, or summed over Σ w_t. The forward pass keeps dℓ/dx.
    """

    precision = "fp32"
    recomputes = True

    def forward(
        ctx, k, x, target, weight, *, ignore_index, label_smoothing, gamma, reduction
    ):
        ctx.settings = ignore_index, label_smoothing, gamma, reduction
        loss, slope = k.cross_entropy(*_blocks(x, target), weight, *ctx.settings)
        ctx.save(x, target, weight, slope.reshape(x.shape))
        return loss.reshape(target.shape) if reduction == "none" else loss

    def vjp(ctx, k, g):
        x, target, weight, slope = ctx.saved
        ignore_index, *_, reduction = ctx.settings
        if slope is None:
            slope = slope_by_ops(k, x, target, weight, *ctx.settings)
        elif g.ndim == 0 and reduction != "none" and g.item() == 1:
            return slope, None, None
        if reduction == "none":
            # an ignored row stays 0 even if the gradient of its loss is infinite
            g = k.where(k.eq(target, ignore_index), 0.0, g)
            g = k.reshape(g, _with_class_axis(x.shape))
        return k.mul(g, slope), None, None

    def samples(rng):
        x, t = rng.normal(size=(4, 3)), rng.integers(0, 3, 4)
        weight = rng.uniform(0.5, 2, 3)
        plain = {"ignore_index": -100, "label_smoothing": 0.0, "gamma": 0.0, "reduction": "none"}
        smooth = {**plain, "ignore_index": int(t[0]), "label_smoothing": 0.1, "reduction": "mean"}
        yield Sample("plain", (x, t, None), plain)
        yield Sample("smooth", (x, t, None), smooth)
        yield Sample("weight", (x, t, weight), smooth, constants=(2,))
        yield Sample("one row", (x[0], t[0], None), {**plain, "reduction": "mean"})
        images = rng.normal(size=(2, 3, 2, 2)), rng.integers(0, 3, (2, 2, 2)), weight
        yield Sample("images", images, smooth, constants=(2,))
        yield Sample("images each", images, {**smooth, "reduction": "none"}, constants=(2,))
        yield Sample("focal", (x, t, weight), {**smooth, "gamma": 1.5}, constants=(2,))
        yield Sample("focal images", images, {**plain, "gamma": 2.0}, constants=(2,))

    def peer(torch, x, target, weight, *, ignore_index, label_smoothing, gamma, reduction):
        weight = None if weight is None else weight.detach()
        settings = {"ignore_index": ignore_index, "label_smoothing": label_smoothing}
        axis = 1 if x.ndim > 1 else 0
        losses = torch.nn.functional.cross_entropy(x, target, weight, reduction="none", **settings)
        kept = target != ignore_index
        place = target.where(kept, torch.zeros_like(target))
        p = x.softmax(axis).gather(axis, place.unsqueeze(axis)).squeeze(axis)
        losses = losses * (1 - p) ** gamma if gamma else losses
        if reduction == "none":
            return losses
        total = kept.sum() if weight is None else (weight[place] * kept).sum()
        return losses.sum() / (total if reduction == "mean" else 1)


def _with_class_axis(shape):
    return (1,) if len(shape) == 1 else (shape[0], 1, *shape[2:])


def _blocks(x, target):
    """Logits (N, C, P) and target (N, P)."""
    count, classes = (1, *x.shape) if x.ndim == 1 else x.shape[:2]
    inner = math.prod(x.shape[2:])
    return x.reshape(count, classes, inner), target.reshape(count, inner)


def slope_by_ops(k, x, target, weight, ignore_index, smoothing, gamma, reduction):
    """The gradient of the losses in differentiable ops, for second derivatives.

    With q the smoothed weights of a row and L = −Σ q ln p its loss, dL/dx = p Σ q − q; the factor
    f = (1 − p_t)ᵞ makes it f dL/dx − γ f L p_t (onehot − p) / (1 − p_t).
    """
    axis = 0 if len(x.shape) == 1 else 1
    hot, q, scale = _smoothed_weights(x, target, weight, ignore_index, smoothing, reduction)
    total = new_tensor(q.sum(axis=axis, keepdims=True))
    hot, q = new_tensor(hot), new_tensor(q)
    p = k.softmax(x, axis)
    slope = k.sub(k.mul(p, total), q)
    if gamma:
        loss = k.neg(k.sum(k.mul(q, k.log_softmax(x, axis)), (axis,), True))
        p_t = k.sum(k.mul(hot, p), (axis,), True)
        rest = k.sub(1.0, p_t)
        pull = k.mul(k.div(k.mul(k.mul(loss, p_t), gamma), rest), k.sub(hot, p))
        slope = k.mul(rest**gamma, k.sub(slope, pull))
    return k.mul(slope, new_tensor(scale))


def _smoothed_weights(x, target, weight, ignore_index, smoothing, reduction):
    """Arrays of onehot(t) and of q (both 0 in ignored rows), and the scale of the gradient."""
    xp = backend.array_module(x._array)
    dtype, axis = x._array.dtype, 0 if len(x.shape) == 1 else 1
    t, classes = target._array, x.shape[axis]
    kept = xp.expand_dims(t != ignore_index, axis)
    column = (-1, *(1 for _ in x.shape[axis + 1 :]))
    hot = (xp.expand_dims(t, axis) == xp.arange(classes).reshape(column)) & kept
    w = xp.ones(classes, dtype) if weight is None else weight._array
    w = w.reshape(column)
    q = ((1 - smoothing) * hot + smoothing / classes) * w * kept
    total = (hot * w).sum() if reduction == "mean" else 1
    scale = 1 / total if total else 0  # no row counts: the gradient is 0
    return hot.astype(dtype), q.astype(dtype), xp.asarray(scale, dtype=dtype)


class SoftCrossEntropy(Op):
    """ℓ = −Σ_c q_c ln p_c, q = ((1 − ε) y + ε/C) w, p = softmax(x).    dL/dx = g (p Σ q − q)

    For rows x and y, of each row or summed over ``divisor``; y is a constant here.
    """

    precision = "fp32"
    recomputes = True

    def forward(ctx, k, x, y, weight, *, label_smoothing, divisor):
        ctx.smoothing, ctx.divisor = label_smoothing, divisor
        loss, slope = k.soft_cross_entropy(x, y, weight, label_smoothing, divisor)
        ctx.save(x, y, weight, slope)
        return loss

    def vjp(ctx, k, g):
        x, y, weight, slope = ctx.saved
        g = k.reshape(g, (-1, 1)) if ctx.divisor is None else g
        if slope is None:
            q = k.add(k.mul(y, 1 - ctx.smoothing), ctx.smoothing / x.shape[1])
            q = q if weight is None else k.mul(q, weight)
            slope = k.sub(k.mul(k.softmax(x, 1), k.sum(q, (1,), True)), q)
            slope = k.div(slope, float(ctx.divisor or 1))
        return k.mul(g, slope), None, None

    def samples(rng):
        x, y = rng.normal(size=(4, 3)), rng.uniform(0.1, 1, (4, 3))
        plain = {"label_smoothing": 0.0, "divisor": None}
        yield Sample("rows", (x, y, None), plain, constants=(1,))
        smooth = {"label_smoothing": 0.1, "divisor": 4}
        yield Sample("weight", (x, y, rng.uniform(0.5, 2, 3)), smooth, constants=(1, 2))

    def peer(torch, x, y, weight, *, label_smoothing, divisor):
        losses = torch.nn.functional.cross_entropy(
            x, y, None if weight is None else weight.detach(), reduction="none",
            label_smoothing=label_smoothing,
        )  # fmt: skip
        return losses if divisor is None else losses.sum() / divisor


class Nll(Op):
    """ℓ = −w_t x_t of each row, summed, or summed over Σ w_t.    dL/dx = −g w_t at t, else 0"""

    precision = "fp32"

    def forward(ctx, k, x, target, weight, *, ignore_index, reduction):
        ctx.shape, ctx.reduction = x.shape, reduction
        blocks, targets = _blocks(x, target)
        loss, factor = k.nll(blocks, targets, weight, ignore_index, reduction)
        ctx.constants = factor, targets, blocks.shape
        return loss.reshape(target.shape) if reduction == "none" else loss

    def vjp(ctx, k, g):
        factor, target, shape = ctx.constants
        if ctx.reduction == "none":
            g = k.reshape(g, factor.shape)
        if not k.records:
            gx = k.nll_vjp(g, factor, target, shape[1])
            return gx.reshape(ctx.shape), None, None
        xp = backend.array_module(target)
        places = xp.clip(target, 0, shape[1] - 1)[:, None]  # the factor of an ignored row is 0
        product = k.reshape(k.mul(g, new_tensor(factor)), (shape[0], 1, shape[2]))
        gx = k.add_along(product, new_tensor(places), 1, shape)
        return k.reshape(gx, ctx.shape), None, None

    def samples(rng):
        x, t = rng.normal(size=(4, 3)), rng.integers(0, 3, 4)
        weight = rng.uniform(0.5, 2, 3)
        plain = {"ignore_index": -100, "reduction": "none"}
        mean = {"ignore_index": int(t[0]), "reduction": "mean"}
        yield Sample("rows", (x, t, None), plain)
        yield Sample("weight", (x, t, weight), mean, constants=(2,))
        images = rng.normal(size=(2, 3, 2, 2)), rng.integers(0, 3, (2, 2, 2)), weight
        yield Sample("images", images, mean, constants=(2,))

    def peer(torch, x, target, weight, *, ignore_index, reduction):
        return torch.nn.functional.nll_loss(
            x, target, None if weight is None else weight.detach(), ignore_index=ignore_index,
            reduction=reduction,
        )  # fmt: skip


def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
    *,
    all_ignored="nan",
):
    """−ln softmax(input)_target from raw logits, without overflow; float32 for halves.

    ``input`` is (C,), (N, C) or (N, C, d1, …); ``target`` holds class indices without the class
    axis (int64), or class probabilities of the shape of ``input``. ``weight`` (C,) scales classes;
    the mean over indices divides by the weights of the rows that count, the mean over
    probabilities by N. ``label_smoothing`` ε mixes ε/C into the target. Where every row is ignored
    the mean is NaN, 0 or a ValueError as ``all_ignored`` says "nan", "zero" or "raise".

    >>> import minigrad as mg
    >>> mg.nn.functional.cross_entropy(mg.zeros(2, 4), mg.tensor([0, 3]))
    tensor(1.3863)
    """
    if (
        weight is None
        and label_smoothing == 0.0
        and reduction == "mean"
        and all_ignored == "nan"
        and size_average is reduce is None
        and _plain_rows(input, target)
    ):
        if observe.watchers:
            observe.watchers["loss"]("cross_entropy", input)
        return CrossEntropyMean.apply(input, target, ignore_index=ignore_index)
    check_reduction(reduction, size_average, reduce)
    if all_ignored not in ("nan", "zero", "raise"):
        raise ValueError(f"all_ignored must be 'nan', 'zero' or 'raise', got {all_ignored!r}")
    check_smoothing(label_smoothing)
    x, t, weight = checked("cross_entropy", input, target, weight, soft=True)
    if dtype_of(t).is_floating_point:
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point targets")
        return _soft_cross_entropy(x, t, weight, reduction, label_smoothing)
    if all_ignored != "nan" and reduction == "mean" and bool((t == ignore_index).all().item()):
        if all_ignored == "raise":
            raise ValueError(f"cross_entropy: every target is ignore_index={ignore_index}")
        reduction = "sum"
    return _of_classes(x, t, weight, ignore_index, label_smoothing, 0.0, reduction)


def focal_loss(
    input,
    target,
    gamma=2.0,
    weight=None,
    ignore_index=-100,
    label_smoothing=0.0,
    reduction="mean",
):
    """(1 − p_t)ᵞ · cross_entropy with p_t the probability given to the target, from raw logits.

    Arguments and shapes are those of cross_entropy with class indices. The reduction ``"num_pos"``
    divides the sum by the number of rows not ignored. Source: Lin et al. 2017.
    """
    check_reduction(reduction, also=("num_pos",))
    check_smoothing(label_smoothing)
    if gamma < 0:
        raise ValueError(f"focal_loss: gamma must not be negative, got {gamma}")
    x, t, weight = checked("focal_loss", input, target, weight)
    kind = "sum" if reduction == "num_pos" else reduction
    loss = _of_classes(x, t, weight, ignore_index, label_smoothing, gamma, kind)
    return loss / max(1, int((t != ignore_index).sum().item())) if kind != reduction else loss


def nll_loss(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
):
    """−w_target · input_target of log-probabilities; shapes and the mean as in cross_entropy."""
    check_reduction(reduction, size_average, reduce)
    if weight is None and _plain_rows(input, target):
        x, t = input, target
        if observe.watchers:
            observe.watchers["loss"]("nll_loss", x)
    else:
        x, t, weight = checked("nll_loss", input, target, weight)
    return Nll.apply(x, t, weight, ignore_index=ignore_index, reduction=reduction)


def _of_classes(x, t, weight, ignore_index, label_smoothing, gamma, reduction):
    return CrossEntropy.apply(
        x,
        t,
        weight,
        ignore_index=ignore_index,
        label_smoothing=float(label_smoothing),
        gamma=float(gamma),
        reduction=reduction,
    )


def check_smoothing(label_smoothing):
    """Raise unless label_smoothing is a share."""
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing must be between 0.0 and 1.0, got {label_smoothing}")


def _plain_rows(x, t):
    """Whether these are logits (N, C) and int64 targets (N,) for the one-pass kernel."""
    if not (isinstance(x, TensorBase) and isinstance(t, TensorBase)):
        return False
    logits, target = x._array, t._array
    return (
        logits.ndim == 2
        and 0 < len(logits) == target.size
        and target.ndim == 1
        and x._tag is None
        and target.dtype.char == "l"
        and logits.dtype.kind == "f"
    )


def checked(name, input, target, weight, soft=False, shape=None):
    """Logits in full precision, int64 or (``soft``) floating target, and weight, after checks."""
    only_tensors(name, input, target, arguments=("input", "target"))
    direct, shape = shape is None, shape or input._array.shape  # of the logits
    if not dtype_of(input).is_floating_point or not shape:
        raise RuntimeError(
            f"{name}: input must be floating logits with a class axis, got shape {shape} "
            f"and dtype {dtype_of(input)}"
        )
    x, axis = full_precision(input), 0 if len(shape) == 1 else 1
    _check_target(name, shape, axis, target, soft)
    if weight is not None:
        weight = class_weight(name, weight, input, shape[axis])
    if direct and observe.watchers:
        observe.watchers["loss"](name, input)
    if dtype_of(target).is_floating_point:
        return x, cast(target, dtype_of(x)), weight
    check_constant(name, weight, "weight")
    return x, cast(target, dtypes.int64), weight


def _check_target(name, shape, axis, target, soft):
    """Raise unless the target fits logits of a shape."""
    given, dtype = target._array.shape, dtype_of(target)
    wanted = shape[:axis] + shape[axis + 1 :]
    if dtype.is_floating_point:
        if not soft:
            raise RuntimeError(
                f"{name}: target must hold class indices (int64), got {dtype}; target.long()?"
            )
        if given != shape:
            raise RuntimeError(
                f"{name}: target of dtype {dtype} and shape {given} is taken for probabilities, "
                f"which need the shape of input, {shape}; class indices are integers: "
                "target.long()"
            )
    elif given != wanted:
        raise ValueError(
            f"{name}: input of shape {shape} needs a target of shape {wanted}, got {given}"
        )
    elif dtype not in (dtypes.int64, dtypes.int32, dtypes.uint8):
        raise RuntimeError(f"{name}: target must be int64, got {dtype}")


def _soft_cross_entropy(x, t, weight, reduction, smoothing):
    """Cross-entropy against class probabilities."""
    shape = x._array.shape
    axis = 0 if len(shape) == 1 else 1
    outer = shape[:axis] + shape[axis + 1 :]
    count = math.prod(outer)
    rows, targets = _rows(x), _rows(t)
    if t._requires_grad or (weight is not None and weight._requires_grad):
        q = targets * (1 - smoothing) + smoothing / shape[axis]
        q = q if weight is None else q * weight
        losses = -(q * log_softmax(rows, 1)).sum(1)
        if reduction != "none":
            losses = losses.sum() / (count if reduction == "mean" else 1)
    else:
        divisor = {"none": None, "sum": 1, "mean": count}[reduction]
        losses = SoftCrossEntropy.apply(
            rows, targets, weight, label_smoothing=float(smoothing), divisor=divisor
        )
    return losses.reshape(outer) if reduction == "none" else losses


def _rows(x):
    """(M, C) from (C,), (N, C) or (N, C, d1, …)."""
    shape = x._array.shape
    if len(shape) == 2:
        return x
    if len(shape) == 1:
        return x.reshape(1, -1)
    return permute(x, (0, *range(2, len(shape)), 1)).reshape(-1, shape[1])
