"""Products: what is ignored, written in place, and in which order matrices are multiplied."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.products import _best_splits


@pytest.mark.parametrize("name", ["addmm", "addmv", "addr", "baddbmm", "addbmm"])
def test_beta_zero_ignores_nan(name):
    sizes = {"addmm": [(2, 2)] * 2, "addmv": [(2, 2), (2,)], "addr": [(2,)] * 2}
    a, b = (mg.ones(*size) for size in sizes.get(name, [(3, 2, 2)] * 2))
    found = getattr(mg, name)(mg.tensor(math.nan), a, b, beta=0)
    assert found.isfinite().all()


def test_in_place():
    x = mg.ones(2, 2)
    assert x.addmm_(mg.eye(2), mg.eye(2), beta=2, alpha=3) is x
    assert x.tolist() == [[5.0, 2.0], [2.0, 5.0]]


@pytest.mark.parametrize("name", ["outer", "dot", "kron"])
def test_gradients_of_one_operand(name):
    x, y = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0, 5.0])
    getattr(mg, name)(x, y).sum().backward()
    assert y.grad is None and x.grad.tolist() == ([3.0, 5.0] if name == "dot" else [8.0, 8.0])


def test_the_cheapest_order():
    assert _best_splits([10, 100, 5, 50])[0, 2] == 1  # (AB)C takes 7500, A(BC) 75000
    assert _best_splits([100, 5, 100, 5])[0, 2] == 0


def test_chains_of_matrices():
    a, b, c = (mg.randn(*shape) for shape in ((2, 3), (3, 4), (4, 2)))
    assert mg.equal(mg.chain_matmul(a, b, c), mg.linalg.multi_dot([a, b, c]))
    assert mg.chain_matmul(a) is a


@pytest.mark.parametrize(("shape", "dim"), [((2, 3), 1), ((3, 3), 0), ((3, 2, 3), 0)])
def test_cross_finds_the_first_axis_of_three(shape, dim):
    x, y = mg.randn(*shape), mg.randn(*shape)
    assert mg.equal(mg.cross(x, y), mg.cross(x, y, dim))
    np.testing.assert_allclose(
        mg.cross(x, y).numpy(), np.cross(x.numpy(), y.numpy(), axis=dim), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16])
def test_half_formats(dtype):
    x = mg.tensor(np.arange(6.0).reshape(2, 3)).to(dtype)
    assert mg.einsum("ij,kj->ik", x, x).dtype is dtype
    assert mg.addmm(mg.ones(2, dtype=dtype), x, x.T).tolist() == [[6.0, 15.0], [15.0, 51.0]]
