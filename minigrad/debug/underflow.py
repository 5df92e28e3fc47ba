"""What a narrow format would lose of a model's gradients, and the loss scale that saves it."""

import math
from dataclasses import dataclass, field

import numpy as np

from .. import dtypes
from ..engine.gradients import grad
from .tables import table
from .trial import Trial, host, noted_outputs

__all__ = ["GradientRow", "UnderflowReport", "underflow_report"]

_NAMES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}
_FORMATS = {"fp8_e4m3": (4, 3), "fp8_e5m2": (5, 2), "tf32": (8, 10)}


@dataclass(frozen=True)
class GradientRow:
    """The gradients of one tensor: ``kind`` is "weight" or "activation".

    ``exponents`` and ``counts`` are the histogram: counts[i] elements lie in [2ᵉ, 2ᵉ⁺¹) for
    e = exponents[i]. ``zero`` is the share that is exactly 0 in float32; ``lost``, ``subnormal``
    and ``overflowing`` are {scale: share of the others} in the narrow format.
    """

    name: str
    kind: str
    size: int
    largest: float
    zero: float
    exponents: np.ndarray
    counts: np.ndarray
    lost: dict
    subnormal: dict
    overflowing: dict


@dataclass(frozen=True)
class UnderflowReport:
    """The rows of :func:`underflow_report`; prints as a table.

    ``recommended_scale`` is the largest power of 2 under which no gradient exceeds a quarter of
    the largest number of the format.
    """

    dtype: dtypes.dtype
    scales: tuple
    recommended_scale: float
    rows: list = field(default_factory=list)

    def share(self, what, scale, kind=None):
        """The share of all gradients that is "lost", "subnormal" or "overflowing" at a scale."""
        rows = [row for row in self.rows if kind in (None, row.kind)]
        weights = [row.size * (1 - row.zero) for row in rows]
        shares = [getattr(row, what)[scale] for row in rows]
        total = sum(weights)
        return sum(w * s for w, s in zip(weights, shares, strict=True)) / total if total else 0.0

    def __str__(self):
        head = ["gradient of", "kind", "largest", "zero", *(f"×{s:g}" for s in self.scales)]
        rows = [head]
        for row in self.rows:
            shares = (row.lost, row.subnormal, row.overflowing)
            cells = ("".join(f"{_percent(share[s]):>5}" for share in shares) for s in self.scales)
            largest = f"2^{math.log2(row.largest):.1f}" if row.largest else "0"
            rows.append([row.name, row.kind, largest, _percent(row.zero), *cells])
        limits = dtypes.finfo(self.dtype)
        return "\n".join(
            [
                *table(rows, left=2),
                "",
                f"per loss scale: % lost, % subnormal, % overflowing in {self.dtype.name} "
                f"(normal from 2^{math.log2(limits.tiny):.0f} to {limits.max:g})",
                f"recommended scale: 2^{math.log2(self.recommended_scale):.0f}",
            ]
        )

    __repr__ = __str__


def underflow_report(model, loss_fn, batch, dtype="fp16", scales=(1, 8, 256, 2**16)):
    """What a narrow format loses of the gradients of one batch, layer by layer.

    The gradients are computed in the precision of the model on a copy of it; then each is
    multiplied by each of the loss ``scales`` and rounded to ``dtype``: "fp16", "bf16", "fp8_e4m3",
    "fp8_e5m2", "tf32" or an emulated dtype (fp8 is IEEE-like here: e4m3 ends at 240). Weight
    gradients are listed apart from those of activations, which are the outputs of the layers.
    ``batch`` is ``(*inputs, targets)``, ``loss_fn(output, targets)`` a number. Raises ValueError if
    a gradient is not finite. Source: Micikevicius et al. 2018, figure 3.

    >>> import minigrad as mg
    >>> layer = mg.nn.Linear(2, 1, bias=False)
    >>> tiny = lambda output, target: 1e-9 * output.sum()
    >>> report = mg.debug.underflow_report(layer, tiny, (mg.ones(4, 2), None))
    >>> report.share("lost", 1), report.share("lost", 256), report.recommended_scale == 2**41
    (1.0, 0.0, True)
    """
    narrow, scales = _format(dtype), _checked(scales)
    trial = Trial(model, loss_fn, batch)
    outputs = noted_outputs(trial.model)
    found = _gradients(trial, outputs)
    rows = [_row(name, kind, gradient, narrow, scales) for name, kind, gradient in found]
    largest = max((row.largest for row in rows), default=0.0)
    if not largest:
        raise ValueError("underflow_report: every gradient is exactly 0")
    limit = dtypes.finfo(narrow).max / 4
    return UnderflowReport(narrow, scales, _power_below(limit / largest), rows)


def _format(dtype):
    name = _NAMES.get(dtype, dtype) if isinstance(dtype, str) else dtype
    if isinstance(name, str) and name in _FORMATS:
        return dtypes.float_format(*_FORMATS[name])
    found = dtypes.check(name)
    if not found.emulated:
        raise ValueError(f"underflow_report: dtype must be narrower than float32, got {found}")
    return found


def _checked(scales):
    scales = tuple(scales)
    if not scales or not all(math.isfinite(s) and s > 0 for s in scales):
        raise ValueError(f"underflow_report: scales must be positive numbers, got {scales}")
    return scales


def _gradients(trial, outputs):
    """(name, kind, gradient as an array) of every weight, then of every activation."""
    loss = trial.loss()
    named = [(n, "weight", p) for n, p in trial.parameters.items()]
    named += [(path, "activation", t) for path, _, t in outputs if t.requires_grad]
    tensors = list({id(t): t for _, _, t in named}.values())
    pairs = zip(tensors, grad(loss, tensors, allow_unused=True), strict=True)
    found = {id(t): g for t, g in pairs}
    result = []
    for name, kind, tensor in named:
        gradient = found[id(tensor)]
        if gradient is None:
            continue
        array = host(gradient)
        if not np.isfinite(array).all():
            raise ValueError(
                f"underflow_report: the gradient of {name} ({kind}) is not finite; "
                "debug.anomaly() names the op"
            )
        result.append((name, kind, array))
    return result


def _row(name, kind, gradient, narrow, scales):
    magnitude = np.abs(gradient[gradient != 0]).astype(np.float32)
    exponents, counts = np.unique(np.frexp(magnitude)[1] - 1, return_counts=True)
    lost, subnormal, overflowing, tiny = {}, {}, {}, dtypes.finfo(narrow).tiny
    for scale in scales:
        scaled = dtypes.decode(
            dtypes.encode_nearest(magnitude * np.float32(scale), narrow), narrow
        )
        count = max(scaled.size, 1)
        lost[scale] = int((scaled == 0).sum()) / count
        subnormal[scale] = int(((scaled > 0) & (scaled < tiny)).sum()) / count
        overflowing[scale] = int(np.isinf(scaled).sum()) / count
    zero = 1 - magnitude.size / gradient.size if gradient.size else 0.0
    largest = float(magnitude.max(initial=0))
    return GradientRow(
        name, kind, gradient.size, largest, zero, exponents, counts, lost, subnormal, overflowing
    )


def _power_below(bound):
    """The largest power of 2 that is below a bound."""
    fraction, exponent = math.frexp(bound)
    return 2.0 ** (exponent - 1 if fraction > 0.5 else exponent - 2)


def _percent(share):
    percent = 100 * share
    return f"{percent:.0f}" if percent in (0, 100) or percent >= 10 else f"{percent:.1f}"
