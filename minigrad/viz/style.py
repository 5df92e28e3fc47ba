"""The look that all pictures share, and pictures that notebooks show by themselves."""

import functools

INK, MUTED, FAINT, PAPER = "#24292f", "#6e7781", "#d8dee4", "#ffffff"
BLUE, RED, GREEN, AMBER, GREY = "#1f6feb", "#cf222e", "#1a7f37", "#b4690e", "#8a94a6"
SERIES = (BLUE, AMBER, GREEN, RED, "#8250df", GREY)


@functools.cache
def _picture_class():
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A Matplotlib figure that notebooks show, and that writes equal files for equal data."""

        def _repr_svg_(self):
            return svg_of(self)

    return Picture


def picture(width, height, rows=1, columns=1, title=None, **options):
    """A figure of some inches and its axes, plain and without a frame; ``title`` in bold."""
    figure = _picture_class()(figsize=(width, height), dpi=150, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for one in axes.flat:
        plain(one)
    if title is not None:
        figure.suptitle(title, x=0.012, ha="left", color=INK, fontsize=12, fontweight="bold")
    return figure, (axes[0, 0] if rows == columns == 1 else axes)


def plain(axes, grid="y"):
    """Axes with one line below and faint lines across."""
    if grid is not None:
        axes.grid(axis=grid, color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=INK, labelsize=8, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)


def named(axes, title=None, x=None, y=None):
    """The title of axes, at their left, and what their directions are."""
    if title is not None:
        axes.set_title(title, loc="left", color=INK, fontsize=10)
    if x is not None:
        axes.set_xlabel(x, color=INK, fontsize=9)
    if y is not None:
        axes.set_ylabel(y, color=INK, fontsize=9)


def finished(figure, path=None):
    """The figure, written to a path in the format of its ending where there is one."""
    if path is not None:
        import matplotlib

        with matplotlib.rc_context({"svg.hashsalt": "minigrad"}):
            unchanging = {"Date": None} if str(path).endswith(".svg") else None
            figure.savefig(path, metadata=unchanging)
    return figure


def svg_of(figure):
    """A figure as SVG text, the same for the same data."""
    import io

    import matplotlib

    text = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "minigrad"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
