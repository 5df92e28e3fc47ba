"""Activations as modules."""

from ..ops import activation, softmax
from .module import Module


class ReLU(Module):
    """max(x, 0). ``inplace`` is accepted and ignored: graphs hold no in-place ops."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input):
        return activation.relu(input)

    def extra_repr(self):
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)."""

    def forward(self, input):
        return activation.tanh(input)


class Sigmoid(Module):
    """1 / (1 + e⁻ˣ)."""

    def forward(self, input):
        return activation.sigmoid(input)


class GELU(Module):
    """x · Φ(x), or its approximation with ``approximate="tanh"``."""

    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return activation.gelu(input, approximate=self.approximate)

    def extra_repr(self):
        return f"approximate={self.approximate!r}"


class Softmax(Module):
    """exp(x) / Σ exp(x) along ``dim``."""

    function = staticmethod(softmax.softmax)

    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        if self.dim is None:
            raise ValueError(
                f"{self._get_name()} needs the axis that sums to one: {self._get_name()}(dim=-1)"
            )
        return self.function(input, self.dim)

    def extra_repr(self):
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """x − ln Σ exp(x) along ``dim``."""

    function = staticmethod(softmax.log_softmax)
