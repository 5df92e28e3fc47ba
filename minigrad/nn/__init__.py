"""Layers, losses, containers, initial values and gradient clipping."""

from . import functional, init, utils
from .activation import *
from .adaptive_softmax import *
from .attention import *
from .containers import *
from .conv import *
from .distance import *
from .dropout import *
from .embedding import *
from .folding import *
from .linear import *
from .loss import *
from .modes import *
from .module import Module
from .normalization import *
from .padding import *
from .parameter import Buffer, Parameter
from .pool import *
from .recurrent import *
from .resize import *
from .summary import summary
from .transformer import *
