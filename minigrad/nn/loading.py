"""Loading a state dict into a module, and where ``Module.to`` goes."""

from collections import namedtuple

import numpy as np

from .. import backend, dtypes
from ..engine.graph import TensorBase, dtype_of
from ..engine.modes import no_grad
from ..ops.operands import tensor_of
from . import hooks
from .parameter import Parameter

EXTRA = "_extra_state"  # what a module's own get_extra_state gives stands under this name


class IncompatibleKeys(namedtuple("IncompatibleKeys", ("missing_keys", "unexpected_keys"))):
    """What did not match in :meth:`Module.load_state_dict`."""

    __slots__ = ()

    def __repr__(self):
        return super().__repr__() if any(self) else "<All keys matched successfully>"


def load(module, state_dict, strict, assign):
    """Check everything, then copy (or assign) every value that has a place in the module."""
    if not hasattr(state_dict, "items"):
        raise TypeError(
            f"expected state_dict to be dict-like, got {type(state_dict).__name__}; "
            "read a file with mg.load first"
        )
    state = dict(state_dict)
    found = IncompatibleKeys([], [])
    errors = []
    modules = list(module.named_modules(remove_duplicate=False))
    for path, owner in modules:
        prefix = f"{path}." if path else ""
        hooks.run(owner, "load_before", state, prefix, {}, strict, *found, errors)
    places = _places(modules)
    extras = {key: value for key, value in state.items() if key.rpartition(".")[2] == EXTRA}
    found.missing_keys.extend(
        key
        for key, (owner, name, _) in places.items()
        if key not in state and name not in owner._may_lack
    )
    found.unexpected_keys.extend(key for key in state if key not in places)
    errors += _misfits(places, state, extras)
    if not errors:
        for _, owner in reversed(modules):
            hooks.run(owner, "load_after", found)
    errors = (_keys_that_differ(*found) if strict else []) + errors
    if errors:
        lines = "\n\t".join(errors)
        raise RuntimeError(
            f"Error(s) in loading state_dict for {module._get_name()}:\n\t{lines}"
        )
    with no_grad():
        for key, (owner, name, value) in places.items():
            if key in extras:
                owner.set_extra_state(extras[key])
            elif key in state:
                _write(owner, name, value, tensor_of(state[key]), assign)
    return found


def _places(modules):
    """{key: (module, name, value)} of everything that a state dict can hold for the modules."""
    places = {}
    for path, owner in modules:
        prefix = f"{path}." if path else ""
        for name, value in owner._own_state():
            places[prefix + name] = owner, name, value
        if owner._has_extra_state():
            places[prefix + EXTRA] = owner, EXTRA, None
    return places


def _keys_that_differ(missing, unexpected):
    return [
        f"{what} key(s) in state_dict: {', '.join(map(_quoted, keys))}. "
        for what, keys in (("Missing", missing), ("Unexpected", unexpected))
        if keys
    ]


def _quoted(key):
    return f'"{key}"'


def _misfits(places, state_dict, extras):
    """One message for each value that cannot be copied to its place."""
    for key, (_, _, current) in places.items():
        if key not in state_dict or key in extras:
            continue
        given = state_dict[key]
        if not isinstance(given, TensorBase | np.ndarray):
            yield (
                f"While copying the parameter named {_quoted(key)}, expected a tensor or ndarray "
                f"but received {type(given).__name__}. "
            )
        elif tuple(given.shape) != current.shape:
            yield (
                f"size mismatch for {key}: copying a param with shape {tuple(given.shape)} from "
                f"checkpoint, the shape in current model is {current.shape}."
            )


def _write(owner, name, current, given, assign):
    if not assign:
        current.copy_(given)
    elif isinstance(current, Parameter):
        setattr(owner, name, Parameter(given, requires_grad=current.requires_grad))
    else:
        setattr(owner, name, given)


def destination(*args, dtype=None, device=None, non_blocking=False):
    """(dtype, device) from the arguments of ``to``: a device, a dtype or a tensor."""
    for value in args:
        if isinstance(value, TensorBase):
            dtype, device = dtype_of(value), backend.device_of(value._array)
        elif isinstance(value, str) and value not in dtypes.BY_NAME:
            device = value
        elif value is not None and not isinstance(value, bool):
            dtype = value
    return (None if dtype is None else dtypes.check(dtype)), device
