"""Door: the training loop and what listens to it."""

from . import metrics
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
from .weights import weight_of

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
    "metrics",
    "weight_of",
]
