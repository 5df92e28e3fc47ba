"""minigrad: a reverse-mode tensor engine on NumPy with hand-written Numba kernels.

>>> import minigrad as mg
>>> x = mg.tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])
"""

import importlib as _importlib
import os as _os
from math import e, inf, nan, pi

# in a source checkout the kernels package is the sibling of this one
_here = _os.path.dirname(_os.path.abspath(__file__))
if not _os.path.isdir(_os.path.join(_here, "kernels")):
    __path__.append(_os.path.dirname(_here))

# the module of the class goes first: further down its name becomes that of a function
from . import autograd, dtypes, errors, func, linalg, return_types, special, tensor
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
from .backend import (
    device,
    get_default_device,
    get_exact_convolutions,
    get_num_threads,
    memory_stats,
    release_memory,
    reset_peak_memory_stats,
    set_default_device,
    set_exact_convolutions,
    set_num_threads,
)
from .dtypes import (
    bfloat16,
    can_cast,
    double,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    float_format,
    get_default_dtype,
    half,
    iinfo,
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
from .dtypes import int_ as int
from .engine import observe as _observe
from .engine.modes import get_fusion, set_fusion
from .io import load, load_checkpoint, save, save_checkpoint
from .ops.activation import *
from .ops.arithmetic import *
from .ops.bitwise import *
from .ops.cast import *
from .ops.clamp import *
from .ops.compare import *
from .ops.complexes import *
from .ops.creation import *
from .ops.cumulative import *
from .ops.decompositions import *
from .ops.diagonals import *
from .ops.distances import cosine_similarity, pairwise_distance
from .ops.dropout import *
from .ops.einsum import *
from .ops.extremes import *
from .ops.floats import *
from .ops.functions import *
from .ops.grids import *
from .ops.joining import *
from .ops.matmul import *
from .ops.norms import *
from .ops.operands import *
from .ops.piecewise import *
from .ops.places import *
from .ops.products import *
from .ops.pseudoinverse import *
from .ops.quantiles import *
from .ops.rearrange import *
from .ops.reduce import *
from .ops.rounding import *
from .ops.sampling import *
from .ops.scatter import *
from .ops.select import *
from .ops.sets import *
from .ops.shape import *
from .ops.softmax import *
from .ops.sorting import *
from .ops.special import *
from .ops.statistics import *
from .ops.strided import *
from .printing import set_printoptions
from .random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .return_types import Size
from .tensor import Tensor
from .tensor_types import *

__version__ = "0.1.0"

# values of ``memory_format=``: copies are row-major in both
preserve_format = "preserve_format"
contiguous_format = "contiguous_format"

# what follows is loaded when it is first asked for
_LATE = ("amp", "cuda", "data", "debug", "nn", "optim", "testing", "train", "utils", "viz")
_AUTOCAST = (
    "autocast", "clear_autocast_cache", "get_autocast_dtype", "is_autocast_cache_enabled",
    "is_autocast_enabled",
)  # fmt: skip
_TOOLS = ("anomaly", "explain")
_LAYER_FUNCTIONS = (
    *(f"conv{kind}{axes}d" for kind in ("", "_transpose") for axes in (1, 2, 3)),
    *(f"max_pool{axes}d" for axes in (1, 2, 3)),
    "adaptive_avg_pool1d", "alpha_dropout", "avg_pool1d", "channel_shuffle",
    "feature_alpha_dropout", "group_norm", "layer_norm", "pixel_shuffle", "pixel_unshuffle",
    "rms_norm",
)  # fmt: skip


def __getattr__(name):
    if name in _LATE:
        return _importlib.import_module(f".{name}", __name__)
    if name in _LAYER_FUNCTIONS:
        return getattr(_importlib.import_module(".nn.functional", __name__), name)
    if name in _AUTOCAST:
        return getattr(_importlib.import_module(".amp", __name__), name)
    if name in _TOOLS:
        return getattr(_importlib.import_module(".debug", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_LATE, *_AUTOCAST, *_TOOLS, *_LAYER_FUNCTIONS})


# the lints listen from the first event on
_observe.stand_by(lambda: _importlib.import_module(".debug", __name__))


def is_tensor(obj):
    """Whether ``obj`` is a minigrad tensor."""
    return isinstance(obj, Tensor)


def detach(input):
    """The memory of ``input`` outside the graph."""
    return input.detach()


def is_floating_point(input):
    """Whether the dtype of ``input`` is floating."""
    return input.is_floating_point()


def is_nonzero(input):
    """Whether the only element of ``input`` is not zero."""
    return input.is_nonzero()


def numel(input):
    """Number of elements of ``input``."""
    return input.numel()
