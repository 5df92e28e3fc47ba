"""How a tensor prints: PyTorch's look."""

import math
from dataclasses import dataclass

import numpy as np

from . import dtypes
from .engine.graph import dtype_of, values


@dataclass
class Options:
    """What :func:`set_printoptions` sets."""

    precision: int = 4
    threshold: int = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_KINDS = {
    "float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16",
    "int64": "Long", "int32": "Int", "int16": "Short", "int8": "Char", "uint8": "Byte",
    "bool": "Bool",
}  # fmt: skip
_PROFILES = {
    "default": {},
    "short": {"precision": 2, "edgeitems": 2},
    "full": {"threshold": math.inf},
}
options = Options()


def set_printoptions(
    precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None
):
    """How tensors print, in this process.

    ``precision`` digits after the point (4); more than ``threshold`` elements (1000) are shortened
    to ``edgeitems`` (3) at both ends of each axis; ``linewidth`` characters per line (80);
    ``sci_mode`` forces or forbids exponents (None: by the values). ``profile`` "default", "short"
    or "full" sets them all first.
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(f"profile must be one of {list(_PROFILES)}, got {profile!r}")
        vars(options).update(vars(Options(**_PROFILES[profile])))
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    vars(options).update({name: value for name, value in given.items() if value is not None})
    options.sci_mode = sci_mode


def _formatter(array):
    """A function from an element to its text, all of one width."""
    if array.dtype.kind != "f":
        texts = [str(v) for v in array.ravel().tolist()]
        width = max(map(len, texts), default=0)
        return lambda v: str(v).rjust(width)
    shown = array[np.isfinite(array) & (array != 0)]  # these alone decide format and width
    finite = np.abs(shown).astype(float)
    spec = _style(finite)
    width = max((len(spec(v)) for v in shown.tolist()), default=0)
    return lambda v: spec(v).rjust(width)


def _style(finite):
    """The format of one number, chosen by the sizes of all."""
    if finite.size == 0:
        return _whole
    wide = finite.max() / finite.min() > 1000 or finite.max() > 1e8 or finite.min() < 1e-4
    if wide if options.sci_mode is None else options.sci_mode:
        return _scientific
    return _whole if (finite == np.rint(finite)).all() else _fixed


def _whole(value):
    return f"{value:.0f}." if math.isfinite(value) else str(value)


def _fixed(value):
    return f"{value:.{options.precision}f}"


def _scientific(value):
    return f"{value:.{options.precision}e}"


def _summary(array):
    """The elements that are shown, which decide the format."""
    edge = options.edgeitems
    for axis, extent in enumerate(array.shape):
        if extent > 2 * edge:
            array = np.take(array, [*range(edge), *range(extent - edge, extent)], axis)
    return array


def _body(array, text, indent, shorten):
    if array.ndim == 0:
        return text(array.item())
    extent, edge = len(array), options.edgeitems
    shown = list(range(extent))
    if shorten and extent > 2 * edge:
        shown = [*range(edge), None, *range(extent - edge, extent)]
    dots = "..." if array.ndim > 1 else " ..."
    parts = [dots if i is None else _body(array[i], text, indent + 1, shorten) for i in shown]
    if array.ndim > 1:
        return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"
    width = len(parts[0]) + 2
    per_line = max(1, (options.linewidth - indent) // width)
    lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def tensor_repr(tensor, name="tensor"):
    """``tensor([1., 2.], requires_grad=True)`` and the like."""
    array = values(tensor)
    array = array if isinstance(array, np.ndarray) else array.get()
    shorten = array.size > options.threshold
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
        if last + len(part) + 2 > options.linewidth:
            text += ",\n" + " " * indent + part
            last = indent + len(part)
        else:
            text += ", " + part
            last += len(part) + 2
    return text


def type_name(dtype):
    """PyTorch's older name for the tensors of a dtype.

    >>> type_name(dtypes.int64)
    'minigrad.LongTensor'
    """
    return f"minigrad.{_KINDS.get(dtype.name, dtype.name)}Tensor"
