"""Connectionist temporal classification."""

import numpy as np

from .. import backend, dtypes
from ..engine.gradients import grad
from ..engine.graph import TensorBase, dtype_of, new_tensor
from ..engine.op import Op, Sample
from .joining import stack
from .operands import FLOATS, check_category, only_tensors
from .padding import pad
from .pointwise_loss import check_reduction, full_precision
from .reduce import logsumexp
from .select import where

__all__ = ["ctc_loss"]

FAR = -1e30  # stands for −∞, which has no differences


class Ctc(Op):
    """ℓ = −ln Σ over alignments of Π p_t.    dL/dlog p_tc = −g P(the state at t is c | targets)

    For log-probabilities (T, N, C), targets (N, S) and how many of both count.
    """

    precision = "fp32"
    recomputes = True

    def forward(ctx, k, x, targets, input_lengths, target_lengths, *, blank):
        ctx.blank = blank
        loss, slope = k.ctc(x, targets, input_lengths, target_lengths, blank)
        ctx.save(x, targets, input_lengths, target_lengths, slope)
        return loss

    def vjp(ctx, k, g):
        x, *fixed, slope = ctx.saved
        if slope is None:
            losses = _by_ops(x, *(t._array for t in fixed), ctx.blank)
            return *grad(losses, x, g, create_graph=True), None, None, None
        return k.mul(k.reshape(g, (1, -1, 1)), slope), None, None, None

    def samples(rng):
        x = rng.normal(size=(5, 3, 4))
        targets = np.array([[1, 2], [3, 3], [2, 1]])
        lengths = np.array([5, 4, 3]), np.array([2, 2, 1])
        yield Sample("labels", (x, targets, *lengths), {"blank": 0})
        none = np.array([5, 1, 0]), np.array([0, 1, 0])
        yield Sample("no labels", (x, targets, *none), {"blank": 0})

    def peer(torch, x, targets, input_lengths, target_lengths, *, blank):
        """PyTorch's gradient is that through a log-softmax; this one counts the alignments."""
        losses = []
        for n, (steps, count) in enumerate(zip(input_lengths, target_lengths, strict=True)):
            total = x.new_full((), -torch.inf)
            for path in np.ndindex((x.shape[2],) * int(steps)):
                merged = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
                if [c for c in merged if c != blank] == targets[n, :count].tolist():
                    steps_taken = (x[t, n, c] for t, c in enumerate(path))
                    total = torch.logaddexp(total, sum(steps_taken, x.new_zeros(())))
            losses.append(-total)
        return torch.stack(losses)


def _by_ops(x, targets, input_lengths, target_lengths, blank):
    """The losses in differentiable ops."""
    xp = backend.array_module(targets)
    labels, skip = backend.ctc_states(xp, targets, blank)
    places, last = xp.arange(labels.shape[1]), 2 * target_lengths[:, None]
    inside, skip = new_tensor(places <= last), new_tensor(skip)
    labels = new_tensor(xp.where(places <= last, labels, blank))
    alpha = where(new_tensor((places == 0) & (last >= 0)), x[0].sum() * 0.0, FAR)
    for t in range(x.shape[0]):
        emitted = x[t].gather(1, labels)
        if t == 0:
            new = where(new_tensor(places < 2), emitted, FAR)
        else:
            two = where(skip, _behind(alpha, 2), FAR)
            new = emitted + logsumexp(stack([alpha, _behind(alpha, 1), two]), 0)
        active = new_tensor((t < input_lengths)[:, None])
        alpha = where(active, where(inside, new, FAR), alpha)
    ends = new_tensor((places == last) | (places == last - 1))
    return -logsumexp(where(ends, alpha, FAR), 1)


def _behind(alpha, by):
    """α moved by places."""
    return pad(alpha, (by, 0), value=FAR)[:, : alpha.shape[1]]


def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction="mean",
    zero_infinity=False,
):
    """−ln P(targets) of sequences of labels under log-probabilities (T, N, C), or (T, C).

    ``targets`` is (N, S), or the labels of all sequences in one row. The mean divides each loss by
    its number of labels first. Impossible targets cost ∞, or 0 with ``zero_infinity``.
    Source: Graves et al. 2006.
    """
    check_reduction(reduction)
    only_tensors("ctc_loss", log_probs, targets, arguments=("log_probs", "targets"))
    check_category("ctc_loss", log_probs, FLOATS)
    if dtypes.category(dtype_of(targets)) != 1:
        raise RuntimeError(f"ctc_loss: targets must be integers, got {dtype_of(targets)}")
    x, single = full_precision(log_probs), log_probs._array.ndim == 2
    x = x.unsqueeze(1) if single else x
    if x._array.ndim != 3 or 0 in x._array.shape[:2]:
        raise RuntimeError(
            "ctc_loss: log_probs must have shape (T, N, C) or (T, C) with at least one step and "
            f"one sequence, got {log_probs._array.shape}"
        )
    steps, count, classes = x._array.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss: blank={blank} is out of range for {classes} classes")
    inputs = _lengths("input_lengths", input_lengths, count, steps, x)
    labels = _lengths("target_lengths", target_lengths, count, None, x)
    padded = _padded(targets._array, labels, classes)
    losses = Ctc.apply(x, *map(new_tensor, (padded, inputs, labels)), blank=blank)
    if zero_infinity:
        losses = where(losses == float("inf"), 0.0, losses)
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        xp = backend.array_module(labels)
        return (losses / new_tensor(xp.maximum(labels, 1))).mean()
    return losses.squeeze(0) if single else losses


def _lengths(argument, lengths, count, limit, x):
    """Lengths as an int64 array (N,) beside x, after checks."""
    xp = backend.array_module(x._array)
    array = lengths._array if isinstance(lengths, TensorBase) else xp.asarray(lengths)
    array = array.reshape(-1)
    if array.dtype.kind not in "iu" or array.shape != (count,):
        raise RuntimeError(
            f"ctc_loss: {argument} needs one whole number for each of {count} sequences, "
            f"got shape {tuple(array.shape)} and dtype {array.dtype}"
        )
    array = array.astype("int64")
    if count and (int(array.min()) < 0 or (limit is not None and int(array.max()) > limit)):
        raise RuntimeError(
            f"ctc_loss: {argument} must lie between 0 and {limit if limit is not None else 'S'}, "
            f"got {int(array.min())} to {int(array.max())}"
        )
    return array


def _padded(targets, lengths, classes):
    """Labels (N, S), those beyond the lengths being 0, from padded rows or one long row."""
    xp = backend.array_module(targets)
    count, widest = len(lengths), int(lengths.max()) if len(lengths) else 0
    targets = targets.astype("int64")
    if targets.ndim == 2 or count == 1 and targets.ndim == 1:
        targets = targets.reshape(count, -1)
        if targets.shape[1] < widest:
            raise RuntimeError(
                f"ctc_loss: target_lengths go up to {widest}, but targets have {targets.shape[1]} "
                "columns"
            )
    elif targets.ndim == 1 and len(targets) == int(lengths.sum()):
        starts = xp.cumsum(lengths) - lengths
        places = starts[:, None] + xp.arange(widest)
        targets = xp.concatenate([targets, xp.zeros(1, "int64")])[
            xp.minimum(places, len(targets))
        ]
    else:
        raise RuntimeError(
            f"ctc_loss: targets must be (N, S), or hold the {int(lengths.sum())} labels in a row, "
            f"got shape {tuple(targets.shape)}"
        )
    used = xp.arange(targets.shape[1]) < lengths[:, None]
    targets = xp.where(used, targets, 0)[:, :widest]
    if targets.size and (int(targets.min()) < 0 or int(targets.max()) >= classes):
        raise IndexError(f"ctc_loss: targets must lie between 0 and {classes - 1}")
    return targets
