"""Softmax row by row: a row stays in the cache between its maximum, its sum and its result."""

import math
from functools import wraps

import numpy as np

from .. import launch
from ..compile import SUM, jit
from ..memory import empty_like
from ..reference import softmax as reference
from . import vmath
from .maps import FAST, same


@jit(SUM, forceinline=True)
def shifted_exp(x, out):
    """out = exp(x − max x); returns the maximum and the sum of out"""
    zero = vmath.constants(x[0]).zero
    largest = x[0]
    for j in range(x.size):
        largest = vmath.maximum(largest, x[j])
    for j in range(x.size):
        out[j] = vmath.exp_nonpositive(x[j] - largest)
    total = zero
    for j in range(x.size):
        total += out[j]
    return largest, total


@jit()
def _softmax(x, y):
    for i in range(len(x)):
        out = y[i]
        _, total = shifted_exp(x[i], out)
        scale = vmath.constants(total).one / total
        for j in range(out.size):
            out[j] *= scale


@jit(SUM)
def _softmax_vjp(g, y, dx):
    for i in range(len(g)):
        gi, yi, out = g[i], y[i], dx[i]
        total = vmath.constants(gi[0]).zero
        for j in range(gi.size):
            total += gi[j] * yi[j]
        for j in range(gi.size):
            out[j] = yi[j] * (gi[j] - total)


@jit()  # reordered, x − max − ln Σ would lose digits
def _log_softmax(x, y):
    for i in range(len(x)):
        xi, out = x[i], y[i]
        largest, total = shifted_exp(xi, out)
        log_total = vmath.log(total)
        for j in range(out.size):
            out[j] = (xi[j] - largest) - log_total


@jit(SUM)
def _log_softmax_vjp(g, y, dx):
    for i in range(len(g)):
        gi, yi, out = g[i], y[i], dx[i]
        total = vmath.constants(gi[0]).zero
        for j in range(gi.size):
            total += gi[j]
        for j in range(gi.size):
            out[j] = gi[j] - vmath.exp_nonpositive(yi[j]) * total


@jit(forceinline=True)
def _columns_shifted_exp(x, out):
    """out = exp(x − max over the first axis); returns the maxima and the sums of out"""
    largest = x[0].copy()
    total = np.zeros_like(largest)
    for j in range(1, len(x)):
        row = x[j]
        for k in range(row.size):
            largest[k] = vmath.maximum(row[k], largest[k])
    for j in range(len(x)):
        row, into = x[j], out[j]
        for k in range(row.size):
            e = vmath.exp_nonpositive(row[k] - largest[k])
            into[k] = e
            total[k] += e
    return largest, total


@jit()
def _columns_softmax(x, y):
    for i in range(len(x)):
        _, total = _columns_shifted_exp(x[i], y[i])
        for k in range(total.size):
            total[k] = vmath.constants(total[k]).one / total[k]
        for j in range(x.shape[1]):
            out = y[i, j]
            for k in range(out.size):
                out[k] *= total[k]


@jit()
def _columns_softmax_vjp(g, y, dx):
    for i in range(len(g)):
        total = np.zeros_like(g[i, 0])
        for j in range(g.shape[1]):
            gj, yj = g[i, j], y[i, j]
            for k in range(gj.size):
                total[k] += gj[k] * yj[k]
        for j in range(g.shape[1]):
            gj, yj, out = g[i, j], y[i, j], dx[i, j]
            for k in range(gj.size):
                out[k] = yj[k] * (gj[k] - total[k])


@jit()
def _columns_log_softmax(x, y):
    for i in range(len(x)):
        largest, total = _columns_shifted_exp(x[i], y[i])
        for k in range(total.size):
            total[k] = vmath.log(total[k])
        for j in range(x.shape[1]):
            xj, out = x[i, j], y[i, j]
            for k in range(out.size):
                out[k] = (xj[k] - largest[k]) - total[k]


@jit()
def _columns_log_softmax_vjp(g, y, dx):
    for i in range(len(g)):
        total = np.zeros_like(g[i, 0])
        for j in range(g.shape[1]):
            gj = g[i, j]
            for k in range(gj.size):
                total[k] += gj[k]
        for j in range(g.shape[1]):
            gj, yj, out = g[i, j], y[i, j], dx[i, j]
            for k in range(gj.size):
                out[k] = gj[k] - vmath.exp_nonpositive(yj[k]) * total[k]


def _block_shape(shape, axis):
    """(before, along, after) the axis, or (rows, along) for the last one"""
    axis = axis + len(shape) if axis < 0 else axis
    if not 0 <= axis < len(shape):
        raise np.exceptions.AxisError(axis, len(shape))
    if axis == len(shape) - 1:
        return (math.prod(shape[:-1]), shape[-1])
    return (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))


def _along(reference, rows, columns, cost):
    """The kernel that runs ``rows`` along a last axis and ``columns`` along any other."""

    def run(*arguments):
        x, other, axis = arguments[0], arguments[-2], arguments[-1]  # other is x, or y of a vjp
        if x.dtype not in FAST or not x.size or not (other is x or same(other, x)):
            return reference(*arguments)
        out = empty_like(x)
        arrays = [np.ascontiguousarray(a) for a in arguments[:-1]] + [out]
        loop = rows
        if x.ndim != 2 or axis not in (1, -1):
            blocks = _block_shape(x.shape, axis)
            arrays = [a.reshape(blocks) for a in arrays]
            loop = rows if len(blocks) == 2 else columns
        launch.split(loop, arrays, cost=cost)
        return out

    return wraps(reference)(run)


softmax = _along(reference.softmax, _softmax, _columns_softmax, 1.3)
softmax_vjp = _along(reference.softmax_vjp, _softmax_vjp, _columns_softmax_vjp, 0.4)
log_softmax = _along(reference.log_softmax, _log_softmax, _columns_log_softmax, 1.3)
log_softmax_vjp = _along(
    reference.log_softmax_vjp, _log_softmax_vjp, _columns_log_softmax_vjp, 1.2
)
