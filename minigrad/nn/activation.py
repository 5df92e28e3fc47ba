"""Activations as modules."""

from ..ops import activation, piecewise, softmax
from ..ops.creation import full
from ..random import default_generator
from . import init
from .module import Module
from .parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class _Activation(Module):
    """A function whose options, if it has any, are attributes of the module."""

    function = None
    options = ()

    def _take(self, **options):
        """Let these be the options."""
        self.options = tuple(options)
        self.__dict__.update(options)

    def forward(self, input):
        if not self.options:
            return self.function(input)
        return self.function(input, **{name: getattr(self, name) for name in self.options})

    def extra_repr(self):
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.options)


class _Replacing(_Activation):
    """One with PyTorch's ``inplace``, which is accepted and ignored: graphs hold no such ops."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def extra_repr(self):
        return ", ".join(filter(None, [super().extra_repr(), "inplace=True" * self.inplace]))


class _Quiet(_Replacing):
    """One that never shows ``inplace``."""

    def extra_repr(self):
        return ""


class _Shrink(_Activation):
    """One with the half-width of the interval that becomes zero."""

    def __init__(self, lambd=0.5):
        super().__init__()
        self._take(lambd=lambd)

    def extra_repr(self):
        return str(self.lambd)


class ReLU(_Replacing):
    """max(x, 0)."""

    function = staticmethod(activation.relu)


class Tanh(_Activation):
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)."""

    function = staticmethod(activation.tanh)


class Sigmoid(_Activation):
    """1 / (1 + e⁻ˣ)."""

    function = staticmethod(activation.sigmoid)


class SiLU(_Replacing):
    """x · sigmoid(x). Source: Elfwing et al. 2017."""

    function = staticmethod(activation.silu)


class Mish(_Replacing):
    """x · tanh(softplus(x)). Source: Misra 2019."""

    function = staticmethod(activation.mish)


class SELU(_Replacing):
    """λ x for x > 0, else λ α (eˣ − 1): keeps mean 0 and variance 1. Source: Klambauer 2017."""

    function = staticmethod(activation.selu)


class Hardswish(_Quiet):
    """x · relu6(x + 3) / 6. Source: Howard et al. 2019."""

    function = staticmethod(activation.hardswish)


class Hardsigmoid(_Quiet):
    """relu6(x + 3) / 6."""

    function = staticmethod(piecewise.hardsigmoid)


class LogSigmoid(_Activation):
    """−ln(1 + e⁻ˣ)."""

    function = staticmethod(activation.logsigmoid)


class Softsign(_Activation):
    """x / (1 + |x|)."""

    function = staticmethod(activation.softsign)


class Tanhshrink(_Activation):
    """x − tanh(x)."""

    function = staticmethod(activation.tanhshrink)


class GELU(_Activation):
    """x · Φ(x), or its approximation with ``approximate="tanh"``. Source: Hendrycks 2016."""

    function = staticmethod(activation.gelu)

    def __init__(self, approximate="none"):
        super().__init__()
        self._take(approximate=approximate)


class ELU(_Replacing):
    """x for x > 0, else α (eˣ − 1). Source: Clevert et al. 2015."""

    function = staticmethod(activation.elu)

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__(inplace)
        self._take(alpha=alpha)


class CELU(_Replacing):
    """x for x > 0, else α (e^(x/α) − 1). Source: Barron 2017."""

    function = staticmethod(activation.celu)

    def __init__(self, alpha=1.0, inplace=False):
        super().__init__(inplace)
        self._take(alpha=alpha)


class LeakyReLU(_Replacing):
    """x for x > 0, else slope · x."""

    function = staticmethod(piecewise.leaky_relu)

    def __init__(self, negative_slope=0.01, inplace=False):
        super().__init__(inplace)
        self._take(negative_slope=negative_slope)


class Hardtanh(_Replacing):
    """x between ``min_val`` and ``max_val``, which it is outside of them."""

    function = staticmethod(piecewise.hardtanh)

    def __init__(self, min_val=-1.0, max_val=1.0, inplace=False):
        super().__init__(inplace)
        self._take(min_val=min_val, max_val=max_val)
        if not max_val > min_val:
            raise ValueError(
                f"Hardtanh: max_val={max_val} must be larger than min_val={min_val}"
            )


class ReLU6(Hardtanh):
    """x between 0 and 6."""

    def __init__(self, inplace=False):
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self):
        return "inplace=True" if self.inplace else ""


class Threshold(_Replacing):
    """x above ``threshold``, else ``value``."""

    function = staticmethod(piecewise.threshold)

    def __init__(self, threshold, value, inplace=False):
        super().__init__(inplace)
        self._take(threshold=threshold, value=value)


class Softplus(_Activation):
    """ln(1 + e^(β x)) / β, and x where β x is above ``threshold``."""

    function = staticmethod(activation.softplus)

    def __init__(self, beta=1.0, threshold=20.0):
        super().__init__()
        self._take(beta=beta, threshold=threshold)


class Hardshrink(_Shrink):
    """x outside ± ``lambd``, else 0."""

    function = staticmethod(piecewise.hardshrink)


class Softshrink(_Shrink):
    """x nearer to zero by ``lambd``, and 0 within ± ``lambd``."""

    function = staticmethod(piecewise.softshrink)


class GLU(_Activation):
    """a · sigmoid(b), the halves of x along ``dim``. Source: Dauphin et al. 2016."""

    function = staticmethod(activation.glu)

    def __init__(self, dim=-1):
        super().__init__()
        self._take(dim=dim)


class RReLU(_Replacing):
    """x for x > 0, else r · x; in training r is uniform in [lower, upper], otherwise its mean.

    Source: Xu et al. 2015.
    """

    def __init__(self, lower=1 / 8, upper=1 / 3, inplace=False):
        super().__init__(inplace)
        self._take(lower=lower, upper=upper)

    def forward(self, input):
        generator = default_generator.stream(f"rrelu {self._path()}") if self.training else None
        return piecewise.rrelu(
            input, self.lower, self.upper, self.training, generator=generator
        )


class PReLU(Module):
    """x for x > 0, else weight · x, one weight for all channels or for each.

    Source: He et al. 2015.
    """

    def __init__(self, num_parameters=1, init=0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(full((num_parameters,), init, device=device, dtype=dtype))

    def reset_parameters(self):
        """Set the weights to ``init`` again."""
        init.constant_(self.weight, self.init)

    def forward(self, input):
        return piecewise.prelu(input, self.weight)

    def extra_repr(self):
        return f"num_parameters={self.num_parameters}"


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


class Softmin(Softmax):
    """exp(−x) / Σ exp(−x) along ``dim``."""

    function = staticmethod(softmax.softmin)


class Softmax2d(Module):
    """Softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input):
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d takes 3 or 4 axes, got shape {input.shape}")
        return softmax.softmax(input, -3)
