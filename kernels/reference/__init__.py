"""The truth: every kernel once, in array code that reads like its formula."""

from . import (  # noqa: F401  (importing a family declares its kernels)
    activation,
    along,
    arithmetic,
    bitwise,
    cumulative,
    fused,
    logsumexp,
    loss,
    matmul,
    optim,
    piecewise,
    random,
    reduce,
    rounding,
    select,
    shape,
    softmax,
    special,
    transcendental,
    truth,
)
