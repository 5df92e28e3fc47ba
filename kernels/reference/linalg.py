"""Linear algebra over the last two axes, batched over leading ones, by the array module's LAPACK.

Singular matrices raise its ``LinAlgError``, a ValueError.
"""

import numpy as np

from ..registry import array_module, kernel

SUMS = {"sums": True}


def _square(make, shape):
    """I + small square matrices, few rows also where the shape is large."""
    n = min(shape[-1], 5)
    small = make.uniform((*shape[:-1], n, n), -0.1, 0.1)
    small[..., range(n), range(n)] += 1
    return small


def _symmetric(make, shape):
    """Symmetric matrices with eigenvalues near 1, 2, …"""
    a = _square(make, shape)
    n = a.shape[-1]
    a[..., range(n), range(n)] += np.arange(n)
    return a + a.swapaxes(-2, -1)


def _equation(make, shape):
    a = _square(make, shape)
    return a, make.normal((*a.shape[:-1], 2))


@kernel(lambda make, shape: (make.normal((*shape, 3)), make.normal((*shape, 3)), -1))
def cross(x, y, axis):
    """(x₁y₂ − x₂y₁, x₂y₀ − x₀y₂, x₀y₁ − x₁y₀) along an axis"""
    xp = array_module(x)
    return xp.roll(x, -1, axis) * xp.roll(y, -2, axis) - xp.roll(x, -2, axis) * xp.roll(y, -1, axis)


@kernel(lambda make, shape: (_square(make, shape),), min_ndim=1, notes=SUMS)
def inv(a):
    """A⁻¹"""
    return array_module(a).linalg.inv(a)


@kernel(_equation, min_ndim=1, notes=SUMS)
def solve(a, b):
    """A⁻¹ B"""
    return array_module(a).linalg.solve(a, b)


@kernel(lambda make, shape: (*_equation(make, shape), True, False), min_ndim=1, notes=SUMS)
def solve_triangular(a, b, upper, unit):
    """A⁻¹ B for the triangle of A on one side of its diagonal, which is taken as 1 if ``unit``.

    By halves: with A = [[P, 0], [Q, R]], X = [P⁻¹ B₁, R⁻¹ (B₂ − Q P⁻¹ B₁)].
    """
    xp, n = array_module(a), a.shape[-1]
    if n < 2:
        shape = xp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        x = b if unit or not n else b / a
        return xp.broadcast_to(x, (*shape, *b.shape[-2:])).copy()
    first, second = slice(n // 2), slice(n // 2, n)
    if upper:
        first, second = second, first
    x1 = solve_triangular(a[..., first, first], b[..., first, :], upper, unit)
    rest = b[..., second, :] - xp.matmul(a[..., second, first], x1)
    x2 = solve_triangular(a[..., second, second], rest, upper, unit)
    return xp.concatenate((x2, x1) if upper else (x1, x2), axis=-2)


@kernel(lambda make, shape: (_square(make, shape),), min_ndim=1, notes=SUMS)
def det(a):
    """|A|"""
    return array_module(a).asarray(array_module(a).linalg.det(a))


@kernel(lambda make, shape: (_square(make, shape),), min_ndim=1, notes=SUMS)
def cofactors(a):
    """The derivatives of |A|, also where it is 0: with A = U S Vᵀ, |U| |V| U diag(Π_{j≠i} sⱼ) Vᵀ"""
    xp, n = array_module(a), a.shape[-1]
    u, s, vh = xp.linalg.svd(a, full_matrices=False)
    others = xp.where(xp.eye(n, dtype=bool), xp.ones((), a.dtype), s[..., None, :])
    sign = xp.asarray(xp.linalg.det(u) * xp.linalg.det(vh))[..., None, None]
    return sign * xp.matmul(u * others.prod(axis=-1)[..., None, :], vh)


@kernel(lambda make, shape: (_square(make, shape),), min_ndim=1, notes=SUMS)
def slogdet(a):
    """The sign of |A|, and ln ||A||"""
    xp = array_module(a)
    sign, logabsdet = xp.linalg.slogdet(a)
    return xp.asarray(sign), xp.asarray(logabsdet)


@kernel(lambda make, shape: (_symmetric(make, shape),), min_ndim=1, notes=SUMS)
def cholesky(a):
    """The lower L with L Lᵀ = A, from the lower triangle of A"""
    return array_module(a).linalg.cholesky(a)


@kernel(lambda make, shape: (_symmetric(make, shape), "L"), min_ndim=1, notes=SUMS)
def eigh(a, triangle):
    """Ascending eigenvalues and eigenvectors of the symmetric A, of which one triangle is read"""
    values, vectors = array_module(a).linalg.eigh(a, triangle)
    return values, vectors


@kernel(lambda make, shape: (_symmetric(make, shape), False), min_ndim=1, notes=SUMS)
def svd(a, full):
    """U, S and Vᵀ with A = U diag(S) Vᵀ, S descending; U and V square if ``full``"""
    u, s, vh = array_module(a).linalg.svd(a, full_matrices=full)
    return u, s, vh


@kernel(lambda make, shape: (_symmetric(make, shape), "reduced"), min_ndim=1, notes=SUMS)
def qr(a, mode):
    """Q with orthonormal columns and an upper triangular R with Q R = A"""
    q, r = array_module(a).linalg.qr(a, mode)
    return q, r


@kernel(lambda make, shape: (_square(make, shape), 0.0, 1e-6), min_ndim=1, notes=SUMS)
def pinv(a, atol, rtol):
    """V diag(1/s) Uᵀ over the singular values s above max(atol, rtol · the largest)"""
    xp = array_module(a)
    u, s, vh = xp.linalg.svd(a, full_matrices=False)
    bound = xp.maximum(atol, rtol * s.max(axis=-1, keepdims=True, initial=0))
    large = s > bound
    inverse = xp.where(large, 1 / xp.where(large, s, 1), 0).astype(a.dtype)
    return xp.matmul(vh.swapaxes(-2, -1) * inverse[..., None, :], u.swapaxes(-2, -1))
