"""Padding as modules: one class for each way to fill and each number of axes."""

from ..ops.padding import pad
from .module import Module

__all__ = [
    f"{kind}Pad{axes}d"
    for kind in ("Circular", "Constant", "Reflection", "Replication", "Zero")
    for axes in (1, 2, 3)
]


class _Pad(Module):
    """Pads the last ``axes`` axes of a batch of channels, or of channels alone."""

    axes = 1
    mode = "constant"
    value = None

    def __init__(self, padding):
        super().__init__()
        padding = (padding,) * (2 * self.axes) if isinstance(padding, int) else tuple(padding)
        if len(padding) != 2 * self.axes:
            raise ValueError(
                f"{self._get_name()}: padding must be an int or {2 * self.axes} ints (from the "
                f"last axis, before and after it), got {padding}"
            )
        self.padding = padding

    def forward(self, input):
        if self.mode != "constant" and input.ndim not in (self.axes + 1, self.axes + 2):
            raise ValueError(
                f"{self._get_name()}: input must have {self.axes + 1} or {self.axes + 2} axes, "
                f"got shape {input.shape}"
            )
        return pad(input, self.padding, self.mode, self.value)

    def extra_repr(self):
        return str(self.padding)


class _ConstantPad(_Pad):
    """Pads with one value."""

    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_Pad):
    """Pads with zeros."""

    value = 0.0


class _ReflectionPad(_Pad):
    """Pads with the input mirrored at its edges, which are not repeated."""

    mode = "reflect"


class _ReplicationPad(_Pad):
    """Pads with the elements at the edges."""

    mode = "replicate"


class _CircularPad(_Pad):
    """Pads with the input from its other end."""

    mode = "circular"


_KINDS = {
    "Circular": _CircularPad,
    "Constant": _ConstantPad,
    "Reflection": _ReflectionPad,
    "Replication": _ReplicationPad,
    "Zero": _ZeroPad,
}


def _define(name, base, axes):
    """The class of one kind for a number of axes."""
    last = ("the last axis", "the last two axes", "the last three axes")[axes - 1]
    doc = base.__doc__.replace("Pads", f"Pads {last}", 1) + (
        f" ``padding`` is an int or {2 * axes} ints, before and after each axis from the last."
    )
    return type(name, (base,), {"axes": axes, "__doc__": doc, "__module__": __name__})


globals().update(
    {
        f"{kind}Pad{axes}d": _define(f"{kind}Pad{axes}d", base, axes)
        for kind, base in _KINDS.items()
        for axes in (1, 2, 3)
    }
)
