"""Questions about GPUs under the names of torch.cuda."""

import importlib

from .. import backend
from ..random import manual_seed

__all__ = [
    "device_count", "empty_cache", "is_available", "is_bf16_supported", "manual_seed",
    "manual_seed_all", "synchronize",
]  # fmt: skip

manual_seed_all = manual_seed


def __getattr__(name):
    if name == "amp":
        return importlib.import_module(".amp", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def is_available():
    """Whether CuPy is installed and sees a GPU."""
    try:
        backend.cupy()
    except RuntimeError:
        return False
    return True


def is_bf16_supported():
    """Whether a GPU can hold bfloat16: any that is there, for the format is emulated."""
    return is_available()


def device_count():
    """How many GPUs are used: one where there are any."""
    return int(is_available())


def empty_cache():
    """Give memory that is kept for later back to the system."""
    backend.release_memory()


def synchronize(device=None):
    """Wait until the GPU has done what it was asked to; without one, do nothing."""
    if is_available():
        backend.cupy().cuda.Device().synchronize()
