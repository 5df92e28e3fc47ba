"""Dropout layers."""

from ..ops import dropout
from ..random import default_generator
from .modes import notice
from .module import Module

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _Dropout(Module):
    """What dropout layers share: a probability, and a stream of masks.

    In evaluation they return their input. The masks come from a stream named after the module's
    place in the model, so another layer or loader does not change them; ``generator`` takes that
    place. ``inplace`` is accepted and ignored: graphs hold no in-place ops.
    """

    drops = True  # what mc_dropout leaves in training mode

    def __init__(self, p=0.5, inplace=False, *, generator=None):
        super().__init__()
        dropout.check_probability(p)
        self.p = p
        self.inplace = inplace
        self.generator = generator

    def forward(self, input):
        notice(self, input)
        if not self.training:
            return self.function(input, self.p, False)
        generator = self.generator or default_generator.stream(f"dropout {self._path()}")
        return self.function(input, self.p, True, generator=generator)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, zero elements with probability ``p`` and scale the others by 1 / (1 − p).

    In evaluation it returns its input. Source: Srivastava et al. 2014.

    >>> import minigrad as mg
    >>> mg.nn.Dropout(0.5).eval()(mg.ones(3))
    tensor([1., 1., 1.])
    """

    function = staticmethod(dropout.dropout)


class Dropout1d(_Dropout):
    """In training, zero whole channels of (N, C, L) or (C, L) with probability ``p``.

    The others are scaled by 1 / (1 − p). Source: Tompson et al. 2015.
    """

    function = staticmethod(dropout.dropout1d)


class Dropout2d(_Dropout):
    """In training, zero whole channels of (N, C, H, W) with probability ``p``.

    The others are scaled by 1 / (1 − p). Source: Tompson et al. 2015.
    """

    function = staticmethod(dropout.dropout2d)


class Dropout3d(_Dropout):
    """In training, zero whole channels of (N, C, D, H, W) or (C, D, H, W) with probability ``p``.

    The others are scaled by 1 / (1 − p). Source: Tompson et al. 2015.
    """

    function = staticmethod(dropout.dropout3d)


class AlphaDropout(_Dropout):
    """In training, set elements to what SELU saturates at; mean and variance stay.

    Source: Klambauer et al. 2017.
    """

    function = staticmethod(dropout.alpha_dropout)


class FeatureAlphaDropout(_Dropout):
    """As :class:`AlphaDropout`, for whole channels of (N, C, …)."""

    function = staticmethod(dropout.feature_alpha_dropout)
