"""Rounding float32 to narrower formats, to nearest with ties to even."""

from ..registry import array_module, kernel
from .random import hash_bits

SIGN, MAGNITUDE, INFINITY = 0x80000000, 0x7FFFFFFF, 0x7F800000  # bits of a float32


@kernel(lambda make, shape: (make.normal(shape),), dtypes=("float32",))
def float32_to_float16(x):
    """IEEE half precision"""
    return x.astype("float16")


@kernel(lambda make, shape: (make.normal(shape),), dtypes=("float16",))
def float16_to_float32(x):
    """Exact"""
    return x.astype("float32")


@kernel(lambda make, shape: (make.normal(shape),), dtypes=("float32",))
def float32_to_bfloat16(x):
    """The upper 16 bits of the float32, rounded; NaN stays NaN"""
    xp = array_module(x)
    bits = x.view("uint32")
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    quiet_nan = (bits >> 16) | 0x40
    return xp.where((bits & MAGNITUDE) > INFINITY, quiet_nan, rounded).astype("uint16")


@kernel(
    lambda make, shape: (make.integers(shape, 0, 1 << 16).astype("uint16"),), dtypes=("float32",)
)
def bfloat16_to_float32(bits):
    """Exact: the 16 bits are the upper half of a float32"""
    return (bits.astype("uint32") << 16).view("float32")


def format_facts(exponent_bits, mantissa_bits):
    """The dropped mantissa bits, the smallest normal number, and the bits of the largest number."""
    if not (2 <= exponent_bits <= 8 and 1 <= mantissa_bits <= 23):
        raise ValueError(
            "round_to: a format has 2 to 8 exponent bits and 1 to 23 mantissa bits, got "
            f"exponent_bits={exponent_bits}, mantissa_bits={mantissa_bits}"
        )
    bias = 2 ** (exponent_bits - 1) - 1
    drop = 23 - mantissa_bits
    largest = ((bias + 127) << 23) | (0x7FFFFF >> drop << drop)
    return drop, 2.0 ** (1 - bias), largest


@kernel(lambda make, shape: (make.normal(shape), 4, 3, 12345), dtypes=("float32",))
def round_randomly(x, exponent_bits, mantissa_bits, key):
    """float32 rounded up or down to a format, each with the probability that keeps the mean

    |x| lies between two numbers of the format; the upper one is taken with a probability of its
    distance to the lower in units of their spacing: where that many parts of 2ᵈ are dropped, a
    random number below 2ᵈ is added first. Draws are hashed from index and key. In the subnormal
    range, where the spacing is constant, the same is done by ⌊|x| / spacing + u⌋.
    """
    xp = array_module(x)
    drop, smallest, largest = format_facts(exponent_bits, mantissa_bits)
    bits = x.view("uint32")
    magnitude = bits & MAGNITUDE
    draws = hash_bits(xp, xp.arange(x.size, dtype="uint32") + xp.uint32(key)).reshape(x.shape)
    added = draws >> xp.uint32(32 - drop) if drop else xp.zeros_like(bits)
    rounded = (magnitude + added) >> xp.uint32(drop) << xp.uint32(drop)
    rounded = xp.where(rounded > largest, INFINITY, rounded).astype("uint32")
    spacing = smallest * 2.0**-mantissa_bits
    steps = xp.floor(abs(x).astype("float64") / spacing + draws * 2.0**-32)
    tiny = (steps * spacing).astype("float32").view("uint32")
    rounded = xp.where(abs(x) < smallest, tiny, rounded) | (bits & SIGN)
    return xp.where(magnitude >= INFINITY, x, rounded.view("float32"))


@kernel(lambda make, shape: (make.normal(shape), 4, 3), dtypes=("float32",))
def round_to(x, exponent_bits, mantissa_bits):
    """float32 rounded to the nearest number of an IEEE-like format

    Subnormal numbers of the format are rounded by adding a number whose last place is their
    spacing; all others by adding half of the dropped bits to the float32's own bits.
    """
    xp = array_module(x)
    drop, smallest, largest = format_facts(exponent_bits, mantissa_bits)
    bits = x.view("uint32")
    magnitude = bits & MAGNITUDE
    if drop:
        odd = (magnitude >> drop) & 1
        rounded = (magnitude + ((1 << (drop - 1)) - 1) + odd) >> drop << drop
    else:
        rounded = magnitude
    rounded = xp.where(rounded > largest, INFINITY, rounded).astype("uint32")
    spacer = x.dtype.type(smallest * 2.0**drop)
    tiny = ((abs(x) + spacer) - spacer).view("uint32")
    rounded = xp.where(abs(x) < smallest, tiny, rounded) | (bits & SIGN)
    return xp.where(magnitude > INFINITY, x, rounded.view("float32"))
