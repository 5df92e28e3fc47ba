"""Linear layers of many rows, by tiles that begin with the bias.

BLAS lays out both operands anew for every product, and the bias is a pass of its own over the
result. Here only the weight is laid out, as panels of WIDTH columns (see :mod:`kernels.cpu.simd`);
the rows are read where they lie, and each element of the result is written once. Where the last
tile of an axis would hang over, it is moved back and computes some elements again.
"""

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from .matmul import MULTIPLY_ADD_COST
from .simd import HEIGHT, LANES, WIDTH, copy_row, layer_tile, rows_to_places

ROWS = 1024  # from here on laying out the weight pays, from ``matmul.MANY_ROWS`` on with a bias
DEPTH = 512  # a panel of more rows leaves the first cache
BLOCK = 8 * HEIGHT  # rows that stay in a cache for all panels

_SINGLE = np.dtype("float32")
_PLACES = np.arange(WIDTH)


def fits(x, weight, bias, depth, columns):
    """Whether a product of many rows and (depth, columns) is faster here than by BLAS."""
    return (
        LANES == 8
        and x.dtype is weight.dtype is _SINGLE
        and (bias is not None or len(x) >= ROWS)
        and LANES <= depth <= DEPTH
        and x.shape[1] == depth
        and columns >= WIDTH
        and x.flags.c_contiguous
        and weight.flags.c_contiguous
    )


@jit()
def _transposed_panels(weight, panels):
    """panels[p, k, j] = weight[first column of p + j, k]"""
    columns, depth = weight.shape
    flat, squares = weight.ravel(), depth - depth % LANES
    for p in range(len(panels)):
        panel, first = panels[p].ravel(), min(p * WIDTH, columns - WIDTH)
        for j in range(0, WIDTH, LANES):
            row = first + j
            for k in range(0, squares, LANES):
                at = k * WIDTH + j
                rows_to_places(flat, row * depth + k, depth, panel, at, WIDTH, _PLACES, 0)
            for k in range(squares, depth):
                for i in range(LANES):
                    panel[k * WIDTH + j + i] = weight[row + i, k]


@jit()
def _panels(weight, panels):
    """panels[p, k, j] = weight[k, first column of p + j]"""
    (depth, columns), flat = weight.shape, weight.ravel()
    for p in range(len(panels)):
        panel, first = panels[p].ravel(), min(p * WIDTH, columns - WIDTH)
        for k in range(depth):
            copy_row(flat, k * columns + first, panel, k * WIDTH)


@jit()
def _multiply(tops, x, panels, bias, y):
    """Blocks of rows of y = x B + bias, ``tops`` being the first rows of the blocks"""
    (rows, depth), columns = x.shape, y.shape[1]
    a, b, c = x.ravel(), panels.ravel(), y.ravel()
    for t in range(len(tops)):
        bottom = min(tops[t] + BLOCK, rows)
        for p in range(len(panels)):
            j = min(p * WIDTH, columns - WIDTH)
            for i in range(tops[t], bottom, HEIGHT):
                r = min(i, rows - HEIGHT)
                layer_tile(
                    a, r * depth, depth, b, p * depth * WIDTH, bias, j, c, r * columns + j, columns
                )  # fmt: skip


def product(x, weight, bias=None):
    """x W + b for x (rows, in), W (in, out) and b (out,); zero, if None"""
    return _product(_panels, x, weight, bias, weight.shape[1])


def product_with_transposed(x, weight, bias=None):
    """x Wᵀ + b for x (rows, in), W (out, in) and b (out,); zero, if None"""
    return _product(_transposed_panels, x, weight, bias, len(weight))


def _product(lay_out, x, weight, bias, columns):
    rows, depth = x.shape
    panels = empty((-(-columns // WIDTH), depth, WIDTH), _SINGLE)
    lay_out(weight, panels)
    y = empty((rows, columns), _SINGLE)
    bias = np.zeros(columns, _SINGLE) if bias is None else np.ascontiguousarray(bias)
    cost = MULTIPLY_ADD_COST * BLOCK * depth * columns
    launch.split(_multiply, (np.arange(0, rows, BLOCK),), x, panels, bias, y, cost=cost)
    return y
