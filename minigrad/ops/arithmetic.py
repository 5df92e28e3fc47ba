"""Sums, products, powers and signs, element by element."""

import numpy as np

from .. import dtypes
from ..engine.autocast import casts
from ..engine.graph import TensorBase, dtype_of
from ..engine.op import Op, Sample
from . import samples as draw
from .cast import cast
from .operands import (
    BOOLS,
    FLOATS,
    INTEGERS,
    check_category,
    converted,
    floating_operands,
    one_tensor,
    only_tensors,
    operands,
    pairwise,
    pointwise,
    result_type,
    tensor_of,
)
from .rounding import divided

__all__ = [
    "abs",
    "absolute",
    "add",
    "addcdiv",
    "addcmul",
    "copysign",
    "div",
    "divide",
    "float_power",
    "hypot",
    "ldexp",
    "lerp",
    "mul",
    "multiply",
    "neg",
    "negative",
    "positive",
    "pow",
    "reciprocal",
    "rsqrt",
    "rsub",
    "sgn",
    "sign",
    "sqrt",
    "square",
    "sub",
    "subtract",
    "true_divide",
]


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
    """z = x / y.    dL/dx = g / y,  dL/dy = −g · z / y"""

    samples = draw.positive_pairs

    def forward(ctx, k, x, y):
        z = k.div(x, y)
        ctx.save(z, y)
        return z

    def vjp(ctx, k, g):
        z, y = ctx.saved
        gx = k.div(g, y)
        return gx, k.neg(k.mul(gx, z)) if ctx.needs(1) else None

    def peer(torch, x, y):
        return x / y


class Pow(Op):
    """z = xʸ.    dL/dx = g · y · xʸ⁻¹ (0 where y = 0),  dL/dy = g · z · ln x (0 where x = 0 ≤ y)"""

    precision = "fp32"

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
            zero = k.logical_and(k.eq(x, 0.0), k.ge(y, 0.0))
            base = k.where(zero, k.add(k.mul(x, 0.0), 1.0), x)
            gy = k.mul(g, k.mul(k.pow(x, y), k.log(base)))
        return gx, gy

    def samples(rng):
        yield from draw.positive_pairs(rng)
        negatives = -rng.uniform(0.5, 2, 4)
        yield Sample("square of negatives", (negatives, np.array(2.0)), constants=(1,))

    def peer(torch, x, y):
        return torch.pow(x, y)


class PowNumber(Op):
    """y = xᵖ for a number p.    dL/dx = g · p · xᵖ⁻¹, 0 where p = 0"""

    precision = "fp32"

    def forward(ctx, k, x, *, exponent):
        ctx.exponent = exponent
        ctx.save(x)
        return k.pow(x, exponent)

    def vjp(ctx, k, g):
        (x,) = ctx.saved
        p = ctx.exponent
        return k.mul(g, k.mul(k.pow(x, p - 1.0), p)) if p else k.mul(g, 0.0)

    def samples(rng):
        x = rng.uniform(0.5, 2, (3, 4))
        for exponent in (3.0, -1.5, 0.5, 1.0, 0.0):
            yield Sample(f"exponent {exponent}", (x,), {"exponent": exponent})
        yield Sample("cube of negatives", (-x,), {"exponent": 3.0})

    def peer(torch, x, *, exponent):
        return x**exponent


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
        return k.zeros_like(g)

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


class Rsqrt(Op):
    """y = 1 / √x.    dL/dx = −g · y³ / 2"""

    precision = "fp32"
    samples = draw.positive

    def forward(ctx, k, x):
        y = k.reciprocal(k.sqrt(x))
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        return k.mul(k.mul(g, -0.5), k.mul(y, k.square(y)))

    def peer(torch, x):
        return x.rsqrt()


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

    precision = "fp32"
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


class Hypot(Op):
    """z = √(x² + y²).    dL/dx = g · x / z,  dL/dy = g · y / z"""

    samples = draw.pairs

    def forward(ctx, k, x, y):
        z = k.hypot(x, y)
        ctx.save(x, y, z)
        return z

    def vjp(ctx, k, g):
        x, y, z = ctx.saved
        return k.mul(g, k.div(x, z)), k.mul(g, k.div(y, z)) if ctx.needs(1) else None

    def peer(torch, x, y):
        return torch.hypot(x, y)


class Copysign(Op):
    """z = |x| with the sign of y.    dL/dx = g · sign(x) · sign(z),  dL/dy = 0"""

    samples = draw.pairs

    def forward(ctx, k, x, y):
        z = k.copysign(x, y)
        ctx.save(x, z)
        return z

    def vjp(ctx, k, g):
        x, z = ctx.saved
        return k.mul(g, k.mul(k.sign(x), k.sign(z))), k.zeros_like(g)

    def peer(torch, x, y):
        return torch.copysign(x, y)


def _triples(rng):
    for sample in draw.positive_pairs(rng):
        yield Sample(sample.name, (rng.normal(size=(2, 1, 1)), *sample.inputs))


class Lerp(Op):
    """z = x + w (y − x).    dL/dx = g (1 − w),  dL/dy = g w,  dL/dw = g (y − x)"""

    samples = _triples

    def forward(ctx, k, x, y, w):
        ctx.save(x, y, w)
        return k.lerp(x, y, w)

    def vjp(ctx, k, g):
        x, y, w = ctx.saved
        gw = k.mul(g, k.sub(y, x)) if ctx.needs(2) else None
        return k.mul(g, k.sub(1.0, w)), k.mul(g, w), gw

    def peer(torch, x, y, w):
        return torch.lerp(x, y, w)


class Addcmul(Op):
    """z = x + v a b for a number v.    dL/dx = g,  dL/da = g v b,  dL/db = g v a"""

    precision = "widest"

    def forward(ctx, k, x, a, b, *, value):
        ctx.save(a, b)
        ctx.value = value
        product = k.mul(a, b)
        return k.add(x, product if value == 1 else k.mul(product, value))

    def vjp(ctx, k, g):
        a, b = ctx.saved
        scaled = k.mul(g, ctx.value)
        return g, k.mul(scaled, b), k.mul(scaled, a)

    def samples(rng):
        for sample in _triples(rng):
            yield Sample(sample.name, sample.inputs, {"value": 0.5})

    def peer(torch, x, a, b, *, value):
        return torch.addcmul(x, a, b, value=value)


class Addcdiv(Op):
    """z = x + v a / b for a number v.    dL/dx = g,  dL/da = g v / b,  dL/db = −g v a / b²"""

    precision = "widest"
    samples = Addcmul.samples

    def forward(ctx, k, x, a, b, *, value):
        ctx.save(a, b)
        ctx.value = value
        quotient = k.div(a, b)
        return k.add(x, quotient if value == 1 else k.mul(quotient, value))

    def vjp(ctx, k, g):
        a, b = ctx.saved
        slope = k.div(k.mul(g, ctx.value), b)
        return g, slope, k.neg(k.mul(slope, k.div(a, b)))

    def peer(torch, x, a, b, *, value):
        return torch.addcdiv(x, a, b, value=value)


def add(input, other, *, alpha=1):
    """input + alpha · other, with broadcasting and PyTorch's type promotion.

    >>> import minigrad as mg
    >>> mg.add(mg.tensor([1.0, 2.0]), 1)
    tensor([2., 3.])
    """
    a, b = operands(input, other)
    return Add.apply(a, b if alpha == 1 and alpha is not True else _scaled("add", b, alpha))


def sub(input, other, *, alpha=1):
    """input − alpha · other, with broadcasting and PyTorch's type promotion."""
    if _is_bool(input) or _is_bool(other):
        raise RuntimeError("subtraction of bools is undefined; use logical_not to invert a mask")
    a, b = operands(input, other)
    return Sub.apply(a, b if alpha == 1 and alpha is not True else _scaled("sub", b, alpha))


def rsub(input, other, *, alpha=1):
    """other − alpha · input"""
    only_tensors("rsub", input)
    return sub(other, input, alpha=alpha)


def _scaled(name, x, alpha):
    """alpha · x in the dtype of x, which the kind of number must suit."""
    alpha = _number(name, "alpha", alpha)
    if isinstance(alpha, bool):
        check_category(f"{name}: alpha={alpha}", x, BOOLS)
    if isinstance(alpha, float):
        check_category(f"{name}: alpha={alpha}", x, FLOATS)
    return Mul.apply(*converted(dtype_of(x), x, alpha))


def _number(name, argument, value):
    """A Python number, also from a tensor of one element."""
    if isinstance(value, TensorBase):
        value = value.item()
    if not isinstance(value, bool | int | float):
        raise TypeError(f"{name}: {argument} must be a number, got {type(value).__name__}")
    return value


def _is_bool(value):
    kind = getattr(value, "_array", None)
    return isinstance(value, bool) if kind is None else kind.dtype.kind == "b"


def mul(input, other):
    """input · other, with broadcasting and PyTorch's type promotion."""
    a, b = operands(input, other)
    return Mul.apply(a, b)


def div(input, other, *, rounding_mode=None):
    """input / other; integers are divided as floats.

    With ``rounding_mode`` "floor" or "trunc" the quotient is rounded down or towards 0, and
    integers stay integers; its gradient is 0.

    >>> import minigrad as mg
    >>> mg.div(mg.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is not None:
        return divided(*operands(input, other), rounding_mode)
    return Div.apply(*floating_operands(input, other))


@casts("fp32")
def pow(input, exponent):
    """input to the power of exponent; either may be a number."""
    if type(exponent) in (int, float) and exponent == 2 and hasattr(input, "_array"):
        x = tensor_of(input)
        return Square.apply(x if x._array.dtype.kind == "f" else operands(x, exponent)[0])
    one_tensor("pow", input, exponent)
    if type(exponent) in (int, float) and input._array.dtype.kind == "f":
        return PowNumber.apply(input, exponent=float(exponent))
    a, b = operands(input, exponent)
    category = dtypes.category(dtype_of(a))
    if category == BOOLS:
        raise RuntimeError("powers of bools are undefined; convert with .long()")
    if category == INTEGERS and type(exponent) is int and exponent < 0:
        raise RuntimeError("integers to negative integer powers are not allowed; use floats")
    return Pow.apply(a, b)


def float_power(input, exponent):
    """input to the power of exponent, in float64."""
    one_tensor("float_power", input, exponent)
    return Pow.apply(*converted(dtypes.float64, input, exponent))


def ldexp(input, other):
    """input · 2 to the power of other"""
    only_tensors("ldexp", input, other)
    dtype = result_type(input, other)
    dtype = dtype if dtype.is_floating_point else dtypes.get_default_dtype()
    x, exponent = converted(dtypes.float32 if dtype.emulated else dtype, input, other)
    return cast(mul(x, pow(2.0, exponent)), dtype)


def copysign(input, other):
    """|input| with the sign of other; other may be a number."""
    only_tensors("copysign", input)
    return Copysign.apply(*floating_operands(input, other))


def lerp(input, end, weight):
    """input + weight · (end − input); the weight is a tensor or a number.

    >>> import minigrad as mg
    >>> mg.lerp(mg.zeros(2), mg.ones(2), 0.25)
    tensor([0.2500, 0.2500])
    """
    only_tensors("lerp", input, end, arguments=("input", "end"))
    check_category("lerp", input, FLOATS)
    dtype = dtype_of(input)
    for argument, value in (("end", end), ("weight", weight)):
        if isinstance(value, TensorBase) and dtype_of(value) is not dtype:
            if argument == "weight" and value._array.ndim == 0 and value.is_floating_point():
                continue
            raise RuntimeError(f"lerp: {argument} must be {dtype} as input, got {dtype_of(value)}")
    if not isinstance(weight, TensorBase):
        weight = float(_number("lerp", "weight", weight))
    return Lerp.apply(*converted(dtype, input, end, weight))


def addcmul(input, tensor1, tensor2, *, value=1):
    """input + value · tensor1 · tensor2"""
    return _added(Addcmul, input, tensor1, tensor2, value)


def addcdiv(input, tensor1, tensor2, *, value=1):
    """input + value · tensor1 / tensor2"""
    only_tensors("addcdiv", tensor1, tensor2, arguments=("tensor1", "tensor2"))
    check_category("addcdiv", converted(result_type(tensor1, tensor2), tensor1)[0], FLOATS)
    return _added(Addcdiv, input, tensor1, tensor2, value)


def _added(op, input, tensor1, tensor2, value):
    triple = (input, tensor1, tensor2)
    only_tensors(op.name, *triple, arguments=("input", "tensor1", "tensor2"))
    value = _number(op.name, "value", value)
    x, a, b = converted(result_type(*triple), *triple)
    check_category(op.name, x, INTEGERS, FLOATS)
    whole = not x.is_floating_point()
    return op.apply(x, a, b, value=int(value) if whole else float(value))


def positive(input):
    """The tensor itself; bools have no sign."""
    only_tensors("positive", input)
    check_category("positive", input, INTEGERS, FLOATS)
    return input


def neg(input):
    """−input"""
    x = tensor_of(input)
    if x._array.dtype.kind == "b":
        raise RuntimeError("negation of a bool tensor is undefined; use logical_not")
    return Neg.apply(x)


def sign(input):
    """−1, 0 or 1 by the sign of each element; bools as they are."""
    x = tensor_of(input)
    return x.clone() if dtype_of(x) is dtypes.bool_ else Sign.apply(x)


def square(input):
    """input²; bools as int64"""
    x = tensor_of(input)
    return Square.apply(cast(x, dtypes.int64) if dtype_of(x) is dtypes.bool_ else x)


abs = pointwise(Abs, any_dtype=True, bools=False)
sqrt = pointwise(Sqrt)
rsqrt = pointwise(Rsqrt)
reciprocal = pointwise(Reciprocal)
hypot = pairwise(Hypot, FLOATS)
absolute = abs
divide = true_divide = div
multiply = mul
negative = neg
sgn = sign
subtract = sub
