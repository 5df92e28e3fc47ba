"""Saving and loading. Nothing is ever unpickled: reading a file cannot run code."""

from . import npz, safetensors
from .files import ending

_FORMATS = {".npz": npz, ".safetensors": safetensors}


def save(obj, path):
    """Write ``obj`` to ``path``; the ending decides the format.

    ``.npz`` takes tensors, arrays, numbers, strings, None and nested lists, tuples and dicts of
    them (keys: str or int); ``.safetensors`` a flat dict of tensors. The file appears whole or not
    at all, and what stood there before stays until then.
    """
    path, kind = ending(path)
    _FORMATS[kind].save(obj, path)


def load(path):
    """Read what :func:`save` wrote; a damaged or foreign file is refused with ValueError.

    Tensors come back on the CPU and do not require grad.
    """
    path, kind = ending(path)
    return _FORMATS[kind].load(path)


__all__ = ["load", "save"]
