"""The truth: every kernel once, in array code that reads like its formula."""

from . import (  # noqa: F401  (importing a family declares its kernels)
    activation,
    arithmetic,
    fused,
    loss,
    matmul,
    optim,
    random,
    reduce,
    rounding,
    select,
    shape,
    softmax,
    transcendental,
)
