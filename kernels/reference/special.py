"""Special functions: erfc and its inverse, the gamma function's logarithm and derivatives.

Everything is computed in float64 and rounded once. Poles and infinities are those of the C library.
"""

import math

from ..registry import array_module, kernel
from .transcendental import SQRT_2, erf, exp_of_square, polynomial, scaled_tail

EULER = 0.5772156649015329
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip
LN_ROOT_2_PI = math.log(2 * math.pi) / 2


def _zeta_minus_1(s, n=60):
    """ζ(s) − 1 = Σ m⁻ˢ over m >= 2, the terms from n on by Euler and Maclaurin"""
    tail = n ** (1 - s) / (s - 1) + n**-s / 2 + s * n ** (-s - 1) / 12
    tail -= s * (s + 1) * (s + 2) * n ** (-s - 3) / 720
    tail += s * (s + 1) * (s + 2) * (s + 3) * (s + 4) * n ** (-s - 5) / 30240
    return math.fsum([*(m**-s for m in range(2, n)), tail])


# ln Γ(2 + z) = z · P(z) on |z| <= ½, highest power first
LOG_GAMMA = (*((-1) ** k * _zeta_minus_1(k) / k for k in range(27, 1, -1)), 1 - EULER)
STIRLING = tuple(  # ln Γ(x) − (x − ½) ln x + x − ln √2π = P(1/x²) / x
    b / (2 * k * (2 * k - 1)) for k, b in reversed(list(enumerate(BERNOULLI, 1)))
)
STIRLING_FROM = 8


def _sin_pi(x):
    """sin πx up to the sign, exact zeros at integers"""
    xp = array_module(x)
    return xp.sin(math.pi * (x - xp.rint(x)))


def _log_gamma_to_8(x):
    """ln Γ of x in (0, 8) by x Γ(x) = Γ(x + 1), brought into [1½, 2½)"""
    xp = array_module(x)
    z = xp.where(x < 0.5, x, xp.where(x < 1.5, x - 1, x - 2))
    product = xp.where(x < 0.5, x * (x + 1), xp.where(x < 1.5, x, 1))
    for _ in range(STIRLING_FROM - 2):
        above = z >= 0.5
        z = xp.where(above, z - 1, z)
        product = xp.where(above, product * (z + 2), product)
    log = xp.log(product)
    return z * polynomial(z, LOG_GAMMA) + xp.where(x < 1.5, -log, log)


def _log_gamma(x):
    """ln Γ of x > 0"""
    xp = array_module(x)
    near = x < STIRLING_FROM
    large = xp.where(near, STIRLING_FROM, x)
    log = xp.log(large)
    rest = polynomial(1 / (large * large), STIRLING) / large
    far = (large - 0.5) * log - large + LN_ROOT_2_PI + rest
    far = xp.where(large > 1e300, large * (log - 1), far)
    return xp.where(near, _log_gamma_to_8(xp.where(near, x, 1)), far)


@kernel(lambda make, shape: (make.uniform(shape, 0.1, 20),))
def lgamma(x):
    """ln |Γ(x)|; below 0 by Γ(x) Γ(1 − x) = π / sin πx"""
    xp = array_module(x)
    wide = x.astype("float64")
    ln = _log_gamma(xp.where(wide < 0.5, 1 - wide, wide))
    ln = xp.where(wide < 0.5, xp.log(math.pi / abs(_sin_pi(wide))) - ln, ln)
    small = -xp.log(abs(wide)) - EULER * wide  # 1 − x would lose these digits
    ln = xp.where(abs(wide) < 1e-9, small, ln)
    ln = xp.where(abs(wide) == xp.inf, xp.inf, ln)
    return ln.astype(x.dtype)


def _cotangent(x):
    """cot πx, exact zeros halfway between integers"""
    xp = array_module(x)
    r = x - xp.rint(x)
    far = xp.copysign(xp.tan(math.pi * (0.5 - abs(r))), r)
    return xp.where(abs(r) < 0.25, 1 / xp.tan(math.pi * r), far)


def _cotangent_derivatives(n):
    """Coefficients in c = cot x, constant first, of the n-th derivative of cot x

    From dc/dx = −(1 + c²).
    """
    p = [0, 1]
    for _ in range(n):
        slope = [k * a for k, a in enumerate(p)][1:]
        p = [-a - b for a, b in zip(slope + [0, 0], [0, 0] + slope, strict=True)]
    return p


def _polygamma_tail(y, n):
    """The sum over k >= 0 of n! / (y + k)ⁿ⁺¹ for large y, by Euler and Maclaurin

    For n = 0, where it diverges, what is left of it: −ψ(y).
    """
    xp = array_module(y)
    first = -xp.log(y) if n == 0 else math.factorial(n - 1) * y ** float(-n)
    terms = [math.factorial(2 * k + n - 1) / math.factorial(2 * k) * b
             for k, b in enumerate(BERNOULLI, 1)]  # fmt: skip
    series = polynomial(1 / (y * y), tuple(reversed(terms)))
    return first + (math.factorial(n) / 2 + series / y) * y ** float(-n - 1)


@kernel(lambda make, shape: (make.uniform(shape, 0.1, 20), 1))
def polygamma(x, n):
    """ψ⁽ⁿ⁾(x) = dⁿ⁺¹/dxⁿ⁺¹ ln Γ(x)

    (−1)ⁿ⁺¹ n! Σ 1/(x + k)ⁿ⁺¹ over k >= 0, the first terms one by one. Below 0 by
    (−1)ⁿ ψ⁽ⁿ⁾(1 − x) − ψ⁽ⁿ⁾(x) = dⁿ/dxⁿ π cot πx.
    """
    xp = array_module(x)
    wide = x.astype("float64")
    below = wide < 0
    y = xp.where(below, 1 - wide, wide)
    shift = 10 + n
    total = _polygamma_tail(y + shift, n)
    for k in reversed(range(shift)):
        total = total + math.factorial(n) * (y + k) ** float(-n - 1)
    value = (-1) ** (n + 1) * total
    slope = polynomial(_cotangent(xp.where(below, wide, 0.25)), _cotangent_derivatives(n)[::-1])
    value = xp.where(below, (-1) ** n * value - math.pi ** (n + 1) * slope, value)
    return value.astype(x.dtype)


@kernel(lambda make, shape: (make.uniform(shape, 0.1, 20),))
def digamma(x):
    """ψ(x) = d/dx ln Γ(x): −inf at 0, NaN at negative integers"""
    xp = array_module(x)
    y = polygamma(x, 0)
    y = xp.where(x == 0, xp.copysign(xp.inf, -x), y)
    return xp.where((x < 0) & (x == xp.floor(x)), xp.nan, y).astype(x.dtype)


def _erfc(x):
    """1 − erf x for float64 x, without cancellation"""
    xp = array_module(x)
    a = xp.minimum(abs(x), 28.0)  # erfc 28 is 0 in float64
    tail = 2 * exp_of_square(a, -1.0) * scaled_tail(SQRT_2 * a)
    tail = xp.where(a < 0.5, 1 - erf(a), tail)
    return xp.where(x < 0, 2 - tail, tail)


@kernel(lambda make, shape: (make.normal(shape),))
def erfc(x):
    """y = 1 − erf x = 2/√π · ∫ exp(−t²) dt from x to infinity"""
    return _erfc(x.astype("float64")).astype(x.dtype)


@kernel(lambda make, shape: (make.uniform(shape, -1, 1),))
def erfinv(x):
    """The y with erf y = x: a start within 2 parts in 1000, then Halley's method

    Source of the start: Winitzki 2008.
    """
    xp = array_module(x)
    wide = x.astype("float64")
    a = xp.minimum(abs(wide), 1 - 2.0**-53)
    log = xp.log1p(-a) + xp.log1p(a)
    half = 2 / (math.pi * 0.147) + log / 2
    y = xp.sqrt(-log / 0.147 / (xp.sqrt(half * half - log / 0.147) + half))
    for _ in range(2):
        miss = xp.where(a < 0.5, erf(y) - a, (1 - a) - _erfc(y))
        step = miss * exp_of_square(y, 1.0) * (math.sqrt(math.pi) / 2)
        y = y - step / (1 + y * step)
    y = xp.where(abs(wide) == 1, xp.inf, xp.where(abs(wide) > 1, xp.nan, y))
    return xp.copysign(y, wide).astype(x.dtype)


@kernel(lambda make, shape: (make.uniform(shape, 0, 1),))
def logit(x):
    """ln(x / (1 − x)), near ½ as 2 artanh(2x − 1)"""
    xp = array_module(x)
    middle = abs(x - 0.5) < 0.25
    near = 2 * xp.arctanh(xp.where(middle, 2 * x - 1, 0))
    return xp.where(middle, near, xp.log(x / (1 - x))).astype(x.dtype)


@kernel(lambda make, shape: (make.normal(shape), make.uniform(shape[-1:], 0.1, 10)))
def xlogy(a, b):
    """a ln b, 0 where a is 0 and b not NaN"""
    xp = array_module(a)
    return xp.where((a == 0) & (b == b), a * 0, a * xp.log(b))


@kernel(lambda make, shape: (make.normal(shape), make.uniform(shape[-1:], -0.9, 10)))
def xlog1py(a, b):
    """a ln(1 + b), 0 where a is 0 and b not NaN"""
    xp = array_module(a)
    return xp.where((a == 0) & (b == b), a * 0, a * xp.log1p(b))
