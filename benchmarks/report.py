"""The README's tables and picture, made from the results that the scripts wrote."""

import json
from functools import partial
from statistics import geometric_mean

from benchmarks import picture
from benchmarks.harness import EAGER, OURS, PEERS, RESULTS, ROOT
from docs import blocks

README = ROOT / "README.md"
STEPS = ("mlp_steps", "model_steps", "other_steps")
NAMES = {
    "minigrad": "minigrad",
    "torch": "PyTorch",
    "torch.compile": "torch.compile",
    "jax": "JAX jit",
    "mygrad": "MyGrad",
    "numpy": "NumPy",
}


def results_of(script):
    """What a script wrote last, or None."""
    path = RESULTS / f"{script}.json"
    return json.loads(path.read_text()) if path.is_file() else None


def duration(seconds):
    """Seconds in the unit that suits them, three digits.

    >>> duration(0.000123), duration(1.5)
    ('123 µs', '1.5 s')
    """
    unit, scale = ("s", 1) if seconds >= 1 else ("ms", 1e3) if seconds >= 1e-3 else ("µs", 1e6)
    return f"{seconds * scale:.3g} {unit}"


def ratio(row):
    """A peer's time in units of minigrad's: the median, and the range over the rounds."""
    if row is None:
        return ""
    return f"{row['ratio']:.2f}× ({row['ratio_min']:.2f}–{row['ratio_max']:.2f})"


def markdown(header, rows):
    """A table whose first column is text and whose others are figures."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def beside(peers, name):
    """A cell with a measure, ours / PyTorch's."""
    return " / ".join(f"{peers[p][name]:.0f}" for p in (OURS, EAGER) if name in peers.get(p, ()))


def times_table(title, found):
    """Our time and the peers' ratios for every workload, by number of threads."""
    rows = [
        (workload, count, peers)
        for count, workloads in found["threads"].items()
        for workload, peers in workloads.items()
        if "seconds" in peers[OURS]
    ]
    others = [p for p in PEERS[1:] if any(p in peers for *_, peers in rows)]
    header = [title, "threads", NAMES[OURS], *(NAMES[p] for p in others)]
    lines = [
        [workload, count, duration(peers[OURS]["seconds"])]
        + [ratio(peers.get(other)) for other in others]
        for workload, count, peers in rows
    ]
    if "peak_mb" in rows[0][2][OURS]:
        header += ["peak MB, ours / PyTorch", "page faults"]
        for line, (*_, peers) in zip(lines, rows, strict=True):
            line += beside(peers, "peak_mb"), beside(peers, "faults")
    return markdown(header, lines)


def shares_table(title, of, found):
    """Forward and backward of operations: time, share of the machine's rate, PyTorch's ratio."""
    cells = {}
    for workload, peers in found["threads"]["1"].items():
        name, _, part = workload.rpartition(", ")
        cells.setdefault(name, {})[part] = peers
    parts = ("forward", "backward")
    header = [title, *(h for part in parts for h in (part, of, NAMES[EAGER]))]
    rows = []
    for name, by_part in cells.items():
        row = [name]
        for part in parts:
            peers = by_part.get(part)
            time, ratio = time_and_ratio(peers)
            row += [time, f"{peers[OURS]['share']:.0%}" if peers else "", ratio]
        rows.append(row)
    peaks = [beside(by_part.get("backward", {}), "peak_mb") for by_part in cells.values()]
    if any(peaks):
        header.append("peak MB, ours / PyTorch")
        rows = [[*row, peak] for row, peak in zip(rows, peaks, strict=True)]
    return markdown(header, rows)


def sizes_table(title, found):
    """Workloads at two sizes, and the geometric means; a workload may lack a size."""
    return sized(title, found["threads"]["1"])


def sized(title, workloads):
    """The table of ``sizes_table`` for these workloads."""
    cells = {}
    for workload, peers in workloads.items():
        name, _, size = workload.rpartition(", ")
        cells.setdefault(name, {})[size] = peers
    sizes = list(next(iter(cells.values())))
    header = [title, *(h for size in sizes for h in (size, NAMES["torch"]))]
    rows = []
    for name, by_size in cells.items():
        figures = (time_and_ratio(by_size.get(size)) for size in sizes)
        rows.append([name.replace("|", "\\|"), *(cell for pair in figures for cell in pair)])
    means = ["geometric mean"]
    for size in sizes:
        ratios = [c[size]["torch"]["ratio"] for c in cells.values() if size in c]
        means += ["", f"{geometric_mean(ratios):.2f}×"]
    return markdown(header, [*rows, means])


def optimizers_table(found):
    """Steps beside PyTorch's default ones, and beside those it has in one kernel."""
    kinds = {"one step of an optimizer": {}, "PyTorch's step with `fused=True`": {}}
    default, fused = kinds.values()
    for workload, peers in found["threads"]["1"].items():
        name = workload.replace(" with fused=True", "")
        (default if name == workload else fused)[name] = peers
    return "\n\n".join(sized(title, workloads) for title, workloads in kinds.items())


def time_and_ratio(peers):
    """Two cells: our time, and PyTorch's in units of it."""
    if peers is None:
        return "", ""
    return duration(peers[OURS]["seconds"]), f"{peers['torch']['ratio']:.2f}×"


def layers_table(found):
    """Single layers, and losses at two sizes, with their geometric means."""
    workloads = found["threads"]["1"]
    sizes = ("64×10", "256×1000")
    cells = {w: (duration(p[OURS]["seconds"]), p["torch"]["ratio"]) for w, p in workloads.items()}
    layers = [name for name in cells if not name.endswith(sizes)]
    losses = dict.fromkeys(name.rpartition(", ")[0] for name in cells if name.endswith(sizes))
    mean = geometric_mean(cells[name][1] for name in layers)
    rows = [[name, cells[name][0], f"{cells[name][1]:.2f}×"] for name in layers]
    first = markdown(
        ["one layer, forward and backward", NAMES[OURS], NAMES["torch"]],
        [*rows, ["geometric mean", "", f"{mean:.2f}×"]],
    )
    pairs = {name: [cells[f"{name}, {size}"] for size in sizes] for name in losses}
    rows = [
        [name, *(cell for time, ratio in pair for cell in (time, f"{ratio:.2f}×"))]
        for name, pair in pairs.items()
    ]
    means = [f"{geometric_mean(pair[i][1] for pair in pairs.values()):.2f}×" for i in (0, 1)]
    second = markdown(
        ["one loss, forward and backward", *(h for s in sizes for h in (s, NAMES["torch"]))],
        [*rows, ["geometric mean", "", means[0], "", means[1]]],
    )
    return f"{first}\n\n{second}"


def overhead_table(found):
    """What recording costs per op on top of the bare kernel, and PyTorch's totals."""
    header = ["µs per op, 4×4", "kernel", "recorded", "backward kernel", "backward"]
    header += ["PyTorch recorded", "PyTorch backward"]
    columns = ("bare forward", "recorded forward", "bare backward", "recorded backward")
    rows = []
    for op, peers in found["threads"]["1"].items():
        cells = [peers[OURS][column] for column in columns]
        cells += [peers["torch"][column] for column in columns[1::2]] if "torch" in peers else []
        rows.append([op, *(f"{cell:.2f}" for cell in cells)])
    return markdown(header, rows)


def caption(found):
    """Where and with what the figures were measured."""
    machine = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, "
        f"{versions}. Medians of {found['rounds']} rounds, in which the peers take turns, each in "
        "a process of its own with as many cores as threads. For a peer: its time divided by "
        "minigrad's, above 1 where minigrad is faster, and the range over the rounds."
    )


# script: (its table, the title under which it is folded)
TABLES = {
    **dict.fromkeys(STEPS, (partial(times_table, "one training step"), None)),
    "startup": (partial(times_table, "start-up"), None),
    "layers": (layers_table, "Layers and losses"),
    "optimizers": (optimizers_table, "Optimizers"),
    "tensor_ops": (partial(sizes_table, "forward and backward"), "The tensor library"),
    "op_overhead": (overhead_table, "Overhead of an op"),
    "kernel_bandwidth": (
        partial(shares_table, "on 10⁶ numbers or more", "of copy rate"),
        "Operations bound by memory, and the machine's copy rate",
    ),
    "kernel_compute": (
        partial(shares_table, "float32", "of sgemm"),
        "Operations bound by arithmetic, and NumPy's matrix product",
    ),
}


def folded(title, table):
    """A table under a title that a click opens."""
    return f"<details><summary>{title}</summary>\n\n{table}\n\n</details>" if title else table


def report():
    """The picture and all tables for which results exist, by the machine they were measured on."""
    by_caption = {}
    for script, (table, title) in TABLES.items():
        if (found := results_of(script)) is not None:
            tables = by_caption.setdefault(caption(found), [])
            tables.append(folded(title, table(found)))
    parts = [part for text, tables in by_caption.items() for part in (text, *tables)]
    steps = [found for script in STEPS if (found := results_of(script)) is not None]
    if picture.draw(steps):
        parts.insert(0, f"![Speed of training steps]({picture.PATH.relative_to(ROOT)})")
    return "\n\n".join(parts) or "No results yet: run `make bench`."


def refresh_readme():
    """Put the tables between the markers of the README."""
    blocks.refresh(README, {"benchmarks": report()})


if __name__ == "__main__":
    refresh_readme()
