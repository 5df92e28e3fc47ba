"""Linear layers too small for BLAS: product, bias and activation in one compiled call.

Below some ten thousand multiplications the calls themselves cost more than the arithmetic. Four
rows are taken at once, so that every element of the running result is loaded and stored a quarter
as often. So are two or three such layers one after another.
"""

import numpy as np

from ..compile import jit
from ..reference.fused import RELU, SIGMOID, TANH
from .vmath import maximum, sigmoid, tanh


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
def forward(x, weight, bias, y, activation):
    """y ← f(x Wᵀ + b); an empty bias is none"""
    zero = x.dtype.type(0)
    transposed = np.empty((weight.shape[1], weight.shape[0]), x.dtype)
    for o in range(weight.shape[0]):
        for i in range(weight.shape[1]):
            transposed[i, o] = weight[o, i]
    for r in range(y.shape[0]):
        row = y[r]
        if bias.size:
            for j in range(row.size):
                row[j] = bias[j]
        else:
            for j in range(row.size):
                row[j] = zero
    add_product(y, x, transposed)
    flat = y.ravel()
    if activation == RELU:
        for j in range(flat.size):
            flat[j] = maximum(flat[j], zero)
    elif activation == TANH:
        for j in range(flat.size):
            flat[j] = tanh(flat[j])
    elif activation == SIGMOID:
        for j in range(flat.size):
            flat[j] = sigmoid(flat[j])


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
    dweight[:] = zero
    dbias[:] = zero
    for r in range(slope.shape[0]):
        row = slope[r]
        for j in range(dbias.size):
            dbias[j] += row[j]
    _add_transposed_product(dweight, slope, x)
    if dx.size:
        dx[:] = zero
        add_product(dx, slope, weight)


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
