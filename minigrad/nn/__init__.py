"""Layers, losses, containers, initial values and gradient clipping."""

from . import functional, init, utils
from .activation import *
from .containers import *
from .dropout import *
from .linear import *
from .loss import *
from .module import Module
from .parameter import Parameter
