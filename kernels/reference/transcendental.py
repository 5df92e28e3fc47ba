"""Exponentials, logarithms, trigonometric and hyperbolic functions, and the normal distribution."""

from ..registry import array_module, kernel

UNARY = {  # kernel: array function, formula, where it is drawn for tests
    "exp2": ("exp2", "2ˣ", (-3, 3)),
    "expm1": ("expm1", "eˣ − 1, also for small x", (-3, 3)),
    "log2": ("log2", "log₂ x", (0.1, 10)),
    "log10": ("log10", "log₁₀ x", (0.1, 10)),
    "log1p": ("log1p", "ln(1 + x), also for small x", (-0.9, 3)),
    "tan": ("tan", "tan x", (-1.5, 1.5)),
    "asin": ("arcsin", "the angle in [−π/2, π/2] whose sine is x", (-1, 1)),
    "acos": ("arccos", "the angle in [0, π] whose cosine is x", (-1, 1)),
    "atan": ("arctan", "the angle in [−π/2, π/2] whose tangent is x", (-3, 3)),
    "sinh": ("sinh", "(eˣ − e⁻ˣ) / 2", (-3, 3)),
    "cosh": ("cosh", "(eˣ + e⁻ˣ) / 2", (-3, 3)),
    "asinh": ("arcsinh", "the number whose sinh is x", (-3, 3)),
    "acosh": ("arccosh", "the number >= 0 whose cosh is x", (1, 5)),
    "atanh": ("arctanh", "the number whose tanh is x", (-1, 1)),
}
BINARY = {
    "atan2": ("arctan2", "the angle of the point (b, a) in [−π, π]"),
    "logaddexp": ("logaddexp", "ln(eᵃ + eᵇ), without overflow"),
    "logaddexp2": ("logaddexp2", "log₂(2ᵃ + 2ᵇ), without overflow"),
}

# erf(x) = x · P(x²) on |x| <= 1. Coefficients here and below: highest power first, Chebyshev
# interpolation in high precision.
ERF = (
    5.957176147748911e-11, -1.1372848856791674e-09, 1.4659775274047436e-08,
    -1.6350312701054695e-07, 1.6461000484121368e-06, -1.4925595266831182e-05,
    0.0001205533111164271, -0.000854832698083379, 0.0052239776248180145, -0.026866170645076792,
    0.11283791670954879, -0.3761263890318375, 1.1283791670955126,
)  # fmt: skip

# Φ(−a) = exp(−a²/2) · t · P(2.2 t − 1.2) with t = 1 / (1 + a/4) on 0 <= a <= 40
TAIL = (
    2.88147757714526e-10, 3.1727499756274096e-11, -3.2584482304320594e-09,
    1.8141999287196498e-09, 2.1292534612510274e-08, -3.167345649718911e-08,
    -1.1106067884083305e-07, 3.1725438328977757e-07, 5.517969008349795e-07,
    -2.699770252855953e-06, -3.4168888947471364e-06, 2.266628312476885e-05,
    3.7020345541306466e-05, -0.00018807764860578237, -0.0006311061529869202,
    0.0008330788606954385, 0.01081731100528616, 0.0392658295999944, 0.0911270134866919,
    0.15524857171253267, 0.2034730626815634,
)  # fmt: skip

SQRT_2 = 2**0.5


def polynomial(x, coefficients):
    """Horner's rule, highest power first"""
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def exp_of_square(a, factor):
    """exp(factor · a²) with a small relative error, factor being ±1 or ±½

    The rounding error of a² would be multiplied by a², so a is split in a multiple of 2⁻²⁰, whose
    square is exact, and a rest.
    """
    xp = array_module(a)
    high = xp.rint(a * 2.0**20) / 2.0**20
    return xp.exp(high * high * factor) * xp.exp((a - high) * (a + high) * factor)


def scaled_tail(a):
    """Φ(−a) exp(a²/2) for float64 a in [0, 40]"""
    t = 1 / (1 + a / 4)
    return t * polynomial(2.2 * t - 1.2, TAIL)


def normal_tail(a):
    """Φ(−a) = P(N > a) for float64 a >= 0, with a small relative error down to the last bit"""
    a = array_module(a).minimum(a, 40.0)  # Φ(−40) is 0 in float64
    return exp_of_square(a, -0.5) * scaled_tail(a)


def normal_cdf(x):
    """Φ(x) = P(N < x) for float64 x"""
    tail = normal_tail(abs(x))
    return array_module(x).where(x < 0, tail, 1 - tail)


@kernel(lambda make, shape: (make.normal(shape),))
def exp(x):
    """y = eˣ"""
    return array_module(x).exp(x)


@kernel(lambda make, shape: (make.uniform(shape, 0.1, 10),))
def log(x):
    """y = ln x: −inf at 0, NaN below"""
    return array_module(x).log(x)


@kernel(lambda make, shape: (make.normal(shape),))
def erf(x):
    """y = 2/√π · ∫₀ˣ exp(−t²) dt"""
    xp = array_module(x)
    wide = x.astype("float64")
    near = wide * polynomial(wide * wide, ERF)
    far = xp.copysign(1 - 2 * normal_tail(SQRT_2 * abs(wide)), wide)
    return xp.where(abs(wide) < 1, near, far).astype(x.dtype)


def _unary(function):
    return lambda x: getattr(array_module(x), function)(x)


def _binary(function):
    return lambda a, b: getattr(array_module(a), function)(a, b)


def _declare(name, apply, formula, arguments):
    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = formula
    globals()[name] = kernel(arguments)(apply)


def _drawn(interval):
    return lambda make, shape: (make.uniform(shape, *interval),)


for _name, (_function, _formula, _interval) in UNARY.items():
    _declare(_name, _unary(_function), _formula, _drawn(_interval))
for _name, (_function, _formula) in BINARY.items():
    _declare(
        _name,
        _binary(_function),
        _formula,
        lambda make, shape: (make.normal(shape), make.normal(shape[-1:])),
    )
