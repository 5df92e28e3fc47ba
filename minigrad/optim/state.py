"""What an optimizer keeps for one parameter: running means, a step count, master weights."""

import numpy as np

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of, new_tensor, values, written
from ..ops.cast import cast


def state_dtype(parameter):
    """The parameter's dtype; float32 for an emulated format."""
    dtype = dtype_of(parameter)
    return dtypes.float32 if dtype.emulated else dtype


def filled(parameter, value, shape=None):
    """A tensor of numbers for a parameter, in the precision that its state has."""
    xp = backend.array_module(parameter._array)
    shape = parameter._array.shape if shape is None else shape
    return new_tensor(xp.full(shape, value, state_dtype(parameter).storage))


def scalar(value):
    """A number as state: a 0-d float32 tensor on the CPU, as in PyTorch."""
    return new_tensor(np.array(value, np.float32))


def advance(entry):
    """Count one step of a parameter; returns how many there were with this one, as a float."""
    count = entry["step"]._array
    step = count.item() + 1.0
    count.fill(step)
    return step


def master_of(parameter, state):
    """The float32 weights behind a parameter in an emulated format.

    They stand in the state as ``"master"``; where the parameter was changed by anybody else, its
    own values count.
    """
    kept = state.get("master")
    if kept is None:
        kept = state["master"] = new_tensor(values(parameter).copy())
        return kept
    rounded = dtypes.encode_nearest(kept._array, parameter._tag)
    changed = _bits(rounded) != _bits(parameter._array)
    if changed.any():
        where = backend.array_module(changed).where
        kept._array[...] = where(changed, values(parameter), kept._array)
    return kept


def _bits(array):
    return array.view(f"i{array.itemsize}")


def apply_master(parameter, master):
    """Write the rounded master weights into a parameter."""
    parameter._array[...] = dtypes.encode_nearest(master._array, parameter._tag)
    written(parameter)


def fitted(value, key, parameter, shape=None):
    """A copy of a loaded state value in the dtype that the state of this parameter has.

    A tensor that is more than a number must have ``shape``, if one is given.
    """
    if isinstance(value, np.ndarray):
        value = new_tensor(value)
    if not isinstance(value, TensorBase):
        return value
    if value.ndim and shape is not None and value.shape != shape:
        raise ValueError(
            f"loaded state {key!r} of shape {value.shape} does not fit a parameter of shape "
            f"{parameter.shape}: it must have shape {shape}"
        )
    if value.is_floating_point():
        value = cast(value.detach(), state_dtype(parameter))
    return new_tensor(backend.move(value._array, parameter.device).copy(), value._tag)
