"""Door: pictures, all of them SVG written by this package."""

from .charts import bars, beside, descent, histograms, lines, points, table_map
from .curves import training_curves
from .flow import activations, exponents, gradient_flow, landscape, signal, update_ratio
from .graph import Graph, graph
from .matrices import confusion, heat_map
from .page import Mark, Page
from .panel import Panel
from .picture import Picture
from .schedules import range_test, schedule

__all__ = [
    "Graph",
    "Mark",
    "Page",
    "Panel",
    "Picture",
    "activations",
    "bars",
    "beside",
    "confusion",
    "descent",
    "exponents",
    "gradient_flow",
    "graph",
    "heat_map",
    "histograms",
    "landscape",
    "lines",
    "points",
    "range_test",
    "schedule",
    "signal",
    "table_map",
    "training_curves",
    "update_ratio",
]
