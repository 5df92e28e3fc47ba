"""Elementwise arithmetic and comparisons: single array functions, generated from two tables."""

from ..registry import array_module, kernel

UNARY = {  # kernel: array function, formula
    "neg": ("negative", "−x"),
    "abs": ("abs", "|x|"),
    "sqrt": ("sqrt", "√x"),
    "square": ("square", "x²"),
    "reciprocal": ("reciprocal", "1 / x"),
    "sin": ("sin", "sin x"),
    "cos": ("cos", "cos x"),
    "floor": ("floor", "the largest whole number not above x"),
    "ceil": ("ceil", "the smallest whole number not below x"),
    "trunc": ("trunc", "x without its fraction"),
    "signbit": ("signbit", "whether x is negative, −0 included"),
    "logical_not": ("logical_not", "x = 0"),
    "isinf": ("isinf", "x = ±∞"),
    "isfinite": ("isfinite", "x is neither infinite nor NaN"),
}
BINARY = {
    "add": ("add", "a + b"),
    "sub": ("subtract", "a − b"),
    "mul": ("multiply", "a · b"),
    "div": ("true_divide", "a / b"),
    "maximum": ("maximum", "the larger of a and b; NaN if either is"),
    "minimum": ("minimum", "the smaller of a and b; NaN if either is"),
    "fmax": ("fmax", "the larger of a and b; the other one if one is NaN"),
    "fmin": ("fmin", "the smaller of a and b; the other one if one is NaN"),
    "div_floor": ("floor_divide", "⌊a / b⌋"),
    "remainder": ("remainder", "a − b ⌊a / b⌋"),
    "fmod": ("fmod", "a − b trunc(a / b)"),
    "hypot": ("hypot", "√(a² + b²)"),
    "copysign": ("copysign", "|a| with the sign of b"),
    "logical_and": ("logical_and", "a ≠ 0 and b ≠ 0"),
    "logical_or": ("logical_or", "a ≠ 0 or b ≠ 0"),
    "logical_xor": ("logical_xor", "either a ≠ 0 or b ≠ 0"),
    "eq": ("equal", "a = b"),
    "ne": ("not_equal", "a ≠ b"),
    "lt": ("less", "a < b"),
    "le": ("less_equal", "a ≤ b"),
    "gt": ("greater", "a > b"),
    "ge": ("greater_equal", "a ≥ b"),
}


def _module_of(*operands):
    """The array module of the first operand that is an array; the others may be scalars."""
    return array_module(next(x for x in operands if hasattr(x, "dtype")))


def _unary(function):
    def apply(x):
        return getattr(array_module(x), function)(x)

    return apply


def _binary(function):
    def apply(a, b):
        return getattr(_module_of(a, b), function)(a, b)

    return apply


def _declare(name, apply, formula, arguments):
    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = formula
    globals()[name] = kernel(arguments)(apply)


for _name, (_function, _formula) in UNARY.items():
    _declare(_name, _unary(_function), _formula, lambda make, shape: (make.uniform(shape, 0.5, 2),))
for _name, (_function, _formula) in BINARY.items():
    _declare(
        _name,
        _binary(_function),
        _formula,
        lambda make, shape: (make.normal(shape), make.normal(shape[-1:])),
    )


@kernel(lambda make, shape: (make.uniform(shape, 0.1, 2), make.normal(shape)))
def pow(a, b):
    """aᵇ; an integer to a negative power is its reciprocal without the fraction"""
    if a.dtype.kind not in "iu" or getattr(b, "dtype", a.dtype).kind not in "iu":
        return a**b
    xp = _module_of(a, b)
    reciprocal = xp.where(xp.abs(a) == 1, a ** (b % 2), 0)
    return xp.where(b < 0, reciprocal, a ** xp.maximum(b, 0)).astype(a.dtype)


@kernel(lambda make, shape: (make.normal(shape), make.normal(shape[-1:])))
def div_trunc(a, b):
    """a / b without its fraction"""
    xp = _module_of(a, b)
    if a.dtype.kind == "f":
        return xp.trunc(a / b)
    up = ((a < 0) != (b < 0)) & (a % b != 0)
    return a // b + up.astype(a.dtype)


@kernel(lambda make, shape: (make.normal(shape), 1))
def round(x, decimals):
    """x rounded to ``decimals`` digits after the point, halves to even"""
    return array_module(x).round(x, decimals)


@kernel(
    lambda make, shape: (make.normal(shape), make.normal(shape), make.uniform(shape[-1:], 0, 1))
)
def lerp(a, b, weight):
    """a + weight (b − a), exactly a where weight is 0 and b where it is 1"""
    near, far = a + weight * (b - a), b - (1 - weight) * (b - a)
    return array_module(a).where(weight < 0.5, near, far)


@kernel(lambda make, shape: (make.normal(shape),))
def zeros_like(x):
    """Zeros of the shape and type of x"""
    return array_module(x).zeros(x.shape, x.dtype)


@kernel(lambda make, shape: (make.normal(shape), "float32"))
def astype(x, dtype):
    """A copy of x with elements of another type"""
    return x.astype(dtype)
