"""The figures and pictures of docs/precision.md: ``python -m docs.precision`` measures them again.

Run it from the root of the repository; it takes a minute on one core and needs the
extra ``test``.
"""

import inspect
import re
import statistics
import sys
import time
from pathlib import Path

import numpy as np

import minigrad as mg
from benchmarks import harness, model_steps
from docs.blocks import refresh
from minigrad import amp, nn
from minigrad.engine.op import OPS
from tests.amp import digits

PAGE = Path(__file__).with_name("precision.md")
PICTURES = PAGE.parent / "pictures"
E4M3, E5M2 = mg.float_format(4, 3), mg.float_format(5, 2)
FORMATS = {
    "float32": mg.float32,
    "bfloat16": mg.bfloat16,
    "float16": mg.float16,
    "e5m2": E5M2,
    "e4m3": E4M3,
}
# the colours of Okabe and Ito, told apart by colour-blind readers
COLORS = {
    "float32": "#000000",
    "bfloat16": "#0072B2",
    "float16": "#D55E00",
    "e5m2": "#CC79A7",
    "e4m3": "#009E73",
}
SKY, ORANGE, FAINT = "#56B4E9", "#E69F00", "#d8dee4"
SCALES = (1, 8, 256, 2**16)


# ------------------------------------------------------------------ text


def table(head, rows):
    """A Markdown table; every column after the first is right-aligned."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def power(number):
    """2 to a whole or fractional power, for a table or a label."""
    exponent = np.log2(number)
    return f"2^{exponent:.0f}" if exponent == round(exponent) else f"2^{exponent:.1f}"


def superscript(text):
    """``2^-14`` as 2⁻¹⁴."""
    raised = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")
    return re.sub(r"\^([-\d.]+)", lambda m: m[1].translate(raised), text)


def percent(share):
    return f"{100 * share:.1f} %"


def joined(names):
    return ", ".join(f"`{name}`" for name in sorted(names))


# ------------------------------------------------------------------ pictures


def canvas(height, *shape, **options):
    """A figure 7.2 inches wide, 691 pixels on a page, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, height), layout="constrained")
    axes = figure.subplots(*shape, **options)
    for ax in np.ravel(axes):
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def save(figure, name):
    """Write a picture; the same numbers give the same bytes."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(PICTURES / f"precision-{name}.svg", metadata={"Date": None})


def powers_of_two(axis, exponents):
    """Mark powers of two on an axis that shows log2."""
    axis.set_ticks(list(exponents), [superscript(f"2^{e}") for e in exponents])


# ------------------------------------------------------------------ number lines


def grid(dtype):
    """All positive finite numbers of a format with few enough of them."""
    limits = mg.finfo(dtype)
    steps = np.arange(0, 1, limits.eps)
    top = int(np.log2(limits.max))
    lowest = int(np.log2(limits.tiny))
    normal = (1 + steps) * 2.0 ** np.arange(lowest, top + 1)[:, None]
    return np.concatenate([steps[1:] * limits.tiny, normal.ravel()])


def smallest(dtype):
    """The smallest power of two that the format does not round to 0."""
    powers = 2.0 ** np.arange(-149, 0)
    stored = mg.tensor(powers.astype(np.float32)).to(dtype).float().numpy()
    return float(powers[np.flatnonzero(stored)[0]])


def formats_block():
    rows = []
    for name, dtype in FORMATS.items():
        limits = mg.finfo(dtype)
        bits = f"{dtype.exponent_bits} + {dtype.mantissa_bits}"
        largest = f"{limits.max:.6g}"
        digits_kept = (dtype.mantissa_bits + 1) * np.log10(2)
        powers = map(superscript, map(power, (limits.tiny, smallest(dtype), limits.eps)))
        rows.append([name, bits, largest, *powers, f"{digits_kept:.1f}", dtype.itemsize])
    head = (
        "format", "exponent + mantissa bits", "largest", "smallest normal", "smallest subnormal",
        "eps, the gap above 1", "decimal digits", "bytes stored here",
    )  # fmt: skip
    return table(head, rows)


def draw_spacing():
    figure, ax = canvas(4.4)
    low, high = -50, 26
    ax.plot([low, high], [low, high], color=FAINT, linewidth=1.2)
    ax.text(-47, -44.5, "gap as large as the number", rotation=37, fontsize=9, color="#57606a")
    for name, dtype in FORMATS.items():
        limits = mg.finfo(dtype)
        first, last = np.log2(smallest(dtype)), np.log2(limits.max)
        x = np.array([max(first, low), *range(max(int(first), low) + 1, 128)])
        x = np.append(x[x < min(last, high)], min(last, high))
        gap = np.maximum(np.floor(x - 1e-9), np.log2(limits.tiny)) - dtype.mantissa_bits
        color = COLORS[name]
        ax.step(x, gap, where="pre", color=color, linewidth=2, label=name)
        if first >= low:
            ax.plot(first, gap[0], "o", color=color, markersize=6)
        if last <= high:
            ax.plot(last, gap[-1], "s", color=color, markersize=6)
    ax.set(xlim=(low, high), ylim=(-76, 20), xlabel="size of a number", ylabel="gap to the next")
    powers_of_two(ax.xaxis, range(-48, 25, 8))
    powers_of_two(ax.yaxis, range(-72, 17, 8))
    ax.grid(color=FAINT, linewidth=0.6)
    ax.legend(loc="lower right", title="● smallest number  ■ largest", ncols=2)
    save(figure, "spacing")


def draw_numbers():
    figure, panels = canvas(3.9, 2)
    ranges = (0.0, 4.0), (0.97, 1.03)
    shown = ("bfloat16", "e4m3", "e5m2"), ("float32", "float16", "bfloat16", "e4m3")
    for ax, (low, high), names in zip(panels, ranges, shown, strict=True):
        ax.set(xlim=(low, high), ylim=(-0.6, len(names) - 0.4))
        for row, name in enumerate(reversed(names)):
            draw_line_of_numbers(ax, row, name, low, high)
        ax.set_yticks(range(len(names)), reversed(names))
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
    panels[0].set_title("Every number between 0 and 4", loc="left", fontsize=10)
    panels[1].set_title("Every number around 1", loc="left", fontsize=10)
    save(figure, "numbers")


def draw_line_of_numbers(ax, row, name, low, high):
    """A stroke for each number; a bar where they are closer than two pixels."""
    numbers = np.array([low, high])
    apart = high
    if name != "float32":  # everywhere a bar, and too many numbers to list
        numbers = grid(FORMATS[name])
        numbers = numbers[(numbers >= low) & (numbers <= high)]
        wide = np.flatnonzero(np.diff(numbers) > (high - low) / 320)
        apart = numbers[wide[0]] if len(wide) else low
    color = COLORS[name]
    if apart > numbers[0]:
        ax.barh(row, apart - low, 0.66, low, color=color)
    ax.vlines(numbers[numbers >= apart], row - 0.33, row + 0.33, color=color, linewidth=1)


# ------------------------------------------------------------------ stagnation

UPDATES, UPDATE, WEIGHTS = 1000, 1e-4, 1000


def computed_in(dtype, random=False):
    """Weights from 1, after each update computed in ``dtype``: (updates, weights)."""
    weight, path = mg.ones(WEIGHTS, dtype=dtype), []
    with amp.stochastic_rounding(mg.Generator().manual_seed(0), enabled=random):
        for _ in range(UPDATES):
            weight = weight - UPDATE
            path.append(weight.float().numpy())
    return np.array(path, dtype=np.float64)


def with_master(dtype):
    """The same for one weight that an optimizer updates through its float32 master weight."""
    weight = mg.ones(1, dtype=dtype).requires_grad_()
    optimizer, path = mg.optim.SGD([weight], lr=UPDATE), []
    for _ in range(UPDATES):
        weight.grad = mg.ones(1, dtype=dtype)
        optimizer.step()
        path.append([weight.item()])
    return np.array(path)


def stagnation_block():
    halves = {name: FORMATS[name] for name in ("float16", "bfloat16")}
    paths = {"float32": computed_in(mg.float32)}
    paths.update({name: computed_in(d) for name, d in halves.items()})
    paths.update({f"{name} + master weight": with_master(d) for name, d in halves.items()})
    paths.update({f"{name}, stochastic": computed_in(d, True) for name, d in halves.items()})
    draw_stagnation(paths)
    rows = []
    for name, path in paths.items():
        last, spread = path[-1], ""
        if "stochastic" in name:
            spread = f"{last.std():.3f}"
        rows.append((name, f"{last.mean():.5f}", spread))
    text = f"{UPDATES} updates of -10^{np.log10(UPDATE):.0f} to a weight of 1; exact: "
    text += f"{1 - UPDATES * UPDATE:.1f}. Stochastic: mean and spread of {WEIGHTS} weights.\n\n"
    return superscript(text) + table(("weight", "at the end", "standard deviation"), rows)


def draw_stagnation(paths):
    figure, ax = canvas(4.2)
    steps = np.arange(1, UPDATES + 1)
    master, random = paths["bfloat16 + master weight"], paths["bfloat16, stochastic"]
    curves = [
        (paths["float16"][:, 0], COLORS["float16"], 4.5, "-", "float16: stuck"),
        (paths["bfloat16"][:, 0], COLORS["bfloat16"], 1.6, (0, (5, 3)), "bfloat16: stuck"),
        (random[:, 0], COLORS["e4m3"], 1.3, "-", "bfloat16, stochastic: one weight"),
        (random.mean(1), COLORS["e5m2"], 5, "-", f"bfloat16, stochastic: mean of {WEIGHTS}"),
        (paths["float32"][:, 0], COLORS["float32"], 1.6, "-", "float32"),
        (master[:, 0], COLORS["bfloat16"], 1.6, "-", "bfloat16 with float32 master weight"),
    ]
    for values, color, width, style, label in curves:
        ax.plot(steps, values, color=color, linewidth=width, linestyle=style, label=label)
    ax.set(xlim=(0, UPDATES), xlabel="updates", ylabel="weight")
    ax.grid(color=FAINT, linewidth=0.6)
    ax.legend(loc="lower left")
    save(figure, "stagnation")


# ------------------------------------------------------------------ underflow


def activation_gradients():
    """Gradients of all activations of a trained network of 8 layers, in float32."""
    model, found = digits.trained(digits.network(8), epochs=10, lr=0.02), []
    x, _, y, _ = digits.data()
    hidden = x.clone().requires_grad_()
    for layer in model:
        hidden = layer(hidden)
        hidden.register_hook(lambda g: found.append(g.numpy().ravel().copy()))
    nn.functional.cross_entropy(hidden, y).backward()
    return np.concatenate(found)


def lost(gradients, scale, dtype):
    """The shares of gradients that become 0, and that become infinite, at a loss scale."""
    stored = amp.round_to(mg.tensor(gradients * np.float32(scale)), dtype).numpy()
    return np.mean(stored == 0), np.mean(np.isinf(stored))


def underflow_block():
    gradients = activation_gradients()
    living = gradients[gradients != 0]
    draw_underflow(living)
    rows = []
    for name in ("float16", "e5m2", "bfloat16"):
        shares = [lost(living, scale, FORMATS[name]) for scale in SCALES]
        cells = [percent(zero) + (f", {percent(inf)} inf" if inf else "") for zero, inf in shares]
        rows.append((name, *cells))
    dead = percent(1 - len(living) / len(gradients))
    text = (
        f"{len(gradients):,} gradients of activations. {dead} of them are exactly 0 behind a ReLU "
        "and left out. Of the others turn into 0 (or inf):\n\n"
    )
    heads = [f"scale {superscript(power(s)) if s > 256 else s}" for s in SCALES]
    return text + table(("gradients kept in", *heads), rows)


def draw_underflow(gradients):
    figure, (ax, below) = canvas(5.6, 2, height_ratios=(3, 2))
    logs, half = np.log2(np.abs(gradients)), mg.float16
    normal, zero = np.log2(mg.finfo(half).tiny), np.log2(smallest(half)) - 1
    low, high = np.floor(np.quantile(logs, 1e-3)) - 1, 0
    bands = [(low, zero, "zero", "#f3c9ae"), (zero, normal, "subnormal", "#fae8db")]
    share = np.full(len(logs), 100 / len(logs))
    ax.hist(logs, np.arange(low, high + 1), weights=share, color="#57606a", rwidth=0.88, zorder=2)
    top = ax.get_ylim()[1] * 1.18
    for left, right, label, color in [*bands, (normal, high, "normal", "#ffffff")]:
        ax.axvspan(left, right, color=color, zorder=0)
        text = f"float16: {label}" if label == "zero" else label
        ax.text((left + right) / 2, 0.93 * top, text, ha="center", fontsize=10)
    ax.set(xlim=(low, high), ylim=(0, top), xlabel="|gradient|, unscaled", ylabel="% of them")
    powers_of_two(ax.xaxis, range(int(low) + int(-low) % 8, 1, 8))
    exponents = np.arange(0, 33)
    for name in ("float16", "e5m2", "bfloat16"):
        shares = np.array([lost(gradients, 2.0**e, FORMATS[name]) for e in exponents])
        below.plot(exponents, 100 * shares[:, 0], color=COLORS[name], linewidth=2, label=name)
        if shares[:, 1].any():
            below.plot(exponents, 100 * shares[:, 1], ":", color=COLORS[name], linewidth=2)
    below.set(xlim=(0, 32), xlabel="loss scale", ylabel="% lost", ylim=(-3, 100))
    powers_of_two(below.xaxis, range(0, 33, 4))
    below.grid(color=FAINT, linewidth=0.6)
    below.legend(loc="upper center", ncols=3, title="solid: become 0, dotted: become infinite")
    save(figure, "underflow")


# ------------------------------------------------------------------ loss scaling


class Recorder(amp.GradScaler):
    """A GradScaler that remembers the scale of every step, and the steps it skipped."""

    def __init__(self, **options):
        super().__init__(**options)
        self.scales, self.skipped = [], []

    def step(self, optimizer):
        stepped = super().step(optimizer)
        if not stepped:
            self.skipped.append(len(self.scales))
        self.scales.append(self.get_scale())
        return stepped


def training_block():
    tiny = {"epochs": 8, "lr": 0.08, "size": 256, "loss_factor": 1e-5}
    usual = {**tiny, "loss_factor": 1.0}
    dynamic = {"init_scale": 2.0**24}
    runs = [
        ("float32", None, None),
        ("bfloat16", mg.bfloat16, None),
        ("float16", mg.float16, None),
        ("float16, GradScaler()", mg.float16, {}),
        (superscript("float16, GradScaler from 2^24"), mg.float16, dynamic),
    ]
    rows = []
    for name, dtype, options in runs:
        found = []
        for setting in (usual, tiny):
            scaler = None if options is None else Recorder(**options)
            model = digits.trained(digits.network(4), dtype, scaler, **setting)
            skips = ""
            if scaler is not None and scaler.skipped:
                skips = f", {len(scaler.skipped)} of {len(scaler.scales)} steps skipped"
            found.append(f"{digits.accuracy(model, dtype):.3f}{skips}")
        rows.append((name, *found))
    head = ("trained in", "usual loss", superscript("loss × 10^-5, rate × 10^5"))
    return table(head, rows)


def scale_block():
    scaler = Recorder(init_scale=2.0**24, growth_interval=40)
    model = digits.trained(digits.network(4), mg.float16, scaler, epochs=12)
    draw_scale(scaler)
    skips, steps = len(scaler.skipped), len(scaler.scales)
    first = next(i for i in range(steps) if i not in scaler.skipped)
    return (
        f"{steps} steps from a scale of {superscript('2^24')}, doubled after 40 good ones (2000 by "
        f"default, too many for a run this short): the first {first} are skipped, {skips} in all, "
        f"and the test accuracy is {digits.accuracy(model, mg.float16):.3f}. "
        f"`print(scaler.last_skip)` after the first step of a run says:\n\n"
        f"```text\n{first_skip()}\n```"
    )


def first_skip():
    """What the first step of such a run prints, with the parameters named."""
    model, scaler = digits.network(4), amp.GradScaler(init_scale=2.0**24)
    optimizer = mg.optim.SGD(model.named_parameters(), lr=0.03)
    x, _, y, _ = digits.data()
    with amp.autocast(dtype=mg.float16):
        loss = nn.functional.cross_entropy(model(x[:64]), y[:64])
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    return scaler.last_skip


def draw_scale(scaler):
    figure, ax = canvas(3.2)
    scales, steps = np.log2(scaler.scales), np.arange(len(scaler.scales))
    ax.step(steps, scales, where="post", color=COLORS["bfloat16"], linewidth=2, label="scale")
    ax.plot(
        scaler.skipped, scales[scaler.skipped], "x", color=COLORS["float16"], markersize=8,
        markeredgewidth=2, label="step skipped",
    )  # fmt: skip
    ax.set(xlim=(-2, len(steps)), xlabel="steps", ylabel="loss scale")
    powers_of_two(ax.yaxis, range(int(scales.min()), int(scales.max()) + 1, 2))
    ax.grid(color=FAINT, linewidth=0.6)
    ax.legend(loc="upper right")
    save(figure, "scale")


# ------------------------------------------------------------------ memory and time

TRANSFORMER = "char transformer 4×128, 16×64 tokens"
SHORT = {
    "MLP 784-512-512-10, norm, dropout": "MLP",
    "CNN 32-64, batch 64": "CNN",
    "char LSTM 128, 32×64 tokens": "LSTM",
    TRANSFORMER: "transformer",
}


class Training:
    """A workload of the benchmarks in one precision."""

    def __init__(self, workload, dtype=None):
        mg.manual_seed(0)
        build, batch, kind, _ = model_steps.WORKLOADS[workload]
        self.model, self.dtype = build(mg), dtype
        self.x, self.y = map(mg.tensor, batch)
        self.optimizer = getattr(mg.optim, kind)(self.model.parameters(), lr=1e-3)
        self.scaler = amp.GradScaler(enabled=dtype is mg.float16)

    def step(self):
        self.optimizer.zero_grad()
        with amp.autocast(dtype=self.dtype, enabled=self.dtype is not None):
            loss = nn.functional.cross_entropy(self.model(self.x), self.y)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def seconds(self):
        """The time of one step."""
        start = time.perf_counter()
        self.step()
        return time.perf_counter() - start


def time_block(rounds=11):
    """Steps in the three precisions by turns, so that all meet the same moments of the machine."""
    rows, low = [], rounds // 4
    for workload in SHORT:
        trainings = [Training(workload, dtype) for dtype in (None, mg.bfloat16, mg.float16)]
        for training in trainings:
            training.step()
        times = [[t.seconds() for t in trainings] for _ in range(rounds)]
        full = statistics.median(t[0] for t in times)
        ratios = [sorted(t[i] / t[0] for t in times) for i in (1, 2)]
        cells = [f"{statistics.median(r):.2f} ({r[low]:.2f}–{r[-1 - low]:.2f})" for r in ratios]
        rows.append((workload, f"{1e3 * full:.1f} ms", *cells))
    head = ("one training step, one thread", "float32", "bfloat16, times that", "float16")
    processor = harness.machine()["processor"]
    where = f"{processor}. Medians of {rounds} steps; in brackets the middle half of them.\n\n"
    return where + table(head, rows)


def memory_block():
    reports = {}
    for workload, name in SHORT.items():
        training = Training(workload)
        training.step()
        reports[name] = amp.memory_report(training.model, training.x, optimizer=training.optimizer)
    draw_memory(reports)
    kinds = (None, "saved activations")
    rows = [
        (workload, *(f"{100 * reports[name].ratio(kind):.0f} %" for kind in kinds))
        for workload, name in SHORT.items()
    ]
    shares = table(("bytes under bfloat16, of those in float32", "all", "saved activations"), rows)
    lines = str(reports["transformer"]).splitlines()[:-1]  # the time is measured above
    text = "\n".join(line.rstrip() for line in lines)
    return f"{shares}\n\nThe report of the transformer:\n\n```text\n{text}\n```"


def draw_memory(reports):
    figure, ax = canvas(4.6)
    colors = ["#000000", "#57606a", ORANGE, SKY, COLORS["bfloat16"]]
    labels = []
    for group, (name, report) in enumerate(reports.items()):
        for side in (0, 1):
            place, left = -(2.6 * group + side), 0.0
            labels.append((place, f"{name}, {'bfloat16' if side else 'float32'}"))
            for color, (kind, sizes) in zip(colors, report.rows.items(), strict=True):
                width = sizes[side] / 2**20
                once = kind if not labels[1:] else None
                ax.barh(place, width, 0.86, left, color=color, label=once, edgecolor="white")
                left += width
            share = f"  {100 * report.ratio():.0f} %" if side else ""
            ax.text(left, place, f" {left:.1f}{share}", va="center", fontsize=9)
    ax.set_yticks(*zip(*labels, strict=True))
    ax.margins(x=0.12)
    ax.set_xlabel("MiB")
    ax.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    save(figure, "memory")


# ------------------------------------------------------------------ policies


def policies():
    """{policy: names of ops, and of functions composed of several, that have it}"""
    rooms = [m for name, m in sys.modules.items() if name.startswith("minigrad.ops.")]
    mine = [op for op in OPS.values() if op.__module__.startswith("minigrad.ops.")]
    found = {op.name: op.precision for op in mine if not op.name.endswith("_vjp")}
    for module in rooms:
        for name, value in inspect.getmembers(module, inspect.isfunction):
            if hasattr(value, "precision"):
                found[name] = value.precision
    return {kind: [n for n, k in found.items() if k == kind] for kind in set(found.values())}


def policy_block():
    names = policies()
    meaning = {
        "low": "compute in the low precision",
        "fp32": "compute in float32",
        "widest": "compute in the widest dtype among their inputs",
    }
    rows = [f"| {text} | {joined(names[kind])} |" for kind, text in meaning.items()]
    rest = joined(names["input"])
    return "\n".join(
        ["| inside autocast | ops and functions |", "| --- | --- |", *rows, "", "<details>",
         f"<summary>{len(names['input'])} more compute in the dtype of their inputs</summary>", "",
         rest, "", "</details>"]
    )  # fmt: skip


BLOCKS = {
    "policy": policy_block,
    "formats": formats_block,
    "stagnation": stagnation_block,
    "underflow": underflow_block,
    "training": training_block,
    "scale": scale_block,
    "time": time_block,
    "memory": memory_block,
}


def main():
    mg.set_num_threads(1)
    PICTURES.mkdir(exist_ok=True)
    draw_spacing()
    draw_numbers()
    blocks = {name: block() for name, block in BLOCKS.items()}
    refresh(PAGE, blocks)


if __name__ == "__main__":
    main()
