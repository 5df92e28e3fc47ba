"""Counter-based random numbers, vectorised over counters."""

import itertools
import math

import numpy as np

from .. import launch
from ..compile import jit
from ..floating import quiet
from ..memory import empty_like
from ..reference import random as reference
from ..reference.random import PHILOX_M, PHILOX_W, keep_threshold, low_high
from .vmath import by_precision, log, polynomial

u32, u64 = np.uint32, np.uint64
M0, M1 = map(u64, PHILOX_M)
W0, W1 = map(u32, PHILOX_W)
SCALE32, SCALE64 = np.float32(2.0**-24), 2.0**-53
BLOCK = 256  # counters whose words are made in the first-level cache before they are used
QUARTERS32 = np.float32(4 * SCALE32)
COST = 6.0
DROPOUT_COST = 0.4


def _quarter_turn(kind, first, terms):
    """Coefficients in f² of cos(πf/2) for first = 0, of sin(πf/2) / f for first = 1"""
    powers = range(first, first + 2 * terms, 2)
    signs = itertools.cycle((1, -1))
    terms = [(math.pi / 2) ** n / math.factorial(n) for n in powers]
    return tuple(kind(s * t) for s, t in reversed(list(zip(signs, terms, strict=False))))


COS32, SIN32 = _quarter_turn(np.float32, 0, 6), _quarter_turn(np.float32, 1, 5)
COS64, SIN64 = _quarter_turn(np.float64, 0, 9), _quarter_turn(np.float64, 1, 8)
_FLOATS = (np.dtype("float32"), np.dtype("float64"))


@jit(forceinline=True)
def _round(c0, c1, c2, c3, k0, k1):
    """One round and the next key; every step is cast back, or Numba would go on in 64 bits."""
    p0, p1 = u64(u64(c0) * M0), u64(u64(c2) * M1)
    x0 = u32(u32(p1 >> u64(32)) ^ u32(c1 ^ k0))
    x2 = u32(u32(p0 >> u64(32)) ^ u32(c3 ^ k1))
    return x0, u32(p1), x2, u32(p0), u32(k0 + W0), u32(k1 + W1)


@jit(forceinline=True)
def _two_rounds(c0, c1, c2, c3, k0, k1):
    c0, c1, c2, c3, k0, k1 = _round(c0, c1, c2, c3, k0, k1)
    return _round(c0, c1, c2, c3, k0, k1)


@jit(forceinline=True)
def _philox(c0, c1, k0, k1):
    """The four words of a counter; a loop over the rounds would keep the caller scalar"""
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, u32(0), u32(0), k0, k1)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3, k0, k1 = _two_rounds(c0, c1, c2, c3, k0, k1)
    return c0, c1, c2, c3


@jit()
def _words(first, k0, k1, w0, w1, w2, w3):
    """The words of consecutive counters, word by word"""
    for i in range(w0.size):
        counter = u64(first + u64(i))
        a, b, c, d = _philox(u32(counter), u32(counter >> u64(32)), k0, k1)
        w0[i] = a
        w1[i] = b
        w2[i] = c
        w3[i] = d


@jit()
def _single_turn(square):
    return polynomial(square, COS32), polynomial(square, SIN32)


@jit()
def _double_turn(square):
    return polynomial(square, COS64), polynomial(square, SIN64)


_turn = by_precision(_single_turn, _double_turn)


@jit(forceinline=True)
def _box_muller(u, quarters):
    """Two independent normals from u in (0, 1] and an angle in quarter turns"""
    logarithm = log(u)
    radius = np.sqrt(-(logarithm + logarithm))
    nearest = np.rint(quarters)
    f, k = quarters - nearest, np.int32(nearest)
    cosine, sine = _turn(f * f)
    sine *= f
    swapped = np.int32(k & np.int32(1)) != 0
    x = sine if swapped else cosine
    y = cosine if swapped else sine
    x = -x if np.int32(np.int32(k + np.int32(1)) & np.int32(2)) != 0 else x
    y = -y if np.int32(k & np.int32(2)) != 0 else y
    return radius * x, radius * y


@jit()
def _uniform32(words):
    """Replace words by the bits of floats in [0, 1)."""
    for i in range(words.size):
        fraction = np.float32(np.int32(words[i] >> u32(8))) * SCALE32
        words[i] = np.float32(fraction).view(np.uint32)


@jit()
def _uniform64(words):
    for i in range(words.size):
        words[i] = np.float64(np.int64(words[i] >> u64(11)) * SCALE64).view(np.uint64)


@jit()
def _normal32(a, b):
    """Replace pairs of words by the bits of two independent normals."""
    for i in range(a.size):
        u = np.float32(np.int32(a[i] >> u32(8)) + np.int32(1)) * SCALE32
        quarters = np.float32(np.int32(b[i] >> u32(8))) * QUARTERS32
        x, y = _box_muller(u, quarters)
        a[i], b[i] = np.float32(x).view(np.uint32), np.float32(y).view(np.uint32)


@jit()
def _normal64(a, b):
    for i in range(a.size):
        u = (np.int64(a[i] >> u64(11)) + 1) * SCALE64
        x, y = _box_muller(u, np.int64(b[i] >> u64(11)) * (4 * SCALE64))
        a[i], b[i] = np.float64(x).view(np.uint64), np.float64(y).view(np.uint64)


@jit()
def _fill32(start, out, first, k0, k1, uniform, normal):
    """out (n, 4): one row per counter, from first + start on

    Words as they are, or what is not None of ``uniform`` and ``normal``; only that is compiled.
    """
    scratch = np.empty((4, BLOCK), np.uint32)
    w0, w1, w2, w3 = scratch[0], scratch[1], scratch[2], scratch[3]
    for block in range(0, out.shape[0], BLOCK):
        rows = out[block : block + BLOCK]
        _words(u64(first + u64(start + block)), k0, k1, w0, w1, w2, w3)
        if uniform is not None:
            _uniform32(scratch.reshape(4 * BLOCK))
        if normal is not None:
            _normal32(w0, w1)
            _normal32(w2, w3)
        for i in range(rows.shape[0]):
            rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3] = w0[i], w1[i], w2[i], w3[i]


@jit()
def _fill64(start, out, first, k0, k1, uniform, normal):
    """out (n, 2): the same with pairs of words, the second one being the upper half"""
    words, scratch = np.empty((4, BLOCK), np.uint32), np.empty((2, BLOCK), np.uint64)
    w0, w1, w2, w3 = words[0], words[1], words[2], words[3]
    v0, v1 = scratch[0], scratch[1]
    for block in range(0, out.shape[0], BLOCK):
        rows = out[block : block + BLOCK]
        _words(u64(first + u64(start + block)), k0, k1, w0, w1, w2, w3)
        for i in range(BLOCK):
            v0[i] = u64(u64(u64(w1[i]) << u64(32)) | u64(w0[i]))
            v1[i] = u64(u64(u64(w3[i]) << u64(32)) | u64(w2[i]))
        if uniform is not None:
            _uniform64(scratch.reshape(2 * BLOCK))
        if normal is not None:
            _normal64(v0, v1)
        for i in range(rows.shape[0]):
            rows[i, 0], rows[i, 1] = v0[i], v1[i]


def _fill(out, key, counter, uniform=None, normal=None):
    """Fill ``out`` in place where it is whole counters long, through a buffer where it is not."""
    columns, loop, word = (4, _fill32, np.uint32) if out.itemsize == 4 else (2, _fill64, np.uint64)
    if out.size % columns or not out.flags.c_contiguous:
        buffer = np.empty(-(-out.size // columns) * columns, out.dtype)
        _fill(buffer, key, counter, uniform, normal)
        out[...] = buffer[: out.size].reshape(out.shape)
        return
    rows = out.reshape(out.size // columns, columns).view(word)
    k0, k1 = map(u32, low_high(key))
    scalars = u64(counter % 2**64), k0, k1, uniform, normal
    launch.split(loop, (rows,), *scalars, cost=COST, indexed=True)


def philox_bits(out, key, counter):
    """Fill a uint32 array with random words"""
    _fill(out, key, counter)


def fill_uniform(out, key, counter):
    """Uniform on [0, 1): 24 random bits for float32, 53 for float64"""
    if out.dtype not in _FLOATS:
        reference.fill_uniform(out, key, counter)
    else:
        _fill(out, key, counter, uniform=True)


def fill_normal(out, key, counter):
    """Standard normal numbers"""
    if out.dtype not in _FLOATS:
        reference.fill_normal(out, key, counter)
    else:
        _fill(out, key, counter, normal=True)


@jit(forceinline=True)
def hashed(h):
    """32 bits that depend on every bit of h"""
    h = u32(u32(h ^ u32(h >> u32(16))) * u32(0x7FEB352D))
    h = u32(u32(h ^ u32(h >> u32(15))) * u32(0x846CA68B))
    return u32(h ^ u32(h >> u32(16)))


@jit()
def _dropout(start, x, y, key, threshold, scale):
    first, factor, zero = u32(key + u32(start)), x.dtype.type(scale), x.dtype.type(0)
    for i in range(x.size):
        y[i] = x[i] * (factor if hashed(u32(first + u32(i))) >= threshold else zero)


def threshold_and_scale(p):
    """The hash value from where on an element is kept, and what it is then multiplied by"""
    return u32(min(keep_threshold(p), 2**32 - 1)), 1 / (1 - p) if p < 1 else 0.0


_any_dropout = quiet(reference.dropout)


def dropout(x, p, key):
    """x · mask / (1 − p), the mask hashed from index and key"""
    if x.dtype not in _FLOATS or not 0 <= p < 1:
        return np.asarray(_any_dropout(x, p, key))
    y = empty_like(x)
    scalars = u32(key), *threshold_and_scale(p)
    launch.split(_dropout, (x.ravel(), y.ravel()), *scalars, cost=DROPOUT_COST, indexed=True)
    return y
