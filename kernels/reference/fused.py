"""What follows a linear layer, in one pass."""

from ..registry import array_module, kernel

IDENTITY, RELU, TANH, SIGMOID = range(4)


@kernel(
    lambda make, shape: (make.normal(shape), make.normal(shape[-1:]), TANH),
    min_ndim=1,
    writes=(0,),
)
def bias_activation(x, bias, activation):
    """x ← f(x + b) in place, f being one of IDENTITY, RELU, TANH and SIGMOID; returns x"""
    xp = array_module(x)
    x += bias
    if activation == RELU:
        x[...] = xp.maximum(x, 0)
    elif activation == TANH:
        x[...] = xp.tanh(x)
    elif activation == SIGMOID:
        x[...] = 1 / (1 + xp.exp(-x))
    elif activation != IDENTITY:
        raise ValueError(f"bias_activation: activation must be 0, 1, 2 or 3, got {activation!r}")
    return x
