"""Every op in its room: formula, forward, vjp, samples and the PyTorch call it must equal."""

from . import (  # noqa: F401
    activation,
    cast,
    compare,
    creation,
    dropout,
    elementwise,
    indexing,
    loss,
    matmul,
    reduce,
    shape,
    softmax,
)
