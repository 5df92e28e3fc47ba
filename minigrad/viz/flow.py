"""What flows through a network: gradients by layer, their exponents, activations, landscapes."""

import math

import numpy as np

from ..dtypes import finfo
from ..engine.graph import TensorBase
from ..engine.modes import no_grad
from ..nn.modes import mode
from .style import (
    AMBER,
    BLUE,
    FAINT,
    GREY,
    INK,
    MUTED,
    RED,
    SERIES,
    finished,
    named,
    picture,
)

STATUS = {"ok": BLUE, "zero": RED, "none": RED, "frozen": GREY}


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
    known = [value for value in (*norms, *weights) if value > 0 and math.isfinite(value)]
    floor = 10 ** math.floor(math.log10(min(known, default=1e-3)) - 0.3)
    figure, axes = picture(6.6, 0.9 + 0.24 * len(names), title=title)
    axes.grid(False)
    axes.grid(axis="x", color=FAINT, linewidth=0.7)
    places = range(len(names))
    colors = [STATUS[flow[name]["status"]] for name in names]
    axes.barh(places, [max(v - floor, 0.0) for v in norms], left=floor, color=colors, height=0.62)
    shown = [(weight, place) for weight, place in zip(weights, places, strict=True) if weight > 0]
    if shown:
        axes.scatter(*zip(*shown, strict=True), s=14, color=AMBER, zorder=3)
    axes.set_xscale("log")
    axes.set_xlim(left=floor)
    axes.set_yticks(places, names)
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        status = flow[name]["status"]
        if status != "ok":
            label.set_color(STATUS[status])
            text = {"zero": " all zero", "none": " no gradient", "frozen": " frozen"}[status]
            place, color = names.index(name), STATUS[status]
            axes.text(floor, place, text, va="center", fontsize=8, color=color)
    axes.invert_yaxis()
    named(axes, x="norm of the gradient (bars) and of the weight (dots)")
    return finished(figure, path)


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
    title = title or f"gradients and {report.dtype.name}"
    figure, axes = picture(7.2, 1.1 + 2.0 * len(kinds), len(kinds), 1, title, sharex=True)
    for one, kind in zip(figure.axes, kinds, strict=True):
        totals = {}
        for row in report.rows:
            for exponent, count in zip(row.exponents, row.counts, strict=True):
                if row.kind == kind:
                    totals[int(exponent)] = totals.get(int(exponent), 0) + int(count)
        whole = sum(totals.values()) or 1
        one.bar(list(totals), [100 * n / whole for n in totals.values()], color=BLUE, width=0.9)
        one.axvspan(tiniest, normal, color=AMBER, alpha=0.16, linewidth=0)
        one.axvspan(min([*totals, tiniest - 4]) - 1, tiniest, color=RED, alpha=0.12, linewidth=0)
        lost = report.share("lost", report.scales[0], kind)
        named(one, f"{kind} gradients, % of all; {100 * lost:.1f} % become 0")
        top = one.get_ylim()[1]
        for shift, side, text, color in (
            (-0.4, "right", "becomes 0", RED), (0.4, "left", "subnormal", AMBER)
        ):  # fmt: skip
            place = tiniest + shift, 0.93 * top
            one.text(*place, text, ha=side, va="top", fontsize=8, color=color)
    named(figure.axes[-1], x="exponent: log2 of the magnitude")
    return finished(figure, path)


def activations(model, *inputs, bins=60, title="activations", path=None):
    """Histograms of what each layer without sub-modules gives, for a batch, in evaluation mode.

    Zeros are not drawn, their share stands below: for ReLU those are the units that are off.

    >>> import minigrad as mg
    >>> net = mg.nn.Sequential(mg.nn.Linear(3, 8), mg.nn.ReLU())
    >>> [axes.get_title(loc="left") for axes in activations(net, mg.rand(16, 3)).axes]
    ['0 Linear', '1 ReLU']
    """
    found = _outputs(model, inputs)
    if not found:
        raise ValueError("the model called no layer that gave a tensor")
    columns = min(4, len(found))
    rows = -(-len(found) // columns)
    figure, axes = picture(2.3 * columns, 0.5 + 1.6 * rows, rows, columns, title)
    axes = np.atleast_1d(axes).ravel()
    for one, (name, values) in zip(axes, found.items(), strict=False):
        finite = values[np.isfinite(values)]
        one.hist(finite[finite != 0], bins=bins, color=BLUE)
        one.set_yticks([])
        one.grid(False)
        named(one, name, _described(values, finite))
        one.xaxis.label.set(fontsize=7.5, color=MUTED)
    for spare in axes[len(found) :]:
        figure.delaxes(spare)
    return finished(figure, path)


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


def landscape(landscapes, title="loss along the gradient", path=None):
    """Loss and change of the gradient along −g, from :func:`minigrad.debug.landscape`.

    ``landscapes`` is one, or {name: one} to compare models. Source: Santurkar et al. 2018.
    """
    if not isinstance(landscapes, dict):
        landscapes = {"": landscapes}
    figure, axes = picture(7.2, 3.0, 1, 2, title)
    for color, (name, found) in zip(SERIES, landscapes.items(), strict=False):
        for one, values in zip(figure.axes, (found.losses, found.changes), strict=True):
            one.plot(found.steps, values, color=color, linewidth=1.8, marker="o", markersize=3)
            finite = [value for value in values if math.isfinite(value)]
            if name and finite:
                one.annotate(
                    name, (found.steps[len(finite) - 1], finite[-1]), xytext=(4, 0),
                    textcoords="offset points", fontsize=8.5, color=color, va="center",
                )  # fmt: skip
    for one, what in zip(figure.axes, ("loss", "change of the gradient"), strict=True):
        named(one, what, "step length")
        shown = np.concatenate([line.get_ydata() for line in one.lines])
        shown = shown[np.isfinite(shown) & (shown > 0)]
        if len(shown) and shown.max() > 50 * shown.min():
            one.set_yscale("log")
    return finished(figure, path)


def signal(signals, title="signal by layer", path=None):
    """E[h²] and the variance of gradients by layer, from :func:`minigrad.debug.signal_propagation`.

    ``signals`` is one, or {name: one} to compare initialisations.
    """
    if not isinstance(signals, dict):
        signals = {"": signals}
    figure, axes = picture(7.2, 3.0, 1, 2, title)
    for color, (name, found) in zip(SERIES, signals.items(), strict=False):
        depths = [row.depth for row in found.layers]
        forward = [row.mean_square for row in found.layers]
        backward = [row.gradient_variance for row in found.layers]
        figure.axes[0].plot(depths, forward, color=color, linewidth=1.8, label=name)
        figure.axes[1].plot(depths, backward, color=color, linewidth=1.8)
    for one, what in zip(figure.axes, ("E[h²]", "variance of the gradient"), strict=True):
        named(one, what, "layer")
        one.set_yscale("log")
    if any(signals):
        figure.axes[0].legend(frameon=False, fontsize=8, labelcolor=INK)
    return finished(figure, path)
