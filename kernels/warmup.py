"""Compile everything now rather than at the first training step."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from .compile import CACHE_DIR
from .registry import CPU, KERNELS
from .samples import LARGE_SHAPES, calls, relayout, strided


def warm_up(progress=None, processes=1):
    """Call every fast kernel once per dtype and layout, so that all of them are compiled.

    Several ``processes`` fill the cache of compiled kernels, where there is one, and this process
    loads from it what it will need. ``progress(done, total, name)`` is called with each kernel.
    Returns the number of kernels.
    """
    names = [name for name, spec in KERNELS.items() if CPU.fast(spec) is not None]
    if processes == 1 or CACHE_DIR is None:
        _follow(map(_compile, names), names, progress)
    else:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            _follow(pool.map(_compile, names), names, progress)
    return len(names)


def _compile(name):
    """Call one kernel with everything that it compiles anew for."""
    spec = KERNELS[name]
    function = CPU.fast(spec)
    with np.errstate(all="ignore"):
        for _, _, arguments in calls(spec, ((), *LARGE_SHAPES, (4, 12, 65))):
            function(*arguments)
            function(*relayout(arguments, strided))


def _follow(compiled, names, progress):
    """Go through an iterator of finished kernels and say where it is."""
    for done, name in enumerate(names):
        if progress is not None:
            progress(done, len(names), name)
        next(compiled)
