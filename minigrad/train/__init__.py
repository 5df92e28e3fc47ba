"""Door: the training loop and what listens to it."""

from . import metrics
from .batches import groups, weight_of
from .callbacks import (
    EMA,
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    GradientLogger,
    JSONLogger,
    LRLogger,
)
from .history import History
from .progress import ProgressBar
from .trainer import Trainer

__all__ = [
    "EMA",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "GradientLogger",
    "History",
    "JSONLogger",
    "LRLogger",
    "ProgressBar",
    "Trainer",
    "groups",
    "metrics",
    "weight_of",
]
