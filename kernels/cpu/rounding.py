"""Rounding to narrow formats as vectorised integer loops.

Half precision uses the processor's own conversion; a host without it keeps NumPy's.
"""

import numba
import numpy as np
from llvmlite import binding, ir
from numba.extending import intrinsic

from .. import launch
from ..compile import jit
from ..memory import empty
from ..reference import rounding as reference
from ..reference.rounding import format_facts
from .random import hashed

COST = 0.2
SINGLE = np.dtype(np.float32)
SIGN, MAGNITUDE, INFINITY = map(
    np.uint32, (reference.SIGN, reference.MAGNITUDE, reference.INFINITY)
)
ONE, SIXTEEN, BELOW_HALF, QUIET = map(np.uint32, (1, 16, 0x7FFF, 0x40))


@intrinsic
def _narrow(_context, x):
    def codegen(_ctx, builder, _signature, arguments):
        return builder.bitcast(builder.fptrunc(arguments[0], ir.HalfType()), ir.IntType(16))

    return numba.types.uint16(numba.types.float32), codegen


@intrinsic
def _widen(_context, bits):
    def codegen(_ctx, builder, _signature, arguments):
        return builder.fpext(builder.bitcast(arguments[0], ir.HalfType()), ir.FloatType())

    return numba.types.float32(numba.types.uint16), codegen


if numba.config.DISABLE_JIT:

    def _narrow(x):
        return np.float16(x).view(np.uint16)

    def _widen(bits):
        return np.float32(np.uint16(bits).view(np.float16))


@jit()
def _to_half(x, bits):
    for i in range(x.size):
        bits[i] = _narrow(x[i])


@jit()
def _from_half(bits, x):
    for i in range(x.size):
        x[i] = _widen(bits[i])


@jit()
def _to_bfloat(x, bits):
    for i in range(x.size):
        v = x[i]
        upper = np.uint32(v >> SIXTEEN)
        rounded = np.uint32(np.uint32(v + BELOW_HALF + (upper & ONE)) >> SIXTEEN)
        nan = np.uint32(v & MAGNITUDE) > INFINITY
        bits[i] = np.uint16(upper | QUIET if nan else rounded)


@jit()
def _from_bfloat(bits, x):
    for i in range(x.size):
        x[i] = np.uint32(np.uint32(bits[i]) << SIXTEEN)


@jit()
def _round_to(bits, out, drop, below_half, odd_bit, smallest, spacer, largest):
    for i in range(bits.size):
        v = np.uint32(bits[i])
        magnitude = np.uint32(v & MAGNITUDE)
        odd = np.uint32(np.uint32(magnitude >> drop) & odd_bit)
        rounded = np.uint32(np.uint32(magnitude + below_half + odd) >> drop)
        rounded = np.uint32(rounded << drop)
        rounded = INFINITY if rounded > largest else rounded
        a = np.uint32(magnitude).view(np.float32)
        tiny = np.float32((a + spacer) - spacer).view(np.uint32)
        rounded = tiny if a < smallest else rounded
        rounded = np.uint32(rounded | np.uint32(v & SIGN))
        out[i] = v if magnitude > INFINITY else rounded


@jit()
def _round_randomly(start, x, out, key, drop, smallest, spacing, largest):
    """The bits of x to those of out, draws hashed from ``start``, the index and the key"""
    first = np.uint32(key + np.uint32(start))
    shift = np.uint32(np.uint32(32) - drop)
    for i in range(x.size):
        v = np.uint32(x[i])
        magnitude = np.uint32(v & MAGNITUDE)
        draw = hashed(np.uint32(first + np.uint32(i)))
        added = np.uint32(draw >> shift) if drop else np.uint32(0)
        rounded = np.uint32(np.uint32(magnitude + added) >> drop)
        rounded = np.uint32(rounded << drop)
        rounded = INFINITY if rounded > largest else rounded
        a = np.uint32(magnitude).view(np.float32)
        steps = np.floor(np.float64(a) / spacing + draw * 2.0**-32)
        tiny = np.float32(steps * spacing).view(np.uint32)
        rounded = tiny if a < smallest else rounded
        rounded = np.uint32(rounded | np.uint32(v & SIGN))
        out[i] = v if magnitude >= INFINITY else rounded


def _convert(loop, x, bits, result_bits, dtype):
    """A new array of ``dtype``, its axes ordered in memory as those of x, filled by ``loop``"""
    if not x.flags.c_contiguous and x.ndim > 1:
        order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
        made = _convert(loop, np.ascontiguousarray(x.transpose(order)), bits, result_bits, dtype)
        return made.transpose(np.argsort(order))
    out = empty(x.shape, dtype)
    launch.split(loop, (x.ravel().view(bits), out.ravel().view(result_bits)), cost=COST)
    return out


def _half_to_single(x):
    """Exact"""
    if x.dtype != np.float16:
        return reference.float16_to_float32(x)
    return _convert(_from_half, x, np.uint16, np.float32, SINGLE)


def _single_to_half(x):
    """IEEE half precision"""
    if x.dtype != SINGLE:
        return reference.float32_to_float16(x)
    return _convert(_to_half, x, np.float32, np.uint16, np.dtype(np.float16))


def _converts_halves():
    """Whether kernels are compiled for a processor with F16C; without it LLVM calls a library."""
    for_host = numba.config.CPU_NAME in (None, "", "host") and not numba.config.CPU_FEATURES
    return for_host and binding.get_host_cpu_features().get("f16c", False)


if _converts_halves():
    float16_to_float32, float32_to_float16 = _half_to_single, _single_to_half


def float32_to_bfloat16(x):
    """The upper 16 bits of the float32, rounded; NaN stays NaN"""
    return _convert(_to_bfloat, x, np.uint32, np.uint16, np.dtype(np.uint16))


def bfloat16_to_float32(bits):
    """Exact: the 16 bits are the upper half of a float32"""
    return _convert(_from_bfloat, bits, np.uint16, np.uint32, SINGLE)


def round_to(x, exponent_bits, mantissa_bits):
    """float32 rounded to the nearest number of an IEEE-like format"""
    drop, smallest, largest = format_facts(exponent_bits, mantissa_bits)
    facts = (
        np.uint32(drop),
        np.uint32((1 << drop >> 1) - 1 if drop else 0),
        np.uint32(drop > 0),
        np.float32(smallest),
        np.float32(smallest * 2.0**drop),
        np.uint32(largest),
    )
    out = empty(x.shape, SINGLE)
    arrays = x.ravel().view(np.uint32), out.ravel().view(np.uint32)
    launch.split(_round_to, arrays, *facts, cost=COST)
    return out


def round_randomly(x, exponent_bits, mantissa_bits, key):
    """float32 rounded up or down to a format, each with the probability that keeps the mean"""
    drop, smallest, largest = format_facts(exponent_bits, mantissa_bits)
    spacing = smallest * 2.0**-mantissa_bits
    facts = np.uint32(drop), np.float32(smallest), spacing, np.uint32(largest)
    out = empty(x.shape, SINGLE)
    arrays = x.ravel().view(np.uint32), out.ravel().view(np.uint32)
    launch.split(_round_randomly, arrays, np.uint32(key), *facts, cost=1.0, indexed=True)
    return out
