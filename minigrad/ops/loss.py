"""Losses."""

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of, new_tensor
from ..engine.op import Op, Sample
from .cast import cast
from .operands import converted, result_type, tensor_of
from .reduce import Mean, Sum
from .shape import permute
from .softmax import log_softmax

REDUCTIONS = ("none", "mean", "sum")


class CrossEntropyMean(Op):
    """ℓ = mean over rows of −ln softmax(x)_t.    dL/dx = g · (softmax(x) − onehot(t)) / N

    N counts the rows that are not ignored; the others have gradient 0. One pass computes the loss
    and its gradient together.
    """

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
            return slope if g.ndim == 0 and g == 1 else k.mul(g, slope), None
        return _class_slope(k, g, x, target, ctx.ignore_index), None

    def samples(rng):
        x, target = rng.normal(size=(4, 3)), rng.integers(0, 3, 4)
        yield Sample("rows", (x, target), {"ignore_index": -100})
        yield Sample("ignored rows", (x, target), {"ignore_index": int(target[0])})
        one = (rng.normal(size=(2, 1)), rng.integers(0, 1, 2))
        yield Sample("one class", one, {"ignore_index": -100})

    def peer(torch, x, target, *, ignore_index):
        return torch.nn.functional.cross_entropy(x, target, ignore_index=ignore_index)


class CrossEntropyRows(Op):
    """ℓₙ = −(1 − ε) w_t ln p_t − ε/C Σ_c w_c ln p_c, 0 on ignored rows, and w_t of each row.

    dL/dxₙ = gₙ · dℓₙ/dxₙ, which the forward pass keeps.
    """

    recomputes = True

    def forward(ctx, k, x, target, weight, *, ignore_index, label_smoothing):
        ctx.ignore_index, ctx.smoothing = ignore_index, label_smoothing
        losses, slope, weights = k.cross_entropy(x, target, weight, ignore_index, label_smoothing)
        ctx.save(x, target, weight, slope)
        return losses, weights

    def vjp(ctx, k, g, _weights_gradient):
        x, target, weight, slope = ctx.saved
        # an ignored row stays 0 even if the mean over no rows at all makes g infinite
        g = k.where(k.eq(target, ctx.ignore_index), 0.0, g)
        if slope is not None:
            return k.mul(k.reshape(g, (-1, 1)), slope), None, None
        return _row_slope(ctx, k, g, x, target, weight), None, None

    def samples(rng):
        x, t = rng.normal(size=(4, 3)), rng.integers(0, 3, 4)
        weight = rng.uniform(0.5, 2, 3)
        yield Sample("plain", (x, t, None), {"ignore_index": -100, "label_smoothing": 0.0})
        yield Sample("smooth", (x, t, None), {"ignore_index": int(t[0]), "label_smoothing": 0.1})
        yield Sample(
            "weight", (x, t, weight), {"ignore_index": -100, "label_smoothing": 0.2}, constants=(2,)
        )

    def peer(torch, x, target, weight, *, ignore_index, label_smoothing):
        losses = torch.nn.functional.cross_entropy(
            x, target, None if weight is None else weight.detach(), ignore_index=ignore_index,
            label_smoothing=label_smoothing, reduction="none",
        )
        weights = x.new_ones(x.shape[1]) if weight is None else weight.detach()
        kept = target != ignore_index
        return losses, weights[target.clamp(min=0)] * kept


def _one_hot(xp, target, classes, dtype):
    return (target.reshape(-1, 1) == xp.arange(classes)).astype(dtype)


def _class_slope(k, g, x, target, ignore_index):
    """g (softmax(x) − onehot) / N in differentiable ops, for second derivatives."""
    dtype = x._array.dtype
    one_hot = new_tensor(_one_hot(_xp(x), target._array, x.shape[1], dtype))
    kept = target._array != ignore_index
    share = (kept / max(int(kept.sum()), 1)).astype(dtype).reshape(-1, 1)
    return k.mul(k.mul(g, new_tensor(share)), k.sub(k.softmax(x, 1), one_hot))


def _row_slope(ctx, k, g, x, target, weight):
    """The gradient of weighted, smoothed rows in differentiable ops.

    With qₙ the smoothed weights of row n: dℓₙ/dxₙ = softmax(xₙ) Σ qₙ − qₙ.
    """
    classes, array = x.shape[1], target._array
    one_hot = _one_hot(_xp(x), array, classes, x._array.dtype)
    w = _xp(x).ones(classes, x._array.dtype) if weight is None else weight._array
    q = (one_hot * (1 - ctx.smoothing) + ctx.smoothing / classes) * w
    q = q * (array != ctx.ignore_index).reshape(-1, 1)
    q = q.astype(x._array.dtype)
    total = new_tensor(q.sum(axis=1, keepdims=True))
    slope = k.sub(k.mul(k.softmax(x, 1), total), new_tensor(q))
    return k.mul(k.reshape(g, (-1, 1)), slope)


def _xp(x):
    return backend.array_module(x._array)


class MseMean(Op):
    """ℓ = mean of (x − y)².    dL/dx = g · 2 (x − y) / N,  dL/dy = −dL/dx"""

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.mse(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        gx = k.mse_vjp(g, x, y)
        return gx, k.neg(gx) if ctx.needs(1) else None

    def samples(rng):
        yield Sample("matrix", (rng.normal(size=(3, 4)), rng.normal(size=(3, 4))))
        yield Sample("0-d", (rng.normal(size=()), rng.normal(size=())))

    def peer(torch, x, y):
        return torch.nn.functional.mse_loss(x, y)


class MseVjp(Op):
    """z = g · 2 (x − y) / N.    dL/dg = Σ h · 2 (x − y) / N,  dL/dx = 2 g h / N,  dL/dy = −dL/dx"""

    def forward(ctx, k, g, x, y):
        ctx.save(g, x, y)
        return k.mse_vjp(g, x, y)

    def vjp(ctx, k, h):
        g, x, y = ctx.saved
        scale = 2.0 / max(_size(x), 1)
        gg = k.mul(k.sum(k.mul(h, k.sub(x, y)), None, False), scale)
        gx = k.mul(k.mul(h, g), scale)
        return gg, gx, k.neg(gx) if ctx.needs(2) else None

    def samples(rng):
        yield Sample(
            "matrix", (rng.normal(size=()), rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))
        )

    def peer(torch, g, x, y):
        return g * 2 * (x - y) / x.numel()


def _size(x):
    size = 1
    for extent in x.shape:
        size *= extent
    return size


def check_reduction(reduction):
    """Raise ValueError unless ``reduction`` is none, mean or sum."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction!r} is not a valid value for reduction: use none, mean or sum")


def reduced(losses, reduction):
    """Losses as they are, or their mean or sum."""
    if reduction == "none":
        return losses
    return (Mean if reduction == "mean" else Sum).apply(losses, axis=None, keepdims=False)


def _full_precision(x):
    """Losses are computed in float32 whatever emulated format they come from."""
    return cast(x, dtypes.float32) if x._tag is not None else x


def mse_loss(input, target, reduction="mean", weight=None):
    """(input − target)², reduced. The shapes must be equal: a loss that broadcasts is a bug.

    >>> import minigrad as mg
    >>> mg.nn.functional.mse_loss(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
    tensor(2.)
    """
    check_reduction(reduction)
    x, y = (_full_precision(t) for t in converted(result_type(input, target), input, target))
    check_same_shape("mse_loss", x, y)
    if weight is None and reduction == "mean":
        return MseMean.apply(x, y)
    losses = (x - y).square()
    if weight is None:
        return reduced(losses, reduction)
    check_same_shape("mse_loss", x, weight, "weight")
    if reduction == "mean":
        return (losses * weight).sum() / weight.sum()
    return reduced(losses * weight, reduction)


def check_same_shape(name, input, other, argument="target"):
    """Raise ValueError, with the likely fix, unless two shapes are equal."""
    a, b = input._array.shape, other._array.shape
    if a == b:
        return
    hint = ""
    if len(a) == len(b) + 1 and a[-1] == 1:
        hint = f"; did you mean {argument}[..., None] or input.squeeze(-1)?"
    elif len(b) == len(a) + 1 and b[-1] == 1:
        hint = f"; did you mean {argument}.squeeze(-1)?"
    raise ValueError(f"{name}: input has shape {a} but {argument} has shape {b}{hint}")


def cross_entropy(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """−ln softmax(input)_target from raw logits, without overflow.

    ``input`` is (C,), (N, C) or (N, C, d1, …); ``target`` holds class indices without the class
    axis (int64), or class probabilities of the shape of ``input``. ``weight`` (C,) scales classes;
    the mean over indices divides by the weights of the rows that count, the mean over
    probabilities by N. ``label_smoothing`` ε mixes ε/C into the target.

    >>> import minigrad as mg
    >>> mg.nn.functional.cross_entropy(mg.zeros(2, 4), mg.tensor([0, 3]))
    tensor(1.3863)
    """
    plain = weight is None and label_smoothing == 0.0 and reduction == "mean"
    if plain and isinstance(target, TensorBase) and _plain_rows(input, target):
        return CrossEntropyMean.apply(input, target, ignore_index=ignore_index)
    check_reduction(reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing must be between 0.0 and 1.0, got {label_smoothing}")
    x, t = _full_precision(tensor_of(input)), tensor_of(target, "target")
    axis = _check_logits(x, t, weight)
    if t._array.shape == x._array.shape and dtype_of(t).is_floating_point:
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point targets")
        return _soft_cross_entropy(x, t, weight, reduction, label_smoothing, axis)
    rows, targets = _as_rows(x, t, axis)
    if weight is not None:
        weight = cast(weight, dtype_of(x)).detach()
    losses, weights = CrossEntropyRows.apply(
        rows, targets, weight, ignore_index=ignore_index, label_smoothing=float(label_smoothing)
    )
    if reduction == "mean":
        return losses.sum() / weights.sum()
    return losses.sum() if reduction == "sum" else losses.reshape(t._array.shape)


def _plain_rows(x, t):
    """Whether these are logits (N, C) and int64 targets (N,) for the one-pass kernel."""
    logits, target = x._array, t._array
    return (
        logits.ndim == 2
        and 0 < len(logits) == target.size
        and target.ndim == 1
        and x._tag is None
        and target.dtype.char == "l"
        and logits.dtype.kind == "f"
    )


def _check_logits(x, t, weight):
    """The class axis, after checking shapes and dtypes."""
    shape = x._array.shape
    if not dtype_of(x).is_floating_point or not shape:
        raise RuntimeError(
            f"cross_entropy: input must be floating logits with a class axis, got shape {shape} "
            f"and dtype {dtype_of(x)}"
        )
    axis = 0 if len(shape) == 1 else 1
    if weight is not None and weight._array.shape != (shape[axis],):
        raise RuntimeError(
            f"cross_entropy: weight needs one value for each of the {shape[axis]} classes, "
            f"got shape {weight._array.shape}"
        )
    same = t._array.shape == shape
    if dtype_of(t).is_floating_point:
        if not same:
            raise RuntimeError(
                f"cross_entropy: target of dtype {dtype_of(t)} and shape {t._array.shape} is taken "
                f"for probabilities, which need the shape of input, {shape}; "
                "class indices are integers: target.long()"
            )
    elif t._array.shape != shape[:axis] + shape[axis + 1 :]:
        raise ValueError(
            f"cross_entropy: input of shape {shape} needs a target of shape "
            f"{shape[:axis] + shape[axis + 1 :]}, got {t._array.shape}"
        )
    elif dtype_of(t) not in (dtypes.int64, dtypes.int32, dtypes.uint8):
        raise RuntimeError(f"cross_entropy: target must be int64, got {dtype_of(t)}")
    return axis


def _as_rows(x, t, axis):
    """Logits (M, C) and int64 targets (M,)."""
    shape = x._array.shape
    t = cast(t, dtypes.int64)
    if len(shape) == 2:
        return x, t
    if axis == 0:
        return x.reshape(1, -1), t.reshape(1)
    order = (0, *range(2, len(shape)), 1)
    return permute(x, order).reshape(-1, shape[1]), t.reshape(-1)


def _soft_cross_entropy(x, t, weight, reduction, smoothing, axis):
    """Cross-entropy against class probabilities."""
    shape = x._array.shape
    if smoothing:
        t = t * (1 - smoothing) + smoothing / shape[axis]
    losses = t * log_softmax(x, axis)
    if weight is not None:
        losses = losses * weight.reshape(*(-1 if i == axis else 1 for i in range(len(shape))))
    losses = -losses.sum(axis)
    if reduction == "none":
        return losses
    total = losses.sum()
    return total if reduction == "sum" else total / float(_size(t) // max(shape[axis], 1))
