"""Initial values of one tensor, written in place.

A layer keeps the variance of its signal when the variance of its weights is gain² / fan, where fan
is the number of inputs (or outputs) of a unit and the gain makes up for the activation.
"""

import math
import warnings

from ...engine.modes import no_grad
from ...ops.arithmetic import sign
from ...ops.decompositions import linalg_qr
from ...ops.diagonals import diagonal
from ...ops.grids import eye
from ...ops.sampling import randn, randperm
from ...ops.special import erfinv

GAINS = {
    "sigmoid": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
    "gelu": 1.5335304411955353,  # 1 / √E[gelu(z)²] for a normal z, and likewise for silu
    "silu": 1.6765324703310909,
}
_LINEAR = ("linear", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)))
GAINS.update(dict.fromkeys(_LINEAR, 1))


def calculate_gain(nonlinearity, param=None):
    """The factor that keeps the variance after an activation; ``param`` is leaky_relu's slope.

    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in GAINS:
        raise ValueError(
            f"Unsupported nonlinearity {nonlinearity}; known are leaky_relu, {', '.join(GAINS)}"
        )
    return GAINS[nonlinearity]


def fans(tensor):
    """(fan_in, fan_out) of a weight of shape (out, in, *receptive field).

    A group of channels counts alone: ``in`` is the number of channels that one filter reads.
    """
    if tensor.ndim < 2:
        raise ValueError(
            "fan in and fan out cannot be computed for a tensor with fewer than 2 dimensions, "
            f"got shape {tensor.shape}"
        )
    out, into, *field = tensor.shape
    size = math.prod(field)
    return into * size, out * size


@no_grad()
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Uniform in [a, b)."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Normal with the given mean and standard deviation."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Normal with the given mean and standard deviation within [a, b], which are absolute.

    By inverting the cumulative distribution: Φ⁻¹ of a uniform number between Φ(a) and Φ(b).
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            f"trunc_normal_: mean={mean} is more than 2 std={std} outside of [{a}, {b}]; the "
            "distribution of values may be incorrect",
            stacklevel=2,
        )
    low, high = (math.erf((edge - mean) / std / math.sqrt(2)) for edge in (a, b))
    tensor.uniform_(low, high, generator=generator)
    tensor.copy_(erfinv(tensor) * (std * math.sqrt(2)) + mean)
    return tensor.clamp_(a, b)


@no_grad()
def constant_(tensor, val):
    """One value everywhere."""
    return tensor.fill_(val)


def zeros_(tensor):
    """Zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor):
    """Ones."""
    return constant_(tensor, 1.0)


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Uniform in ± gain √(6 / (fan_in + fan_out)). Source: Glorot and Bengio 2010."""
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Normal with standard deviation gain √(2 / (fan_in + fan_out)). Source: as the uniform."""
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def _xavier_std(tensor, gain):
    return gain * math.sqrt(2.0 / max(sum(fans(tensor)), 1))


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Uniform in ± gain √(3 / fan), for a leaky ReLU of slope ``a``. Source: He et al. 2015."""
    if not tensor.numel():
        return _left_alone(tensor)
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Normal with standard deviation gain / √fan. Source: He et al. 2015."""
    if not tensor.numel():
        return _left_alone(tensor)
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _kaiming_std(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def _left_alone(tensor):
    warnings.warn("initializing a zero-element tensor is a no-op", stacklevel=3)
    return tensor


@no_grad()
def eye_(tensor):
    """The identity, as far as it fits a matrix that is not square."""
    _check_axes("eye_", tensor, 2, 2)
    return tensor.copy_(eye(*tensor.shape))


@no_grad()
def dirac_(tensor, groups=1):
    """A convolution that keeps its input: 1 at the centre of filter i for channel i per group."""
    _check_axes("dirac_", tensor, 3, 5)
    out, into, *field = tensor.shape
    if out % groups:
        raise ValueError(f"dirac_: {out} filters are not divisible by groups={groups}")
    tensor.zero_()
    centre = tuple(size // 2 for size in field)
    per_group = out // groups
    for channel in range(min(per_group, into)):
        for group in range(groups):
            tensor[(group * per_group + channel, channel, *centre)] = 1
    return tensor


@no_grad()
def orthogonal_(tensor, gain=1, generator=None):
    """gain · Q, the rows (or the columns, if there are more rows) of (out, rest) orthonormal.

    Q is uniform among the orthogonal matrices. Source: Saxe et al. 2013.
    """
    _check_axes("orthogonal_", tensor, 2, math.inf)
    if not tensor.numel():
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    tall = (max(rows, columns), min(rows, columns))
    q, r = linalg_qr(randn(*tall, dtype=tensor.dtype, generator=generator))
    q = q * sign(diagonal(r))  # otherwise Q is not uniform
    return tensor.copy_(((q.T if rows < columns else q) * gain).reshape(tensor.shape))


@no_grad()
def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Normal, with the share ``sparsity`` of each column zero. Source: Martens 2010."""
    _check_axes("sparse_", tensor, 2, 2)
    rows, columns = tensor.shape
    values = randn(rows, columns, dtype=tensor.dtype, generator=generator) * std
    zeros = math.ceil(sparsity * rows)
    for column in range(columns):
        values[randperm(rows, generator=generator)[:zeros], column] = 0
    return tensor.copy_(values)


def _check_axes(name, tensor, fewest, most):
    if not fewest <= tensor.ndim <= most:
        wanted = {2: "2"}.get(most, f"{fewest} or more" if most == math.inf else "3, 4 or 5")
        raise ValueError(f"{name}: tensor must have {wanted} axes, got shape {tensor.shape}")


def prior_bias_(tensor, pi=0.01):
    """−ln((1 − π) / π): a sigmoid over this bias starts at probability π.

    Source: Lin et al. 2017, for classes as rare as π.

    >>> import minigrad as mg
    >>> mg.sigmoid(prior_bias_(mg.zeros(1), 0.25))
    tensor([0.2500])
    """
    if not 0 < pi < 1:
        raise ValueError(f"prior_bias_: pi must be between 0 and 1, got {pi}")
    return constant_(tensor, -math.log((1 - pi) / pi))
