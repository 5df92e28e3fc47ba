"""Optimizers."""

from . import lr_scheduler, schedules, swa_utils
from .adadelta import Adadelta
from .adafactor import Adafactor
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .adamax import Adamax
from .asgd import ASGD
from .groups import param_groups
from .lamb import LAMB
from .lbfgs import LBFGS
from .lion import Lion
from .muon import Muon
from .nadam import NAdam
from .optimizer import Optimizer
from .radam import RAdam
from .recommendations import recommended
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD

__all__ = [
    "SGD", "Adam", "AdamW", "Adadelta", "Adagrad", "Adamax", "ASGD", "NAdam", "RAdam",
    "RMSprop", "Rprop", "Adafactor", "LAMB", "LBFGS", "Lion", "Muon", "Optimizer", "lr_scheduler",
    "param_groups", "recommended", "schedules", "swa_utils",
]  # fmt: skip
