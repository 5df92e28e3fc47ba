"""Updates in place: one pass over a parameter, its gradient and its state, without temporaries."""

from functools import wraps

import numpy as np

from .. import launch

_FLOATS = (np.dtype("float32"), np.dtype("float64"))

# Of a small update most of the time goes into preparing the operands, and two fifths of that into
# loops over them: so the function is written out, once for each number of operands.
_SOURCE = """
def run({operands}, *numbers):
    if a0.size >= launch.SPLIT_ABOVE or a0.dtype not in floats:
        large(({operands}), numbers)
        return
    {flats} = {raveled}
    loop({flats}, *numbers)
    if {copied}:
        copy_back(({operands}), ({flats}))
"""


def _written_out(arrays):
    """The source of an update of so many operands."""
    every = range(arrays)
    raveled = [f"a{i} if a{i} is None else a{i}.ravel()" for i in every]
    copied = [f"a{i} is not None and f{i}.base is None" for i in every if i != 1]
    return _SOURCE.format(
        operands=", ".join(f"a{i}" for i in every),
        flats=", ".join(f"f{i}" for i in every),
        raveled=", ".join(raveled),
        copied=" or ".join(copied),
    )


def update(reference, loop, arrays):
    """The kernel that runs ``loop(parameter, gradient, *state, *numbers)`` on flat arrays.

    ``arrays`` counts the parameter, the gradient and the state. A part of the state may be None;
    the loop is compiled without it.
    """

    def large(operands, numbers):
        if operands[0].dtype not in _FLOATS:
            reference(*operands, *numbers)
            return
        flats = [x if x is None else x.ravel() for x in operands]
        launch.split(loop, flats, *numbers)
        _copy_back(operands, flats)

    names = {
        "loop": loop, "large": large, "copy_back": _copy_back, "floats": _FLOATS, "launch": launch
    }  # fmt: skip
    exec(_written_out(arrays), names)
    return wraps(reference)(names["run"])


def _copy_back(operands, flats):
    """Write what was updated in a copy, made because an operand was not contiguous."""
    for number, (x, flat) in enumerate(zip(operands, flats, strict=True)):
        if number != 1 and x is not None and flat.base is None:
            x[...] = flat.reshape(x.shape)
