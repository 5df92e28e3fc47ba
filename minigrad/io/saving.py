"""Saving and loading values: the file ending decides the format."""

from .. import backend
from . import npz, safetensors
from .files import ending
from .tree import move

_FORMATS = {".npz": npz, ".safetensors": safetensors}


def save(obj, path):
    """Write ``obj`` to ``path``; the ending decides the format.

    ``.npz`` takes tensors, arrays, numbers, strings, None and nested lists, tuples and dicts of
    them (keys: str or int); ``.safetensors`` a flat dict of tensors. The file appears whole or not
    at all, and what stood there before stays until then.
    """
    path, kind = ending(path)
    _FORMATS[kind].save(obj, path)


def load(path, map_location=None, *, weights_only=True):
    """Read what :func:`save` wrote; a damaged or foreign file is refused with ValueError.

    Tensors come back on the device ``map_location`` (None: the CPU) and do not require grad.
    ``weights_only`` is accepted and ignored: there never is anything else.
    """
    if not isinstance(map_location, str | None):
        raise TypeError(f"map_location must be a device or None, got {type(map_location).__name__}")
    device = backend.check_device(map_location)
    path, kind = ending(path)
    return move(_FORMATS[kind].load(path), device)
