"""Compile everything now rather than at the first training step."""

import numpy as np

from .registry import CPU, KERNELS
from .samples import LARGE_SHAPES, calls, relayout, strided


def warm_up(progress=None):
    """Call every fast kernel once per dtype and layout, so that all of them are compiled.

    ``progress(done, total, name)`` is called before each kernel. Returns the number of kernels.
    """
    found = [(spec, CPU.fast(spec)) for spec in KERNELS.values()]
    found = [(spec, function) for spec, function in found if function is not None]
    for done, (spec, function) in enumerate(found):
        if progress is not None:
            progress(done, len(found), spec.name)
        with np.errstate(all="ignore"):
            for _, _, arguments in calls(spec, ((), *LARGE_SHAPES, (4, 12, 65))):
                function(*arguments)
                function(*relayout(arguments, strided))
    return len(found)
