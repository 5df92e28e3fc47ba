"""Learning-rate schedulers: classes with PyTorch's names that set the rates of an optimizer.

Call ``optimizer.step()``, then ``scheduler.step()``. Two schedulers on one optimizer multiply
where PyTorch's do. Beyond PyTorch every scheduler whose rate depends on the step alone has
``lr_at(k)`` and ``preview(n)``, which compute rates without a run, and every scheduler says in
``interval`` how often it is meant to be stepped.
"""

from .base import EPOCH_DEPRECATION_WARNING, LRScheduler, _LRScheduler
from .compose import ChainedScheduler, SequentialLR, Warmup
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts, WarmupCosine
from .cycles import CyclicLR, OneCycleLR
from .factors import (
    ConstantLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from .functions import LambdaLR, MultiplicativeLR
from .plateau import ReduceLROnPlateau

__all__ = [
    "EPOCH_DEPRECATION_WARNING",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "Warmup",
    "WarmupCosine",
    "_LRScheduler",
]
