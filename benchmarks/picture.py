"""The README's picture: how much faster than PyTorch's eager mode a training step is."""

from benchmarks.harness import COMPILED, OURS, ROOT

PATH = ROOT / "docs" / "pictures" / "training-steps.svg"
INK, MUTED, FAINT = "#24292f", "#57606a", "#d8dee4"
# peer: its name, colour (of Okabe and Ito) and mark; the first stands highest in its row
PEERS = {
    OURS: ("minigrad", "#0072B2", "o"),
    COMPILED: ("torch.compile", "#D55E00", "s"),
    "jax": ("JAX jit", "#009E73", "D"),
    "mygrad": ("MyGrad", "#CC79A7", "^"),
}
LANE, GAP = 1.0, 1.0  # heights of a peer's line and of the space between workloads


def speeds(found):
    """{number of threads: {workload: {peer: (median, least, most)}}} of what was measured."""
    by_count = {}
    for result in found:
        for count, workloads in result["threads"].items():
            for workload, rows in workloads.items():
                known = {
                    peer: tuple(rows[peer][f"speed{end}"] for end in ("", "_min", "_max"))
                    for peer in PEERS
                    if "speed" in rows.get(peer, ())
                }
                if known:
                    by_count.setdefault(count, {})[workload] = known
    return by_count


def places(rows):
    """{workload: {peer: height}} from the top down, and the whole height."""
    found, height = {}, 0.0
    for workload, known in rows.items():
        height -= GAP
        found[workload] = {peer: height - i * LANE for i, peer in enumerate(known)}
        height -= LANE * len(known)
    return found, -height


def draw(found):
    """Write the picture of results and say whether there was anything to draw."""
    by_count = speeds(found)
    if not by_count:
        return False
    import matplotlib
    from matplotlib.figure import Figure

    measured = {}
    for workloads in by_count.values():
        for workload, known in workloads.items():
            measured.setdefault(workload, set()).update(known)
    rows = {w: [peer for peer in PEERS if peer in known] for w, known in measured.items()}
    heights, total = places(rows)
    figure = Figure(figsize=(9.2, 0.9 + 0.135 * total), layout="constrained")
    panels = figure.subplots(1, len(by_count), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (count, workloads) in zip(panels, sorted(by_count.items()), strict=True):
        draw_speeds(ax, workloads, heights)
        frame(ax, f"{count} thread{'s' if int(count) > 1 else ''}", heights)
    low, high = panels[0].get_xlim()
    panels[0].set(xlim=(min(low, 0.45), max(high * 1.25, 2.2)), ylim=(-total - 0.7, 0))
    figure.legend(
        handles=[panels[0].plot([], [], linewidth=3, markersize=5, **look(peer))[0]
                 for peer in PEERS if any(peer in peers for peers in rows.values())],
        loc="outside upper right", ncols=len(PEERS), frameon=False, fontsize=9, labelcolor=INK,
    )  # fmt: skip
    figure.supxlabel(
        "steps in the time of one step of PyTorch eager: median, and range over the rounds",
        fontsize=9,
        color=INK,
    )
    # letters as text, not as outlines: a third of the size
    with matplotlib.rc_context({"svg.hashsalt": PATH.stem, "svg.fonttype": "none"}):
        figure.savefig(PATH, metadata={"Date": None}, facecolor="white")
    return True


def look(peer):
    """How a peer's lines and marks are drawn."""
    name, color, mark = PEERS[peer]
    return {"label": name, "color": color, "marker": mark, "markeredgecolor": "white"}


def draw_speeds(ax, workloads, heights):
    """A mark at each median on a bar from least to most; minigrad's with its number."""
    for workload, known in workloads.items():
        for peer, (median, least, most) in known.items():
            _, color, _ = PEERS[peer]
            y = heights[workload][peer]
            ax.plot([least, most], [y, y], color=color, alpha=0.45, linewidth=3.2)
            ax.plot(median, y, markersize=5.5, markeredgewidth=0.6, **look(peer))
            if peer == OURS:
                ax.annotate(
                    f"{median:.1f}", (most, y), (5, 0), textcoords="offset points",
                    va="center", fontsize=8, fontweight="bold", color=color,
                )  # fmt: skip


def frame(ax, title, heights):
    """Everything about a panel that is not a figure: names, stripes, the line of PyTorch."""
    ax.set_xscale("log", base=2)
    ax.set_title(title, loc="left", fontsize=10, fontweight="bold", color=INK)
    ends = [(min(lanes.values()), max(lanes.values())) for lanes in heights.values()]
    for bottom, top in ends[::2]:
        margin = (LANE + GAP) / 2
        ax.axhspan(bottom - margin, top + margin, color="#f6f8fa", zorder=0, linewidth=0)
    ax.set_yticks([sum(pair) / 2 for pair in ends], list(heights))
    ax.axvline(1, color=INK, linewidth=1.1, zorder=1)
    for word, side, away in (("slower", "right", -5), ("faster than PyTorch", "left", 5)):
        ax.annotate(
            word, (1, 1), (away, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha=side, va="bottom", fontsize=8, color=MUTED,
        )  # fmt: skip
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:g}×" if x >= 1 else f"1/{1 / x:g}×")
    ax.minorticks_off()
    ax.grid(axis="x", color=FAINT, linewidth=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(colors=INK, labelsize=8.5, length=0)
