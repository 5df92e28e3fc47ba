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
from .ops.activation import gelu, relu, sigmoid, tanh
from .ops.compare import (
    allclose,
    eq,
    equal,
    ge,
    gt,
    isfinite,
    isnan,
    le,
    logical_not,
    lt,
    ne,
)
from .ops.creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from .ops.dropout import dropout
from .ops.elementwise import (
    abs,
    add,
    clone,
    cos,
    div,
    erf,
    exp,
    log,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    reciprocal,
    sign,
    sin,
    sqrt,
    square,
    sub,
    where,
)
from .ops.matmul import matmul, mm
from .ops.operands import result_type
from .ops.reduce import all, amax, amin, any, argmax, argmin, mean, std, sum, var
from .ops.shape import (
    cat,
    flatten,
    permute,
    reshape,
    squeeze,
    stack,
    t,
    transpose,
    unsqueeze,
)
from .ops.softmax import log_softmax, softmax
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
