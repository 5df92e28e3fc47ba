"""Products of vectors, matrices and tensors."""

import functools
import operator

import numpy as np

from .. import dtypes
from ..engine.autocast import casts
from ..engine.graph import TensorBase, dtype_of, new_tensor
from ..engine.op import Op, Sample
from .arithmetic import add, mul, pow
from .cast import cast
from .diagonals import diagonal
from .matmul import check_same_dtype, matmul, product
from .operands import beside, check_axis, only_tensors, operands
from .reduce import check_floating, sum
from .shape import expand, permute, reshape, t, transpose, unsqueeze

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "chain_matmul",
    "cross",
    "dot",
    "ger",
    "inner",
    "kron",
    "mv",
    "outer",
    "tensordot",
    "vander",
    "vdot",
]


class Outer(Op):
    """Z = x yᵀ of two vectors.    dL/dx = G y,  dL/dy = Gᵀ x"""

    def forward(ctx, k, x, y):
        ctx.save(x, y)
        return k.mul(k.reshape(x, (-1, 1)), y) if x.size else k.mul(x.reshape(0, 1), y)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        gx = k.matmul(g, y) if ctx.needs(0) else None
        return gx, k.matmul(x, g) if ctx.needs(1) else None

    def samples(rng):
        yield Sample("vectors", (rng.normal(size=3), rng.normal(size=4)))
        yield Sample("empty", (rng.normal(size=0), rng.normal(size=2)))

    def peer(torch, x, y):
        return torch.outer(x, y)


class Cross(Op):
    """z = x × y along an axis of 3.    dL/dx = y × g,  dL/dy = g × x"""

    precision = "widest"

    def forward(ctx, k, x, y, *, axis):
        ctx.axis = axis
        ctx.save(x, y)
        return k.cross(x, y, axis)

    def vjp(ctx, k, g):
        x, y = ctx.saved
        return k.cross(y, g, ctx.axis), k.cross(g, x, ctx.axis)

    def samples(rng):
        for name, first, second, axis in (
            ("vectors", (3,), (3,), 0),
            ("broadcast", (2, 3, 2), (1, 3, 1), 1),
            ("empty", (0, 3), (0, 3), 1),
        ):
            yield Sample(name, (rng.normal(size=first), rng.normal(size=second)), {"axis": axis})

    def peer(torch, x, y, *, axis):
        return torch.linalg.cross(x, y, dim=axis)


def _axes(name, ndim, **tensors):
    """Raise unless each argument is a tensor with ``ndim`` axes."""
    for argument, x in tensors.items():
        if not isinstance(x, TensorBase):
            raise TypeError(f"{name}: {argument} must be a tensor, got {type(x).__name__}")
        if x._array.ndim != ndim:
            raise RuntimeError(
                f"{name}: {argument} must have {ndim} dimensions, got shape {tuple(x.shape)}"
            )


def bmm(input, mat2):
    """The products of two batches of matrices: (b, n, m) with (b, m, p) gives (b, n, p)."""
    _axes("bmm", 3, input=input, mat2=mat2)
    if input._array.shape[0] != mat2._array.shape[0]:
        raise RuntimeError(
            f"bmm: batches of shapes {tuple(input.shape)} and {tuple(mat2.shape)} differ in length"
        )
    return product("bmm", input, mat2)


def mv(input, vec):
    """The product of a matrix and a vector."""
    _axes("mv", 2, input=input)
    _axes("mv", 1, vec=vec)
    return product("mv", input, vec)


@casts("widest")
def dot(input, tensor):
    """The sum of the products of the elements of two vectors.

    >>> import minigrad as mg
    >>> mg.dot(mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0]))
    tensor(11.)
    """
    _axes("dot", 1, input=input, tensor=tensor)
    return product("dot", input, tensor)


@casts("widest")
def vdot(input, other):
    """As :func:`dot`."""
    _axes("vdot", 1, input=input, other=other)
    return product("vdot", input, other)


def outer(input, vec2):
    """The matrix of all products of elements of two vectors.

    >>> import minigrad as mg
    >>> mg.outer(mg.tensor([1, 2]), mg.tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    _axes("outer", 1, input=input, vec2=vec2)
    return Outer.apply(*operands(input, vec2))


ger = outer


def inner(input, other):
    """The sums of products along the last axes: (…, n) with (…, n); with a 0-d tensor, scaled."""
    only_tensors("inner", input, other)
    a, b = input._array, other._array
    if not a.ndim or not b.ndim:
        return mul(input, other)
    if a.shape[-1] != b.shape[-1]:
        raise RuntimeError(
            f"inner: the last extents of shapes {a.shape} and {b.shape} must be equal"
        )
    if b.ndim == 1:
        return product("inner", input, other)
    if b.ndim == 2:
        return product("inner", input, t(other))
    return _contracted("inner", input, other, [a.ndim - 1], [b.ndim - 1])


def _contracted(name, a, b, axes_a, axes_b):
    """Σ a b over pairs of axes of equal extent, as one product of matrices."""
    rest_a = [i for i in range(a._array.ndim) if i not in axes_a]
    rest_b = [i for i in range(b._array.ndim) if i not in axes_b]
    shape_a, shape_b = a._array.shape, b._array.shape
    rows = [shape_a[i] for i in rest_a]
    columns = [shape_b[i] for i in rest_b]
    summed = _count(shape_a[i] for i in axes_a)
    left = reshape(permute(a, (*rest_a, *axes_a)), (_count(rows), summed))
    right = reshape(permute(b, (*axes_b, *rest_b)), (summed, _count(columns)))
    return reshape(product(name, left, right), (*rows, *columns))


def _count(extents):
    return functools.reduce(operator.mul, extents, 1)


@casts("widest")
def tensordot(a, b, dims=2):
    """Σ a b over pairs of axes: the last of a with the first ``dims`` of b, or two given lists.

    >>> import minigrad as mg
    >>> mg.tensordot(mg.ones(2, 3, 4), mg.ones(4, 3), ([1, 2], [1, 0]))
    tensor([12., 12.])
    """
    only_tensors("tensordot", a, b, arguments=("a", "b"))
    axes_a, axes_b = _paired(a._array.ndim, b._array.ndim, dims)
    check_same_dtype("tensordot", a, b)
    for i, j in zip(axes_a, axes_b, strict=True):
        m, n = a._array.shape[i], b._array.shape[j]
        if m == n:
            continue
        if m == 1:
            b = sum(b, j, True, dtype=dtype_of(b))
        elif n == 1:
            a = sum(a, i, True, dtype=dtype_of(a))
        else:
            raise RuntimeError(
                f"tensordot: extent {m} of axis {i} of a and extent {n} of axis {j} of b differ"
            )
    return _contracted("tensordot", a, b, axes_a, axes_b)


def _paired(ndim_a, ndim_b, dims):
    """The axes of a and of b to be summed over, from an int or two lists."""
    if isinstance(dims, TensorBase):
        dims = dims.tolist()
    if hasattr(dims, "__index__") and not isinstance(dims, bool):
        if not 0 <= dims <= min(ndim_a, ndim_b):
            raise RuntimeError(
                f"tensordot: dims={dims} must lie between 0 and the fewer axes of a ({ndim_a}) "
                f"and b ({ndim_b})"
            )
        return list(range(ndim_a - dims, ndim_a)), list(range(dims))
    pair = isinstance(dims, tuple | list) and len(dims) == 2
    if not pair or not all(isinstance(part, tuple | list) for part in dims):
        raise RuntimeError(f"tensordot: dims must be an int or two lists of ints, got {dims!r}")
    if len(dims[0]) != len(dims[1]):
        raise RuntimeError(f"tensordot: the lists of dims={dims!r} differ in length")
    found = [check_axis(d, ndim_a, "dims") for d in dims[0]], [
        check_axis(d, ndim_b, "dims") for d in dims[1]
    ]
    if any(len(set(axes)) < len(axes) for axes in found):
        raise RuntimeError(f"tensordot: dims={dims!r} names an axis twice")
    return found


def kron(input, other):
    """The Kronecker product: every element of the input times the whole of the other tensor.

    >>> import minigrad as mg
    >>> mg.kron(mg.tensor([1, 10]), mg.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    only_tensors("kron", input, other)
    a, b = input._array.shape, other._array.shape
    ndim = max(len(a), len(b))
    a, b = ((1,) * (ndim - len(shape)) + shape for shape in (a, b))
    left = reshape(input, [n for extent in a for n in (extent, 1)])
    right = reshape(other, [n for extent in b for n in (1, extent)])
    return reshape(mul(left, right), [m * n for m, n in zip(a, b, strict=True)])


def linalg_cross(input, other, *, dim=-1):
    """The cross product of the vectors of 3 elements along ``dim``."""
    only_tensors("linalg.cross", input, other)
    return _crossed("linalg.cross", input, other, dim)


@casts("widest")
def cross(input, other, dim=None):
    """The cross product of the vectors along ``dim``, by default the first axis of extent 3."""
    only_tensors("cross", input, other)
    if dim is None:
        if 3 not in input._array.shape:
            raise RuntimeError(f"cross: no axis of shape {tuple(input.shape)} has extent 3")
        dim = input._array.shape.index(3)
    return _crossed("cross", input, other, dim)


def _crossed(name, x, y, dim):
    a, b = x._array.shape, y._array.shape
    if len(a) != len(b):
        raise RuntimeError(f"{name}: shapes {a} and {b} must have the same number of axes")
    axis = check_axis(dim, len(a))
    if not a or a[axis] != 3 or b[axis] != 3:
        raise RuntimeError(f"{name}: axis {dim} of shapes {a} and {b} must have extent 3")
    check_same_dtype(name, x, y)
    if dtype_of(x) is dtypes.bool_:
        raise RuntimeError(f"{name} of bools is undefined; give integers")
    return Cross.apply(x, y, axis=axis)


@casts("widest")
def vecdot(x, y, *, dim=-1):
    """The sums of the products of elements along ``dim``, after broadcasting."""
    only_tensors("linalg.vecdot", x, y, arguments=("x", "y"))
    check_floating("linalg.vecdot", x)
    check_same_dtype("linalg.vecdot", x, y)
    return sum(mul(x, y), dim)


def _sum_of(name, input, addend, beta, alpha):
    """β input + α addend; where β = 0 the input, whatever it holds, has no part in it."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}: input must be a tensor, got {type(input).__name__}")
    if not type(beta) is type(alpha) is int:
        _check_factors(name, addend, beta=beta, alpha=alpha)
    if input._array.shape != addend._array.shape:
        expand(input, addend._array.shape)  # raises where it does not fit
    addend = addend if alpha == 1 else mul(addend, alpha)
    if beta == 0:
        return addend
    return add(input if beta == 1 else mul(input, beta), addend)


def _check_factors(name, addend, **factors):
    for argument, value in factors.items():
        if not isinstance(value, bool | int | float):
            raise TypeError(f"{name}: {argument} must be a number, got {type(value).__name__}")
        if isinstance(value, float) and not dtype_of(addend).is_floating_point:
            raise RuntimeError(f"{name}: {argument}={value} must be an int for integer tensors")


def _added(name, input, x, y, beta, alpha):
    only_tensors(name, input)
    check_same_dtype(name, input, x)
    return _sum_of(name, input, product(name, x, y), beta, alpha)


@casts("low")
def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """beta · input + alpha · (mat1 mat2); with beta = 0 the input is ignored, NaN included.

    >>> import minigrad as mg
    >>> mg.addmm(mg.ones(2), mg.eye(2), mg.eye(2), alpha=2)
    tensor([[3., 1.],
            [1., 3.]])
    """
    _axes("addmm", 2, mat1=mat1, mat2=mat2)
    return _added("addmm", input, mat1, mat2, beta, alpha)


@casts("low")
def addmv(input, mat, vec, *, beta=1, alpha=1):
    """beta · input + alpha · (mat vec); with beta = 0 the input is ignored."""
    _axes("addmv", 2, mat=mat)
    _axes("addmv", 1, vec=vec)
    return _added("addmv", input, mat, vec, beta, alpha)


@casts("low")
def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """beta · input + alpha · (vec1 vec2ᵀ); with beta = 0 the input is ignored."""
    addend = outer(vec1, vec2)
    only_tensors("addr", input)
    if dtype_of(input) is dtypes.bool_ is dtype_of(addend):
        _check_factors("addr", addend, beta=beta, alpha=alpha)
        beta, alpha = bool(beta), bool(alpha)
    elif isinstance(beta, bool) or isinstance(alpha, bool):
        raise RuntimeError(f"addr: beta={beta} and alpha={alpha}: a bool is for bool tensors only")
    kind = dtypes.promote_types(dtype_of(input), dtype_of(addend))
    return _sum_of("addr", cast(input, kind), cast(addend, kind), beta, alpha)


def _same_batches(name, batch1, batch2):
    _axes(name, 3, batch1=batch1, batch2=batch2)
    if batch1._array.shape[0] != batch2._array.shape[0]:
        raise RuntimeError(
            f"{name}: batch1 of shape {tuple(batch1.shape)} and batch2 of shape "
            f"{tuple(batch2.shape)} differ in length"
        )


@casts("low")
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta · input + alpha · (batch1ᵢ batch2ᵢ); with beta = 0 the input is ignored."""
    _same_batches("baddbmm", batch1, batch2)
    return _added("baddbmm", input, batch1, batch2, beta, alpha)


@casts("low")
def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta · input + alpha · Σᵢ batch1ᵢ batch2ᵢ; with beta = 0 the input is ignored."""
    _same_batches("addbmm", batch1, batch2)
    only_tensors("addbmm", input)
    check_same_dtype("addbmm", input, batch1, batch2)
    if batch1._array.shape[2] != batch2._array.shape[1]:
        product("addbmm", batch1, batch2)
    addend = _contracted("addbmm", batch1, batch2, [0, 2], [0, 1])
    return _sum_of("addbmm", input, addend, beta, alpha)


@casts("low")
def multi_dot(tensors):
    """The product of two or more matrices in the order that takes the fewest multiplications.

    The first and the last may be vectors: a row and a column.
    """
    if not isinstance(tensors, tuple | list) or len(tensors) < 2:
        raise RuntimeError("linalg.multi_dot: at least 2 tensors in a list are needed")
    for i, x in enumerate(tensors):
        only_tensors("linalg.multi_dot", x, arguments=(f"tensors[{i}]",))
        allowed = (1, 2) if i in (0, len(tensors) - 1) else (2,)
        if x._array.ndim not in allowed:
            raise RuntimeError(
                f"linalg.multi_dot: tensors[{i}] must be a matrix (the first and last may be "
                f"vectors), got shape {tuple(x.shape)}"
            )
    check_same_dtype("linalg.multi_dot", *tensors)
    ends = [x._array.shape[-1] for x in tensors[:-1]]
    starts = [x._array.shape[0] for x in tensors[1:]]
    for i, (end, start) in enumerate(zip(ends, starts, strict=True)):
        if end != start:
            raise RuntimeError(
                f"linalg.multi_dot: tensors {i} and {i + 1} of shapes {tuple(tensors[i].shape)} "
                f"and {tuple(tensors[i + 1].shape)} cannot be multiplied"
            )
    first, last = tensors[0]._array.shape[:-1], tensors[-1]._array.shape[1:]
    splits = _best_splits([*(first or (1,)), *starts, *(last or (1,))])
    return _in_order(tensors, splits, 0, len(tensors) - 1)


def _best_splits(sizes):
    """{(i, j): where to split the product of matrices i to j}, sizes being rows and columns.

    cost(i, j) = min over s of cost(i, s) + cost(s + 1, j) + sizes[i] sizes[s + 1] sizes[j + 1]
    """
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    split = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, s] + cost[s + 1, j] + sizes[i] * sizes[s + 1] * sizes[j + 1], s)
                for s in range(i, j)
            )
    return split


def _in_order(tensors, split, i, j):
    if i == j:
        return tensors[i]
    s = split[i, j]
    left, right = _in_order(tensors, split, i, s), _in_order(tensors, split, s + 1, j)
    return product("linalg.multi_dot", left, right)


def chain_matmul(*matrices):
    """The product of one or more matrices in the order that takes the fewest multiplications."""
    for i, matrix in enumerate(matrices):
        _axes("chain_matmul", 2, **{f"matrices[{i}]": matrix})
    if len(matrices) == 1:
        return matrices[0]
    return multi_dot(matrices)


@casts("widest")
def bilinear(input1, input2, weight, bias=None):
    """yₒ = x₁ᵀ Wₒ x₂ + bₒ for x₁ (…, m), x₂ (…, n), W (out, m, n) and b (out,)."""
    _axes("bilinear", 3, weight=weight)
    only_tensors("bilinear", input1, input2, arguments=("input1", "input2"))
    a, b, w = input1._array.shape, input2._array.shape, weight._array.shape
    if a[:-1] != b[:-1] or len(a) != len(b):
        raise RuntimeError(f"bilinear: shapes {a} and {b} differ before their last axes")
    if not a or (a[-1], b[-1]) != w[1:]:
        raise RuntimeError(
            f"bilinear: inputs of shapes {a} and {b} do not fit weight of shape {w}: their last "
            f"extents must be {w[1]} and {w[2]}"
        )
    if bias is not None and bias._array.shape != w[:1]:
        raise RuntimeError(f"bilinear: bias of shape {bias.shape} does not fit {w[0]} outputs")
    check_same_dtype("bilinear", input1, input2, weight)
    rows = _count(a[:-1])
    left = matmul(reshape(input1, (rows, a[-1])), weight)  # (out, rows, n)
    found = sum(mul(left, reshape(input2, (rows, b[-1]))), -1, dtype=dtype_of(input1))
    found = reshape(transpose(found, 0, 1), (*a[:-1], w[0]))
    return found if bias is None else add(found, bias)


def vander(x, N=None, increasing=False):  # noqa: N803
    """The matrix of powers of a vector: column j holds x^(N − 1 − j), or x^j if ``increasing``."""
    only_tensors("vander", x, arguments=("x",))
    if x._array.ndim != 1:
        raise RuntimeError(f"vander: x must be a vector, got shape {tuple(x.shape)}")
    count = x._array.shape[0] if N is None else N
    if count < 0:
        raise RuntimeError(f"vander: N={N} must not be negative")
    return _powers(x, range(count) if increasing else range(count - 1, -1, -1))


def linalg_vander(x, *, N=None):  # noqa: N803
    """The powers 0 to N − 1 of every element along a new last axis; N is the last extent."""
    only_tensors("linalg.vander", x, arguments=("x",))
    x = x if x._array.ndim else reshape(x, 1)
    if dtype_of(x) is dtypes.bool_:
        raise RuntimeError("linalg.vander of bools is undefined; give integers")
    count = x._array.shape[-1] if N is None else N
    if N is not None and N < 2:
        raise RuntimeError(f"linalg.vander: N={N} must be greater than 1")
    return _powers(x, range(count))


def _powers(x, exponents):
    x = cast(x, dtypes.int64) if dtype_of(x) is dtypes.bool_ else x
    return pow(unsqueeze(x, -1), new_tensor(beside(np.array(exponents, np.int64), x)))


def linalg_diagonal(A, *, offset=0, dim1=-2, dim2=-1):  # noqa: N803
    """A diagonal of two axes, by default the last, as the new last axis (a view)."""
    return diagonal(A, offset, dim1, dim2)
