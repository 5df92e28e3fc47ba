"""Sliding windows as columns, and back, as modules."""

from ..ops import folding
from .module import Module

__all__ = ["Fold", "Unfold"]


class Unfold(Module):
    """The elements of every window as a column: (N, C, H, W) to (N, C · kernel elements, windows).

    >>> import minigrad as mg
    >>> mg.nn.Unfold(2)(mg.zeros(1, 3, 4, 4)).shape
    (1, 12, 9)
    """

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input):
        return folding.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Unfold):
    """The adjoint of :class:`Unfold`: columns added up into images of ``output_size``.

    >>> import minigrad as mg
    >>> mg.nn.Fold((4, 4), 2)(mg.zeros(1, 12, 9)).shape
    (1, 3, 4, 4)
    """

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, input):
        return folding.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self):
        return f"output_size={self.output_size}, {super().extra_repr()}"
