"""Tools for the craft of training: what went wrong, where, and why.

The lints are loaded with this package, everything else when it is asked for.
"""

import importlib
import sys
import types

from .lint import lint
from .warning import LintWarning

_ROOMS = {
    "anomaly": ("AnomalyError", "anomaly", "checked"),
    "data_check": ("check_data",),
    "explain": ("explain",),
    "gradient_flow": ("GradientFlow", "gradient_flow"),
    "initial_loss": ("initial_loss",),
    "landscape": ("landscape", "sharpness"),
    "lr_find": ("LRFind", "lr_find"),
    "overfit": ("overfit_one_batch",),
    "playbook": ("playbook",),
    "regularizer": ("next_regularizer",),
    "report": ("Check", "Finding", "Report"),
    "signal_propagation": ("signal_propagation",),
    "subnetworks": ("subnetworks",),
    "underflow": ("underflow_report",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}
__all__ = ["LintWarning", "lint", *_ROOM_OF]


def __getattr__(name):
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_ROOM_OF[name]}", __name__), name)


def __dir__():
    return sorted({*globals(), *__all__})


class _Door(types.ModuleType):
    """A package in which a function hides the module that is named after it."""

    def __setattr__(self, name, value):
        if not (name in __all__ and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Door
