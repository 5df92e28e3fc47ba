"""Questions about GPUs under the names of torch.cuda."""

from . import backend
from .random import manual_seed

__all__ = [
    "device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all", "synchronize",
]  # fmt: skip

manual_seed_all = manual_seed


def is_available():
    """Whether CuPy is installed and sees a GPU."""
    try:
        backend.cupy()
    except RuntimeError:
        return False
    return True


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
