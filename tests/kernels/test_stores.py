"""Loops that replace an element by the larger of it and another store all of them, without a mask.

A store under a mask costs some processors ten times as much as a plain one.
"""

import platform
import re

import numba
import numpy as np
import pytest

from minigrad.kernels.cpu import along, fused, pool, reduce, softmax

from .conftest import compiled_only

CUBE, ROWS, ROW = (np.ones(shape, np.float32) for shape in ((2, 3, 64), (2, 64), (64,)))
PLACES = np.ones(64, np.int32)
LOOPS = {
    "extreme": (reduce._extreme_middle, CUBE, ROWS, 1),
    "place of the extreme": (along._arg_middle, CUBE, np.ones((2, 64), np.int64), 1),
    "pooling": (pool._keeplarger, ROW, ROW, PLACES, np.int32(1)),
    "softmax": (softmax._columns_softmax, CUBE, CUBE),
    "linear layer": (fused.add_and_activate, ROWS, ROW, 1),
}


@pytest.mark.wide
@pytest.mark.skipif(platform.machine() != "x86_64", reason="looks for instructions of x86")
@compiled_only
@pytest.mark.parametrize("name", LOOPS)
def test_no_store_is_masked(name):
    loop, *arguments = LOOPS[name]
    fresh = numba.jit(**loop.targetoptions)(loop.py_func)  # what comes from a cache has no text
    fresh(*arguments)
    (text,) = fresh.inspect_asm().values()
    assert "ymm" in text or "zmm" in text or "xmm" in text
    assert not re.findall(r"v?p?maskmov\w+\s+%\w+, %\w+, [^%\n]*\(", text)
