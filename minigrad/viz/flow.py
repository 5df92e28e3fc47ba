"""What flows through a network: gradients by layer, their exponents, activations, landscapes."""

import math

import numpy as np

from ..dtypes import finfo
from ..engine.graph import TensorBase
from ..engine.modes import no_grad
from ..nn.modes import mode
from .marks import Bars, Line, Points, Span, Text
from .panel import Panel
from .picture import picture
from .style import AMBER, BLUE, GREEN, GREY, INK, RED, color_of

STATUS = {"ok": BLUE, "zero": RED, "none": RED, "frozen": GREY}
SAID = {"zero": "all zero", "none": "no gradient", "frozen": "frozen"}


def gradient_flow(flow, title="gradient flow", path=None):
    """Norms of gradients and weights by parameter, from :func:`minigrad.debug.gradient_flow`.

    ``flow`` may also be a model: the gradients that its parameters hold are drawn. Bars are the
    norms of gradients on a log axis, dots those of the weights; a parameter without a gradient, or
    with one that is all zero, is written in red.
    """
    flow = _held(flow) if hasattr(flow, "named_parameters") else flow
    names = list(flow)
    norms = [flow[name]["norm"] or 0.0 for name in names]
    weights = [flow[name]["weight_norm"] or 0.0 for name in names]
    states = [flow[name]["status"] for name in names]
    known = [value for value in (*norms, *weights) if value > 0 and math.isfinite(value)]
    floor = 10 ** math.floor(math.log10(min(known, default=1e-3)) - 0.3)
    colors = [STATUS[state] for state in states]
    places = np.arange(len(names))
    panel = Panel(xlabel="norm of the gradient (bars) and of the weight (dots)", log="x", grid="x")
    panel.xlim, panel.ylim = (floor, None), (len(names) - 0.5, -0.5)
    high = np.maximum(norms, floor)
    panel.add(Bars(colors, np.full(len(names), floor), high, places - 0.31, places + 0.31))
    shown = np.array(weights) > 0
    panel.add(Points(AMBER, np.array(weights)[shown], places[shown], 2.6))
    for place, state in zip(places, states, strict=True):
        if state != "ok":
            panel.add(Text(STATUS[state], floor, place, SAID[state], shift=(5, 0)))
    inks = [INK if state == "ok" else STATUS[state] for state in states]
    panel.tick("y", places, names, inks)
    return picture([panel], (6.6, 0.8 + 0.2 * len(names)), title, path)


def update_ratio(flow, title="size of an update relative to its weight", path=None):
    """Ratios by parameter, from :func:`minigrad.debug.gradient_flow` with an ``optimizer``.

    The green line is the usual 1e-3; outside of the band, 1e-5 to 1e-1, the learning rate is
    likely wrong. Source: Karpathy 2019. ValueError where no row has a ratio.
    """
    rows = {name: row["ratio"] for name, row in flow.items() if row["ratio"]}
    if not rows:
        raise ValueError("no row has a ratio: give gradient_flow the optimizer that makes the step")
    places = np.arange(len(rows))
    panel = Panel(xlabel="norm of the update / norm of the weight", log="x", grid="")
    panel.add(
        Span(GREEN, low=1e-5, high=1e-1, opacity=0.1),
        Span(GREEN, low=1e-3, high=1e-3),
        Points(BLUE, list(rows.values()), places, 3.5),
    )
    shown = [*rows.values(), 1e-5, 1e-1]
    panel.xlim, panel.ylim = (0.5 * min(shown), 2 * max(shown)), (len(rows) - 0.5, -0.5)
    panel.tick("y", places, list(rows))
    return picture([panel], (6.6, 0.9 + 0.2 * len(rows)), title, path)


def _held(model):
    """What :func:`minigrad.debug.gradient_flow` says of the gradients that a model holds."""
    flow = {}
    for name, parameter in model.named_parameters():
        grad = parameter.grad
        norm = 0.0 if grad is None else grad.double().norm().item()
        given = "none" if grad is None else "ok" if norm else "zero"
        flow[name] = {
            "norm": norm, "weight_norm": parameter.detach().double().norm().item(),
            "status": given if parameter.requires_grad else "frozen",
        }  # fmt: skip
    return flow


def exponents(report, title=None, path=None):
    """Histograms of the exponents of gradients with the bands of a narrow format.

    From :func:`minigrad.debug.underflow_report`: below the normal numbers of the format lie its
    subnormal ones, and left of these all becomes 0. Weights and activations apart. Source:
    Micikevicius et al. 2018, figure 3.
    """
    limits = finfo(report.dtype)
    normal, tiniest = math.log2(limits.tiny), math.log2(limits.smallest_normal * limits.eps)
    kinds = [kind for kind in ("activation", "weight") if any(r.kind == kind for r in report.rows)]
    found = [exponent for row in report.rows for exponent in row.exponents]
    edges = min([*found, tiniest - 3]) - 1, max([*found, normal + 2]) + 1
    panels = [_exponents(report, kind, tiniest, normal, edges) for kind in kinds]
    panels[-1].xlabel = "exponent: log2 of the magnitude"
    title = title or f"gradients and {report.dtype.name}"
    return picture(panels, (7.2, 1.1 + 1.9 * len(kinds)), title, path, columns=1)


def _exponents(report, kind, tiniest, normal, edges):
    """The histogram of one kind of gradients, over the bands below the normal numbers."""
    totals = {}
    for row in report.rows:
        for exponent, count in zip(row.exponents, row.counts, strict=True):
            if row.kind == kind:
                totals[int(exponent)] = totals.get(int(exponent), 0) + int(count)
    whole, places = sum(totals.values()) or 1, np.array(list(totals), dtype=float)
    shares = [100 * count / whole for count in totals.values()]
    lost = report.share("lost", report.scales[0], kind)
    panel = Panel(f"{kind} gradients, % of all; {100 * lost:.1f} % become 0")
    panel.xlim, panel.ylim = edges, (0, 1.2 * max(shares, default=1))  # room for the two names
    panel.add(
        Span(AMBER, low=tiniest, high=normal, opacity=0.16),
        Span(RED, low=edges[0], high=tiniest, opacity=0.12),
        Bars(BLUE, places - 0.45, places + 0.45, np.zeros(len(places)), shares),
        Text(RED, tiniest, 0.93, "becomes 0", anchor="end", shift=(-5, 0), share="y"),
        Text(AMBER, tiniest, 0.93, "subnormal", shift=(5, 0), share="y"),
    )
    return panel


def activations(model, *inputs, bins=60, title="activations", path=None):
    """Histograms of what each layer without sub-modules gives, for a batch, in evaluation mode.

    Zeros are not drawn, their share stands below: for ReLU those are the units that are off.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(3, 8), mg.nn.ReLU())
    >>> [panel.title for panel in activations(net, mg.rand(16, 3)).panels]
    ['0 Linear', '1 ReLU']
    """
    found = _outputs(model, inputs)
    if not found:
        raise ValueError("the model called no layer that gave a tensor")
    columns = min(4, len(found))
    size = min(2.4 * columns, 7.6), 0.4 + 1.6 * -(-len(found) // columns)  # a notebook is narrow
    panels = [_histogram(name, values, bins) for name, values in found.items()]
    return picture(panels, size, title, path, columns)


def _histogram(name, values, bins):
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite[finite != 0], bins)
    panel = Panel(name, _described(values, finite), grid="").tick("y", [], [])
    return panel.add(Bars(BLUE, edges[:-1], edges[1:], np.zeros(bins), counts))


def _described(values, finite):
    """A line about the values of a layer."""
    parts = [f"mean {finite.mean():.2g}, std {finite.std():.2g}"] if len(finite) else []
    zeros = (values == 0).mean()
    if zeros > 0.005:
        parts.append(f"{100 * zeros:.0f} % zeros")
    if len(finite) < len(values):
        parts.append(f"{len(values) - len(finite)} not finite")
    return "; ".join(parts)


def _outputs(model, inputs):
    """{path and class of a layer: its values}, by hooks that are gone afterwards."""
    found, handles = {}, []
    for path, module in model.named_modules():
        if any(True for _ in module.children()):
            continue
        name = f"{path} {type(module).__name__}".strip()

        def note(module, args, output, name=name):
            if isinstance(output, TensorBase) and output.is_floating_point():
                found[name] = output.detach().float().cpu().numpy().ravel().copy()

        handles.append(module.register_forward_hook(note))
    try:
        with mode(model), no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return found


def _by_name(found):
    """{name: one} of one or of {name: one}, the name of one alone being None."""
    return found if isinstance(found, dict) else {None: found}


def _log_if_wide(panel):
    """A logarithmic y axis where the positive numbers of the lines span more than a factor 50."""
    shown = np.concatenate([np.asarray(line.y, dtype=float) for line in panel.lines])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if len(shown) and shown.max() > 50 * shown.min():
        panel.log += "y"


def landscape(landscapes, title="loss along the gradient", path=None):
    """Loss and change of the gradient along −g, from :func:`minigrad.debug.landscape`.

    ``landscapes`` is one, or {name: one} to compare models. Source: Santurkar et al. 2018.
    """
    losses, changes = Panel("loss", "step length"), Panel("change of the gradient", "step length")
    for number, (name, found) in enumerate(_by_name(landscapes).items()):
        look = {"marks": True, "name": name}
        losses.add(Line(color_of(number), found.steps, found.losses, **look))
        changes.add(Line(color_of(number), found.steps, found.changes, **look))
    for panel in (losses, changes):
        _log_if_wide(panel)
    return picture([losses, changes], (7.2, 3.0), title, path)


def signal(signals, title="signal by layer", path=None):
    """E[h²] and the variance of gradients by layer, from :func:`minigrad.debug.signal_propagation`.

    ``signals`` is one, or {name: one} to compare initialisations.
    """
    forward = Panel("E[h²]", "layer", log="y")
    backward = Panel("variance of the gradient", "layer", log="y")
    for number, (name, found) in enumerate(_by_name(signals).items()):
        depths = [row.depth for row in found.layers]
        squares = [row.mean_square for row in found.layers]
        spreads = [row.gradient_variance for row in found.layers]
        forward.add(Line(color_of(number), depths, squares, name=name))
        backward.add(Line(color_of(number), depths, spreads, name=name))
    return picture([forward, backward], (7.6, 3.0), title, path)
