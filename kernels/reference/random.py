"""Random numbers as functions of a key and a counter, so that any draw can be repeated.

Philox4x32-10 (Salmon et al., 2011) turns one counter into four 32-bit words; an array takes its
words in order, four 32-bit or two 64-bit elements per counter. Dropout hashes the index instead,
which is ten times cheaper and good enough for a mask.
"""

import math

from ..registry import array_module, kernel

PHILOX_M = 0xD2511F53, 0xCD9E8D57  # multipliers of the two halves
PHILOX_W = 0x9E3779B9, 0xBB67AE85  # added to the key after every round
LOW = 0xFFFFFFFF
EXCUSED = {"nonfinite": "the output is overwritten whatever it held"}


def low_high(number):
    """The two 32-bit halves of a 64-bit integer."""
    return number & LOW, number >> 32 & LOW


def philox_words(xp, count, key, counter):
    """(count, 4) random words as uint64, one row per counter"""
    u64 = xp.uint64
    index = xp.arange(count, dtype="uint64") + u64(counter % 2**64)
    c0, c1 = index & u64(LOW), index >> u64(32)
    c2 = c3 = xp.zeros(count, "uint64")
    k0, k1 = low_high(key)
    for _ in range(10):
        p0, p1 = c0 * u64(PHILOX_M[0]), c2 * u64(PHILOX_M[1])
        c0, c1 = (p1 >> u64(32)) ^ c1 ^ u64(k0), p1 & u64(LOW)
        c2, c3 = (p0 >> u64(32)) ^ c3 ^ u64(k1), p0 & u64(LOW)
        k0, k1 = (k0 + PHILOX_W[0]) & LOW, (k1 + PHILOX_W[1]) & LOW
    return xp.stack((c0, c1, c2, c3), axis=1)


def counters_of(size, itemsize):
    """How many counters an array of ``size`` elements takes."""
    return -(-size // (4 if itemsize <= 4 else 2))


def _fill(out, values):
    out[...] = values.reshape(-1)[: out.size].reshape(out.shape).astype(out.dtype)


def _fractions(out, key, counter):
    """Integers in [0, 2²⁴) or [0, 2⁵³) and that limit, in order, at least one per element"""
    words = philox_words(array_module(out), counters_of(out.size, out.itemsize), key, counter)
    if out.itemsize <= 4:
        return words >> 8, 2.0**-24
    return ((words[:, 1::2] << 32) | words[:, 0::2]) >> 11, 2.0**-53


def _out(make, shape):
    return make.normal(shape), 0x0123456789ABCDEF, 2**32 - 3


@kernel(lambda make, shape: (make.integers(shape, 0, 9).astype("uint32"), 5, 7), writes=(0,))
def philox_bits(out, key, counter):
    """Fill a uint32 array with random words"""
    xp = array_module(out)
    _fill(out, philox_words(xp, counters_of(out.size, 4), key, counter))


@kernel(_out, writes=(0,), notes=EXCUSED)
def fill_uniform(out, key, counter):
    """Uniform on [0, 1): a word's upper 24 bits for float32, two words' upper 53 for float64"""
    integers, scale = _fractions(out, key, counter)
    _fill(out, integers.astype("float64") * scale)


@kernel(_out, writes=(0,), notes=EXCUSED)
def fill_normal(out, key, counter):
    """Standard normal by Box and Muller: √(−2 ln u) (cos 2πv, sin 2πv), u in (0, 1], v in [0, 1)"""
    xp = array_module(out)
    integers, scale = _fractions(out, key, counter)
    u = (integers[:, 0::2].astype("float64") + 1) * scale
    angle = integers[:, 1::2].astype("float64") * (2 * math.pi * scale)
    radius = xp.sqrt(-2 * xp.log(u))
    _fill(out, xp.stack((radius * xp.cos(angle), radius * xp.sin(angle)), axis=-1))


def hash_bits(xp, h):
    """32 bits that depend on every bit of h"""
    u32 = xp.uint32
    h = (h ^ (h >> u32(16))) * u32(0x7FEB352D)
    h = (h ^ (h >> u32(15))) * u32(0x846CA68B)
    return h ^ (h >> u32(16))


def keep_threshold(p):
    """The 32-bit hash value from where on an element is kept"""
    return round(p * 2**32)


@kernel(lambda make, shape: (make.normal(shape), 0.3, 12345))
def dropout(x, p, key):
    """x · mask / (1 − p), the mask being 1 with probability 1 − p, hashed from index and key

    The same call on a gradient is the gradient: no mask is kept.
    """
    xp = array_module(x)
    h = hash_bits(xp, xp.arange(x.size, dtype="uint32") + xp.uint32(key))
    kept = h.astype("uint64").reshape(x.shape) >= xp.uint64(keep_threshold(p))
    return x * (kept * x.dtype.type(1 / (1 - p) if p < 1 else 0))
