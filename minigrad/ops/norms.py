"""Norms of vectors and matrices, and distances."""

import math

from .. import dtypes
from ..engine.autocast import casts
from ..engine.graph import dtype_of
from ..engine.op import Op, Sample
from .activation import relu
from .arithmetic import abs, square
from .cast import cast
from .decompositions import svdvals
from .extremes import amax, amin, shared
from .matmul import matmul
from .operands import check_axes, check_axis, numpy_names, only_tensors, tensor_of
from .reduce import axis_samples, check_floating, count_over, kept_shape, sum
from .select import where
from .shape import movedim, reshape, transpose, unsqueeze
from .statistics import Root

__all__ = ["cdist", "dist", "norm", "renorm"]


class Norm(Op):
    """y = (Σ |x|ᵖ)^(1/p) over axes.    dL/dx = g · sign(x) (|x| / y)ᵖ⁻¹, 0 where y = 0

    p = ±∞ shares g among the extremes; p = 0 counts, without gradient.
    """

    precision = "fp32"

    def forward(ctx, k, x, *, axis, keepdims, p):
        ctx.axis, ctx.p, ctx.kept = axis, p, kept_shape(x.shape, axis)
        y = k.norm(x, axis, keepdims, p)
        ctx.save(x, y)
        return y

    def vjp(ctx, k, g):
        x, y = ctx.saved
        p, g, y = ctx.p, k.reshape(g, ctx.kept), k.reshape(y, ctx.kept)
        if p == 0:
            return k.mul(x, k.mul(g, 0.0))
        if p == 1:
            return k.mul(k.sign(x), g)
        if p == 2:
            return k.mul(x, k.div(g, k.where(k.eq(y, 0.0), math.inf, y)))
        size = k.abs(x)
        if math.isinf(p):
            return k.mul(k.sign(x), shared(k, g, k.eq(size, y), ctx.axis, ctx.kept))
        if p < 1:  # 0 to a negative power; the infinity makes it 0
            size = k.where(k.eq(size, 0.0), math.inf, size)
        else:
            y = k.where(k.eq(y, 0.0), math.inf, y)
        return k.mul(k.mul(k.sign(x), k.pow(size, p - 1.0)), k.mul(g, k.pow(y, 1.0 - p)))

    def samples(rng):
        for p in (0.5, 1.0, 2.0, 3.0, math.inf, -math.inf):
            for sample in axis_samples(rng):
                yield Sample(f"{sample.name} p={p}", sample.inputs, {**sample.params, "p": p})

    def peer(torch, x, *, axis, keepdims, p):
        return torch.linalg.vector_norm(x, p, axis, keepdim=keepdims)


@numpy_names
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(Σ |x|^ord)^(1/ord) over all elements, or over ``dim``; ord may be ±inf, or 0, which counts.

    >>> import minigrad as mg
    >>> mg.linalg.vector_norm(mg.tensor([3.0, 4.0]))
    tensor(5.)
    """
    x = _in_norm_dtype("linalg.vector_norm", tensor_of(x, "x"), dtype)
    if isinstance(ord, bool) or not isinstance(ord, int | float):
        raise TypeError(f"linalg.vector_norm: ord must be a number, got {ord!r}")
    axis = check_axes(dim, x._array.ndim)
    if count_over(x._array.shape, axis) == 0 and (ord < 0 or math.isinf(ord)):
        raise RuntimeError(f"linalg.vector_norm: no elements of shape {x.shape} for ord={ord}")
    return Norm.apply(x, axis=axis, keepdims=keepdim, p=float(ord))


def _in_norm_dtype(name, x, dtype):
    check_floating(name, x)
    if dtype is None:
        return x
    dtype = dtypes.check(dtype)
    if not dtype.is_floating_point or dtypes.promote_types(dtype_of(x), dtype) is not dtype:
        raise RuntimeError(f"{name}: {dtype} is not floating, or narrower than {x.dtype}")
    return cast(x, dtype)


@casts("fp32")
def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):  # noqa: N803
    """The norm of the matrices in the two axes ``dim``.

    ord "fro" is √Σ a², "nuc" the sum of the singular values, 2 and −2 the largest and smallest of
    them; 1 and −1 are the largest and smallest sum of magnitudes of a column, inf and −inf those
    of a row.
    """
    A = _in_norm_dtype("linalg.matrix_norm", tensor_of(A, "A"), dtype)  # noqa: N806
    if A._array.ndim < 2:
        raise RuntimeError(f"linalg.matrix_norm: A must have at least 2 axes, got shape {A.shape}")
    if not isinstance(dim, tuple | list) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a pair of ints, got {dim!r}")
    row, column = (check_axis(d, A._array.ndim) for d in dim)
    if row == column:
        raise RuntimeError(f"linalg.matrix_norm: dim={tuple(dim)} names an axis twice")
    if ord == "fro":
        return vector_norm(A, 2, (row, column), keepdim)
    if isinstance(ord, bool) or ord not in ("nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise RuntimeError(
            'linalg.matrix_norm: ord must be "fro", "nuc", 1, -1, 2, -2, inf or -inf, '
            f"got {ord!r}"
        )
    if ord in ("nuc", 2, -2):
        return _spectral_norm(A, ord, row, column, keepdim)
    summed, rest = (row, column) if ord in (1, -1) else (column, row)
    found = (amax if ord > 0 else amin)(sum(abs(A), summed, True), rest, True)
    if keepdim:
        return found
    return reshape(found, [n for i, n in enumerate(found.shape) if i not in (row, column)])


def _spectral_norm(A, ord, row, column, keepdim):  # noqa: N803
    """The sum, the largest or the smallest of the singular values."""
    s = svdvals(movedim(A, (row, column), (-2, -1)))
    if ord == "nuc":
        found = sum(s, -1)
    elif s._array.shape[-1]:
        found = (amax if ord > 0 else amin)(s, -1)
    elif ord > 0:
        found = sum(s, -1)
    else:
        raise RuntimeError(f"linalg.matrix_norm: ord={ord} has no meaning for shape {A.shape}")
    for axis in sorted((row, column)) if keepdim else ():
        found = unsqueeze(found, axis)
    return found


def linalg_norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):  # noqa: N803
    """:func:`matrix_norm` for two axes with an ``ord``, :func:`vector_norm` otherwise.

    Without ``ord`` it is the 2-norm of all elements, or over ``dim``.
    """
    A = tensor_of(A, "A")  # noqa: N806
    if ord is not None and isinstance(dim, tuple | list) and len(dim) not in (1, 2):
        raise RuntimeError(f"linalg.norm: dim must name 1 or 2 axes, got dim={dim!r}")
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and A._array.ndim not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: with ord={ord!r} but no dim, A must have 1 or 2 axes, got {A.shape}"
        )
    pair = A._array.ndim == 2 if dim is None else isinstance(dim, tuple | list) and len(dim) == 2
    if pair or isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


@numpy_names
def norm(input, p="fro", dim=None, keepdim=False, *, dtype=None):
    """The ``p``-norm of all elements, or over ``dim``: a number, ±inf, "fro" (2) or "nuc"."""
    x = tensor_of(input)
    check_floating("norm", x)
    if isinstance(p, str):
        if p not in ("fro", "nuc"):
            raise RuntimeError(f'norm: p must be a number or "fro" or "nuc", got {p!r}')
        if isinstance(dim, tuple | list) and len(dim) > 2:
            raise RuntimeError(f"norm: p={p!r} is for one or two axes, got dim={tuple(dim)}")
    if p == "nuc":
        return matrix_norm(x, p, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(x, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


@casts("fp32")
def dist(input, other, p=2):
    """The ``p``-norm of input − other."""
    only_tensors("dist", input, other)
    return vector_norm(input - other, p)


_MANY = 25  # rows, from where on a product of matrices gives Euclidean distances
_EUCLID = {
    "use_mm_for_euclid_dist_if_necessary": lambda rows: rows > _MANY,
    "use_mm_for_euclid_dist": lambda rows: True,
    "donot_use_mm_for_euclid_dist": lambda rows: False,
}


@casts("fp32")
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The ``p``-norm distances of all rows of x1 (…, P, M) from those of x2 (…, R, M): (…, P, R).

    ``compute_mode`` says when Euclidean distances come from a product of matrices, which is fast
    but loses digits where rows are close: by default from more than 25 rows.
    """
    x1, x2 = tensor_of(x1, "x1"), tensor_of(x2, "x2")
    _check_rows(x1, x2, p)
    if compute_mode not in _EUCLID:
        raise ValueError(f"cdist: compute_mode={compute_mode!r} is none of {list(_EUCLID)}")
    if p == 2 and _EUCLID[compute_mode](max(x1._array.shape[-2], x2._array.shape[-2])):
        products = matmul(x1, transpose(x2, -2, -1)) * 2
        lengths = sum(square(x1), -1, True) + unsqueeze(sum(square(x2), -1), -2)
        return Root.apply(relu(lengths - products))
    differences = unsqueeze(x1, -2) - unsqueeze(x2, -3)
    if not x1._array.shape[-1]:
        return sum(differences, -1)
    return vector_norm(differences, p, -1)


def _check_rows(x1, x2, p):
    for name, x in (("x1", x1), ("x2", x2)):
        check_floating(f"cdist of {name}", x)
        if x._array.ndim < 2:
            raise RuntimeError(f"cdist: {name} must have at least 2 axes, got shape {x.shape}")
    if x1._array.shape[-1] != x2._array.shape[-1]:
        raise RuntimeError(
            f"cdist: rows of shapes {x1.shape} and {x2.shape} must have the same length"
        )
    if dtype_of(x1) is not dtype_of(x2):
        raise RuntimeError(f"cdist: x1 of {x1.dtype} and x2 of {x2.dtype} must agree in dtype")
    if p < 0:
        raise RuntimeError(f"cdist: p={p} must not be negative")


@casts("fp32")
@numpy_names
def renorm(input, p, dim, maxnorm):
    """The slices along ``dim`` with their ``p``-norm brought down to at most ``maxnorm``."""
    x = tensor_of(input)
    check_floating("renorm", x)
    if x._array.ndim < 2:
        raise RuntimeError(f"renorm: input must have at least 2 axes, got shape {x.shape}")
    if p <= 0:
        raise RuntimeError(f"renorm: p={p} must be positive")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: maxnorm={maxnorm} must not be negative")
    axis = check_axis(dim, x._array.ndim)
    others = tuple(i for i in range(x._array.ndim) if i != axis)
    sizes = vector_norm(x, p, others, True)
    return x * where(sizes > maxnorm, maxnorm / (sizes + 1e-7), 1.0)
