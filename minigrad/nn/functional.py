"""Door: layers, activations and losses as functions."""

from ..inplace import in_place
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
from ..ops.distances import cosine_similarity, normalize, pairwise_distance
from ..ops.dropout import dropout
from ..ops.embedding import embedding
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
from ..ops.products import bilinear
from ..ops.softmax import gumbel_softmax, log_softmax, softmax, softmin

__all__ = [
    "bilinear",
    "celu",
    "celu_",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "elu_",
    "embedding",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mish",
    "mse_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "prelu",
    "relu",
    "relu_",
    "relu6",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
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
    "threshold_",
]

celu_, elu_, hardtanh_, leaky_relu_ = map(in_place, (celu, elu, hardtanh, leaky_relu))
relu_, rrelu_, selu_, threshold_ = map(in_place, (relu, rrelu, selu, threshold))
