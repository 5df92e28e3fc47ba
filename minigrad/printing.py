"""How a tensor prints: PyTorch's look."""

import math

import numpy as np

from . import dtypes
from .engine.graph import dtype_of, values

EDGE, THRESHOLD, PRECISION, LINE = 3, 1000, 4, 80


def _formatter(array):
    """A function from an element to its text, all of one width."""
    if array.dtype.kind != "f":
        texts = [str(v) for v in array.ravel().tolist()]
        width = max(map(len, texts), default=0)
        return lambda v: str(v).rjust(width)
    shown = array[np.isfinite(array) & (array != 0)]  # these alone decide format and width
    finite = np.abs(shown).astype(float)
    if finite.size == 0:
        spec = _whole
    elif finite.max() / finite.min() > 1000 or finite.max() > 1e8 or finite.min() < 1e-4:
        spec = _scientific
    else:
        spec = _whole if (finite == np.rint(finite)).all() else _fixed
    width = max((len(spec(v)) for v in shown.tolist()), default=0)
    return lambda v: spec(v).rjust(width)


def _whole(value):
    return f"{value:.0f}." if math.isfinite(value) else str(value)


def _fixed(value):
    return f"{value:.{PRECISION}f}"


def _scientific(value):
    return f"{value:.{PRECISION}e}"


def _summary(array):
    """The elements that are shown, which decide the format."""
    for axis in range(array.ndim):
        if array.shape[axis] > 2 * EDGE:
            keep = [*range(EDGE), *range(array.shape[axis] - EDGE, array.shape[axis])]
            array = np.take(array, keep, axis)
    return array


def _body(array, text, indent, shorten):
    if array.ndim == 0:
        return text(array.item())
    shown = list(range(len(array)))
    if shorten and len(array) > 2 * EDGE:
        shown = [*range(EDGE), None, *range(len(array) - EDGE, len(array))]
    dots = "..." if array.ndim > 1 else " ..."
    parts = [dots if i is None else _body(array[i], text, indent + 1, shorten) for i in shown]
    if array.ndim > 1:
        return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"
    width = len(parts[0]) + 2
    per_line = max(1, (LINE - indent) // width)
    lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def tensor_repr(tensor, name="tensor"):
    """``tensor([1., 2.], requires_grad=True)`` and the like."""
    array = values(tensor)
    array = array if isinstance(array, np.ndarray) else array.get()
    shorten = array.size > THRESHOLD
    text = _formatter(_summary(array) if shorten else array)
    prefix = f"{name}("
    body = _body(array, text, len(prefix), shorten) if array.size else "[]"
    dtype = dtype_of(tensor)
    parts = []
    if array.size == 0 and array.shape != (0,):
        parts.append(f"size={array.shape}")
    told = (dtypes.int64, dtypes.bool_) if array.size else ()  # the elements show these
    if dtype not in (dtypes.get_default_dtype(), *told):
        parts.append(f"dtype={dtype!r}")
    if tensor._node is not None:
        parts.append(f"grad_fn={tensor._node!r}")
    elif tensor._requires_grad:
        parts.append("requires_grad=True")
    return _joined(prefix + body, parts, len(prefix)) + ")"


def _joined(text, parts, indent):
    """The parts after the text, on a new line where one would be too long."""
    last = len(text) - text.rfind("\n") + 1
    for part in parts:
        if last + len(part) + 2 > LINE:
            text += ",\n" + " " * indent + part
            last = indent + len(part)
        else:
            text += ", " + part
            last += len(part) + 2
    return text
