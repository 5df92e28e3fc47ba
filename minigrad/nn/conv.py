"""Convolutions as layers."""

import math

from ..ops import conv
from ..ops.creation import empty
from ..ops.padding import pad
from . import init
from .module import Module
from .parameter import Parameter

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What convolutions and transposed convolutions over ``axes`` axes share."""

    axes = None
    transposed = False

    def _build(
        self, in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding,
        groups, bias, padding_mode, kind,
    ):  # fmt: skip
        """Check and keep the arguments, and make the parameters."""
        if groups <= 0:
            raise ValueError(f"groups must be a positive integer, got {groups}")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name}={channels} must be divisible by groups={groups}")
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {PADDING_MODES}, got {padding_mode!r}")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._each(kernel_size)
        self.stride = self._each(stride)
        self.padding = padding if isinstance(padding, str) else self._each(padding)
        self.dilation = self._each(dilation)
        self.output_padding = self._each(output_padding)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_padding()
        channels = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (channels[0], channels[1] // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, **kind))
        self.register_parameter("bias", Parameter(empty(out_channels, **kind)) if bias else None)
        self.reset_parameters()

    def _each(self, value):
        """One value for every axis, as a tuple."""
        return tuple(value) if isinstance(value, tuple | list) else (value,) * self.axes

    def _check_padding(self):
        if not isinstance(self.padding, str):
            return
        if self.padding not in ("same", "valid"):
            raise ValueError(f"padding must be 'same', 'valid' or numbers, got {self.padding!r}")
        if self.padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError(f"padding='same' needs stride 1, got stride={self.stride}")

    def reset_parameters(self):
        """Draw new initial values, uniform in ±1/√fan_in."""
        if not self.weight.numel():
            return
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(init.fans(self.weight)[0])
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self):
        parts = [f"{self.in_channels}, {self.out_channels}"]
        parts += [f"kernel_size={self.kernel_size}, stride={self.stride}"]
        for name, usual in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name)
            if value != (usual,) * len(value):
                parts.append(f"{name}={value}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _Conv(_ConvNd):
    """A convolution, of its input with a border of any kind."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        kind = {"device": device, "dtype": dtype}
        self._build(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias,
            padding_mode, kind,
        )  # fmt: skip

    def forward(self, input):
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = pad(input, self._border(), self.padding_mode), 0
        return self.function(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def _border(self):
        """The padding as :func:`pad` takes it: (before, after) from the last axis to the first."""
        if self.padding == "valid":
            pairs = [(0, 0)] * self.axes
        elif self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(total // 2, total - total // 2) for total in totals]
        else:
            pairs = [(p, p) for p in self.padding]
        return tuple(width for pair in reversed(pairs) for width in pair)


class Conv1d(_Conv):
    """Convolution over length: (N, in_channels, L) to (N, out_channels, L′), with or without N.

    >>> import minigrad as mg
    >>> mg.nn.Conv1d(2, 3, 5, padding=2)(mg.zeros(1, 2, 7)).shape
    (1, 3, 7)
    """

    axes = 1
    function = staticmethod(conv.conv1d)


class Conv2d(_Conv):
    """Convolution over images: (N, in_channels, H, W) to (N, out_channels, H′, W′).

    The weight is (out_channels, in_channels / groups, *kernel_size).

    >>> import minigrad as mg
    >>> mg.nn.Conv2d(3, 8, 3, stride=2, padding=1)(mg.zeros(1, 3, 8, 8)).shape
    (1, 8, 4, 4)
    """

    axes = 2
    function = staticmethod(conv.conv2d)


class Conv3d(_Conv):
    """Convolution over volumes: (N, in_channels, D, H, W) to (N, out_channels, D′, H′, W′)."""

    axes = 3
    function = staticmethod(conv.conv3d)


class _ConvTranspose(_ConvNd):
    """The adjoint of a convolution."""

    transposed = True

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f"{self._get_name()}: padding_mode can only be 'zeros'")
        if isinstance(padding, str):
            raise ValueError(f"{self._get_name()}: padding must be numbers, got {padding!r}")
        kind = {"device": device, "dtype": dtype}
        self._build(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding,
            groups, bias, padding_mode, kind,
        )  # fmt: skip

    def forward(self, input, output_size=None):
        """``output_size`` chooses among the sizes that a stride makes possible."""
        more = self.output_padding
        if output_size is not None:
            more = self._missing(input.shape, tuple(output_size))
        return self.function(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups,
            self.dilation,
        )  # fmt: skip

    def _missing(self, shape, wanted):
        """The output_padding that makes the wanted size."""
        axes, name = self.axes, self._get_name()
        if len(wanted) == len(shape):
            wanted = wanted[-axes:]
        if len(wanted) != axes:
            raise ValueError(
                f"{name}: output_size must have {axes} or {len(shape)} elements for input of shape "
                f"{shape}, got {wanted}"
            )
        geometry = self.stride, self.padding, self.dilation, self.kernel_size
        smallest = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(shape[-axes:], *geometry, strict=True)
        ]
        largest = [n + s - 1 for n, s in zip(smallest, self.stride, strict=True)]
        if not all(a <= n <= b for a, n, b in zip(smallest, wanted, largest, strict=True)):
            raise ValueError(
                f"{name}: output_size={list(wanted)} must be from {smallest} to {largest} for "
                f"input of shape {shape}"
            )
        return tuple(n - a for n, a in zip(wanted, smallest, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution over length. The weight is (in_channels, out_channels / groups, …)."""

    axes = 1
    function = staticmethod(conv.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution over images, which takes the sizes of a strided Conv2d back.

    >>> import minigrad as mg
    >>> up = mg.nn.ConvTranspose2d(8, 3, 3, stride=2, padding=1)
    >>> up(mg.zeros(1, 8, 4, 4), output_size=(8, 8)).shape
    (1, 3, 8, 8)
    """

    axes = 2
    function = staticmethod(conv.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution over volumes."""

    axes = 3
    function = staticmethod(conv.conv_transpose3d)
