"""Whether gradients reach every parameter, and in what size."""

import copy
import math
from collections.abc import Mapping

import numpy as np

from ..engine.graph import values
from ..optim.adam import Adam
from .report import Check, Report
from .specimen import Specimen, laboratory
from .tables import table
from .trace import Trace

RATIOS = (1e-5, 1e-1)  # of an update to its weight; about 1e-3 is usual
OVERTHROW = 1.0  # updates larger than their weights are too large for certain
DEPTH = 1e4  # by which gradients may grow or fall from one end of a network to the other
DEAD, SATURATED = 0.5, 0.5  # of the units, of the values
WARM_STEPS = 3  # after which a gradient that was 0 at first must not be 0 any more


class GradientFlow(Mapping):
    """What :func:`gradient_flow` found: {name of a parameter: row}, in the order of the model.

    A row is a dict of ``shape``, ``status`` (``"ok"``, ``"zero"``, ``"none"`` or ``"frozen"``),
    ``norm`` of the gradient, ``weight_norm``, ``zeros`` (the share of elements that are 0),
    ``ratio`` (norm of the update to that of the weight; None without an optimizer) and ``cut``
    (where the graph was cut). ``activations`` lists dead and saturated units, ``growth`` is the
    factor by which the gradients at the outputs of layers grow from one to the next towards the
    loss (None below four layers). ``checks`` and ``findings`` say what is wrong; ``print`` shows a
    table.
    """

    def __init__(self, rows, growth, activations, checks):
        self._rows = rows
        self.growth = growth
        self.activations = activations
        self.checks = checks

    def __getitem__(self, name):
        return self._rows[name]

    def __iter__(self):
        return iter(self._rows)

    def __len__(self):
        return len(self._rows)

    @property
    def findings(self):
        """The findings of all checks."""
        return [finding for check in self.checks for finding in check.findings]

    @property
    def ok(self):
        """Whether nothing is wrong."""
        return all(check.ok for check in self.checks)

    def __repr__(self):
        return f"<GradientFlow of {len(self)} parameters: {'ok' if self.ok else 'not ok'}>"

    def __str__(self):
        lines = table([("parameter", "shape", "gradient", "norm", "weight", "zeros", "update"),
                       *(_cells(name, row) for name, row in self.items())], left=3)  # fmt: skip
        if self.growth is not None:
            lines.append(f"Gradients grow by {self.growth:.2f} from layer to layer to the loss.")
        lines += [
            f"{a.op} in {a.module!r}: {a.share:.0%} of {a.units} units dead" if a.op == "relu"
            else f"{a.op} in {a.module!r}: {a.share:.0%} of the values saturated"
            for a in self.activations
        ]  # fmt: skip
        return "\n".join([*lines, "", str(Report("Gradient flow", self.checks))])


def gradient_flow(model, loss_fn=None, batch=None, *, optimizer=None, seed=0):
    """Follow the gradients of a batch through a copy of a model; returns :class:`GradientFlow`.

    With a model alone the gradients that it has are read. With ``optimizer`` a step is made on the
    copy, and the median ratio of update to weight should lie in [1e-5, 1e-1]; above 1 is a warning.
    Errors are parameters that the loss does not depend on, with the op where the graph was cut
    (``detached_graph``), gradients that are not finite, and a ReLU all of whose units give 0 for
    the whole batch (``dead_units``; half of them are a warning). Warnings are parameters that do
    not require grad or belong to no group (``frozen_parameters``, ``not_in_optimizer``), gradients
    that are 0 throughout and still so after three steps (``zero_gradient``), units that are equal
    and stay so (``zero_init``, ``symmetric_init``), gradients that vanish or explode on their way,
    and saturated tanh and sigmoid.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(4, 8), mg.nn.ReLU(), mg.nn.Linear(8, 1))
    >>> _ = mg.nn.init.constant_(net[0].bias, -100)
    >>> flow = gradient_flow(net, mg.nn.MSELoss(), (mg.ones(16, 4), mg.ones(16, 1)))
    >>> flow["0.weight"]["status"], [finding.code for finding in flow.findings]
    ('zero', ['zero_gradient', 'dead_units'])
    """
    if (loss_fn is None) != (batch is None):
        raise TypeError("gradient_flow takes a loss function and a batch, or neither")
    if batch is None:
        return _read(model)
    gradients, units = Check("gradient flow"), Check("dead units")
    with laboratory(seed):
        specimen = Specimen(model, loss_fn, optimizer).without_dropout()
        trace = Trace(specimen.model)
        with trace.watching():
            loss = specimen.loss(batch)
            cuts = trace.cuts(loss)
            specimen.backward(batch, loss)
        named = dict(specimen.model.named_parameters())
        lost = {n: p for n, p in named.items() if p.requires_grad and p.grad is None}
        rows = _rows(named, {name: cuts(name, parameter) for name, parameter in lost.items()})
        growth = _growth(trace.returned)
        _find_lost(gradients, rows)
        _find_unowned(gradients, specimen)
        _find_symmetry(gradients, named)
        _find_zeros(gradients, specimen, batch, rows)
        _find_depth(gradients, len(trace.returned), growth)
        if specimen.optimizer is not None:
            _find_ratios(gradients, specimen, batch, named, rows)
        _find_units(units, trace)
    return GradientFlow(rows, growth, trace.activations, [gradients, units])


def _read(model):
    """The flow of the gradients that a model has."""
    check = Check("gradient flow")
    named = dict(model.named_parameters())
    rows = _rows(named, {})
    _find_lost(check, rows)
    zero = [name for name, row in rows.items() if row["status"] == "zero"]
    _report_zeros(check, zero)
    _find_symmetry(check, named)
    return GradientFlow(rows, None, [], [check])


def _rows(named, cuts):
    return {name: _row(parameter, cuts.get(name)) for name, parameter in named.items()}


def _row(parameter, cut):
    weight = values(parameter)
    row = {
        "shape": tuple(parameter.shape), "status": "frozen", "norm": None,
        "weight_norm": _norm(weight), "zeros": None, "ratio": None, "cut": cut,
    }  # fmt: skip
    if parameter.requires_grad or parameter.grad is not None:
        row["status"] = "none"
    if parameter.grad is not None:
        gradient = values(parameter.grad)
        row["norm"] = _norm(gradient)
        row["zeros"] = float((gradient == 0).mean()) if gradient.size else 0.0
        row["status"] = "zero" if row["zeros"] == 1 else "ok"
    return row


def _norm(array):
    return math.sqrt(float((array.astype(np.float64) ** 2).sum()))


def _cells(name, row):
    def number(value):
        return "-" if value is None else f"{value:.3g}"

    zeros = "-" if row["zeros"] is None else f"{row['zeros']:.0%}"
    return (
        name, "×".join(map(str, row["shape"])) or "1", row["status"], number(row["norm"]),
        number(row["weight_norm"]), zeros, number(row["ratio"]),
    )  # fmt: skip


def _weights(rows):
    """The rows of matrices and filters that have a gradient, in the order of the model."""
    return [row for row in rows.values() if len(row["shape"]) > 1 and row["status"] == "ok"]


def _growth(returned):
    """The factor from a layer to the next of the gradient's root mean square, by a fit."""
    sizes = [size for size in returned.values() if size is not None and 0 < size < math.inf]
    if len(sizes) < 4:
        return None
    return float(np.exp(np.polyfit(np.arange(len(sizes)), np.log(sizes), 1)[0]))


def _find_lost(check, rows):
    """Parameters without a gradient, or with one that is not finite."""
    none = {name: row["cut"] for name, row in rows.items() if row["status"] == "none"}
    frozen = [name for name, row in rows.items() if row["status"] == "frozen"]
    bad = [name for name, row in rows.items() if not math.isfinite(row["norm"] or 0.0)]
    if none:
        places = "; ".join(dict.fromkeys(cut for cut in none.values() if cut))
        check.find(
            "detached_graph", "error",
            f"No gradient reaches {_listed(none)}{': ' + places if places else ''}.",
            "Look there for detach(), .data, .numpy(), no_grad or a conversion to integers, or for "
            "a module that is never called.", parameters=list(none), cuts=none,
        )  # fmt: skip
    if frozen:
        check.find(
            "frozen_parameters", "warning", f"{_listed(frozen)} do not require grad.",
            "If they are not frozen on purpose, call requires_grad_().", parameters=frozen,
        )  # fmt: skip
    if bad:
        check.find(
            "non_finite", "error", f"The gradients of {_listed(bad)} are not finite.",
            "Run the step under mg.debug.anomaly(), which says where it begins.", parameters=bad,
        )  # fmt: skip


def _find_unowned(check, specimen):
    if specimen.optimizer is None:
        return
    owned = {id(p) for group in specimen.optimizer.param_groups for p in group["params"]}
    missing = [
        name for name, p in specimen.model.named_parameters()
        if p.requires_grad and id(p) not in owned
    ]  # fmt: skip
    if missing:
        check.find(
            "not_in_optimizer", "warning", f"The optimizer does not have {_listed(missing)}.",
            "Make the optimizer of model.parameters(), after the model is complete.",
            parameters=missing,
        )  # fmt: skip


def _find_symmetry(check, named):
    """Hidden units that are equal and get equal gradients stay one unit for ever."""
    sizes = [np.abs(values(p.grad)).max() for p in named.values() if p.grad is not None]
    largest = float(max(sizes, default=0.0))
    for code, wanted in (("zero_init", True), ("symmetric_init", False)):
        names = [
            name for name, p in named.items()
            if p.grad is not None and p.ndim > 1 and p.shape[0] > 1 and _is_symmetric(p, largest)
            and (not values(p).any()) is wanted
        ]  # fmt: skip
        if names:
            check.find(
                code, "warning",
                f"All units of {_listed(names)} are {'0' if wanted else 'equal'}, and so are their "
                "gradients: they stay equal.",
                "Initialise weights at random (mg.nn.init.kaiming_normal_, xavier_uniform_).",
                parameters=names,
            )  # fmt: skip


def _is_symmetric(parameter, largest):
    """Whether all rows and all rows of the gradient are equal, to rounding."""
    weight, gradient = values(parameter), values(parameter.grad)
    slack = 1e-5 * float(np.abs(gradient).max()) + 1e-7 * largest
    return bool((weight == weight[:1]).all()) and bool(
        (np.abs(gradient - gradient[:1]) <= slack).all()
    )


def _find_zeros(check, specimen, batch, rows):
    """Gradients that are 0, and still so after some steps: a last layer of zeros recovers."""
    zero = [name for name, row in rows.items() if row["status"] == "zero"]
    if not zero:
        return
    later = copy.deepcopy(specimen)
    later.optimizer = Adam(later.trainable, lr=1e-3)
    for _ in range(WARM_STEPS):
        later.step(batch)
    later.backward(batch)
    named = dict(later.model.named_parameters())
    _report_zeros(check, [n for n in zero if not values(named[n].grad).any()])


def _report_zeros(check, names):
    if names:
        check.find(
            "zero_gradient", "warning", f"The gradients of {_listed(names)} are 0 throughout.",
            "Look for dead or saturated units and for layers of zeros behind them.",
            parameters=names,
        )  # fmt: skip


def _find_depth(check, depth, growth):
    if growth is None:
        return
    total = growth ** (depth - 1)
    if not 1 / DEPTH <= total <= DEPTH:
        vanish = total > 1
        check.find(
            "vanishing_gradients" if vanish else "exploding_gradients", "warning",
            f"From the loss back to the first of {depth} layers gradients "
            f"{'fall' if vanish else 'grow'} by a factor of {max(total, 1 / total):.1e}.",
            "Initialise for the activation (He for ReLU), normalise, or add residual connections.",
            growth=growth, depth=depth,
        )  # fmt: skip


def _find_ratios(check, specimen, batch, named, rows):
    """What a step of the optimizer changes, relative to the weights."""
    before = {name: values(p).copy() for name, p in named.items()}
    _undo_warmup(specimen.optimizer)
    specimen.step(batch)
    for name, parameter in named.items():
        norm = rows[name]["weight_norm"]
        if rows[name]["status"] == "ok" and norm > 0:
            rows[name]["ratio"] = _norm(values(parameter) - before[name]) / norm
    ratios = [row["ratio"] for row in _weights(rows) if row["ratio"] is not None]
    if not ratios:
        return
    check.number = float(np.median(ratios))
    check.threshold, check.measure = 1e-3, "update to weight, median, about"
    if not RATIOS[0] <= check.number <= RATIOS[1]:
        large = check.number > RATIOS[1]
        check.find(
            "update_ratio", "warning" if check.number > OVERTHROW else "info",
            f"A step changes the weights by {check.number:.1e} of their size; about 1e-3 is usual.",
            f"The learning rate may be too {'high' if large else 'low'}.", ratio=check.number,
        )  # fmt: skip


def _undo_warmup(optimizer):
    """Set the rates to what schedules make of them at most: a warmup may begin at 0."""
    for group in optimizer.param_groups:
        group["lr"] = peak_rate(group)


def peak_rate(group):
    """The largest rate that a group is known to get."""
    return max(float(group[key]) for key in ("lr", "initial_lr", "max_lr") if key in group)


def _find_units(check, trace):
    """Dead ReLUs and saturated activations."""
    relus = [a for a in trace.activations if a.op == "relu"]
    others = [a for a in trace.activations if a.op != "relu"]
    dead = [a for a in relus if a.share > DEAD]
    if dead:
        check.find(
            "dead_units", "error" if any(a.share == 1 for a in dead) else "warning",
            "; ".join(f"{a.share:.0%} of the {a.units} units in {trace.where(a.module)}"
                      for a in dead) + " give 0 for every sample.",
            "Look at the biases and the scale of the weights before it; LeakyReLU or a norm in "
            "front keeps units alive.", layers={a.module: a.share for a in dead},
        )  # fmt: skip
    saturated = [a for a in others if a.share > SATURATED]
    if saturated:
        check.find(
            "saturation", "warning",
            "; ".join(f"{a.share:.0%} of the values of {a.op} in {trace.where(a.module)}"
                      for a in saturated) + " are saturated.",
            "Standardise the inputs, and initialise for the activation (Xavier).",
            layers={a.module: a.share for a in saturated},
        )  # fmt: skip
    if trace.activations:
        check.number, check.threshold = max(a.share for a in trace.activations), DEAD
        check.measure = "share of dead or saturated units, at most"


def _listed(names):
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
