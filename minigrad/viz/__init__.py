"""Door: pictures. Matplotlib is imported inside the functions that draw, never with the package."""

from .curves import training_curves
from .flow import activations, exponents, gradient_flow, landscape, signal
from .graph import Graph, graph
from .matrices import confusion, heat_map
from .page import Mark, Page
from .schedules import range_test, schedule

__all__ = [
    "Graph",
    "Mark",
    "Page",
    "activations",
    "confusion",
    "exponents",
    "gradient_flow",
    "graph",
    "heat_map",
    "landscape",
    "range_test",
    "schedule",
    "signal",
    "training_curves",
]
