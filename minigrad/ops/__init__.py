"""Every op in its room: formula, forward, vjp, samples and the PyTorch call it must equal."""

from . import (  # noqa: F401
    activation,
    arithmetic,
    cast,
    compare,
    creation,
    dropout,
    functions,
    indexing,
    loss,
    matmul,
    reduce,
    select,
    shape,
    softmax,
    special,
)
