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
    "logical_not": ("logical_not", "x = 0"),
    "isfinite": ("isfinite", "x is neither infinite nor NaN"),
}
BINARY = {
    "add": ("add", "a + b"),
    "sub": ("subtract", "a − b"),
    "mul": ("multiply", "a · b"),
    "div": ("true_divide", "a / b"),
    "maximum": ("maximum", "the larger of a and b; NaN if either is"),
    "minimum": ("minimum", "the smaller of a and b; NaN if either is"),
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
    """aᵇ"""
    return a**b


@kernel(lambda make, shape: (make.normal(shape), "float32"))
def astype(x, dtype):
    """A copy of x with elements of another type"""
    return x.astype(dtype)
