"""Autocast: each op gets its inputs in the precision that its own policy names.

The policy of an op is its class attribute ``precision``: "low" (matrix products), "fp32" (sums,
exponentials, losses), "widest" (the widest dtype among the inputs) or "input" (no cast, the
default). A function composed of several ops has it from the decorator :func:`casts`. The casts are
nodes of the graph, so gradients come back in the dtype that a tensor had before.
"""

import functools
import threading

import numpy as np

from .. import dtypes
from . import modes
from .graph import TensorBase, dtype_of
from .modes import state
from .op import OPERATIONS

_lock = threading.Lock()
_open = 0  # contexts, in all threads
_FLOAT32 = np.dtype(np.float32)


class Policy:
    """The low precision of a context, and the weights that were cast to it already."""

    __slots__ = ("dtype", "cache")

    def __init__(self, dtype, cache):
        self.dtype = dtype
        self.cache = cache

    def low(self, tensor):
        """The tensor in low precision; a leaf is cast once, as long as nobody changes it."""
        if self.cache is None or tensor._node is not None or not tensor._requires_grad:
            return OPERATIONS.cast(tensor, dtype=self.dtype)
        version = 0 if tensor._writes is None else tensor._writes[0]
        now = (version, state.recording)
        key = (id(tensor), self.dtype)
        _, array, then, made = self.cache.get(key, (None, None, None, None))
        if array is not tensor._array or then != now:
            made = OPERATIONS.cast(tensor, dtype=self.dtype)
            # the tensor is held: its id stays its own
            self.cache[key] = (tensor, tensor._array, now, made)
        return made


def enter(policy):
    """Begin a context of this thread (None: without autocast); returns what was in force."""
    global _open
    with _lock:
        _open += 1
        modes.autocaster = _cast_inputs
    before, state.autocast = state.autocast, policy
    return before


def leave(before):
    """End a context of this thread."""
    global _open
    state.autocast = before
    with _lock:
        _open -= 1
        if not _open:
            modes.autocaster = None


def _cast_inputs(op, tensors):
    """The inputs of an op as its policy wants them."""
    policy = state.autocast
    if policy is None or op.precision == "input":
        return tensors
    return tuple(_converted(op.precision, policy, tensors))


def _converted(precision, policy, values):
    """The floating tensors among values, and in lists of them, in a precision."""
    target = _widest(values) if precision == "widest" else dtypes.float32
    if precision == "low":
        target = policy.dtype
    return [_in(target, policy, value) for value in values]


def _in(target, policy, value):
    """A tensor, or each in a list, in a dtype; float64 and all else as it is."""
    if isinstance(value, list | tuple):
        return [_in(target, policy, v) for v in value]
    if not isinstance(value, TensorBase) or not castable(value) or dtype_of(value) is target:
        return value
    low = target is policy.dtype and value._tag is None
    return policy.low(value) if low else OPERATIONS.cast(value, dtype=target)


def castable(tensor):
    """Whether autocast may change the dtype of a tensor: float32 and emulated formats."""
    return tensor._tag is not None or tensor._array.dtype is _FLOAT32


def _widest(values):
    """float32, unless all that could be cast has one emulated format."""
    kinds = {dtype_of(v) for v in values if isinstance(v, TensorBase) and castable(v)}
    return kinds.pop() if len(kinds) == 1 else dtypes.float32


def will_agree(precision, tensors):
    """Whether tensors of several dtypes will have one once autocast has cast them."""
    return (
        modes.autocaster is not None
        and state.autocast is not None
        and precision != "input"
        and all(castable(t) for t in tensors if t is not None)
    )


def casts(precision):
    """Give a function that is composed of several ops one policy; its ops then cast nothing."""

    def decorate(function):
        @functools.wraps(function)
        def call(*args, **kwargs):
            if modes.autocaster is None or state.autocast is None:
                return function(*args, **kwargs)
            if precision != "input":
                values = _converted(precision, state.autocast, (*args, *kwargs.values()))
                args, named = values[: len(args)], values[len(args) :]
                kwargs = dict(zip(kwargs, named, strict=True))
            with under(None):
                return function(*args, **kwargs)

        call.precision = precision
        return call

    return decorate


class under:  # noqa: N801
    """A policy (None: no autocast) in this thread inside."""

    __slots__ = ("policy", "before")

    def __init__(self, policy):
        self.policy = policy

    def __enter__(self):
        self.before = enter(self.policy)

    def __exit__(self, *_failure):
        leave(self.before)
