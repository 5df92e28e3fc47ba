"""The learning-rate range test: train while the rate rises, and see where the loss falls."""

import math

import numpy as np

from .specimen import Specimen, endless, laboratory

BURN_IN = 10  # steps at the beginning that no rule looks at
AGREE = 10.0  # within this factor two rules agree


class DivergedError(ValueError):
    """The loss diverges at the smallest rates of a range test."""


class LRFind:
    """What :func:`lr_find` measured.

    ``lrs`` and ``losses`` (smoothed, the mean of the repeats), ``low`` and ``high`` (the band of
    the repeats) are lists of one length; ``runs`` are the losses of each repeat as they came.
    ``suggestion`` is a dict of rates: ``"minimum/10"``, ``"valley"``, ``"steepest"`` and
    ``"default"``, the one to take, which is also ``lr``. ``agreement`` says whether the first two
    are within a factor of 10.
    """

    def __init__(self, lrs, runs, smoothed):
        self.lrs, self.runs = lrs, runs
        self.losses = [float(x) for x in smoothed.mean(0)]
        self.low = [float(x) for x in smoothed.min(0)]
        self.high = [float(x) for x in smoothed.max(0)]
        self.suggestion = suggestions(self.lrs, self.losses)
        self.agreement = _agree(self.suggestion["minimum/10"], self.suggestion["valley"])

    @property
    def lr(self):
        """The rate to take."""
        return self.suggestion["default"]

    def __repr__(self):
        agreed = "agreed" if self.agreement else "the rules disagree"
        return f"<LRFind: lr {self.lr:.2g}, {agreed}>"

    def __str__(self):
        lines = [f"Learning rate {self.lr:.2g} of {len(self.runs)} runs over {len(self.lrs)} steps"]
        lines += [f"  {name:12}{rate:>10.2g}" for name, rate in self.suggestion.items()]
        if not self.agreement:
            lines.append("  The rules disagree: look at the curve before trusting one of them.")
        return "\n".join(lines)


def lr_find(
    model, loss_fn, optimizer, loader, start=1e-7, end=10, num=100, mode="exp", beta=0.98,
    diverge=4.0, repeats=3, *, seed=0,
):  # fmt: skip
    """Train copies for ``num`` steps while the rate rises from ``start`` to ``end``.

    The rate of group i rises in proportion to the rate it has; ``mode`` is ``"exp"`` or
    ``"linear"``. Losses are averaged with weight ``beta`` on the past, corrected for the start; a
    run ends where the average exceeds ``diverge`` times its least. ``repeats`` runs see other
    orders of the data and other masks. The model, its buffers and gradients, the optimizer, every
    generator and the loader stay bit for bit as they are.

    Rules read the mean of the runs, past the first 10 steps: ``"minimum/10"``, a tenth of the rate
    of the least loss, ``"valley"``, where the loss has fallen half of the way to it, and
    ``"steepest"``. The default is the geometric mean of the first two where they agree, and else
    the first; the steepest descent alone may lie where training diverges. Returns :class:`LRFind`;
    raises DivergedError, a ValueError, where the first 10 steps diverge. Source: Smith 2017,
    section 3.3.

    >>> import minigrad as mg
    >>> g = mg.Generator().manual_seed(0)
    >>> x = mg.randn(256, 4, generator=g)
    >>> loader = mg.data.DataLoader(mg.data.TensorDataset(x, x.sum(1, keepdim=True)), 32)
    >>> net = mg.nn.Linear(4, 1)
    >>> found = lr_find(net, mg.nn.MSELoss(), mg.optim.SGD(net.parameters(), lr=0.1), loader)
    >>> 0.01 < found.lr < 1, found.agreement
    (True, True)
    """
    if not hasattr(optimizer, "param_groups") and not callable(optimizer):
        raise TypeError(f"optimizer must be an Optimizer, got {type(optimizer).__name__}")
    lrs = _rates(start, end, num, mode)
    if not 0 <= beta < 1 or not diverge > 1 or repeats < 1:
        raise ValueError("lr_find needs 0 <= beta < 1, diverge > 1 and repeats >= 1")
    runs = []
    for repeat in range(repeats):
        with laboratory(seed + repeat):
            specimen = Specimen(model, loss_fn, optimizer)
            specimen.model.train()
            runs.append(_run(specimen, endless(loader), lrs, beta, diverge))
    length = min(len(smooth) for _, smooth in runs)
    if length <= BURN_IN:
        raise DivergedError(
            f"the loss diverged after {length} steps: begin at a rate below {start:g}" if length
            else "the loss of the first batch is not finite: see minigrad.debug.anomaly"
        )
    smoothed = np.array([smooth[:length] for _, smooth in runs])
    return LRFind(lrs[:length], [losses for losses, _ in runs], smoothed)


def _rates(start, end, num, mode):
    if not 0 < start < end:
        raise ValueError(f"lr_find needs 0 < start < end, got {start} and {end}")
    if num <= BURN_IN:
        raise ValueError(f"lr_find needs more than {BURN_IN} steps, got {num}")
    if mode not in ("exp", "linear"):
        raise ValueError(f"mode must be 'exp' or 'linear', got {mode!r}")
    rates = np.geomspace(start, end, num) if mode == "exp" else np.linspace(start, end, num)
    return [float(rate) for rate in rates]


def _run(specimen, batches, lrs, beta, diverge):
    """The losses of a run and their averages."""
    groups = specimen.optimizer.param_groups
    first = float(groups[0]["lr"])
    shares = [float(group["lr"]) / first if first else 1.0 for group in groups]
    losses, smooth, average, least = [], [], 0.0, math.inf
    for step, (lr, batch) in enumerate(zip(lrs, batches, strict=False), 1):
        for group, share in zip(groups, shares, strict=True):
            group["lr"] = lr * share
        loss = specimen.step(batch)
        average = beta * average + (1 - beta) * loss
        corrected = average / (1 - beta**step)
        if not math.isfinite(corrected) or (step > BURN_IN and corrected > diverge * least):
            break
        losses.append(loss)
        smooth.append(corrected)
        least = min(least, corrected)
    return losses, smooth


def suggestions(lrs, losses):
    """The rates that each rule reads from a curve."""
    lrs, losses = np.array(lrs[BURN_IN:]), np.array(losses[BURN_IN:])
    lowest = float(lrs[losses.argmin()]) / 10
    valley = float(lrs[_halfway(losses)])
    slopes = np.gradient(losses, np.log(lrs)) if len(lrs) > 1 else np.zeros(1)
    agree = _agree(lowest, valley)
    return {
        "minimum/10": lowest, "valley": valley, "steepest": float(lrs[slopes.argmin()]),
        "default": math.sqrt(lowest * valley) if agree else lowest,
    }  # fmt: skip


def _agree(lowest, valley):
    return 1 / AGREE <= lowest / valley <= AGREE


def _halfway(losses):
    """Where the loss has fallen half of the way from its first values to its least."""
    start = float(np.median(losses[:5]))
    return int(np.flatnonzero(losses <= (start + losses.min()) / 2)[0])
