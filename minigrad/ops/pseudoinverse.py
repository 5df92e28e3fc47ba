"""Rank, condition and pseudoinverse of matrices, from their singular values."""

import math

from .. import return_types
from ..dtypes import finfo
from ..engine.graph import TensorBase, dtype_of
from ..engine.op import Op, Sample
from ..errors import LinAlgError
from .arithmetic import abs, div, mul
from .decompositions import (
    eigh,
    eigvalsh,
    factorised,
    inv,
    matrix,
    square,
    svdvals,
    transposed,
)
from .extremes import amax
from .joining import stack
from .matmul import check_same_dtype, matmul
from .norms import matrix_norm
from .operands import tensor_of
from .reduce import sum
from .select import where
from .shape import reshape, squeeze, transpose, unsqueeze

__all__ = ["pinverse"]


class Pinv(Op):
    """P = the pseudoinverse of A, singular values up to max(atol, rtol · the largest) being 0.

    dL/dA = −Pᵀ G Pᵀ + (I − A P) Gᵀ P Pᵀ + Pᵀ P Gᵀ (I − P A)
    """

    def forward(ctx, k, a, *, atol, rtol):
        p = k.pinv(a, atol, rtol)
        ctx.save(a, p)
        return p

    def vjp(ctx, k, g):
        a, p = ctx.saved
        pt, gt = transposed(k, p), transposed(k, g)
        found = k.neg(k.matmul(pt, k.matmul(g, pt)))
        left = k.matmul(gt, k.matmul(p, pt))
        found = k.add(found, k.sub(left, k.matmul(a, k.matmul(p, left))))
        right = k.matmul(k.matmul(pt, p), gt)
        return k.add(found, k.sub(right, k.matmul(k.matmul(right, p), a)))

    def samples(rng):
        for name, shape in (("tall", (4, 2)), ("wide", (2, 3)), ("batch", (2, 3, 3))):
            yield Sample(name, (rng.normal(size=shape),), {"atol": 0.0, "rtol": 1e-6})

    def peer(torch, a, *, atol, rtol):
        return torch.linalg.pinv(a, atol=atol, rtol=rtol)


def _tolerances(name, A, atol, rtol, batched=False):  # noqa: N803
    """(atol, rtol), by default 0 and max(rows, columns) · eps, or 0 beside an atol above 0.

    They are numbers or, ``batched``, may be tensors with a number for every matrix.
    """
    for argument, value in (("atol", atol), ("rtol", rtol)):
        tensor = isinstance(value, TensorBase) and (batched or not value._array.ndim)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (tensor or number):
            raise TypeError(f"{name}: {argument} must be a number or a 0-d tensor, got {value!r}")
    if rtol is None:
        *_, rows, columns = A._array.shape
        rtol = max(rows, columns) * _eps(A)
        if isinstance(atol, TensorBase):
            rtol = where(atol > 0, 0.0, rtol)
        elif atol is not None and atol > 0:
            rtol = 0.0
    atol = 0.0 if atol is None else atol
    if batched:
        return atol, rtol
    return float(atol), float(rtol)


def _eps(A):  # noqa: N803
    return finfo(dtype_of(A)).eps


def pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None):  # noqa: N803
    """The pseudoinverse: singular values up to max(atol, rtol · the largest) count as 0.

    ``rcond`` is another name of rtol, by default max(rows, columns) · eps, or 0 beside an atol. A
    ``hermitian`` matrix is taken to be symmetric, by its lower triangle.

    >>> import minigrad as mg
    >>> mg.linalg.pinv(mg.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.0000]])
    """
    A = (square if hermitian else matrix)("linalg.pinv", A)  # noqa: N806
    atol, rtol = _tolerances("linalg.pinv", A, atol, rcond if rtol is None else rtol)
    if not hermitian:
        return factorised("linalg.pinv", Pinv, A, atol=atol, rtol=rtol)
    eigenvalues, v = eigh(A)
    sizes = abs(eigenvalues)
    large = sizes > _bound(sizes, atol, rtol)
    inverse = where(large, div(1.0, where(large, eigenvalues, 1.0)), 0.0)
    return matmul(mul(v, unsqueeze(inverse, -2)), transpose(v, -2, -1))


def _bound(sizes, atol, rtol):
    """max(atol, rtol · the largest size)"""
    atol, rtol = (unsqueeze(t, -1) if isinstance(t, TensorBase) else t for t in (atol, rtol))
    largest = amax(sizes, -1, True).detach() if sizes._array.shape[-1] else sum(sizes, -1, True)
    return (largest * rtol).clamp_min(atol)


def pinverse(input, rcond=1e-15):
    """As :func:`linalg.pinv`."""
    return pinv(input, rcond)


def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):  # noqa: N803
    """How many singular values lie above max(atol, rtol · the largest); ``tol`` is an atol alone.

    >>> import minigrad as mg
    >>> mg.linalg.matrix_rank(mg.ones(3, 3))
    tensor(1)
    """
    A = (square if hermitian else matrix)("linalg.matrix_rank", A).detach()  # noqa: N806
    if tol is not None:
        atol, rtol = tol, 0.0
    atol, rtol = _tolerances("linalg.matrix_rank", A, atol, rtol, batched=True)
    sizes = abs(eigvalsh(A)) if hermitian else svdvals(A)
    return sum(sizes > _bound(sizes, atol, rtol), -1)


_NORMS = ("fro", "nuc", 1, -1, math.inf, -math.inf)


def cond(A, p=None):  # noqa: N803
    """The condition ‖A‖ ‖A⁻¹‖ in the norm ``p`` of :func:`matrix_norm`, by default 2.

    For 2 and −2 it is the ratio of the largest and smallest singular value. A singular matrix has
    the condition inf.
    """
    A = matrix("linalg.cond", A)  # noqa: N806
    if p in (None, 2, -2) and not isinstance(p, bool):
        s = svdvals(A)
        if not s._array.shape[-1]:
            return sum(s, -1)
        ends = s[..., 0], s[..., -1]
        return div(*(reversed(ends) if p == -2 else ends))
    if isinstance(p, bool) or p not in _NORMS:
        raise RuntimeError(f"linalg.cond: p must be None, 2, -2 or one of {_NORMS}, got {p!r}")
    A = square(f"linalg.cond with p={p!r}", A)  # noqa: N806
    try:
        return matrix_norm(A, p) * matrix_norm(inv(A), p)
    except LinAlgError:
        return _one_by_one(A, p)


def _one_by_one(A, p):  # noqa: N803
    """The conditions of the matrices of a batch in which some are singular."""
    if A._array.ndim > 2:
        return stack([_one_by_one(a, p) for a in A])
    try:
        return matrix_norm(A, p) * matrix_norm(inv(A), p)
    except LinAlgError:
        return sum(A) * 0 + math.inf


def lstsq(A, B, rcond=None, *, driver=None):  # noqa: N803
    """(solution, residuals, rank, singular_values) of min ‖A X − B‖, X being the smallest such.

    B may be a vector, or a batch of them. As in LAPACK the ``driver`` says what is computed:
    "gelsy" (the default) no residuals and singular values, "gels" no rank and singular values,
    "gelsd" and "gelss" all; what is not is empty. Residuals are Σ (A X − B)² of every column, if
    there are more rows than columns and these are independent.
    """
    A, B = matrix("linalg.lstsq", A), tensor_of(B, "B")  # noqa: N806
    check_same_dtype("linalg.lstsq", A, B)
    driver = driver or "gelsy"
    if driver not in _DRIVERS:
        raise RuntimeError(f"linalg.lstsq: driver must be one of {_DRIVERS}, got {driver!r}")
    a, b = A._array.shape, B._array.shape
    vector = len(b) == 1 or b == a[:-1]
    if not b or a[-2] != b[-1 if vector else -2]:
        raise RuntimeError(f"linalg.lstsq: A of shape {a} and B of shape {b} differ in rows")
    columns = unsqueeze(B, -1) if vector else B
    solution = matmul(pinv(A, rcond), columns)
    residuals = nothing = reshape(A, -1)[:0]
    rank, singular_values = matrix_rank(A, rtol=rcond), nothing.detach()
    if driver != "gelsy" and a[-2] > a[-1] and (rank == a[-1]).all():
        residuals = sum((matmul(A, solution) - columns) ** 2, -2)
    if driver == "gels":
        rank = rank.reshape(-1)[:0]
    elif driver != "gelsy":
        singular_values = svdvals(A.detach())
    solution = squeeze(solution, -1) if vector else solution
    return return_types.linalg_lstsq(solution, residuals, rank, singular_values)


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")
