"""Which functions are tensor methods too, and which of those have an in-place twin.

``x.abs()`` is ``mg.abs(x)``: the function of a room becomes the method of its name. ``x.abs_()``
writes ``mg.abs(x)`` into x.
"""

from .ops import (
    activation,
    arithmetic,
    cast,
    compare,
    functions,
    indexing,
    matmul,
    reduce,
    select,
    shape,
    softmax,
    special,
)

_METHODS = {
    activation: "relu sigmoid tanh",
    arithmetic: "abs add div mul neg pow reciprocal sign sqrt square sub",
    cast: "clone",
    compare: "allclose eq equal ge gt isfinite isnan le logical_not lt ne",
    functions: "cos exp log sin",
    indexing: "",
    matmul: "matmul mm",
    reduce: "all amax amin any argmax argmin mean std sum var",
    select: "maximum minimum",
    shape: "expand flatten permute reshape squeeze t transpose unbind unsqueeze",
    softmax: "log_softmax softmax",
    special: "erf",
}

_IN_PLACE = {
    activation: "relu sigmoid tanh",
    arithmetic: "abs add div mul neg pow reciprocal sign sqrt square sub",
    functions: "cos exp log sin",
    select: "",
    special: "erf",
}


def _functions(table):
    return {name: getattr(room, name) for room, names in table.items() for name in names.split()}


METHODS = _functions(_METHODS)
IN_PLACE = _functions(_IN_PLACE)
