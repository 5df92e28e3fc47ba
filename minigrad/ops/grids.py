"""Tensors of regular numbers: sequences, grids of coordinates, diagonals and unit vectors."""

import math

import numpy as np

from .. import backend, dtypes
from ..engine.graph import TensorBase, as_array, new_tensor
from .creation import placed
from .operands import tensor_of
from .shape import expand, reshape

__all__ = [
    "arange",
    "eye",
    "linspace",
    "logspace",
    "meshgrid",
    "tril_indices",
    "triu_indices",
]


def _number(value, argument):
    """A Python number from a number or a tensor of one element."""
    if isinstance(value, TensorBase):
        return value.item()
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, int | float | np.number):
        raise TypeError(f"{argument} must be a number, got {type(value).__name__} ({value!r})")
    return value


def _ends(start, end, dtype):
    """(start, end, dtype) as numbers, without fractions for a dtype of integers, and that dtype."""
    start, end = _number(start, "start"), _number(end, "end")
    dtype = dtypes.check(dtype or dtypes.get_default_dtype())
    return (start, end, dtype) if dtype.is_floating_point else (int(start), int(end), dtype)


def arange(start=None, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """start, start + step, … below ``end``; int64 for ints, otherwise the default dtype.

    >>> import minigrad as mg
    >>> mg.arange(1, 7, 2)
    tensor([1, 3, 5])
    """
    if start is None or end is None:
        start, end = 0, start if end is None else end
    start, end, step = _number(start, "start"), _number(end, "end"), _number(step, "step")
    if dtype is dtypes.int64 and all(map(math.isfinite, (start, end, step))):
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise RuntimeError("arange: step must be nonzero, got 0")
    if not all(map(math.isfinite, (start, end))):
        raise RuntimeError(f"arange: the range from {start} to {end} is not finite")
    if (end - start) * step < 0:
        raise RuntimeError(f"arange: step={step} does not lead from {start} to {end}")
    whole = all(isinstance(v, int | np.integer) for v in (start, end, step))
    count = math.ceil((end - start) / step)
    array = np.arange(count) * step + start
    wanted = dtype or (dtypes.int64 if whole else dtypes.get_default_dtype())
    return placed(array, None, wanted, device, requires_grad)


def _steps(steps, name):
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise TypeError(f"{name}: steps must be an int, got {steps!r}")
    if steps < 0:
        raise RuntimeError(f"{name}: steps must be non-negative, got {steps}")
    return steps


def linspace(start, end, steps, *, dtype=None, device=None, requires_grad=False):
    """``steps`` evenly spaced values from ``start`` to ``end``, both included."""
    start, end, wanted = _ends(start, end, dtype)
    array = np.linspace(start, end, _steps(steps, "linspace"))
    if not wanted.is_floating_point:
        array = np.trunc(array)
    return placed(array, None, wanted, device, requires_grad)


def logspace(start, end, steps, base=10.0, *, dtype=None, device=None, requires_grad=False):
    """``base`` to the power of ``steps`` evenly spaced exponents from ``start`` to ``end``."""
    start, end, wanted = _ends(start, end, dtype)
    array = np.logspace(start, end, _steps(steps, "logspace"), base=base)
    return placed(array, None, wanted, device, requires_grad)


def eye(n, m=None, *, dtype=None, device=None, requires_grad=False):
    """Ones on the diagonal of an n × m matrix (m = n unless given), zeros elsewhere."""
    for argument, extent in (("n", n), ("m", n if m is None else m)):
        if isinstance(extent, bool) or not hasattr(extent, "__index__"):
            raise TypeError(f"eye: {argument} must be an int, got {extent!r}")
        if extent < 0:
            raise RuntimeError(f"eye: {argument} must be non-negative, got {extent}")
    wanted = dtype or dtypes.get_default_dtype()
    return placed(np.eye(n, m), None, wanted, device, requires_grad)


def tril_indices(row, col, offset=0, *, dtype=dtypes.int64, device=None):
    """The row and column numbers, as (2, n), on and below a diagonal of a row × col matrix."""
    return _triangle("tril_indices", lambda i, j: j - i <= offset, row, col, dtype, device)


def triu_indices(row, col, offset=0, *, dtype=dtypes.int64, device=None):
    """The row and column numbers, as (2, n), on and above a diagonal of a row × col matrix."""
    return _triangle("triu_indices", lambda i, j: j - i >= offset, row, col, dtype, device)


def _triangle(name, inside, row, col, dtype, device):
    for argument, extent in (("row", row), ("col", col)):
        if isinstance(extent, bool) or not hasattr(extent, "__index__"):
            raise TypeError(f"{name}: {argument} must be an int, got {extent!r}")
        if extent < 0:
            raise RuntimeError(f"{name}: {argument} must be non-negative, got {extent}")
    mask = inside(np.arange(row)[:, None], np.arange(col))
    return placed(np.stack(np.nonzero(mask)), None, dtype, device, False)


def meshgrid(*tensors, indexing="ij"):
    """Grids of the coordinates given by 1-D tensors: output i varies along axis i.

    ``indexing="xy"`` exchanges the first two axes.

    >>> import minigrad as mg
    >>> mg.meshgrid(mg.tensor([1, 2]), mg.tensor([3, 4, 5]), indexing="ij")[1]
    tensor([[3, 4, 5],
            [3, 4, 5]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tensors[0]
    if not tensors:
        raise RuntimeError("meshgrid: expected at least one tensor, got none")
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'meshgrid: indexing must be "ij" or "xy", got {indexing!r}')
    tensors = [tensor_of(t, f"tensors[{i}]") for i, t in enumerate(tensors)]
    for i, t in enumerate(tensors):
        if t._array.ndim > 1:
            raise RuntimeError(f"meshgrid: tensors[{i}] must be 0-d or 1-D, got {t._array.shape}")
    if len({t.dtype for t in tensors}) > 1:
        raise RuntimeError(f"meshgrid: the dtypes must be equal, got {[t.dtype for t in tensors]}")
    swap = indexing == "xy" and len(tensors) > 1
    if swap:
        tensors[:2] = tensors[1::-1]
    extents = tuple(t._array.size for t in tensors)
    grids = [
        expand(reshape(t, (1,) * i + (-1,) + (1,) * (len(extents) - i - 1)), extents)
        for i, t in enumerate(tensors)
    ]
    if swap:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def one_hot(tensor, num_classes=-1):
    """Rows of zeros with a 1 at each given class: shape (*, num_classes), int64.

    ``num_classes`` −1 is one more than the largest class.
    """
    x = tensor_of(tensor, "tensor")
    if x._array.dtype != np.int64:
        raise RuntimeError(f"one_hot: tensor must be int64, got {x.dtype}; use .long()")
    if not x._array.size and num_classes <= 0:
        raise RuntimeError("one_hot: num_classes must be given for a tensor without elements")
    lowest, highest = (int(x._array.min()), int(x._array.max())) if x._array.size else (0, -1)
    if lowest < 0:
        raise RuntimeError(f"one_hot: classes must be non-negative, got {lowest}")
    count = highest + 1 if num_classes == -1 else num_classes
    if count < 1 or highest >= count:
        raise RuntimeError(f"one_hot: class {highest} does not fit num_classes={num_classes}")
    xp = backend.array_module(x._array)
    return new_tensor(as_array((x._array[..., None] == xp.arange(count)).astype(np.int64)))
