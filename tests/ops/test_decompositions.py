"""Factorisations whose factors are not unique, by what does not depend on the choice."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import gradcheck, gradgradcheck

from .calls.decompositions import positive
from .sweep import wide

rng = np.random.default_rng(34)


def symmetric(a):
    return a + a.swapaxes(-2, -1)


def rebuilt(u, s, vh):
    """Different functions of all three factors, whatever their signs."""
    k = s.shape[-1]
    u, vh = u[..., :, :k], vh[..., :k, :]
    return (u * s.unsqueeze(-2) ** 2) @ vh, u.abs(), vh.abs(), s


INVARIANTS = {
    "cholesky": lambda lib, a: lib.linalg.cholesky(symmetric(a)),
    "cholesky upper": lambda lib, a: lib.linalg.cholesky(symmetric(a), upper=True),
    "eigvalsh": lambda lib, a: lib.linalg.eigvalsh(symmetric(a)),
    "eigvalsh U": lambda lib, a: lib.linalg.eigvalsh(symmetric(a), "U"),
    "eigenvectors": lambda lib, a: lib.linalg.eigh(symmetric(a)).eigenvectors.abs(),
    "eigh": lambda lib, a: _power(*lib.linalg.eigh(symmetric(a))),
    "pinv": lambda lib, a: lib.linalg.pinv(symmetric(a), hermitian=True),
    "logdet": lambda lib, a: lib.logdet(symmetric(a)),
    "svd of square": lambda lib, a: rebuilt(*lib.linalg.svd(a)),
    "svd of tall": lambda lib, a: rebuilt(*lib.linalg.svd(a[..., :2], full_matrices=False)),
    "svd of wide": lambda lib, a: rebuilt(*lib.linalg.svd(a[..., :2, :], full_matrices=False)),
    "torch's svd": lambda lib, a: lib.svd(a)[2].abs(),
    "cholesky_solve": lambda lib, a: lib.cholesky_solve(a, lib.tril(a)),
    "cholesky_solve upper": lambda lib, a: lib.cholesky_solve(a[..., :2], lib.triu(a), True),
    "cholesky_inverse": lambda lib, a: lib.cholesky_inverse(lib.tril(a)),
    "Q": lambda lib, a: lib.linalg.qr(a[..., :2]).Q.abs(),
}


def _power(eigenvalues, v):
    return (v * eigenvalues.unsqueeze(-2) ** 3) @ v.swapaxes(-2, -1)


def outputs(found):
    return found if isinstance(found, tuple) else (found,)


every_invariant = pytest.mark.parametrize("name", INVARIANTS)
BATCH = positive(2, 3, 3)


@every_invariant
def test_gradients(name):
    function = lambda a: INVARIANTS[name](mg, a)  # noqa: E731
    inputs = [mg.tensor(BATCH, requires_grad=True)]
    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs)


@pytest.mark.parametrize("p", [1, -1, np.inf, -np.inf, "fro"])
def test_gradients_of_the_condition(p):
    assert gradcheck(lambda a: mg.linalg.cond(a, p), [mg.tensor(BATCH, requires_grad=True)])


@pytest.mark.parametrize("p", [None, 1, np.inf, "fro", "nuc"])
def test_singular_matrices_have_an_infinite_condition(p):
    batch = mg.tensor(np.stack([2 * np.eye(2), np.zeros((2, 2)), [[1.0, 0], [0, 0]]]))
    found = mg.linalg.cond(batch, p)
    assert found[0].isfinite() and not found[1].isfinite() and found[2].isinf()


@pytest.mark.torch
@every_invariant
def test_equals_torch(name):
    import torch

    results = []
    for lib in (mg, torch):
        a = lib.tensor(BATCH, requires_grad=True)
        found = outputs(INVARIANTS[name](lib, a))
        sum((t * t.cos()).sum() for t in found).backward()
        results.append([t.detach().numpy() for t in (*found, a.grad)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 3), (3, 0), (0, 2, 2)])
@pytest.mark.parametrize("full", [True, False])
def test_svd_rebuilds(shape, full):
    a = mg.tensor(rng.normal(size=shape))
    u, s, vh = mg.linalg.svd(a, full)
    k = s.shape[-1]
    np.testing.assert_allclose(wide((u[..., :k] * s.unsqueeze(-2)) @ vh[..., :k, :]), wide(a))
    for side in (u.mT @ u, vh @ vh.mT):
        np.testing.assert_allclose(wide(side), np.eye(side.shape[-1]) + 0 * wide(side), atol=1e-12)
    assert u.shape[-1] == (shape[-2] if full else k)
    again = mg.svd(a, some=not full)
    np.testing.assert_allclose(wide(again.V), wide(vh.mT))


def test_svd_without_vectors():
    u, s, v = mg.svd(mg.tensor(rng.normal(size=(3, 2))), compute_uv=False)
    assert u.shape == (3, 3) and v.shape == (2, 2)
    assert not wide(u).any() and not wide(v).any() and wide(s).all()


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2)])
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr_rebuilds(shape, mode):
    a = mg.tensor(rng.normal(size=shape))
    q, r = mg.linalg.qr(a, mode)
    np.testing.assert_allclose(wide(q @ r), wide(a), atol=1e-12)
    identity = np.broadcast_to(np.eye(q.shape[-1]), (*shape[:-2], q.shape[-1], q.shape[-1]))
    np.testing.assert_allclose(wide(q.mT @ q), identity, atol=1e-12)
    assert mg.equal(mg.triu(r), r)


@pytest.mark.parametrize("shape", [(4, 2), (2, 4)])
def test_qr_by_its_old_name(shape):
    a = mg.tensor(rng.normal(size=shape))
    for some, mode in ((True, "reduced"), (False, "complete")):
        found, expected = mg.qr(a, some), mg.linalg.qr(a, mode)
        assert type(found) is mg.return_types.qr
        assert mg.equal(found.Q, expected.Q) and mg.equal(a.qr(some).R, expected.R)


def test_cholesky_by_its_old_name():
    a = mg.tensor(BATCH)
    assert mg.equal(mg.cholesky(a), mg.linalg.cholesky(a))
    assert mg.equal(a.cholesky(True), mg.linalg.cholesky(a, upper=True))


def test_qr_without_q():
    a = mg.tensor(rng.normal(size=(4, 2)))
    q, r = mg.linalg.qr(a, "r")
    assert q.shape == (0,) and mg.equal(r, mg.linalg.qr(a).R)


@pytest.mark.parametrize("mode", ["r", "complete"])
def test_qr_refuses_gradients_that_do_not_exist(mode):
    a = mg.ones(4, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match="no gradient"):
        mg.linalg.qr(a, mode)[1].sum().backward()


@pytest.mark.parametrize("name", ["linalg_eigh", "linalg_svd", "linalg_qr", "linalg_slogdet"])
def test_results_are_named(name):
    found = getattr(mg.linalg, name.removeprefix("linalg_"))(mg.eye(2))
    assert type(found) is getattr(mg.return_types, name)


def test_determinant_of_singular_matrices():
    a = mg.tensor([[[1.0, 2.0], [2.0, 4.0]], [[2.0, 0.0], [0.0, 4.0]]], requires_grad=True)
    mg.linalg.det(a).sum().backward()
    np.testing.assert_allclose(wide(a.grad), [[[4, -2], [-2, 1]], [[4, 0], [0, 2]]], atol=1e-5)


def test_singular_triangles_do_not_raise():
    a = mg.tensor([[0.0, 0.0], [1.0, 1.0]])
    assert mg.linalg.solve_triangular(a, mg.ones(2, 1), upper=False)[0].item() == np.inf


def test_singular_matrices_raise():
    for matrix in (mg.zeros(2, 2), mg.zeros(3, 2, 2)):
        with pytest.raises(mg.linalg.LinAlgError, match="singular"):
            mg.linalg.inv(matrix)
    assert issubclass(mg.linalg.LinAlgError, RuntimeError)


def test_a_singular_matrix_of_many_is_named():
    with pytest.raises(mg.linalg.LinAlgError, match=r"matrix 1, 0 of the batch.*\(2, 2, 2, 2\)"):
        batch = mg.eye(2).repeat(2, 2, 1, 1).clone()
        batch[1, 0, 1, 1] = 0
        mg.linalg.inv(batch)


@pytest.mark.parametrize("half", [mg.float16, mg.bfloat16])
def test_half_formats_are_refused(half):
    a = mg.eye(2, dtype=half)
    for function in (mg.linalg.inv, mg.linalg.det, mg.linalg.svd, mg.linalg.cholesky, mg.linalg.qr):
        with pytest.raises(RuntimeError, match="float32 or float64"):
            function(a)
