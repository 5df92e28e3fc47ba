"""Whose array is this? The only module that imports the kernels package.

The array itself decides which kernels run. A device name decides only where new arrays are made.
"""

import os
import threading

import numpy as np

from .kernels import blas, launch, memory, registry, settings
from .kernels.reference.ctc import states as ctc_states  # noqa: F401
from .kernels.reference.fused import IDENTITY, RELU, SIGMOID, TANH  # noqa: F401
from .kernels.reference.matmul import SLOPES  # noqa: F401
from .kernels.reference.pointwise_loss import FORMULAS as LOSSES  # noqa: F401
from .kernels.reference.recurrent import steps as recurrent_steps  # noqa: F401
from .kernels.reference.resample import Table  # noqa: F401

kernels_by_type = registry._backends
register_backend = registry.register_backend
array_module = registry.array_module
empty = memory.empty
MEMORY_OWNERS = memory.OWNERS
memory_stats = memory.stats
release_memory = memory.release
reset_peak_memory_stats = memory.reset_peak
CPU = registry.CPU
REFERENCE = registry.REFERENCE
KERNELS = registry.KERNELS


def kernels_of(*arrays):
    """The kernels for these arrays, which must all live on one backend.

    >>> kernels_of(np.ones(3)).backend
    'cpu'
    """
    if len(arrays) == 1:
        return registry.of(arrays[0])
    first = next(a for a in arrays if a is not None)
    for position, array in enumerate(arrays):
        if array is not None and type(array) is not type(first):
            raise TypeError(
                f"argument {position} lives on {device_of(array)!r} but an earlier one on "
                f"{device_of(first)!r}; move it with .to({device_of(first)!r})"
            )
    return registry.of(first)


def nothing_compiled():
    """Whether kernels are kept once they are compiled, and none is there yet."""
    from .kernels.compile import CACHE_DIR  # imports Numba, which not everybody needs

    return CACHE_DIR is not None and not os.listdir(CACHE_DIR)


def device_of(array):
    """'cpu' for NumPy arrays, 'cuda' for CuPy's, the module name for any other registered array."""
    return _CPU if isinstance(array, np.ndarray) else device_of_type(type(array))


def device_of_type(array_type):
    """The device of all arrays of a type that is not NumPy's."""
    module = array_type.__module__.partition(".")[0]
    return device("cuda") if module == "cupy" else module


def cupy():
    """The cupy module where it is installed and sees a GPU; otherwise a clear RuntimeError."""
    try:
        import cupy as module
    except ImportError as error:
        raise RuntimeError(
            "device 'cuda' needs CuPy, which is not installed: pip install minigrad[gpu]"
        ) from error
    if not module.is_available():
        raise RuntimeError("device 'cuda' needs a GPU that CuPy can use, and none was found")
    return module


class device(str):  # noqa: N801  (PyTorch's spelling)
    """Where tensors live: "cpu" or "cuda"; as a context manager, where new tensors are made.

    >>> device("cpu"), device("cpu") == "cpu", device("cpu").type
    (device(type='cpu'), True, 'cpu')
    """

    __slots__ = ("_before",)

    def __new__(cls, type="cpu", index=None):
        return str.__new__(cls, check_device(type))

    type = property(str.__str__, doc="The kind of device.")
    index = property(lambda self: None if self == "cpu" else 0, doc="Its number: one GPU is used.")

    def __repr__(self):
        return f"device(type={str(self)!r})"

    def __enter__(self):
        self._before = (*getattr(self, "_before", ()), _places.default)
        _places.default = self
        return self

    def __exit__(self, *_failure):
        *self._before, _places.default = self._before


class _Places(threading.local):
    default = None


_places = _Places()


def default_device():
    """The name of the device where this thread makes new tensors; None for the CPU."""
    return _places.default


def set_default_device(device):
    """Make new tensors of this thread on a device; None is the CPU."""
    _places.default = None if device is None else check_device(device)


def get_default_device():
    """Where this thread makes new tensors."""
    return device(_places.default or "cpu")


def check_device(device):
    """The name of a device, 'cpu', 'cuda' or another registered one; None means the CPU."""
    name = "cpu" if device is None else str(device).partition(":")[0]
    if name not in ("cpu", "cuda") and name not in _others():
        raise RuntimeError(f"unknown device {device!r}; minigrad knows 'cpu' and 'cuda'")
    return name


def _others():
    """{device: array module} of the registered array types that are not NumPy's."""
    return {device_of_type(t): k.xp for t, k in kernels_by_type.items() if t is not np.ndarray}


def move(array, device):
    """The array on a device, the same object if it is there already."""
    name = check_device(device)
    if name == device_of(array):
        return array
    if name == "cpu":
        return array.get()
    return (cupy() if name == "cuda" else _others()[name]).asarray(array)


def get_num_threads():
    """How many threads kernels may use."""
    return launch.get_num_threads()


def set_num_threads(threads):
    """Let the kernel pool and BLAS use at most ``threads`` threads.

    >>> before = get_num_threads()
    >>> set_num_threads(1); get_num_threads()
    1
    >>> set_num_threads(before)
    """
    launch.set_num_threads(threads)
    blas.set_num_threads(threads)


def set_exact_convolutions(enabled):
    """Compute convolutions in float32 by their definition, some of them at half the speed.

    By default 3 × 3 and 5 × 5 kernels of many channels use Winograd's algorithm: results differ by
    about 10⁻⁶ of the largest, and a NaN or infinity in the input spreads over tiles of outputs.

    >>> set_exact_convolutions(True)
    >>> set_exact_convolutions(False)
    """
    if not isinstance(enabled, bool):
        raise TypeError(f"set_exact_convolutions expects a bool, got {enabled!r}")
    settings.exact_convolutions = enabled


def get_exact_convolutions():
    """Whether convolutions are computed by their definition."""
    return settings.exact_convolutions


_CPU = device("cpu")
