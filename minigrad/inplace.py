"""Writing results into a tensor's own memory, where nothing is recorded."""

import numpy as np

from .engine import gradients
from .engine.graph import TensorBase, written
from .engine.modes import state
from .ops.operands import operands


def in_place(function):
    """A method that writes ``function(self, …)`` into self where nothing is recorded."""

    def method(self, *args, **kwargs):
        refuse_recording(self, args, method.__name__, function.__name__)
        with not_recording():
            return self._write(function(self, *args, **kwargs))

    method.__name__ = f"{function.__name__}_"
    method.__qualname__ = f"Tensor.{method.__name__}"
    method.__doc__ = f"{function.__name__} in place, where nothing is recorded; returns self."
    return method


def reshaped(function):
    """A method that gives self the shape of the view ``function(self, …)``; nothing is recorded."""

    def method(self, *args, **kwargs):
        refuse_recording(self, args, method.__name__, function.__name__)
        with not_recording():
            self._array = function(self, *args, **kwargs)._array
        written(self)
        return self

    method.__name__ = f"{function.__name__}_"
    method.__qualname__ = f"Tensor.{method.__name__}"
    method.__doc__ = f"{function.__name__} in place, where nothing is recorded; returns self."
    return method


class not_recording:  # noqa: N801
    """A bare no_grad for methods that have checked that nothing is recorded."""

    __slots__ = ("before",)

    def __enter__(self):
        self.before = state.recording
        if self.before:
            state.recording = False

    def __exit__(self, *_failure):
        if self.before:
            state.recording = True


def refuse_recording(tensor, others, name, functional):
    operands = [tensor, *(o for o in others if isinstance(o, TensorBase))]
    if not gradients.recording(*operands):
        return
    if tensor._node is None and tensor._requires_grad:
        raise RuntimeError(
            f"{name}: a leaf tensor that requires grad cannot be written in place; "
            "use mg.no_grad() or .detach()"
        )
    raise RuntimeError(
        f"{name}: in-place writes cannot be recorded; use the functional form {functional}(...)"
    )


def unlocked(array):
    """The array, which may be written to: NumPy locks diagonals and expansions, whatever is below.

    Raises ValueError where elements share a place in memory.
    """
    if type(array) is not np.ndarray or array.flags.writeable or array.base is None:
        return array
    if any(step == 0 and n > 1 for step, n in zip(array.strides, array.shape, strict=True)):
        raise ValueError(
            f"elements of shape {array.shape} share places in memory (an expansion does that); "
            "write to a .clone()"
        )
    array.flags.writeable = True
    return array


def updated(function):
    """An augmented assignment: in place where nothing is recorded, else a new tensor."""

    def method(self, other):
        if gradients.recording(self, *([other] if isinstance(other, TensorBase) else [])):
            if self._node is None and self._requires_grad:
                refuse_recording(self, (), f"{function.__name__} in place", function.__name__)
            return function(self, other)
        with not_recording():
            return self._write(function(self, other))

    return method


def infix(function):
    """The operator: with what is no number, such as None, Python asks the other operand."""

    def method(self, other):
        try:
            return function(self, other)
        except TypeError:
            if isinstance(other, _NUMERIC):
                raise
            return NotImplemented

    return method


def commutative(op):
    """As :func:`infix`, of an op that takes any two operands: a call less for + and *."""
    apply = op.apply

    def method(self, other):
        try:
            a, b = operands(self, other)
        except TypeError:
            if isinstance(other, _NUMERIC):
                raise
            return NotImplemented
        return apply(a, b)

    return method


def reflected(function):
    """The operator for a tensor on the right-hand side."""
    return infix(lambda self, other: function(other, self))


_NUMERIC = (TensorBase, int, float, np.ndarray, np.generic)
