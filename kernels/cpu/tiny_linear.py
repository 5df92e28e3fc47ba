"""Linear layers too small for BLAS: product, bias and activation in one compiled call.

Below a million multiplications the calls themselves, and what each of them finds out of the cache,
cost as much as the arithmetic. So two or three such layers one after another are one call, too.
Products of float32 go by tiles (see :mod:`kernels.cpu.simd`); where there are none, four rows are
taken at once, so that every element of the running result is loaded and stored a quarter as often.
"""

import numba
import numpy as np
from numba.extending import overload

from ..compile import jit
from ..reference.fused import RELU, SIGMOID, TANH
from .fused import add_and_activate
from .pixels import planes_to_pixels
from .simd import LANES, WIDTH, multiply_rows

# multiplications of a layer up to which all this beats BLAS, by the bytes of a number
FORWARD_LIMITS = {4: 1 << 20 if LANES else 1 << 15, 8: 1 << 15}
BACKWARD_LIMITS = {4: 1 << 20 if LANES else 1 << 16, 8: 1 << 16}


@jit(forceinline=True)
def add_product(out, a, b):
    """out (n, m) += a (n, k) b (k, m), the last axis innermost"""
    n, k = a.shape
    quads = k - k % 4
    for r in range(n):
        row, s = out[r], a[r]
        for i in range(0, quads, 4):
            s0, s1, s2, s3 = s[i], s[i + 1], s[i + 2], s[i + 3]
            b0, b1, b2, b3 = b[i], b[i + 1], b[i + 2], b[i + 3]
            for j in range(row.size):
                row[j] += s0 * b0[j] + s1 * b1[j] + (s2 * b2[j] + s3 * b3[j])
        for i in range(quads, k):
            s0, b0 = s[i], b[i]
            for j in range(row.size):
                row[j] += s0 * b0[j]


@jit(forceinline=True)
def _add_transposed_product(out, a, b):
    """out (k, m) += aᵀ b for a (n, k) and b (n, m)"""
    n, k = a.shape
    quads = n - n % 4
    for r in range(0, quads, 4):
        a0, a1, a2, a3 = a[r], a[r + 1], a[r + 2], a[r + 3]
        b0, b1, b2, b3 = b[r], b[r + 1], b[r + 2], b[r + 3]
        for i in range(k):
            row, s0, s1, s2, s3 = out[i], a0[i], a1[i], a2[i], a3[i]
            for j in range(row.size):
                row[j] += s0 * b0[j] + s1 * b1[j] + (s2 * b2[j] + s3 * b3[j])
    for r in range(quads, n):
        a0, b0 = a[r], b[r]
        for i in range(k):
            row, s0 = out[i], a0[i]
            for j in range(row.size):
                row[j] += s0 * b0[j]


@jit()
def _product_by_loops(out, a, b):
    out[:] = out.dtype.type(0)
    add_product(out, a, b)


@jit()
def _transposed_product_by_loops(out, a, b):
    out[:] = out.dtype.type(0)
    _add_transposed_product(out, a, b)


@jit()
def _transpose_by_loops(out, x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j, i] = x[i, j]


@jit()
def _last_columns(b, first):
    """The columns of b from the first on, and zeros, as a tile has them"""
    panel = np.zeros((len(b), WIDTH), b.dtype)
    for k in range(len(b)):
        for j in range(b.shape[1] - first):
            panel[k, j] = b[k, first + j]
    return panel


@jit()
def _by_tiles(out, a, a_row, a_step, b):
    """out[i, j] = Σ_k A b[k, j], A being a[i, k] with these strides

    The last columns become a tile elsewhere.
    """
    (rows, columns), depth, start = out.shape, len(b), 0
    source, step, target, unit = b, columns, out, columns
    whole = columns // WIDTH * WIDTH
    for c in range(0, columns, WIDTH):
        if c == whole:
            source, step = _last_columns(b, whole), WIDTH
            target, unit, start = np.empty((rows, WIDTH), b.dtype), WIDTH, 0
        multiply_rows(
            rows, a, 0, a_row, 0, a_step, source, start, 0, step, 1, depth, target, start, unit,
            False,
        )  # fmt: skip
        start += WIDTH
    if whole < columns:
        for i in range(rows):
            for j in range(columns - whole):
                out[i, whole + j] = target[i, j]


@jit()
def _transpose_by_tiles(out, x):
    rows, columns = x.shape
    planes_to_pixels(x.ravel(), 0, rows, columns, out.ravel(), rows, np.arange(columns))


def _tiled(*arrays):
    """Whether tiles take arrays of these Numba types."""
    return LANES > 0 and all(a.dtype == numba.types.float32 and a.layout == "C" for a in arrays)


def _product_by_type(by_loops, rows, columns):
    """The function (out, a, b) that compiles to tiles where they take its arrays

    A is a, or its transpose: ``rows`` and ``columns`` are the axes of a that are A's.
    """

    def run(out, a, b):
        by_loops(out, a, b)

    @overload(run, inline="always")
    def _compiled(out, a, b):
        if _tiled(out, a, b):
            return lambda out, a, b: _by_tiles(
                out, a, a.strides[rows] // 4, a.strides[columns] // 4, b
            )
        return lambda out, a, b: by_loops(out, a, b)

    return run


# out (n, m) = a (n, k) b (k, m), and out (k, m) = aᵀ b for a (n, k) and b (n, m)
product = _product_by_type(_product_by_loops, 0, 1)
transposed_product = _product_by_type(_transposed_product_by_loops, 1, 0)


def transpose(out, x):
    """out (m, n) = xᵀ for x (n, m)"""
    _transpose_by_loops(out, x)


@overload(transpose, inline="always")
def _compiled_transpose(out, x):
    run = _transpose_by_tiles if _tiled(out, x) else _transpose_by_loops
    return lambda out, x: run(out, x)


@jit()
def forward(x, weight, bias, y, activation):
    """y ← f(x Wᵀ + b)"""
    transposed = np.empty((weight.shape[1], weight.shape[0]), x.dtype)
    transpose(transposed, weight)
    product(y, x, transposed)
    add_and_activate(y, bias, activation)


@jit()
def backward(g, x, weight, y, dx, dweight, dbias, activation):
    """The gradients of forward; an empty ``dx`` is not computed"""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    slope = np.empty(g.shape, x.dtype)
    for r in range(g.shape[0]):
        gr, yr, sr = g[r], y[r], slope[r]
        if activation == RELU:
            for j in range(gr.size):
                sr[j] = gr[j] if yr[j] > zero else zero
        elif activation == TANH:
            for j in range(gr.size):
                sr[j] = gr[j] * (one - yr[j] * yr[j])
        elif activation == SIGMOID:
            for j in range(gr.size):
                sr[j] = gr[j] * yr[j] * (one - yr[j])
        else:
            for j in range(gr.size):
                sr[j] = gr[j]
    dbias[:] = zero
    for r in range(slope.shape[0]):
        row = slope[r]
        for j in range(dbias.size):
            dbias[j] += row[j]
    transposed_product(dweight, slope, x)
    if dx.size:
        product(dx, slope, weight)


@jit()
def forward_2(x, w1, b1, w2, b2, y1, y2, f1, f2):
    """Two layers"""
    forward(x, w1, b1, y1, f1)
    forward(y1, w2, b2, y2, f2)


@jit()
def forward_3(x, w1, b1, w2, b2, w3, b3, y1, y2, y3, f1, f2, f3):
    """Three layers"""
    forward(x, w1, b1, y1, f1)
    forward(y1, w2, b2, y2, f2)
    forward(y2, w3, b3, y3, f3)


@jit()
def backward_2(g, x, w1, w2, y1, y2, dx, dw1, db1, dw2, db2, f1, f2):
    """The gradients of two layers"""
    g1 = np.empty(y1.shape, x.dtype)
    backward(g, y1, w2, y2, g1, dw2, db2, f2)
    backward(g1, x, w1, y1, dx, dw1, db1, f1)


@jit()
def backward_3(
    g, x, w1, w2, w3, y1, y2, y3, dx, dw1, db1, dw2, db2, dw3, db3, f1, f2, f3
):
    """The gradients of three layers"""
    g2 = np.empty(y2.shape, x.dtype)
    backward(g, y2, w3, y3, g2, dw3, db3, f3)
    backward_2(g2, x, w1, w2, y1, y2, dx, dw1, db1, dw2, db2, f1, f2)


FORWARD = {2: forward_2, 3: forward_3}
BACKWARD = {2: backward_2, 3: backward_3}
