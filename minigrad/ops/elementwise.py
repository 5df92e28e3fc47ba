"""Arithmetic and functions, element by element."""

import numpy as np

from ..engine.op import Op, Sample
from .operands import converted, floating, operands, result_type, tensor_of


def _pair_samples(rng, positive=False):
    draw = (lambda s: rng.uniform(0.5, 2, s)) if positive else (lambda s: rng.normal(size=s))
    yield Sample("same shape", (draw((3, 4)), draw((3, 4))))
    yield Sample("broadcast", (draw((3, 1)), draw(4)))
    yield Sample("0-d", (draw(()), draw((2, 3))))
    yield Sample("empty", (draw((0, 3)), draw(3)))


def _positive_pairs(rng):
    return _pair_samples(rng, positive=True)


def _unary_samples(rng):
    yield Sample("matrix", (rng.normal(size=(3, 4)),))
    yield Sample("0-d", (rng.normal(size=()),))
    yield Sample("empty", (rng.normal(size=(0, 2)),))


def _positive_samples(rng):
    yield Sample("matrix", (rng.uniform(0.5, 2, (3, 4)),))
    yield Sample("0-d", (rng.uniform(0.5, 2, ()),))
    yield Sample("empty", (rng.normal(size=(0, 2)),))


class Add(Op):
    """z = x + y.    dL/dx = g,  dL/dy = g"""

    samples = _pair_samples

    def forward(ctx, k, x, y):
        return k.add(x, y)

    def vjp(ctx, k, g):
        return g, g

    def peer(torch, x, y):
        return x + y


class Sub(Op):
    """z = x − y.    dL/dx = g,  dL/dy = −g"""

    samples = _pair_samples

    def forward(ctx, k, x, y):
        return k.sub(x, y)

    def vjp(ctx, k, g):
        return g, k.neg(g) if ctx.needs(1) else None

    def peer(torch, x, y):
        return x - y


class Mul(Op):
    """z = x · y.    dL/dx = g · y,  dL/dy = g · x"""

    samples = _pair_samples

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.mul(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return k.mul(g, y) if ctx.needs(0) else None, k.mul(g, x) if ctx.needs(1) else None

    def peer(torch, x, y):
        return x * y


class Div(Op):
    """z = x / y.    dL/dx = g / y,  dL/dy = −g · x / y²"""

    samples = _positive_pairs

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.div(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        gx = k.div(g, y)
        return gx, k.neg(k.mul(gx, k.div(x, y))) if ctx.needs(1) else None

    def peer(torch, x, y):
        return x / y


class Pow(Op):
    """z = xʸ.    dL/dx = g · y · xʸ⁻¹ (0 where y = 0),  dL/dy = g · z · ln x (0 where x = 0)"""

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.pow(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        gx = gy = None
        if ctx.needs(0):
            slope = k.mul(y, k.pow(x, k.sub(y, 1.0)))
            gx = k.mul(g, k.where(k.eq(y, 0.0), k.mul(y, 0.0), slope))
        if ctx.needs(1):
            zero = k.eq(x, 0.0)
            base = k.where(zero, k.add(k.mul(x, 0.0), 1.0), x)
            gy = k.mul(g, k.mul(k.pow(x, y), k.log(base)))
        return gx, gy

    def samples(rng):
        yield from _positive_pairs(rng)
        negatives = -rng.uniform(0.5, 2, 4)
        yield Sample("square of negatives", (negatives, np.array(2.0)), constants=(1,))

    def peer(torch, x, y):
        return torch.pow(x, y)


class Maximum(Op):
    """z = max(x, y).    The gradient goes to the larger; ties share it equally."""

    samples = _pair_samples

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.maximum(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return _share(k, g, k.gt(x, y), k.eq(x, y)), _share(k, g, k.gt(y, x), k.eq(x, y))

    def peer(torch, x, y):
        return torch.maximum(x, y)


class Minimum(Op):
    """z = min(x, y).    The gradient goes to the smaller; ties share it equally."""

    samples = _pair_samples

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.minimum(x, y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return _share(k, g, k.lt(x, y), k.eq(x, y)), _share(k, g, k.lt(y, x), k.eq(x, y))

    def peer(torch, x, y):
        return torch.minimum(x, y)


def _share(k, g, wins, ties):
    """g where this side wins, g / 2 where both are equal, 0 elsewhere."""
    return k.where(wins, g, k.where(ties, k.mul(g, 0.5), k.mul(g, 0.0)))


class Where(Op):
    """z = x where the condition holds, else y.    The gradient goes where the value came from."""

    def forward(ctx, k, condition, x, y):
        ctx.save(condition)
        return k.where(condition, x, y)

    def vjp(ctx, k, g):
        (condition,) = ctx.saved
        zero = k.mul(g, 0.0)
        return None, k.where(condition, g, zero), k.where(condition, zero, g)

    def samples(rng):
        for sample in _pair_samples(rng):
            shape = np.broadcast_shapes(*(a.shape for a in sample.inputs))
            yield Sample(sample.name, (rng.normal(size=shape) > 0, *sample.inputs))

    def peer(torch, condition, x, y):
        return torch.where(condition, x, y)


class Neg(Op):
    """y = −x.    dL/dx = −g"""

    samples = _unary_samples

    def forward(ctx, k, x):
        return k.neg(x)

    def vjp(ctx, k, g):
        return k.neg(g)

    def peer(torch, x):
        return -x


class Abs(Op):
    """y = |x|.    dL/dx = g · sign(x), 0 at 0"""

    samples = _unary_samples

    def forward(ctx, k, x):
        ctx.save(x)
        return k.abs(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.mul(g, k.sign(x))

    def peer(torch, x):
        return x.abs()


class Sign(Op):
    """y = −1, 0 or 1 by the sign of x.    dL/dx = 0"""

    samples = _unary_samples

    def forward(ctx, k, x):
        return k.sign(x)

    def vjp(ctx, k, g):
        return k.mul(g, 0.0)

    def peer(torch, x):
        return x.sign()


class Exp(Op):
    """y = eˣ.    dL/dx = g · y"""

    samples = _unary_samples

    def forward(ctx, k, x):
        y = k.exp(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.mul(g, y)

    def peer(torch, x):
        return x.exp()


class Log(Op):
    """y = ln x.    dL/dx = g / x"""

    samples = _positive_samples

    def forward(ctx, k, x):
        ctx.save(x)
        return k.log(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.div(g, x)

    def peer(torch, x):
        return x.log()


class Sqrt(Op):
    """y = √x.    dL/dx = g / (2y)"""

    samples = _positive_samples

    def forward(ctx, k, x):
        y = k.sqrt(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.div(k.mul(g, 0.5), y)

    def peer(torch, x):
        return x.sqrt()


class Square(Op):
    """y = x².    dL/dx = 2 g x"""

    samples = _unary_samples

    def forward(ctx, k, x):
        ctx.save(x)
        return k.square(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.mul(g, k.mul(x, 2.0))

    def peer(torch, x):
        return x.square()


class Reciprocal(Op):
    """y = 1 / x.    dL/dx = −g · y²"""

    samples = _positive_samples

    def forward(ctx, k, x):
        y = k.reciprocal(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.neg(k.mul(g, k.square(y)))

    def peer(torch, x):
        return x.reciprocal()


class Sin(Op):
    """y = sin x.    dL/dx = g · cos x"""

    samples = _unary_samples

    def forward(ctx, k, x):
        ctx.save(x)
        return k.sin(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.mul(g, k.cos(x))

    def peer(torch, x):
        return x.sin()


class Cos(Op):
    """y = cos x.    dL/dx = −g · sin x"""

    samples = _unary_samples

    def forward(ctx, k, x):
        ctx.save(x)
        return k.cos(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.neg(k.mul(g, k.sin(x)))

    def peer(torch, x):
        return x.cos()


class Erf(Op):
    """y = erf x = 2/√π ∫₀ˣ exp(−t²) dt.    dL/dx = g · 2/√π · exp(−x²)"""

    samples = _unary_samples

    def forward(ctx, k, x):
        ctx.save(x)
        return k.erf(x)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        return k.mul(g, k.mul(k.exp(k.neg(k.square(x))), 2 / np.sqrt(np.pi)))

    def peer(torch, x):
        return x.erf()


class Clone(Op):
    """y = x in memory of its own.    dL/dx = g"""

    samples = _unary_samples

    def forward(ctx, k, x):
        return x.copy()

    def vjp(ctx, k, g):
        return g

    def peer(torch, x):
        return x.clone()


def add(input, other, *, alpha=1):
    """input + alpha · other, with broadcasting and PyTorch's type promotion.

    >>> import minigrad as mg
    >>> mg.add(mg.tensor([1.0, 2.0]), 1)
    tensor([2., 3.])
    """
    a, b = operands(input, other)
    return Add.apply(a, b if alpha == 1 else mul(b, alpha))


def sub(input, other, *, alpha=1):
    """input − alpha · other, with broadcasting and PyTorch's type promotion."""
    if _is_bool(input) or _is_bool(other):
        raise RuntimeError("subtraction of bools is undefined; use logical_not to invert a mask")
    a, b = operands(input, other)
    return Sub.apply(a, b if alpha == 1 else mul(b, alpha))


def _is_bool(value):
    kind = getattr(value, "_array", None)
    return isinstance(value, bool) if kind is None else kind.dtype.kind == "b"


def mul(input, other):
    """input · other, with broadcasting and PyTorch's type promotion."""
    return Mul.apply(*operands(input, other))


def div(input, other):
    """input / other; integers are divided as floats."""
    a, b = operands(input, other)
    return Div.apply(floating(a), floating(b))


def pow(input, exponent):
    """input to the power of exponent; either may be a number."""
    if type(exponent) in (int, float) and exponent == 2 and hasattr(input, "_array"):
        x = tensor_of(input)
        return Square.apply(x if x._array.dtype.kind == "f" else operands(x, exponent)[0])
    a, b = operands(input, exponent)
    if a._array.dtype.kind == "b":
        raise RuntimeError("powers of bools are undefined; convert with .long()")
    if a._array.dtype.kind in "iu" and type(exponent) is int and exponent < 0:
        raise RuntimeError("integers to negative integer powers are not allowed; use floats")
    return Pow.apply(a, b)


def maximum(input, other):
    """The larger element of each pair; NaN if either is NaN."""
    return Maximum.apply(*operands(input, other))


def minimum(input, other):
    """The smaller element of each pair; NaN if either is NaN."""
    return Minimum.apply(*operands(input, other))


def where(condition, input, other):
    """Elements of ``input`` where the bool tensor ``condition`` holds, of ``other`` elsewhere."""
    condition = tensor_of(condition, "condition")
    if condition._array.dtype.kind != "b":
        raise RuntimeError(f"condition must be a bool tensor, got {condition._array.dtype}")
    x, y = converted(result_type(input, other), input, other)
    return Where.apply(condition, x, y)


def neg(input):
    """−input"""
    x = tensor_of(input)
    if x._array.dtype.kind == "b":
        raise RuntimeError("negation of a bool tensor is undefined; use logical_not")
    return Neg.apply(x)


def _function(op, needs_float=True):
    def function(input):
        return op.apply(floating(input) if needs_float else tensor_of(input))

    function.__name__ = function.__qualname__ = op.name
    function.__doc__ = op.__doc__.partition(".    ")[0]
    return function


abs = _function(Abs, needs_float=False)
sign = _function(Sign, needs_float=False)
square = _function(Square, needs_float=False)
clone = _function(Clone, needs_float=False)
exp = _function(Exp)
log = _function(Log)
sqrt = _function(Sqrt)
reciprocal = _function(Reciprocal)
sin = _function(Sin)
cos = _function(Cos)
erf = _function(Erf)
