"""Recurrent layers over whole sequences, and their gradients.

Rows are packed by time: those of step t are sequences 0 to sizes[t] - 1, and sizes never grow. A
state (N, H) holds one row per sequence; at each step the first sizes[t] of them move on.
"""

from itertools import accumulate

from ..registry import array_module, kernel
from .activation import sigmoid
from .fused import RELU, TANH
from .matmul import linear_weight_grad

BY_BLAS = "threads share out the rows of products by BLAS, whose bits depend on the number of rows"
FACTS = {"min_ndim": 2, "allows_empty": False, "notes": {"sums": True, "threads": BY_BLAS}}


def steps(sizes, reverse):
    """The rows and the number of sequences of each step, in the order in which they are run."""
    found = [(slice(end - n, end), n) for end, n in zip(accumulate(sizes), sizes, strict=True)]
    return found[::-1] if reverse else found


def before(state, initial, sizes, reverse):
    """What the state was before each row, from what it was after: rows as ``state`` has them."""
    found, now = array_module(state).empty(state.shape, state.dtype), initial.copy()
    for rows, n in steps(sizes, reverse):
        found[rows] = now[:n]
        now[:n] = state[rows]
    return found


def _sequences(make, shape, gates, outputs=None):
    """(sizes, rows, hidden units, projected input, weight) of a few sequences in four steps."""
    count, units = shape[-2:]
    sizes = (count, count, (count + 1) // 2, 1)
    rows, outputs = sum(sizes), outputs or units
    x = make.normal((rows, gates * units))
    return sizes, rows, units, x, make.uniform((gates * units, outputs), -0.5, 0.5)


def _parts(x, count):
    """Equal stretches of the columns."""
    width = x.shape[1] // count
    return [x[:, i * width : (i + 1) * width] for i in range(count)]


def _sums(h, weight, bias):
    s = array_module(h).matmul(h, weight.T)
    return s if bias is None else s + bias


def _rnn(make, shape):
    sizes, _, units, x, w = _sequences(make, shape, 1)
    return x, w, make.normal((units,)), make.normal((shape[-2], units)), sizes, True, TANH


@kernel(_rnn, writes=(0,), **FACTS)
def rnn(x, w_hh, b, h0, sizes, reverse, activation):
    """x = h ← f(x + W h + b) for every row, f TANH or RELU; returns the last h; b may be None"""
    xp, h = array_module(x), h0.copy()
    for rows, n in steps(sizes, reverse):
        a = x[rows] + _sums(h[:n], w_hh, b)
        h[:n] = x[rows] = xp.maximum(a, 0) if activation == RELU else xp.tanh(a)
    return h


def _rnn_vjp(make, shape):
    sizes, rows, units, _, w = _sequences(make, shape, 1)
    states = [make.normal((shape[-2], units)) for _ in range(2)]
    y = make.uniform((rows, units), -1, 1)
    return make.normal((rows, units)), *states, y, w, sizes, False, TANH


@kernel(_rnn_vjp, **FACTS)
def rnn_vjp(g, gh, h0, y, w_hh, sizes, reverse, activation):
    """The gradients of rnn for x, W and h0, from those of every row and of the last h"""
    xp, dh = array_module(g), gh.copy()
    dx = xp.empty(y.shape, y.dtype)
    for rows, n in reversed(steps(sizes, reverse)):
        d, out = dh[:n] + g[rows], y[rows]
        dx[rows] = xp.where(out > 0, d, 0) if activation == RELU else d * (1 - out * out)
        dh[:n] = xp.matmul(dx[rows], w_hh)
    return dx, linear_weight_grad(dx, before(y, h0, sizes, reverse)), dh


def _lstm(make, shape):
    outputs = max(shape[-1] // 2, 1)
    sizes, _, units, x, w = _sequences(make, shape, 4, outputs)
    states = make.normal((shape[-2], outputs)), make.normal((shape[-2], units))
    r = make.uniform((outputs, units), -0.5, 0.5)
    return x, w, make.normal((4 * units,)), r, *states, sizes, True


@kernel(_lstm, writes=(0,), **FACTS)
def lstm(x, w_hh, b, w_hr, h0, c0, sizes, reverse):
    """x = (i, f, g, o) = σ, σ, tanh, σ of x + W h + b;  c ← f c + i g;  h ← R (o tanh c)

    R is w_hr, or 1; b may be None. Returns h and c of every row, and the last h and c.
    """
    xp, h, c = array_module(x), h0.copy(), c0.copy()
    y = xp.empty((x.shape[0], h.shape[1]), x.dtype)
    cells = xp.empty((x.shape[0], c.shape[1]), x.dtype)
    for rows, n in steps(sizes, reverse):
        i, f, g, o = _parts(x[rows] + _sums(h[:n], w_hh, b), 4)
        i, f, g, o = sigmoid(i), sigmoid(f), xp.tanh(g), sigmoid(o)
        c[:n] = cells[rows] = f * c[:n] + i * g
        m = o * xp.tanh(c[:n])
        h[:n] = y[rows] = m if w_hr is None else xp.matmul(m, w_hr.T)
        x[rows] = xp.concatenate([i, f, g, o], axis=1)
    return y, cells, h, c


def _lstm_vjp(make, shape):
    count, units = shape[-2:]
    sizes, rows, _, _, w = _sequences(make, shape, 4)
    gates, cells = make.uniform((rows, 4 * units), 0, 1), make.normal((rows, units))
    states = [make.normal((count, units)) for _ in range(4)]
    y = make.normal((rows, units))
    return make.normal((rows, units)), *states, gates, y, cells, w, None, sizes, False


@kernel(_lstm_vjp, **FACTS)
def lstm_vjp(g, gh, gc, h0, c0, gates, y, cells, w_hh, w_hr, sizes, reverse):
    """The gradients of lstm for x, W, R (None without it), h0 and c0

    They come from those of h in every row, of the last h and of the last c.
    """
    xp, dh, dc = array_module(g), gh.copy(), gc.copy()
    dx, dy = xp.empty(gates.shape, g.dtype), xp.empty(y.shape, g.dtype)
    previous, tanh = before(cells, c0, sizes, reverse), xp.tanh(cells)
    for rows, n in reversed(steps(sizes, reverse)):
        dy[rows] = dh[:n] + g[rows]
        dm = dy[rows] if w_hr is None else xp.matmul(dy[rows], w_hr)
        i, f, c, o = _parts(gates[rows], 4)
        t = tanh[rows]
        d = dc[:n] + dm * o * (1 - t * t)
        slopes = (
            d * c * i * (1 - i), d * previous[rows] * f * (1 - f),
            d * i * (1 - c * c), dm * t * o * (1 - o),
        )  # fmt: skip
        dx[rows] = xp.concatenate(slopes, axis=1)
        dc[:n] = d * f
        dh[:n] = xp.matmul(dx[rows], w_hh)
    dw = linear_weight_grad(dx, before(y, h0, sizes, reverse))
    dr = None if w_hr is None else linear_weight_grad(dy, _parts(gates, 4)[3] * tanh)
    return dx, dw, dr, dh, dc


def _gru(make, shape):
    sizes, _, units, x, w = _sequences(make, shape, 3)
    return x, w, make.normal((3 * units,)), make.normal((shape[-2], units)), sizes, True


@kernel(_gru, writes=(0,), **FACTS)
def gru(x, w_hh, b, h0, sizes, reverse):
    """x = (r, z, n) with s = W h + b in three parts: σ(x + s), tanh(x + r s);  h ← n + z (h − n)

    Returns h and the last part of s of every row, and the last h; b may be None.
    """
    xp, h = array_module(x), h0.copy()
    y, m = (xp.empty((x.shape[0], h.shape[1]), x.dtype) for _ in range(2))
    for rows, n in steps(sizes, reverse):
        sr, sz, sn = _parts(_sums(h[:n], w_hh, b), 3)
        r, z, c = _parts(x[rows], 3)
        r, z = sigmoid(r + sr), sigmoid(z + sz)
        c = xp.tanh(c + r * sn)
        m[rows] = sn
        h[:n] = y[rows] = c + z * (h[:n] - c)
        x[rows] = xp.concatenate([r, z, c], axis=1)
    return y, m, h


def _gru_vjp(make, shape):
    count, units = shape[-2:]
    sizes, rows, _, _, w = _sequences(make, shape, 3)
    gates = make.uniform((rows, 3 * units), 0, 1)
    states = make.normal((count, units)), make.normal((count, units))
    y, m = make.normal((rows, units)), make.normal((rows, units))
    return make.normal((rows, units)), *states, gates, y, m, w, sizes, False


@kernel(_gru_vjp, **FACTS)
def gru_vjp(g, gh, h0, gates, y, m, w_hh, sizes, reverse):
    """The gradients of gru for x, W, b and h0, from those of every row and of the last h"""
    xp, dh = array_module(g), gh.copy()
    dx, ds = xp.empty(gates.shape, g.dtype), xp.empty(gates.shape, g.dtype)
    previous = before(y, h0, sizes, reverse)
    for rows, n in reversed(steps(sizes, reverse)):
        d = dh[:n] + g[rows]
        r, z, c = _parts(gates[rows], 3)
        dc = d * (1 - z) * (1 - c * c)
        dz = d * (previous[rows] - c) * z * (1 - z)
        dr = dc * m[rows] * r * (1 - r)
        dx[rows] = xp.concatenate([dr, dz, dc], axis=1)
        ds[rows] = xp.concatenate([dr, dz, dc * r], axis=1)
        dh[:n] = d * z + xp.matmul(ds[rows], w_hh)
    return dx, linear_weight_grad(ds, previous), ds.sum(axis=0), dh
