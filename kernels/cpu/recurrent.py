"""Recurrent layers: the gates of a step in one compiled pass, its product by loops, tiles or BLAS.

All steps run in one compiled call: threads that came back to Python after each would wait there
for each other. Only where neither plain loops nor tiles make the product of a step, BLAS is called
for each. Sequences do not depend on each other, so they are what is spread over threads.
"""

import contextlib
import functools

import numpy as np

from .. import blas, launch
from ..compile import jit
from ..floating import quiet
from ..memory import empty
from ..reference import recurrent as reference
from ..reference.fused import RELU
from ..registry import KERNELS
from . import vmath
from .activation import tanh
from .maps import FAST
from .matmul import linear_weight_grad
from .reduce import sum
from .simd import LANES, WIDTH, multiply_rows
from .tiny_linear import add_product

FEW = 1 << 17  # multiplications of a step; below, calling BLAS for each takes longer
MANY = 1 << 19  # elements of a weight; above, transposing it takes longer than it saves


@jit(forceinline=True)
def _sigmoid(x):
    """1 / (1 + exp(−x)), 0 where that is no normal number: subnormal gates would slow all down"""
    one = vmath.constants(x).one
    e = vmath.exp_nonpositive(-abs(x))
    return (e if x < vmath.constants(x).zero else one) / (one + e)


@jit()
def _rnn_step(s, x, bias, h, relu):
    """h = x = f(x + s + bias)"""
    for r in range(len(h)):
        sr, xr = s[r], x[r]
        if relu:
            for j in range(xr.size):
                xr[j] = vmath.maximum(xr[j] + (sr[j] + bias[j]), vmath.constants(xr[j]).zero)
        else:
            for j in range(xr.size):
                xr[j] = vmath.tanh(xr[j] + (sr[j] + bias[j]))
        h[r] = xr


@jit()
def _lstm_step(s, x, bias, c, m):
    """x = (i, f, g, o) = σ, σ, tanh, σ of x + s + bias;  c = f c + i g,  m = o tanh c"""
    size = c.shape[1]
    bg, bo = bias[2 * size : 3 * size], bias[3 * size :]
    for r in range(len(c)):
        sr, row, cr, mr = s[r], x[r], c[r], m[r]
        i, f, g, o = row[:size], row[size : 2 * size], row[2 * size : 3 * size], row[3 * size :]
        sg, so = sr[2 * size : 3 * size], sr[3 * size :]
        for j in range(2 * size):
            row[j] = _sigmoid(row[j] + (sr[j] + bias[j]))
        for j in range(size):
            g[j] = vmath.tanh(g[j] + (sg[j] + bg[j]))
        for j in range(size):
            o[j] = _sigmoid(o[j] + (so[j] + bo[j]))
        for j in range(size):
            cell = f[j] * cr[j] + i[j] * g[j]
            cr[j] = cell
            mr[j] = o[j] * vmath.tanh(cell)


@jit()
def _gru_step(s, x, bias, m, h):
    """x = (r, z, n) with s + bias in three parts: σ(x + s), tanh(x + r s);  h = n + z (h − n)"""
    size = h.shape[1]
    bn = bias[2 * size :]
    for row in range(len(h)):
        sr, xr, mr, hr = s[row], x[row], m[row], h[row]
        r, z, n = xr[:size], xr[size : 2 * size], xr[2 * size :]
        sn = sr[2 * size :]
        for j in range(2 * size):
            xr[j] = _sigmoid(xr[j] + (sr[j] + bias[j]))
        for j in range(size):
            mr[j] = sn[j] + bn[j]
        for j in range(size):
            n[j] = vmath.tanh(n[j] + r[j] * mr[j])
        for j in range(size):
            hr[j] = n[j] + z[j] * (hr[j] - n[j])


@jit()
def _rnn_slopes(y, dh, dx, relu):
    """dx = dh · f′, from the output y of f; dh becomes 0"""
    for r in range(len(dh)):
        yr, hr, out = y[r], dh[r], dx[r]
        for j in range(hr.size):
            c = vmath.constants(yr[j])
            if relu:
                out[j] = hr[j] if yr[j] > c.zero else c.zero
            else:
                out[j] = hr[j] * (c.one - yr[j] * yr[j])
            hr[j] = c.zero


@jit()
def _lstm_slopes(gates, cells, previous, dm, dc, dx):
    """dx = the gradients of what is under the gates; dc becomes that of c before"""
    size = dc.shape[1]
    for r in range(len(dc)):
        row, cr, pr, mr, dr, out = gates[r], cells[r], previous[r], dm[r], dc[r], dx[r]
        i, f, g, o = row[:size], row[size : 2 * size], row[2 * size : 3 * size], row[3 * size :]
        xi, xf, xg, xo = out[:size], out[size : 2 * size], out[2 * size : 3 * size], out[3 * size :]
        for j in range(size):
            one, t = vmath.constants(cr[j]).one, vmath.tanh(cr[j])
            dr[j] += mr[j] * o[j] * (one - t * t)
            xo[j] = mr[j] * t * o[j] * (one - o[j])
        for j in range(size):
            one, d = vmath.constants(cr[j]).one, dr[j]
            xi[j] = d * g[j] * i[j] * (one - i[j])
            xg[j] = d * i[j] * (one - g[j] * g[j])
        for j in range(size):
            one, d = vmath.constants(cr[j]).one, dr[j]
            xf[j] = d * pr[j] * f[j] * (one - f[j])
            dr[j] = d * f[j]


@jit()
def _gru_slopes(gates, m, previous, dh, dx, ds):
    """dx, ds = the gradients of what is summed under the gates; dh becomes the part not by them"""
    size = dh.shape[1]
    for row in range(len(dh)):
        gr, mr, pr, hr = gates[row], m[row], previous[row], dh[row]
        r, z, n = gr[:size], gr[size : 2 * size], gr[2 * size :]
        x, s = dx[row], ds[row]
        xr, xz, xn, sn = x[:size], x[size : 2 * size], x[2 * size :], s[2 * size :]
        for j in range(size):
            one, d = vmath.constants(z[j]).one, hr[j]
            xn[j] = d * (one - z[j]) * (one - n[j] * n[j])
            xz[j] = d * (pr[j] - n[j]) * z[j] * (one - z[j])
            hr[j] = d * z[j]
        for j in range(size):
            xr[j] = xn[j] * mr[j] * r[j] * (vmath.constants(r[j]).one - r[j])
            sn[j] = xn[j] * r[j]
        s[: 2 * size] = x[: 2 * size]


@jit()
def _by_panels(out, a, panels, add):
    """out = a b, or out += a b, by tiles, from the panels of b"""
    rows, depth = a.shape
    columns = panels.size // depth
    a, out = a.reshape(-1), out.reshape(-1)
    for k in range(0, columns, WIDTH):
        multiply_rows(
            rows, a, 0, depth, 0, 1, panels, k * depth, 0, WIDTH, 1, depth, out, k, columns, add
        )


@jit()
def _into(out, a, b):
    """out = a b for b as panels or as a matrix; if that is empty, nothing is to be done here"""
    if b.ndim == 1:
        _by_panels(out, a, b, False)
    elif b.size:
        out[:] = out.dtype.type(0)
        add_product(out, a, b)


@jit()
def _onto(out, a, b):
    """out += a b for b as in :func:`_into`"""
    if b.ndim == 1:
        _by_panels(out, a, b, True)
    elif b.size:
        add_product(out, a, b)


@jit()
def _active(starts, counts, t, start, size):
    """Which rows the sequences from ``start`` on have at step t, at most ``size``, and how many"""
    n = min(max(counts[t] - start, 0), size)
    low = min(starts[t] + start, starts[t] + counts[t])
    return low, low + n, n


@jit()
def _rnn_steps(start, h, s, x, bias, relu, weight, starts, counts, first, last, by):
    for t in range(first, last, by):
        low, high, n = _active(starts, counts, t, start, len(h))
        _into(s[:n], h[:n], weight)
        _rnn_step(s[:n], x[low:high], bias, h[:n], relu)


@jit()
def _lstm_steps(
    start, h, s, c, m, x, bias, y, cells, projection, weight, starts, counts, first, last, by
):
    for t in range(first, last, by):
        low, high, n = _active(starts, counts, t, start, len(h))
        _into(s[:n], h[:n], weight)
        _lstm_step(s[:n], x[low:high], bias, c[:n], m[:n])
        _into(h[:n], m[:n], projection)
        y[low:high], cells[low:high] = h[:n], c[:n]


@jit()
def _gru_steps(start, h, s, x, bias, m, y, weight, starts, counts, first, last, by):
    for t in range(first, last, by):
        low, high, n = _active(starts, counts, t, start, len(h))
        _into(s[:n], h[:n], weight)
        _gru_step(s[:n], x[low:high], bias, m[low:high], h[:n])
        y[low:high] = h[:n]


@jit()
def _add(total, part):
    for r in range(len(part)):
        to, row = total[r], part[r]
        for j in range(row.size):
            to[j] += row[j]


@jit()
def _rnn_back(start, dh, s, g, y, relu, dx, weight, starts, counts, first, last, by):
    for t in range(first, last, by):
        low, high, n = _active(starts, counts, t, start, len(dh))
        _add(dh[:n], g[low:high])
        _rnn_slopes(y[low:high], dh[:n], dx[low:high], relu)
        _onto(dh[:n], dx[low:high], weight)


@jit()
def _lstm_back(
    start, dh, s, dc, dm, g, gates, cells, previous, projection, dy, dx, weight, starts, counts,
    first, last, by,
):  # fmt: skip
    for t in range(first, last, by):
        low, high, n = _active(starts, counts, t, start, len(dh))
        _add(dh[:n], g[low:high])
        if projection.size:
            dy[low:high] = dh[:n]
        _into(dm[:n], dh[:n], projection)
        _lstm_slopes(
            gates[low:high], cells[low:high], previous[low:high], dm[:n], dc[:n], dx[low:high]
        )
        dh[:n] = dh.dtype.type(0)
        _onto(dh[:n], dx[low:high], weight)


@jit()
def _gru_back(
    start, dh, s, g, gates, m, previous, dx, ds, weight, starts, counts, first, last, by
):
    for t in range(first, last, by):
        low, high, n = _active(starts, counts, t, start, len(dh))
        _add(dh[:n], g[low:high])
        _gru_slopes(
            gates[low:high], m[low:high], previous[low:high], dh[:n], dx[low:high], ds[low:high]
        )
        _onto(dh[:n], ds[low:high], weight)


@functools.lru_cache(maxsize=256)
def _plan(sizes):
    """The first row and the number of rows of every step."""
    counts = np.array(sizes, np.int64)
    return np.cumsum(counts) - counts, counts


def _run(steps, step_by_step, states, arrays, weight, sizes, reverse):
    """Run all steps on the states, all of which have a row for each sequence."""
    starts, counts = _plan(sizes)
    rows, (_, columns) = len(states[0]), weight.shape
    cost = launch.MULTIPLY_ADD * len(sizes) * weight.size / states[0].shape[1]
    if weight.size < MANY:
        weight = np.ascontiguousarray(weight)
    by_blas = False
    if rows * weight.size > FEW:
        if LANES and weight.dtype == np.float32 and columns % WIDTH == 0:
            weight = _panels(weight)
        else:
            by_blas, steps = True, functools.partial(step_by_step, steps)
            weight = _product(weight)
    with blas.single if by_blas else contextlib.nullcontext():
        launch.split(
            steps, states, *arrays, weight, starts, counts, *_order(sizes, reverse),
            cost=cost, indexed=True,
        )  # fmt: skip


def _panels(weight):
    """The columns of a matrix, as many at a time as a tile has, one such panel after another"""
    return weight.reshape(len(weight), -1, WIDTH).transpose(1, 0, 2).ravel()


def _product(weight):
    """The function (a, out) that makes out = a weight by BLAS"""
    if weight.flags.c_contiguous:
        return lambda a, out: np.dot(a, weight, out)
    return lambda a, out: np.copyto(out, np.dot(weight.T, a.T).T)


def _before_step(steps, start, h, s, *rest):
    """As the compiled steps, which begin with s = h weight."""
    *rest, product, starts, counts, first, last, by = rest
    done = np.empty((0, 0), h.dtype)
    for t in range(first, last, by):
        n = min(counts[t] - start, len(h))
        if n > 0:
            product(h[:n], s[:n])
            steps(start, h, s, *rest, done, starts, counts, t, t + by, by)


def _after_step(steps, start, dh, s, *rest):
    """As the compiled steps, which end with dh += d weight, d being the last of their arrays."""
    *rest, d, product, starts, counts, first, last, by = rest
    later = np.empty((0, 0), dh.dtype)
    for t in range(first, last, by):
        n = min(counts[t] - start, len(dh))
        if n > 0:
            steps(start, dh, s, *rest, d, later, starts, counts, t, t + by, by)
            low = starts[t] + start
            product(d[low : low + n], s[:n])
            np.add(dh[:n], s[:n], dh[:n])


@jit()
def _before(state, initial, starts, counts, first, last, by, found):
    """found = what the state was before each row; ``initial`` becomes what it is last"""
    for t in range(first, last, by):
        rows = slice(starts[t], starts[t] + counts[t])
        found[rows] = initial[: counts[t]]
        initial[: counts[t]] = state[rows]


def before(state, initial, sizes, reverse):
    """What the state was before each row, from what it was after: rows as ``state`` has them."""
    found, order = empty(state.shape, state.dtype), _order(sizes, reverse)
    _before(state, initial.copy(), *_plan(sizes), *order, found)
    return found


def _order(sizes, reverse):
    """The range of steps in the order in which they run."""
    return (len(sizes) - 1, -1, -1) if reverse else (0, len(sizes), 1)


def _compiled(function):
    """The kernel, which leaves other dtypes, and what has no elements, to the reference.

    What it writes to its first argument arrives there whatever its layout.
    """
    plain = getattr(reference, function.__name__)

    @functools.wraps(plain)
    def run(*arguments):
        arrays = [a for a in arguments if isinstance(a, np.ndarray)]
        dtype = arrays[0].dtype
        if dtype not in FAST or not all(a.dtype == dtype and a.size for a in arrays):
            return plain(*arguments)
        first, *rest = (
            np.ascontiguousarray(a) if isinstance(a, np.ndarray) else a for a in arguments
        )
        found = function(first, *rest)
        if 0 in KERNELS[function.__name__].writes and first is not arguments[0]:
            arguments[0][...] = first
        return found

    return quiet(run)


def _bias(b, x):
    return np.zeros(x.shape[1], x.dtype) if b is None else b


@_compiled
def rnn(x, w_hh, b, h0, sizes, reverse, activation):
    h, s = h0.copy(), np.empty(h0.shape, x.dtype)
    arrays = x, _bias(b, x), activation == RELU
    _run(_rnn_steps, _before_step, (h, s), arrays, w_hh.T, sizes, reverse)
    return h


@_compiled
def rnn_vjp(g, gh, h0, y, w_hh, sizes, reverse, activation):
    dh, s, dx = gh.copy(), np.empty(gh.shape, g.dtype), empty(y.shape, y.dtype)
    arrays = g, y, activation == RELU, dx
    _run(_rnn_back, _after_step, (dh, s), arrays, w_hh, sizes, not reverse)
    return dx, linear_weight_grad(dx, before(y, h0, sizes, reverse)), dh


def _projection(w_hr, dtype):
    return np.empty((0, 0), dtype) if w_hr is None else np.ascontiguousarray(w_hr)


@_compiled
def lstm(x, w_hh, b, w_hr, h0, c0, sizes, reverse):
    h, c, s = h0.copy(), c0.copy(), np.empty((len(h0), x.shape[1]), x.dtype)
    m = h if w_hr is None else np.empty_like(c)
    y, cells = (empty((len(x), state.shape[1]), x.dtype) for state in (h, c))
    arrays = x, _bias(b, x), y, cells, _projection(w_hr if w_hr is None else w_hr.T, x.dtype)
    _run(_lstm_steps, _before_step, (h, s, c, m), arrays, w_hh.T, sizes, reverse)
    return y, cells, h, c


@_compiled
def lstm_vjp(g, gh, gc, h0, c0, gates, y, cells, w_hh, w_hr, sizes, reverse):
    dh, dc, s = gh.copy(), gc.copy(), np.empty(gh.shape, g.dtype)
    dm = dh if w_hr is None else np.empty_like(dc)
    dx, dy = empty(gates.shape, g.dtype), g if w_hr is None else empty(y.shape, g.dtype)
    previous = before(cells, c0, sizes, reverse)
    arrays = g, gates, cells, previous, _projection(w_hr, g.dtype), dy, dx
    _run(_lstm_back, _after_step, (dh, s, dc, dm), arrays, w_hh, sizes, not reverse)
    dw, dr = linear_weight_grad(dx, before(y, h0, sizes, reverse)), None
    if w_hr is not None:
        o = gates[:, 3 * cells.shape[1] :]
        dr = linear_weight_grad(dy, o * tanh(cells))
    return dx, dw, dr, dh, dc


@_compiled
def gru(x, w_hh, b, h0, sizes, reverse):
    h, s = h0.copy(), np.empty((len(h0), x.shape[1]), x.dtype)
    y, m = (empty((len(x), h.shape[1]), x.dtype) for _ in range(2))
    _run(_gru_steps, _before_step, (h, s), (x, _bias(b, x), m, y), w_hh.T, sizes, reverse)
    return y, m, h


@_compiled
def gru_vjp(g, gh, h0, gates, y, m, w_hh, sizes, reverse):
    dh, s = gh.copy(), np.empty(gh.shape, g.dtype)
    dx, ds = (empty(gates.shape, g.dtype) for _ in range(2))
    previous = before(y, h0, sizes, reverse)
    arrays = g, gates, m, previous, dx, ds
    _run(_gru_back, _after_step, (dh, s), arrays, w_hh, sizes, not reverse)
    return dx, linear_weight_grad(ds, previous), sum(ds, (0,)), dh
