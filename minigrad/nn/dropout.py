"""Dropout as a module."""

from ..ops.dropout import dropout
from ..random import default_generator
from .module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, zero elements with probability ``p`` and scale the others by 1 / (1 − p).

    In evaluation it returns its input. The masks come from a stream named after the module's place
    in the model, so another layer or loader does not change them; ``generator`` takes that place.
    ``inplace`` is accepted and ignored.
    """

    def __init__(self, p=0.5, inplace=False, *, generator=None):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace
        self.generator = generator

    def forward(self, input):
        if not self.training:
            return input
        generator = self.generator or default_generator.stream(f"dropout {self._path()}")
        return dropout(input, self.p, True, generator=generator)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"
