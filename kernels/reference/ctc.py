"""Connectionist temporal classification: the probability of all alignments of a label sequence."""

from ..registry import array_module, kernel


def _sequences(make, shape):
    steps, batch, classes = shape[-3:] if len(shape) > 2 else (4, *shape)
    classes = max(classes, 2)
    lengths = make.integers((batch,), 0, steps // 2 + 1)
    targets = make.integers((batch, max(steps // 2, 1)), 1, classes)
    x = make.normal((steps, batch, classes))
    return x, targets, make.integers((batch,), steps // 2, steps + 1), lengths, 0


def _log_sum(xp, *parts):
    """ln Σ exp over the parts, −∞ where all are"""
    largest = parts[0]
    for part in parts[1:]:
        largest = xp.maximum(largest, part)
    safe = xp.where(xp.isinf(largest), 0, largest)
    total = xp.maximum(sum(xp.exp(part - safe) for part in parts), 1)  # the largest adds 1
    return xp.where(xp.isinf(largest), largest, xp.log(total) + safe)


def _shifted(xp, row, by):
    """The row moved by places, −∞ moving in"""
    edge = xp.full((row.shape[0], abs(by)), -xp.inf, row.dtype)
    if by > 0:
        return xp.concatenate([edge, row], axis=1)[:, : row.shape[1]]
    return xp.concatenate([row, edge], axis=1)[:, -by:]


def states(xp, targets, blank):
    """The labels with blanks around them, (N, 2S + 1), and whether each may follow the last label
    without a blank between.
    """
    count, width = targets.shape
    blanks = xp.full((count, width, 1), blank, targets.dtype)
    pairs = xp.concatenate([blanks, targets[:, :, None]], axis=2).reshape(count, 2 * width)
    labels = xp.concatenate([pairs, xp.full((count, 1), blank, targets.dtype)], axis=1)
    places = xp.arange(2 * width + 1)
    earlier = xp.concatenate([labels[:, :2], labels], axis=1)[:, : 2 * width + 1]
    return labels, (labels != earlier) & (places % 2 == 1) & (places > 1)


@kernel(_sequences, min_ndim=2, allows_empty=False, notes={"sums": True, "nonfinite": "−∞ is 0"})
def ctc(log_probs, targets, input_lengths, target_lengths, blank):
    """−ln P(targets) of each sequence, and its gradient: −P(the state at t is c | targets)

    For log-probabilities (T, N, C) and targets (N, S), of which the lengths count. Alignments are
    summed from the front (α) and from the back (β). Impossible targets have loss ∞ and gradient 0.
    """
    xp = array_module(log_probs)
    labels, skip = states(xp, targets, blank)
    places, last = xp.arange(labels.shape[1]), 2 * target_lengths[:, None]
    used = xp.where(places <= last, labels, blank)
    x = log_probs.astype("float64")
    emitted = [xp.take_along_axis(row, used, axis=1) for row in x]
    ends = (places == last) | (places == last - 1)
    alphas, total = _forward(xp, emitted, skip, places, last, ends, input_lengths)
    gradient, far = [], xp.full(labels.shape, -xp.inf)
    possible = xp.isfinite(total)[:, None]
    safe, beta = xp.where(possible, total[:, None], 0), far
    classes = xp.arange(x.shape[2])
    for t in range(len(x) - 1, -1, -1):
        if t < len(x) - 1:
            ahead = beta + emitted[t + 1]
            beta = _log_sum(
                xp, ahead, _shifted(xp, ahead, -1),
                _shifted(xp, xp.where(skip, ahead, -xp.inf), -2),
            )  # fmt: skip
        beta = xp.where((t == input_lengths - 1)[:, None], xp.where(ends, 0.0, -xp.inf), beta)
        active = (places <= last) & (t < input_lengths)[:, None] & possible
        share = xp.where(active, xp.exp(alphas[t] + beta - safe), 0)
        gradient.append(-(share[:, :, None] * (used[:, :, None] == classes)).sum(axis=1))
    dtype = log_probs.dtype
    return (-total).astype(dtype), xp.stack(gradient[::-1]).astype(dtype)


def _forward(xp, emitted, skip, places, last, ends, input_lengths):
    """α of every step, and ln P(targets)"""
    alpha = None
    total = xp.where(last == 0, 0.0, -xp.inf)[:, 0]
    alphas = []
    for t, now in enumerate(emitted):
        if t == 0:
            alpha = xp.where(places < 2, now, -xp.inf)
        else:
            two = xp.where(skip, _shifted(xp, alpha, 2), -xp.inf)
            alpha = _log_sum(xp, alpha, _shifted(xp, alpha, 1), two) + now
        alpha = xp.where(places <= last, alpha, -xp.inf)
        final = xp.where(ends, alpha, -xp.inf)
        ended = _log_sum(xp, *(final[:, i] for i in range(final.shape[1])))
        total = xp.where(input_lengths == t + 1, ended, total)
        alphas.append(alpha)
    return alphas, total
