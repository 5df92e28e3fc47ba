"""Pooling layers: one class for each kind and number of axes."""

from ..ops.adaptive_pool import ADAPTIVE_AVG, ADAPTIVE_MAX
from ..ops.fractional_pool import FRACTIONAL
from ..ops.pool import AVG, LP, MAX
from ..ops.unpool import UNPOOL
from .module import Module

__all__ = [
    f"{kind}{axes}d"
    for kind, numbers in {
        "AdaptiveAvgPool": (1, 2, 3),
        "AdaptiveMaxPool": (1, 2, 3),
        "AvgPool": (1, 2, 3),
        "FractionalMaxPool": (2, 3),
        "LPPool": (1, 2, 3),
        "MaxPool": (1, 2, 3),
        "MaxUnpool": (1, 2, 3),
    }.items()
    for axes in numbers
]


class _Pool(Module):
    """A layer over the last ``axes`` axes of (N, C, ...) or (C, ...)."""

    axes = 1
    shown = ("kernel_size", "stride", "padding")

    def _each(self, value):
        """One value for every axis, as a tuple."""
        return tuple(value) if isinstance(value, tuple | list) else (value,) * self.axes

    def extra_repr(self):
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


class _MaxPool(_Pool):
    """The largest element of every window.

    ``return_indices`` also returns where they are, for :class:`MaxUnpool{axes}d`.
    """

    functions = MAX
    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False,
        ceil_mode=False,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input):
        return self.functions[self.axes](
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode,
            self.return_indices,
        )  # fmt: skip


class _AvgPool(_Pool):
    """The mean of every window, whose zeros in the border count with ``count_include_pad``."""

    functions = AVG

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
        divisor_override=None,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input):
        return self.functions[self.axes](
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad, self.divisor_override,
        )  # fmt: skip


class _AvgPoolOfLines(_AvgPool):
    __doc__ = _AvgPool.__doc__

    def __init__(
        self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
    ):
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        for name in self.shown:
            setattr(self, name, self._each(getattr(self, name)))

    def forward(self, input):
        return self.functions[1](
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad,
        )  # fmt: skip


class _LPPool(_Pool):
    """(Σ xᵖ)^(1/p) over every window, p being ``norm_type``."""

    functions = LP
    shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input):
        return self.functions[self.axes](
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class _AdaptiveMaxPool(_Pool):
    """The largest elements of ``output_size`` parts that cover the input."""

    functions = ADAPTIVE_MAX
    shown = ("output_size",)

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input):
        return self.functions[self.axes](input, self.output_size, self.return_indices)


class _AdaptiveAvgPool(_Pool):
    """The means of ``output_size`` parts that cover the input."""

    functions = ADAPTIVE_AVG
    shown = ("output_size",)

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input):
        return self.functions[self.axes](input, self.output_size)


class _MaxUnpool(_Pool):
    """Zeros with the elements that a :class:`MaxPool{axes}d` found where they were."""

    functions = UNPOOL

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size = self._each(kernel_size)
        self.stride = self._each(kernel_size if stride is None else stride)
        self.padding = self._each(padding)

    def forward(self, input, indices, output_size=None):
        return self.functions[self.axes](
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class _FractionalMaxPool(_Pool):
    """The largest elements of windows at random places. Source: Graham 2014.

    There are ``output_size`` windows along each axis, or ``output_ratio`` times its extent.
    """

    functions = FRACTIONAL
    shown = ()

    def __init__(
        self, kernel_size, output_size=None, output_ratio=None, return_indices=False,
        _random_samples=None,
    ):  # fmt: skip
        super().__init__()
        self.kernel_size = self._each(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else self._each(output_size)
        self.output_ratio = None if output_ratio is None else self._each(output_ratio)
        if (output_size is None) == (output_ratio is None):
            raise ValueError(f"{self._get_name()}: give either output_size or output_ratio")
        if output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(
                f"{self._get_name()}: output_ratio must be between 0 and 1, got {output_ratio}"
            )

    def forward(self, input):
        return self.functions[self.axes](
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            self._random_samples,
        )  # fmt: skip


def _define(name, base, axes):
    """The class of one kind for a number of axes."""
    last = ("the last axis", "the last two axes", "the last three axes")[axes - 1]
    first, *rest = base.__doc__.replace("{axes}", str(axes)).split("\n\n")
    doc = "\n\n".join([f"{first} Pools {last}.", *rest])
    return type(name, (base,), {"axes": axes, "__doc__": doc, "__module__": __name__})


_KINDS = {
    "AdaptiveAvgPool": _AdaptiveAvgPool,
    "AdaptiveMaxPool": _AdaptiveMaxPool,
    "AvgPool": _AvgPool,
    "FractionalMaxPool": _FractionalMaxPool,
    "LPPool": _LPPool,
    "MaxPool": _MaxPool,
    "MaxUnpool": _MaxUnpool,
}
_KINDS["AvgPool1d"] = _AvgPoolOfLines  # without divisor_override
globals().update(
    {name: _define(name, _KINDS.get(name) or _KINDS[name[:-2]], int(name[-2])) for name in __all__}
)
