"""minigrad: a reverse-mode tensor engine on NumPy with hand-written Numba kernels.

>>> import minigrad as mg
>>> x = mg.tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])
"""

import os as _os

# in a source checkout the kernels package is the sibling of this one
_here = _os.path.dirname(_os.path.abspath(__file__))
if not _os.path.isdir(_os.path.join(_here, "kernels")):
    __path__.append(_os.path.dirname(_here))

from . import autograd, data, dtypes, errors, nn, optim, testing
from .autograd import (
    enable_grad,
    grad,
    gradcheck,
    gradgradcheck,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .backend import get_num_threads, memory_stats, release_memory, set_num_threads
from .dtypes import (
    bfloat16,
    double,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    float_format,
    get_default_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
)
from .dtypes import bool_ as bool
from .dtypes import float_ as float
from .io import load, save
from .ops.activation import *
from .ops.arithmetic import *
from .ops.cast import *
from .ops.compare import *
from .ops.creation import *
from .ops.dropout import *
from .ops.functions import *
from .ops.matmul import *
from .ops.operands import *
from .ops.reduce import *
from .ops.select import *
from .ops.shape import *
from .ops.softmax import *
from .ops.special import *
from .random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .tensor import Tensor

__version__ = "0.1.0"


def is_tensor(obj):
    """Whether ``obj`` is a minigrad tensor."""
    return isinstance(obj, Tensor)
