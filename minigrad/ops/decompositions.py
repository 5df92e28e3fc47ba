"""Inverses, determinants and factorisations of (batches of) matrices."""

import numpy as np

from .. import return_types
from ..engine.graph import dtype_of, new_tensor, values
from ..engine.op import Op, Sample
from ..errors import LinAlgError
from .cast import cast
from .matmul import check_same_dtype, product
from .operands import beside, tensor_of
from .select import where
from .shape import expand, reshape, squeeze, transpose, unsqueeze

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "det",
    "inverse",
    "logdet",
    "matrix_power",
    "qr",
    "slogdet",
    "svd",
]


def transposed(k, x):
    """xᵀ, of the last two axes."""
    axes = tuple(range(x.ndim))
    return k.permute(x, (*axes[:-2], axes[-1], axes[-2]))


def _diagonal_of(k, x):
    """The vectors x as columns of which a product scales rows."""
    return k.reshape(x, (*x.shape, 1))


def _columns(k, x):
    """The vectors x as rows of which a product scales columns."""
    return k.reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def _gaps(k, x):
    """F with Fᵢⱼ = 1 / (xⱼ − xᵢ), and 0 on the diagonal."""
    difference = k.sub(_columns(k, x), _diagonal_of(k, x))
    difference = k.where(k.eq(difference, 0.0), np.inf, difference)
    return k.div(1.0, difference)


def _matrices(rng, lead=(), n=3):
    return rng.normal(size=(*lead, n, n)) + 3 * np.eye(n)


def _square_samples(rng):
    yield Sample("matrix", (_matrices(rng),))
    yield Sample("batch", (_matrices(rng, (2, 1), 2),))
    yield Sample("no rows", (np.zeros((2, 0, 0)),))


class Inv(Op):
    """Y = A⁻¹.    dL/dA = −Yᵀ G Yᵀ"""

    samples = _square_samples

    def forward(ctx, k, a):
        y = k.inv(a)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        y = transposed(k, ctx.saved[0])
        return k.neg(k.matmul(y, k.matmul(g, y)))

    def peer(torch, a):
        return torch.linalg.inv(a)


class Solve(Op):
    """X = A⁻¹ B.    dL/dB = A⁻ᵀ G,  dL/dA = −(dL/dB) Xᵀ"""

    def forward(ctx, k, a, b):
        x = k.solve(a, b)
        ctx.save(a, x)
        return x

    def vjp(ctx, k, g):
        a, x = ctx.saved
        gb = k.solve(transposed(k, a), g)
        return k.neg(k.matmul(gb, transposed(k, x))) if ctx.needs(0) else None, gb

    def samples(rng):
        yield Sample("matrix", (_matrices(rng), rng.normal(size=(3, 2))))
        yield Sample("batch", (_matrices(rng, (2, 1)), rng.normal(size=(4, 3, 1))))

    def peer(torch, a, b):
        return torch.linalg.solve(a, b)


class SolveTriangular(Op):
    """X = A⁻¹ B for triangular A.    dL/dB = A⁻ᵀ G,  dL/dA = −(dL/dB) Xᵀ on the triangle"""

    def forward(ctx, k, a, b, *, upper, unit):
        ctx.upper, ctx.unit = upper, unit
        x = k.solve_triangular(a, b, upper, unit)
        ctx.save(a, x)
        return x

    def vjp(ctx, k, g):
        a, x = ctx.saved
        gb = k.solve_triangular(transposed(k, a), g, not ctx.upper, ctx.unit)
        ga = None
        if ctx.needs(0):
            ga = k.neg(k.matmul(gb, transposed(k, x)))
            ga = k.triu(ga, int(ctx.unit)) if ctx.upper else k.tril(ga, -int(ctx.unit))
        return ga, gb

    def samples(rng):
        a, b = _matrices(rng, (2, 1)), rng.normal(size=(3, 3, 2))
        for upper in (True, False):
            params = {"upper": upper, "unit": not upper}
            yield Sample(f"upper={upper}", (a, b), params)
            yield Sample(f"matrix, upper={upper}", (a[0, 0], b[0]), {**params, "unit": upper})

    def peer(torch, a, b, *, upper, unit):
        return torch.linalg.solve_triangular(a, b, upper=upper, unitriangular=unit)


class Det(Op):
    """y = |A|.    dL/dA = g y A⁻ᵀ, by cofactors where y = 0"""

    samples = _square_samples

    def forward(ctx, k, a):
        y = k.det(a)
        ctx.save(a, y)
        return y

    def vjp(ctx, k, g):
        a, y = ctx.saved
        if k.records or k.all(y):
            return k.mul(_diagonal_of(k, _diagonal_of(k, k.mul(g, y))), transposed(k, k.inv(a)))
        return k.mul(_diagonal_of(k, _diagonal_of(k, g)), k.cofactors(a))

    def peer(torch, a):
        return torch.linalg.det(a)


class Slogdet(Op):
    """s = the sign of |A|, y = ln ||A||.    dL/dA = g A⁻ᵀ for y; s is constant"""

    samples = _square_samples

    def forward(ctx, k, a):
        ctx.save(a)
        return k.slogdet(a)

    def vjp(ctx, k, gs, g):
        (a,) = ctx.saved
        return k.mul(_diagonal_of(k, _diagonal_of(k, g)), transposed(k, k.inv(a)))

    def peer(torch, a):
        return tuple(torch.linalg.slogdet(a))


def _symmetric_samples(**params):
    """Calls without gradient: a single element of a symmetric matrix cannot change alone."""

    def samples(rng):
        for sample in _square_samples(rng):
            a = sample.inputs[0]
            a = a + a.swapaxes(-2, -1) + 3 * np.diag(np.arange(a.shape[-1]))
            yield Sample(sample.name, (a,), params, constants=(0,))

    return samples


class Cholesky(Op):
    """L Lᵀ = A.    dL/dA = L⁻ᵀ Φ L⁻¹, symmetric, with Φ = ½ (Lᵀ G below the diagonal, mirrored)"""

    samples = _symmetric_samples()

    def forward(ctx, k, a):
        y = k.cholesky(a)
        ctx.save(y)
        return y

    def vjp(ctx, k, g):
        (y,) = ctx.saved
        up = transposed(k, y)
        lower = k.tril(k.matmul(up, g), 0)
        middle = k.mul(k.add(lower, transposed(k, k.tril(lower, -1))), 0.5)
        left = k.solve_triangular(up, middle, True, False)
        return transposed(k, k.solve_triangular(up, transposed(k, left), True, False))

    def peer(torch, a):
        return torch.linalg.cholesky(a)


class Eigh(Op):
    """A = V diag(λ) Vᵀ.    dL/dA = V (diag(gλ) + F ∘ Vᵀ gV) Vᵀ with Fᵢⱼ = 1 / (λⱼ − λᵢ)"""

    def forward(ctx, k, a, *, triangle):
        pair = k.eigh(a, triangle)
        ctx.save(*pair)
        return pair

    def vjp(ctx, k, gl, gv):
        w, v = ctx.saved
        vt = transposed(k, v)
        inner = k.mul(_gaps(k, w), k.matmul(vt, gv))
        scaled = k.add(k.matmul(v, inner), k.mul(v, _columns(k, gl)))
        return k.matmul(scaled, vt)

    samples = _symmetric_samples(triangle="L")

    def peer(torch, a, *, triangle):
        return tuple(torch.linalg.eigh(a, triangle))


class Svd(Op):
    """A = U diag(S) Vᵀ.

    dL/dA = U (diag(gS) + (F ∘ skew Uᵀ gU) S + S (F ∘ skew Vᵀ gV)) Vᵀ with skew X = X − Xᵀ and
    Fᵢⱼ = 1 / (Sⱼ² − Sᵢ²), and what gU and gV hold outside the spaces of U and V, times S⁻¹.
    """

    def forward(ctx, k, a, *, full):
        factors = k.svd(a, full)
        ctx.save(*factors)
        return factors

    def vjp(ctx, k, gu, gs, gvt):
        (u, s, vt), (gu, gvt) = ctx.saved, (gu, gvt)
        count = s.shape[-1]
        columns, rows = (Ellipsis, slice(0, count)), (Ellipsis, slice(0, count), slice(None))
        if u.shape[-1] > count:
            u, gu = k.index(u, columns), k.index(gu, columns)
        if vt.shape[-2] > count:
            vt, gvt = k.index(vt, rows), k.index(gvt, rows)
        ut, v, gv = transposed(k, u), transposed(k, vt), transposed(k, gvt)
        gaps, inverse = _gaps(k, k.mul(s, s)), k.div(1.0, s)
        turn_u, turn_v = k.matmul(ut, gu), k.matmul(vt, gv)
        left = k.mul(k.mul(gaps, k.sub(turn_u, transposed(k, turn_u))), _columns(k, s))
        right = k.mul(k.mul(gaps, k.sub(turn_v, transposed(k, turn_v))), _diagonal_of(k, s))
        scaled = k.add(k.matmul(u, k.add(left, right)), k.mul(u, _columns(k, gs)))
        found = k.matmul(scaled, vt)
        if u.shape[-2] > count:
            outside = k.mul(k.sub(gu, k.matmul(u, turn_u)), _columns(k, inverse))
            found = k.add(found, k.matmul(outside, vt))
        if v.shape[-2] > count:
            outside = k.mul(k.sub(gv, k.matmul(v, turn_v)), _columns(k, inverse))
            found = k.add(found, k.matmul(u, transposed(k, outside)))
        return found

    def samples(rng):
        for name, shape in (("tall", (4, 2)), ("batch", (2, 3, 3))):
            yield Sample(name, (rng.normal(size=shape),), {"full": False}, constants=(0,))

    def peer(torch, a, *, full):
        return tuple(torch.linalg.svd(a, full))


class Qr(Op):
    """A = Q R.    dL/dA = (gQ + Q M′) R⁻ᵀ, M′ = M = R gRᵀ − gQᵀ Q below the diagonal, mirrored

    For more columns than rows, of A = (X, Y) with R = (P, W): gY = Q gW, and gQ + Y gWᵀ for gQ.
    """

    def forward(ctx, k, a, *, mode):
        ctx.mode = mode
        q, r = k.qr(a, mode)
        ctx.save(a, q, r)
        return q, r

    def vjp(ctx, k, gq, gr):
        a, q, r = ctx.saved
        rows, columns = a.shape[-2:]
        if ctx.mode == "complete" and rows > columns:
            raise RuntimeError(
                f'linalg.qr: mode="complete" has no gradient for {rows} rows above {columns} '
                'columns; use mode="reduced"'
            )
        if columns <= rows:
            return _square_gradient(k, q, r, gq, gr)
        first, rest = (Ellipsis, slice(0, rows)), (Ellipsis, slice(rows, columns))
        gw = k.index(gr, rest)
        gq = k.add(gq, k.matmul(k.index(a, rest), transposed(k, gw)))
        gx = _square_gradient(k, q, k.index(r, first), gq, k.index(gr, first))
        gy = k.index_adjoint(k.matmul(q, gw), a.shape, rest)
        return k.add(k.index_adjoint(gx, a.shape, first), gy)

    def samples(rng):
        for name, shape in (("tall", (4, 2)), ("wide", (2, 4)), ("batch", (2, 3, 3))):
            yield Sample(name, (rng.normal(size=shape),), {"mode": "reduced"})

    def peer(torch, a, *, mode):
        return tuple(torch.linalg.qr(a, mode))


def _square_gradient(k, q, r, gq, gr):
    """The gradient of Q R with square R."""
    m = k.sub(k.matmul(r, transposed(k, gr)), k.matmul(transposed(k, gq), q))
    mirrored = k.add(k.tril(m, 0), transposed(k, k.tril(m, -1)))
    turned = transposed(k, k.add(gq, k.matmul(q, mirrored)))
    return transposed(k, k.solve_triangular(r, turned, True, False))


def matrix(name, A, argument="A"):  # noqa: N803
    """The argument as float32 or float64 matrices, or an error that names what it is instead."""
    A = tensor_of(A, argument)  # noqa: N806
    if A._array.ndim < 2:
        raise RuntimeError(
            f"{name}: {argument} must have at least 2 dimensions, got shape {tuple(A.shape)}"
        )
    if A._tag is not None or A._array.dtype.kind != "f":
        raise RuntimeError(f"{name}: {argument} must be float32 or float64, got {A.dtype}")
    return A


def square(name, A, argument="A"):  # noqa: N803
    """As :func:`matrix`, for as many rows as columns."""
    A = matrix(name, A, argument)  # noqa: N806
    if A._array.shape[-1] != A._array.shape[-2]:
        raise RuntimeError(
            f"{name}: {argument} must be square matrices, got shape {tuple(A.shape)}"
        )
    return A


def factorised(name, op, A, *rest, **params):  # noqa: N803
    """The op on A; where LAPACK fails, a LinAlgError that says which matrix of the batch."""
    try:
        return op.apply(A, *rest, **params)
    except ValueError as error:
        a = values(A)
        place = next((i for i in np.ndindex(a.shape[:-2]) if _fails(op, a[i], rest, params)), ())
        where = f" (matrix {', '.join(map(str, place))} of the batch)" if place else ""
        reason = _REASONS.get(op, str(error))
        raise LinAlgError(f"{name}: {reason}{where}, A being of shape {tuple(A.shape)}") from None


_REASONS = {
    Inv: "the matrix is singular, so it has no inverse",
    Solve: "the matrix is singular, so the equation has no single solution",
    Cholesky: "the matrix is not positive definite",
    Eigh: "no eigenvalues were found; are all elements finite?",
    Svd: "no singular values were found; are all elements finite?",
}


def _fails(op, a, rest, params):
    rest = [new_tensor(values(t)[(0,) * (t._array.ndim - 2)]) for t in rest]
    try:
        op.apply(new_tensor(a), *rest, **params)
    except ValueError:
        return True
    return False


def inv(A):  # noqa: N803
    """A⁻¹; raises LinAlgError for a singular matrix.

    >>> import minigrad as mg
    >>> mg.linalg.inv(mg.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return factorised("linalg.inv", Inv, square("linalg.inv", A))


def inverse(input):
    """As :func:`linalg.inv`."""
    return inv(input)


def solve(A, B, *, left=True):  # noqa: N803
    """The X with A X = B, or X A = B if not ``left``; B may be a vector, or a batch of them.

    >>> import minigrad as mg
    >>> mg.linalg.solve(mg.tensor([[2.0, 0.0], [0.0, 4.0]]), mg.tensor([1.0, 2.0]))
    tensor([0.5000, 0.5000])
    """
    A, B = square("linalg.solve", A), tensor_of(B, "B")  # noqa: N806
    check_same_dtype("linalg.solve", A, B)
    a, b = A._array.shape, B._array.shape
    if len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b):
        B = unsqueeze(B, -1)  # noqa: N806
        _check_equation("linalg.solve", A, B, left)
        return squeeze(factorised("linalg.solve", Solve, A, B), -1)
    _check_equation("linalg.solve", A, B, left)
    if left:
        return factorised("linalg.solve", Solve, A, B)
    return transpose(
        factorised("linalg.solve", Solve, transpose(A, -2, -1), transpose(B, -2, -1)), -2, -1
    )


def _check_equation(name, A, B, left):  # noqa: N803
    a, b = A._array.shape, B._array.shape
    if len(b) < 2:
        raise RuntimeError(f"{name}: B must have at least 2 dimensions, got shape {b}")
    if a[-1] != b[-2 if left else -1]:
        equation = "A X = B" if left else "X A = B"
        raise RuntimeError(f"{name}: A of shape {a} and B of shape {b} do not fit {equation}")


def solve_triangular(A, B, *, upper, left=True, unitriangular=False):  # noqa: N803
    """As :func:`solve` for the upper or lower triangle of A; a 0 on its diagonal gives inf or nan.

    With ``unitriangular`` the diagonal is taken as 1.
    """
    A = square("linalg.solve_triangular", A)  # noqa: N806
    B = matrix("linalg.solve_triangular", B, "B")  # noqa: N806
    check_same_dtype("linalg.solve_triangular", A, B)
    _check_equation("linalg.solve_triangular", A, B, left)
    with np.errstate(all="ignore"):
        if left:
            return SolveTriangular.apply(A, B, upper=bool(upper), unit=bool(unitriangular))
        A, B = transpose(A, -2, -1), transpose(B, -2, -1)  # noqa: N806
        found = SolveTriangular.apply(A, B, upper=not upper, unit=bool(unitriangular))
    return transpose(found, -2, -1)


def linalg_det(A):  # noqa: N803
    """The determinant of square matrices.

    >>> import minigrad as mg
    >>> mg.linalg.det(mg.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor(8.)
    """
    return Det.apply(square("linalg.det", A))


def det(input):
    """As :func:`linalg.det`."""
    return linalg_det(input)


def linalg_slogdet(A):  # noqa: N803
    """(sign, logabsdet): the sign of the determinant and ln of its magnitude, (0, −inf) for 0."""
    return return_types.linalg_slogdet(*Slogdet.apply(square("linalg.slogdet", A)))


def slogdet(input):
    """As :func:`linalg.slogdet`."""
    return return_types.slogdet(*Slogdet.apply(square("slogdet", input)))


def logdet(input):
    """ln |A|: −inf where the determinant is 0, nan where it is negative."""
    sign, logabsdet = Slogdet.apply(square("logdet", input))
    return where(sign.detach() < 0, np.nan, logabsdet)


def linalg_cholesky(A, *, upper=False):  # noqa: N803
    """The lower L with L Lᵀ = A, or Lᵀ if ``upper``; A is symmetric and positive definite.

    >>> import minigrad as mg
    >>> mg.linalg.cholesky(mg.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    A = square("linalg.cholesky", A)  # noqa: N806
    if not upper:
        return factorised("linalg.cholesky", Cholesky, A)
    return transpose(factorised("linalg.cholesky", Cholesky, transpose(A, -2, -1)), -2, -1)


def cholesky(input, upper=False):
    """As :func:`linalg.cholesky`."""
    return linalg_cholesky(input, upper=upper)


def cholesky_solve(B, L, upper=False):  # noqa: N803
    """The X with A X = B for A = L Lᵀ, or Lᵀ L if L is ``upper``."""
    B, L = matrix("cholesky_solve", B, "B"), square("cholesky_solve", L, "L")  # noqa: N806
    check_same_dtype("cholesky_solve", B, L)
    _check_equation("cholesky_solve", L, B, True)
    turned = transpose(L, -2, -1)
    first, second = (turned, L) if upper else (L, turned)
    half = SolveTriangular.apply(first, B, upper=False, unit=False)
    return SolveTriangular.apply(second, half, upper=True, unit=False)


def cholesky_inverse(L, upper=False):  # noqa: N803
    """A⁻¹ for A = L Lᵀ, or Lᵀ L if L is ``upper``."""
    L = square("cholesky_inverse", L, "L")  # noqa: N806
    return cholesky_solve(_identity(L), L, upper)


def _identity(A):  # noqa: N803
    """Identity matrices of the shape, dtype and device of A."""
    one = new_tensor(beside(np.eye(A._array.shape[-1]), A))
    return expand(cast(one, dtype_of(A)), A._array.shape)


def eigh(A, UPLO="L"):  # noqa: N803
    """(eigenvalues, ascending, and eigenvectors) of symmetric matrices; UPLO's triangle is read.

    >>> import minigrad as mg
    >>> mg.linalg.eigh(mg.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    A = square("linalg.eigh", A)  # noqa: N806
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f'linalg.eigh: UPLO must be "L" or "U", got {UPLO!r}')
    pair = factorised("linalg.eigh", Eigh, A, triangle=UPLO.upper())
    return return_types.linalg_eigh(*pair)


def eigvalsh(A, UPLO="L"):  # noqa: N803
    """The eigenvalues of symmetric matrices, ascending."""
    return eigh(A, UPLO).eigenvalues


def linalg_svd(A, full_matrices=True):  # noqa: N803
    """(U, S, Vh) with A = U diag(S) Vh and S descending; U and Vh square if ``full_matrices``.

    >>> import minigrad as mg
    >>> mg.linalg.svd(mg.tensor([[3.0, 0.0], [0.0, 4.0]])).S
    tensor([4., 3.])
    """
    A = matrix("linalg.svd", A)  # noqa: N806
    return return_types.linalg_svd(*factorised("linalg.svd", Svd, A, full=bool(full_matrices)))


def svdvals(A):  # noqa: N803
    """The singular values of matrices, descending."""
    return factorised("linalg.svdvals", Svd, matrix("linalg.svdvals", A), full=False)[1]


def svd(input, some=True, compute_uv=True):
    """(U, S, V) with input = U diag(S) Vᵀ; without ``compute_uv``, U and V are zeros."""
    A = matrix("svd", input)  # noqa: N806
    u, s, vh = factorised("svd", Svd, A, full=not some or not compute_uv)
    v = transpose(vh, -2, -1)
    if not compute_uv:
        u, v = u.detach() * 0, v.detach() * 0
    return return_types.svd(u, s, v)


def linalg_qr(A, mode="reduced"):  # noqa: N803
    """(Q, R) with Q R = A: "reduced", "complete" with a square Q, or "r" without Q.

    >>> import minigrad as mg
    >>> mg.linalg.qr(mg.eye(2)).R.abs()
    tensor([[1., 0.],
            [0., 1.]])
    """
    A = matrix("linalg.qr", A)  # noqa: N806
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f'linalg.qr: mode must be "reduced", "complete" or "r", got {mode!r}')
    if mode == "r":
        if A.requires_grad:
            raise RuntimeError('linalg.qr: mode="r" has no gradient; use mode="reduced"')
        _, r = Qr.apply(A, mode="reduced")
        return return_types.linalg_qr(reshape(A, -1)[:0].clone(), r)
    return return_types.linalg_qr(*Qr.apply(A, mode=mode))


def qr(input, some=True):
    """As :func:`linalg.qr`, reduced if ``some``, else complete."""
    return return_types.qr(*linalg_qr(input, "reduced" if some else "complete"))


def matrix_power(input, n):
    """The product of n equal square matrices; of their inverses for a negative n."""
    A = tensor_of(input, "A")  # noqa: N806
    shape = A._array.shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise RuntimeError(f"linalg.matrix_power: A must be square matrices, got shape {shape}")
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"linalg.matrix_power: n must be an int, got {type(n).__name__}")
    if n == 0:
        return _identity(A).clone()
    power, found, n = (inv(A) if n < 0 else A), None, abs(n)
    while n:
        if n & 1:
            found = power if found is None else product("linalg.matrix_power", found, power)
        n >>= 1
        if n:
            power = product("linalg.matrix_power", power, power)
    return found
