"""Door: layers, activations and losses as functions."""

from ..ops.activation import (
    celu,
    elu,
    gelu,
    glu,
    hardswish,
    logsigmoid,
    mish,
    relu,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    tanh,
    tanhshrink,
)
from ..ops.dropout import dropout
from ..ops.grids import one_hot
from ..ops.loss import cross_entropy, mse_loss
from ..ops.matmul import linear
from ..ops.padding import pad
from ..ops.piecewise import (
    hardshrink,
    hardsigmoid,
    hardtanh,
    leaky_relu,
    prelu,
    relu6,
    rrelu,
    softshrink,
    threshold,
)
from ..ops.softmax import gumbel_softmax, log_softmax, softmax, softmin

__all__ = [
    "celu",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mish",
    "mse_loss",
    "one_hot",
    "pad",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]
