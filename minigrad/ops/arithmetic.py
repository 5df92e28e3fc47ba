"""Sums, products, powers and signs, element by element."""

import numpy as np

from ..engine.op import Op, Sample
from . import samples as draw
from .operands import floating, operands, pointwise, tensor_of

__all__ = ["abs", "add", "div", "mul", "neg", "pow", "reciprocal", "sign", "sqrt", "square", "sub"]


class Add(Op):
    """z = x + y.    dL/dx = g,  dL/dy = g"""

    samples = draw.pairs

    def forward(ctx, k, x, y):
        return k.add(x, y)

    def vjp(ctx, k, g):
        return g, g

    def peer(torch, x, y):
        return x + y


class Sub(Op):
    """z = x − y.    dL/dx = g,  dL/dy = −g"""

    samples = draw.pairs

    def forward(ctx, k, x, y):
        return k.sub(x, y)

    def vjp(ctx, k, g):
        return g, k.neg(g) if ctx.needs(1) else None

    def peer(torch, x, y):
        return x - y


class Mul(Op):
    """z = x · y.    dL/dx = g · y,  dL/dy = g · x"""

    samples = draw.pairs

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

    samples = draw.positive_pairs

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
        yield from draw.positive_pairs(rng)
        negatives = -rng.uniform(0.5, 2, 4)
        yield Sample("square of negatives", (negatives, np.array(2.0)), constants=(1,))

    def peer(torch, x, y):
        return torch.pow(x, y)


class Neg(Op):
    """y = −x.    dL/dx = −g"""

    samples = draw.unary

    def forward(ctx, k, x):
        return k.neg(x)

    def vjp(ctx, k, g):
        return k.neg(g)

    def peer(torch, x):
        return -x


class Abs(Op):
    """y = |x|.    dL/dx = g · sign(x), 0 at 0"""

    samples = draw.unary

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

    samples = draw.unary

    def forward(ctx, k, x):
        return k.sign(x)

    def vjp(ctx, k, g):
        return k.mul(g, 0.0)

    def peer(torch, x):
        return x.sign()


class Sqrt(Op):
    """y = √x.    dL/dx = g / (2y)"""

    samples = draw.positive

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

    samples = draw.unary

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

    samples = draw.positive

    def forward(ctx, k, x):
        y = k.reciprocal(x)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.neg(k.mul(g, k.square(y)))

    def peer(torch, x):
        return x.reciprocal()


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


def neg(input):
    """−input"""
    x = tensor_of(input)
    if x._array.dtype.kind == "b":
        raise RuntimeError("negation of a bool tensor is undefined; use logical_not")
    return Neg.apply(x)



abs = pointwise(Abs, any_dtype=True)
sign = pointwise(Sign, any_dtype=True)
square = pointwise(Square, any_dtype=True)
sqrt = pointwise(Sqrt)
reciprocal = pointwise(Reciprocal)
