"""Elementary functions that vectorise: exp, log, tanh, sigmoid, erf and the normal distribution.

A call into the C library costs a loop its vector instructions. These are branch-free polynomials
instead, written once for float32 and float64: :func:`constants` picks the numbers by the type of
the argument. Errors stay below 2.5 units in the last place for float32 and 1e-14 for float64; NaN,
infinities, signed zeros and subnormals come out as IEEE wants them.
"""

import functools
from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic, overload

from ..compile import jit
from ..reference.transcendental import ERF, TAIL


class Constants(NamedTuple):
    """Numbers and coefficients of one precision; polynomials have their highest power first."""

    zero: float
    half: float
    one: float
    two: float
    inf: float
    smallest_normal: float
    rounder: float  # 1.5 · 2^(mantissa bits) + bias: k + rounder has the exponent of 2ᵏ lowest
    log2_e: float
    ln2_high: float  # ln 2 with trailing zeros: k · ln2_high is exact
    ln2_low: float
    exp_lowest: float  # exp of it is 0
    exp_highest: float  # exp of it is infinite
    lift: float  # l, which makes 2ᵏ⁺ˡ a normal number for every k <= 0
    lower: float  # 2⁻ˡ
    sigmoid_end: float  # from here on sigmoid is 1
    normal_end: float  # −ln 2 times the bias: 2ᵏ of it, made of bits, is 0
    exp: tuple  # (eʳ − 1 − r) / r² on |r| <= ln 2 / 2
    exp_even: tuple  # eʳ = (a + b) / (a − b) there, a and b/r in r² (Padé)
    exp_odd: tuple
    subnormal_scale: float
    subnormal_shift: float
    log: tuple  # (ln(1 + f) − f + f²/2) / f³ on √½ <= 1 + f <= √2
    tanh_end: float  # from here on tanh is 1
    erf: tuple  # erf(x) / x in x² on |x| <= 1
    sqrt_2: float
    tail_end: float  # exp(−a²/2) of it is 0 as above
    tail_slope: float  # t = 1 / (1 + slope · a)
    tail_scale: float
    tail_shift: float
    tail: tuple  # Φ(−a) exp(a²/2) / t in (scale · t + shift)
    density_at_0: float


def _typed(dtype, values):
    return Constants(*(
        tuple(map(dtype, value)) if isinstance(value, tuple) else dtype(value) for value in values
    ))  # fmt: skip


SINGLE = _typed(np.float32, Constants(
    zero=0, half=0.5, one=1, two=2, inf=np.inf, smallest_normal=2.0**-126,
    rounder=1.5 * 2.0**23 + 127,
    log2_e=1.4426950408889634, ln2_high=0.693145751953125, ln2_low=1.42860682030941723212e-6,
    exp_lowest=-104, exp_highest=89, lift=64, lower=2.0**-64, sigmoid_end=42, normal_end=-88.03,
    exp=(
        0.0013926175888627768, 0.008363173343241215, 0.041666556149721146, 0.16666577756404877,
        0.5,
    ),
    exp_even=(12, 120), exp_odd=(1, 60),
    subnormal_scale=2.0**23, subnormal_shift=23,
    log=(
        0.06971611827611923, -0.11479733884334564, 0.11685419827699661, -0.12425687164068222,
        0.14249058067798615, -0.1666780263185501, 0.20000715553760529, -0.2499999701976776,
        0.3333333134651184,
    ),
    tanh_end=10,
    erf=(
        7.875874871388078e-05, -0.000801686430349946, 0.005189087241888046,
        -0.02685421146452427, 0.11283594369888306, -0.3761262595653534, 1.1283791065216064,
    ),
    sqrt_2=2**0.5, tail_end=13.27, tail_slope=0.275, tail_scale=1, tail_shift=0,
    tail=(
        0.025829236954450607, -0.10408464819192886, 0.11641695350408554, -0.01931975595653057,
        0.07702609896659851, 0.08361094444990158, 0.10100065916776657, 0.10981936752796173,
        0.10970115661621094,
    ),
    density_at_0=0.3989422804014327,
))  # fmt: skip

DOUBLE = _typed(np.float64, Constants(
    zero=0, half=0.5, one=1, two=2, inf=np.inf, smallest_normal=2.0**-1022,
    rounder=1.5 * 2.0**52 + 1023,
    log2_e=1.4426950408889634, ln2_high=6.93147180369123816490e-01,
    ln2_low=1.90821492927058770002e-10,
    exp_lowest=-746, exp_highest=710, lift=128, lower=2.0**-128, sigmoid_end=42, normal_end=-709.09,
    exp=(
        2.0914679376583935e-09, 2.510520637395701e-08, 2.7557273661348637e-07,
        2.7557255425746435e-06, 2.4801587325533363e-05, 0.00019841269874800493,
        0.0013888888888883752, 0.008333333333326141, 0.04166666666666667, 0.1666666666666667, 0.5,
    ),
    exp_even=(30, 3360, 30240), exp_odd=(1, 420, 15120),
    subnormal_scale=2.0**52, subnormal_shift=52,
    log=(
        0.023264220927877086, -0.053961619312197895, 0.05918790722857223, -0.051385304688066284,
        0.0506540966648457, -0.05500704572405743, 0.05898528368226226, -0.06256781945741766,
        0.0666601535643227, -0.07142415039547202, 0.07692315890028749, -0.08333350032953588,
        0.09090909371649986, -0.09999999634780717, 0.11111111099840468, -0.12500000004323591,
        0.14285714285850773, -0.16666666666643223, 0.1999999999999946, -0.2500000000000004,
        0.3333333333333333,
    ),
    tanh_end=20,
    erf=ERF,
    sqrt_2=2**0.5, tail_end=37.66, tail_slope=0.25, tail_scale=2.2, tail_shift=-1.2, tail=TAIL,
    density_at_0=0.3989422804014327,
))  # fmt: skip


inlined = jit(forceinline=True)  # a loop with a call left in it does not vectorise


def by_precision(single, double):
    """The function of x that is ``single(x)`` for float32 and ``double(x)`` for float64."""

    def chosen(x):
        return single(x) if isinstance(x, np.float32) else double(x)

    @overload(chosen)
    def _compiled(x):
        function = single if x == numba.types.float32 else double
        return lambda x: function(x)

    return chosen


def typed(single, double):
    """The function of x that gives ``single`` for float32 and ``double`` for float64."""
    return by_precision(inlined(lambda _x: single), inlined(lambda _x: double))


def number(value):
    """The function of x that gives ``value`` in the precision of x."""
    return typed(np.float32(value), np.float64(value))


constants = typed(SINGLE, DOUBLE)


@inlined
def _single_power(shifted):
    return np.int32(np.float32(shifted).view(np.int32) << np.int32(23)).view(np.float32)


@inlined
def _double_power(shifted):
    return np.int64(np.float64(shifted).view(np.int64) << np.int64(52)).view(np.float64)


@inlined
def _single_lowered(x):
    return np.int32(np.float32(x).view(np.int32) - np.int32(64 << 23)).view(np.float32)


@inlined
def _double_lowered(x):
    return np.int64(np.float64(x).view(np.int64) - np.int64(128 << 52)).view(np.float64)


@inlined
def _single_split(x):
    bits = np.int32(np.float32(x).view(np.int32) - np.int32(0x3F3504F3))
    m = np.int32(np.int32(bits & np.int32(0x7FFFFF)) + np.int32(0x3F3504F3))
    return np.int32(m).view(np.float32), np.float32(np.int32(bits >> np.int32(23)))


@inlined
def _double_split(x):
    bits = np.float64(x).view(np.int64) - np.int64(0x3FE6A09E667F3BCD)
    m = np.int64((bits & np.int64(0xFFFFFFFFFFFFF)) + np.int64(0x3FE6A09E667F3BCD))
    return m.view(np.float64), np.float64(bits >> np.int64(52))


_power = by_precision(_single_power, _double_power)  # 2ᵏ for k + rounder
_lowered = by_precision(_single_lowered, _double_lowered)  # x · 2⁻ˡ for a normal result
_split = by_precision(_single_split, _double_split)  # x = m · 2ᵏ with √½ <= m < √2


def _instruction(name, count):
    """The LLVM instruction ``name`` of ``count`` operands as a function for kernels."""

    def codegen(_ctx, builder, _signature, arguments):
        kind = arguments[0].type
        function = builder.module.declare_intrinsic(
            f"llvm.{name}", [kind], ir.FunctionType(kind, [kind] * count)
        )
        return builder.call(function, arguments)

    if count == 2:
        return intrinsic(lambda _context, a, b: (a(a, a), codegen))
    return intrinsic(lambda _context, a, b, c: (a(a, a, a), codegen))


@intrinsic
def _horner(_context, x, coefficients):
    """Horner's rule without the loop, which would keep longer polynomials from vectorising."""

    def codegen(_ctx, builder, _signature, arguments):
        x, table = arguments
        value = builder.extract_value(table, 0)
        for i in range(1, len(coefficients)):
            product = builder.fmul(value, x, flags=("contract",))
            value = builder.fadd(product, builder.extract_value(table, i), flags=("contract",))
        return value

    return x(x, coefficients), codegen


if numba.config.DISABLE_JIT:

    def polynomial(x, coefficients):
        return functools.reduce(lambda value, coefficient: value * x + coefficient, coefficients)

    def maximum(a, b):
        return a if a > b or a != a else b

    def minimum(a, b):
        return a if a < b or a != a else b

    def fma(a, b, c):
        return type(a)(np.longdouble(a) * b + c)

else:
    polynomial = _horner  # highest power first
    # NaN of either operand propagates. Where the result replaces an operand in memory, that one
    # goes second: LLVM would store under a mask where the first is NaN, 12 cycles for 8 numbers
    maximum = _instruction("maximum", 2)
    minimum = _instruction("minimum", 2)
    fma = _instruction("fma", 3)  # a · b + c, rounded once


@inlined
def _reduce(x):
    """x = k · ln 2 + r with |r| <= ln 2 / 2; returns r and k + rounder"""
    c = constants(x)
    shifted = x * c.log2_e + c.rounder
    k = shifted - c.rounder
    return (x - k * c.ln2_high) - k * c.ln2_low, shifted


@inlined
def _expm1_reduced(r):
    return polynomial(r, constants(r).exp) * (r * r) + r


@inlined
def _exp_reduced(r):
    return _expm1_reduced(r) + constants(r).one


@inlined
def exp(x):
    """eˣ over the whole range: two factors 2ᵏ give exact subnormals and infinity"""
    c = constants(x)
    x = c.exp_lowest if x < c.exp_lowest else x
    x = c.exp_highest if x > c.exp_highest else x
    r, shifted = _reduce(x)
    k = shifted - c.rounder
    half = k * c.half + c.rounder
    rest = k - (half - c.rounder) + c.rounder
    return _exp_reduced(r) * _power(half) * _power(rest)


@inlined
def exp_nonpositive(x):
    """eˣ for x <= 0, cheaper: below the normal numbers it becomes 0"""
    c = constants(x)
    r, shifted = _reduce(c.normal_end if x < c.normal_end else x)
    return _exp_reduced(r) * _power(shifted)


@inlined
def exp_gradual(x):
    """eˣ for x <= 0 with exact subnormals: eʳ · 2ᵏ⁺ˡ · 2⁻ˡ"""
    c = constants(x)
    r, shifted = _reduce(c.exp_lowest if x < c.exp_lowest else x)
    return _exp_reduced(r) * _power(shifted + c.lift) * c.lower


@inlined
def expm1_nonpositive(x):
    """eˣ − 1 for x <= 0 as (eʳ − 1) 2ᵏ + (2ᵏ − 1), accurate for small x too"""
    c = constants(x)
    r, shifted = _reduce(c.normal_end if x < c.normal_end else x)
    power = _power(shifted)
    return _expm1_reduced(r) * power + (power - c.one)


@inlined
def log(x):
    """ln x = k ln 2 + ln(1 + f) for x = 2ᵏ (1 + f)"""
    c = constants(x)
    tiny = x < c.smallest_normal
    m, k = _split(x * c.subnormal_scale if tiny else x)
    k = k - c.subnormal_shift if tiny else k
    f = m - c.one
    square = f * f
    rest = polynomial(f, c.log) * (square * f) + k * c.ln2_low
    y = k * c.ln2_high + (f - (c.half * square - rest))
    y = y if x < c.inf else x
    y = -c.inf if x == c.zero else y
    return c.inf - c.inf if x < c.zero else y


@inlined
def log1p_positive(x):
    """ln(1 + x) for moderate x >= 0: what rounding took from 1 + x is added again"""
    one = constants(x).one
    u = one + x
    return log(u) + (x - (u - one)) / u


@inlined
def tanh(x):
    """±m / (m + 2) with m = exp(2|x|) − 1 = (eʳ − 1) 2ᵏ + (2ᵏ − 1), accurate for small x too"""
    c = constants(x)
    a = abs(x)
    r, shifted = _reduce(c.two * (c.tanh_end if a > c.tanh_end else a))
    power = _power(shifted)
    m = _expm1_reduced(r) * power + (power - c.one)
    return np.copysign(m / (m + c.two), x)


@inlined
def sigmoid_pair(x):
    """1 / (1 + exp(−x)) and 1 / (1 + exp(x)), with exp of negative numbers only"""
    c = constants(x)
    e = exp_gradual(-abs(x))
    high = c.one / (c.one + e)
    low = e * high
    return (low, high) if x < c.zero else (high, low)


@inlined
def sigmoid(x):
    """1 / (1 + exp(−x)) with exp(−x) = 2ᵏ(a + b) / (a − b): one division instead of a polynomial

    Both terms are scaled by 2⁻ˡ: exp neither overflows nor, where it still counts, underflows.
    """
    c = constants(x)
    x = c.exp_lowest if x < c.exp_lowest else x
    x = c.sigmoid_end if x > c.sigmoid_end else x
    rounder = c.rounder - c.lift
    shifted = rounder - x * c.log2_e
    k = shifted - rounder
    r = (-x - k * c.ln2_high) - k * c.ln2_low
    square = r * r
    even, odd = polynomial(square, c.exp_even), polynomial(square, c.exp_odd)
    low = _lowered(fma(-r, odd, even))
    return low / (low + fma(r, odd, even) * _power(shifted))


@jit(("contract", "nsz"), forceinline=True)
def normal_tail(a):
    """Φ(−a) and exp(−a²/2) for a >= 0

    The rounding error of a², which would be multiplied by a²/2, is computed and taken off again.
    """
    c = constants(a)
    inside = c.tail_end if a > c.tail_end else a
    square = inside * inside
    r, shifted = _reduce(-c.half * square)
    e = _exp_reduced(r - c.half * fma(inside, inside, -square)) * _power(shifted)
    t = c.one / (c.tail_slope * inside + c.one)
    return e * t * polynomial(c.tail_scale * t + c.tail_shift, c.tail), e


@inlined
def normal(x):
    """The normal distribution: Φ(x) and its density φ(x)"""
    c = constants(x)
    tail, e = normal_tail(abs(x))
    return (tail if x < c.zero else c.one - tail), c.density_at_0 * e


@inlined
def erf(x):
    """x P(x²) on |x| <= 1, else ±(1 − 2 Φ(−√2 |x|))"""
    c = constants(x)
    a = abs(x)
    tail, _ = normal_tail(c.sqrt_2 * a)
    return np.copysign(a * polynomial(a * a, c.erf) if a < c.one else c.one - c.two * tail, x)
