"""Linear layers of many rows and the gradients of their weights, by tiles.

BLAS lays out both operands anew for every product, and the bias is a pass of its own over the
result. Here only the right operand is laid out, as panels of WIDTH columns (see
:mod:`kernels.cpu.simd`); the left one is read where it lies, a tile begins with the bias, and each
element of the result is written once. Where the last tile of an axis would hang over, it is moved
back and computes some elements again.
"""

import functools

import numpy as np

from .. import launch
from ..compile import jit
from ..memory import empty
from .simd import HALVED, HEIGHT, LANES, WIDTH, copy_row, layer_tile, rows_to_places

# Measured; on processors with whole vectors of 16 numbers it has not been, so BLAS goes on.
FASTER = LANES == 8 or HALVED
ROWS = 128 if HALVED else 1024  # from here on laying out W pays
ROWS_TRANSPOSED = 64 if HALVED else 512  # and Wᵀ, for which BLAS takes longer too
DEPTH = 1536 if HALVED else 512  # up to here
ROWS_SUMMED = 1024 if HALVED else 0  # and up to here in the gradient of a weight
APART = 1024  # rows so many numbers apart, or a multiple, meet in one set of the first cache
BLOCK = 8 * HEIGHT  # rows that stay in a cache for all panels
LAYING_OUT = 1.0  # cost per number, see launch.split

_SINGLE = np.dtype("float32")
_PLACES = np.arange(WIDTH)


def pays(x, weight):
    """Whether x W is faster here than by BLAS."""
    return FASTER and len(x) >= ROWS and _fit(x, weight, *weight.shape)


def pays_with_transposed(x, weight):
    """Whether x Wᵀ is faster here than by BLAS."""
    return FASTER and len(x) >= ROWS_TRANSPOSED and _fit(x, weight, *weight.shape[::-1])


def pays_for_weight(g, x):
    """Whether gᵀ x is faster here than by BLAS."""
    return (
        LANES <= len(g) == len(x) <= ROWS_SUMMED
        and g.shape[1] >= HEIGHT
        and x.shape[1] >= WIDTH
        and _plain(g, x)
    )


def _fit(x, weight, depth, columns):
    return (
        x.shape[1] == depth
        and LANES <= depth <= DEPTH
        and (depth % APART or not HALVED)
        and columns >= WIDTH
        and _plain(x, weight)
    )


def _plain(a, b):
    return a.dtype is b.dtype is _SINGLE and a.flags.c_contiguous and b.flags.c_contiguous


@jit()
def _transposed_panels(panels, firsts, weight):
    """panels[p, k, j] = weight[firsts[p] + j, k]"""
    depth, flat = weight.shape[1], weight.ravel()
    squares = depth - depth % LANES
    for p in range(len(panels)):
        panel = panels[p].ravel()
        for j in range(0, WIDTH, LANES):
            row = firsts[p] + j
            for k in range(0, squares, LANES):
                at = k * WIDTH + j
                rows_to_places(
                    flat, row * depth + k, depth, LANES, panel, at, WIDTH, _PLACES, 0
                )
            for k in range(squares, depth):
                for i in range(LANES):
                    panel[k * WIDTH + j + i] = weight[row + i, k]


@jit()
def _panels(panels, firsts, weight):
    """panels[p, k, j] = weight[k, firsts[p] + j]"""
    (depth, columns), flat = weight.shape, weight.ravel()
    for p in range(len(panels)):
        panel = panels[p].ravel()
        for k in range(depth):
            copy_row(flat, k * columns + firsts[p], panel, k * WIDTH)


@jit()
def _multiply(pairs, a, a_row, a_step, panels, firsts, bias, y):
    """Parts of y = A B + bias: BLOCK rows from a first one on by a panel, for each such pair

    A[i, k] is a[i a_row + k a_step].
    """
    (rows, columns), depth = y.shape, panels.shape[1]
    b, c = panels.ravel(), y.ravel()
    for top, p in pairs:
        j, panel = firsts[p], p * depth * WIDTH
        for i in range(top, min(top + BLOCK, rows), HEIGHT):
            r = min(i, rows - HEIGHT)
            layer_tile(
                a, r * a_row, a_row, a_step, depth, b, panel, bias, j, c, r * columns + j, columns
            )  # fmt: skip


def product(x, weight, bias=None):
    """x W + b for x (rows, in), W (in, out) and b (out,); zero, if None"""
    return _product(x, (x.shape[1], 1), _panels, weight, bias, (len(x), weight.shape[1]))


def product_with_transposed(x, weight, bias=None):
    """x Wᵀ + b for x (rows, in), W (out, in) and b (out,); zero, if None"""
    return _product(x, (x.shape[1], 1), _transposed_panels, weight, bias, (len(x), len(weight)))


def product_of_transposed(g, x):
    """gᵀ x for g (rows, out) and x (rows, in)"""
    return _product(g, (1, g.shape[1]), _panels, x, None, (g.shape[1], x.shape[1]))


@functools.lru_cache
def _cut(rows, columns):
    """The first columns of all panels, and the pairs for _multiply."""
    firsts = np.minimum(np.arange(0, columns, WIDTH), columns - WIDTH)
    tops, panels = np.arange(0, rows, BLOCK), np.arange(len(firsts))
    return firsts, np.stack(np.meshgrid(tops, panels, indexing="ij"), -1).reshape(-1, 2)


def _product(a, steps, lay_out, b, bias, shape):
    """The product of that shape; ``steps`` lead to the next row and column of its left operand."""
    depth, columns = a.size // shape[0], shape[1]
    firsts, pairs = _cut(*shape)
    panels = empty((len(firsts), depth, WIDTH), _SINGLE)
    launch.split(lay_out, (panels, firsts), b, cost=LAYING_OUT)
    bias = np.zeros(columns, _SINGLE) if bias is None else np.ascontiguousarray(bias)
    y = empty(shape, _SINGLE)
    cost = launch.MULTIPLY_ADD * a.size * columns / pairs.size
    launch.split(_multiply, (pairs,), a.ravel(), *steps, panels, firsts, bias, y, cost=cost)
    return y
