"""What a training step keeps in memory, in float32 and under autocast."""

import copy
import time
from dataclasses import dataclass

from .. import dtypes, nn, random
from ..engine.graph import TensorBase
from .autocast import autocast


@dataclass(frozen=True)
class MemoryReport:
    """Bytes by what they hold: ``rows`` is {name: (in float32, under autocast)}.

    ``by_op`` splits the saved activations by op. ``seconds`` are those of one forward and backward
    pass: the formats are emulated, so memory is saved and time is not.
    """

    dtype: dtypes.dtype
    rows: dict
    by_op: dict
    seconds: tuple

    def ratio(self, name=None):
        """Bytes under autocast divided by those in float32, of one row or of all."""
        rows = self.rows.values() if name is None else [self.rows[name]]
        full, low = map(sum, zip(*rows, strict=True))
        return low / full if full else 1.0

    def __str__(self):
        total = tuple(map(sum, zip(*self.rows.values(), strict=True)))
        ops = {f"  {name}": pair for name, pair in self.by_op.items()}
        rows = {**self.rows, "total": total, **ops}
        width = max(map(len, rows))
        lines = [f"{'bytes':<{width}}{'float32':>14}{self.dtype.name:>14}{'ratio':>8}"]
        for name, (full, low) in rows.items():
            share = f"{low / full:8.2f}" if full else ""
            lines.append(f"{name:<{width}}{full:>14,}{low:>14,}{share}")
        full, low = self.seconds
        lines.append(f"time of a pass: {1e3 * full:.1f} ms in float32, {low / full:.2f} times that")
        return "\n".join(lines)


def memory_report(model, batch, dtype=dtypes.bfloat16, optimizer=None):
    """What a step of a model on a batch (a tensor, or a tuple of inputs) keeps in memory.

    The rows: parameters and their gradients (float32 in both: autocast casts weights on the way),
    these casts, the state of the optimizer where one is given (after a step, also float32), and
    the activations saved for the backward pass. The model is copied, so nothing of it changes, and
    random numbers go on as if nothing had been drawn.

    >>> import minigrad as mg
    >>> model = mg.nn.Sequential(mg.nn.Linear(64, 64), mg.nn.ReLU(), mg.nn.Linear(64, 64))
    >>> report = mg.amp.memory_report(model, mg.ones(256, 64))
    >>> report.ratio("saved activations")
    0.5
    """
    inputs = batch if isinstance(batch, tuple | list) else (batch,)
    model, stream = copy.deepcopy(model), random.get_rng_state()
    found, seconds = [], []
    try:
        for enabled in (False, True):
            with autocast(dtype=dtype, enabled=enabled):
                found.append(nn.summary(model, *inputs))
            seconds.append(_seconds(model, inputs, autocast(dtype=dtype, enabled=enabled)))
    finally:
        random.set_rng_state(stream)
    parameters = sum(p._array.nbytes for p in model.parameters())
    gradients = sum(p._array.nbytes for p in model.parameters() if p.requires_grad)
    state = 0 if optimizer is None else _state_bytes(optimizer)
    full, low = found
    rows = {
        "parameters": (parameters, parameters),
        "gradients": (gradients, gradients),
        "casts of parameters": (full.cast_bytes, low.cast_bytes),
        "optimizer state": (state, state),
        "saved activations": (full.saved_bytes, low.saved_bytes),
    }
    names = {**full.saved_by_op, **low.saved_by_op}
    by_op = {n: (full.saved_by_op.get(n, 0), low.saved_by_op.get(n, 0)) for n in names}
    return MemoryReport(dtype, rows, by_op, tuple(seconds))


def _seconds(model, inputs, context):
    """The shorter of two forward and backward passes."""
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        with context:
            output = model(*inputs)
        if isinstance(output, TensorBase) and output.requires_grad:
            output.sum().backward()
        best = min(best, time.perf_counter() - start)
    return best


def _state_bytes(optimizer):
    entries = (v for entry in optimizer.state.values() for v in entry.values())
    return sum(v._array.nbytes for v in entries if isinstance(v, TensorBase))
