"""Matrix products and linear layers, on every path of the rule that picks one."""

import numpy as np
import pytest

from minigrad.kernels import blas, launch, memory
from minigrad.kernels.cpu import matmul
from minigrad.kernels.cpu.matmul import FEW_ROWS, LONG_ROWS
from minigrad.kernels.reference import matmul as reference
from minigrad.kernels.reference.fused import IDENTITY, RELU, SIGMOID, TANH


def normal(*shape, dtype="float64"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize(
    "left, right",
    [((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)),
     ((5, 2, 3), (3, 4)), ((5, 1, 2, 3), (7, 3, 4)), ((2, 5, 2, 3), (2, 5, 3, 4)), ((0, 3), (3, 4)),
     ((2, 0), (0, 4))],
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_shapes_are_numpys(left, right, dtype):
    a, b = (normal(*shape) * 9 for shape in (left, right))
    a, b = a.astype(dtype), b.astype(dtype)
    actual, expected = matmul.matmul(a, b), np.matmul(a, b)
    assert type(actual) is np.ndarray
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("threads", [1, 2])
def test_wrong_shapes_raise(threads, monkeypatch):
    monkeypatch.setattr(launch, "_threads", threads)
    with pytest.raises(ValueError, match="aligned"):
        matmul.matmul(normal(2, 3), normal(4, 5))
    many = normal(2048, 90, dtype="float32")
    for call in (matmul.matmul, matmul.linear_input_grad):
        with pytest.raises(ValueError, match="aligned"):
            call(many, normal(30, 40, dtype="float32"))
    with pytest.raises(ValueError, match="aligned"):
        matmul.linear(many, normal(40, 30, dtype="float32"), normal(40, dtype="float32"))
    with pytest.raises(ValueError, match="aligned"):
        matmul.linear_weight_grad(many[:300], many[:200])


@pytest.mark.parametrize("rows", [0, 1, FEW_ROWS, FEW_ROWS + 1])
@pytest.mark.parametrize("inside, outside", [(3, 5), (LONG_ROWS, 12)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_linear_and_its_gradients(rows, inside, outside, with_bias):
    x, weight, g = normal(rows, inside), normal(outside, inside), normal(rows, outside)
    bias = normal(outside) if with_bias else None
    y = matmul.linear(x, weight, bias)
    assert y.flags.c_contiguous
    np.testing.assert_allclose(y, x @ weight.T + (bias if with_bias else 0), atol=1e-11)
    np.testing.assert_allclose(matmul.linear_input_grad(g, weight), g @ weight, atol=1e-11)
    np.testing.assert_allclose(matmul.linear_weight_grad(g, x), g.T @ x, atol=1e-11)


def test_leading_axes():
    x, weight, bias, g = normal(2, 3, 4), normal(5, 4), normal(5), normal(2, 3, 5)
    np.testing.assert_allclose(matmul.linear(x, weight, bias), x @ weight.T + bias)
    np.testing.assert_allclose(matmul.linear_input_grad(g, weight), g @ weight)
    expected = np.einsum("abo,abi->oi", g, x)
    np.testing.assert_allclose(matmul.linear_weight_grad(g, x), expected)


@pytest.mark.parametrize("lead", [(), (0, 2), (2, 3), (4, 32, 16)])
@pytest.mark.parametrize("activation", [IDENTITY, TANH])
def test_all_gradients_with_leading_axes(lead, activation):
    x, weight, g = normal(*lead, 40), normal(50, 40), normal(*lead, 50)
    y = np.tanh(g)
    for needs in ((True, True, True), (False, True, False)):
        call = g, x, weight, y, activation, needs
        pairs = zip(matmul.linear_vjp(*call), reference.linear_vjp(*call), strict=True)
        for found, wanted in pairs:
            if wanted is None:
                assert found is None
            else:
                assert found.shape == wanted.shape
                np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


def test_leading_axes_are_one_product(monkeypatch):
    """Not one for each matrix of a batch: those of 64 rows take a third longer."""
    products = []
    dot = matmul._dot
    monkeypatch.setattr(matmul, "_dot", lambda *a: products.append(a[0].shape) or dot(*a))
    g, x, weight = normal(16, 64, 50), normal(16, 64, 40), normal(50, 40)
    matmul.linear_vjp(g, x, weight, g, IDENTITY, (True, True, True))
    assert products == [(1024, 50), (50, 1024)]


@pytest.mark.parametrize("dtype, limit", [("float32", 1e-5), ("float64", 1e-13)])
@pytest.mark.parametrize("activation", [IDENTITY, RELU, TANH, SIGMOID])
@pytest.mark.parametrize("rows, inside, outside", [
    (1, 1, 1), (3, 5, 17), (64, 64, 128), (33, 40, 50), (7, 128, 10), (200, 16, 2), (2, 300, 31),
])  # fmt: skip
def test_compiled_layers_of_any_size(rows, inside, outside, activation, dtype, limit):
    x, weight, bias = normal(rows, inside), normal(outside, inside), normal(outside)
    operands = x, weight / inside**0.5, bias, normal(rows, outside)
    x, weight, bias, g = (a.astype(dtype) for a in operands)
    loops = matmul._loops()
    y, *gradients = (np.empty(s, dtype) for s in (g.shape, x.shape, weight.shape, bias.shape))
    loops.forward(x, weight, bias, y, activation)
    exact = [a.astype(float) for a in (x, weight, bias)]
    wanted = reference.linear(*exact, activation)
    np.testing.assert_allclose(y, wanted, rtol=limit, atol=limit)
    loops.backward(g, x, weight, y, *gradients, activation)
    call = g.astype(float), *exact[:2], y.astype(float), activation, (True, True, True)
    for found, expected in zip(gradients, reference.linear_vjp(*call), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=limit * abs(expected).max())


def test_large_layers_take_memory_that_is_used_again():
    x, weight = normal(8192, 4, dtype="float32"), normal(30, 4, dtype="float32")
    before = memory.stats()["leased_bytes"]
    y = matmul.linear(x, weight, None)
    assert memory.stats()["leased_bytes"] - before == y.nbytes


def test_operands_of_two_dtypes():
    assert matmul.linear(normal(2, 3, dtype="float32"), normal(4, 3), None).dtype == np.float64


@pytest.fixture
def shared_out(monkeypatch):
    """Two threads share out every product."""
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    monkeypatch.setattr(matmul, "BLAS_ALONE", 0)
    before = launch.get_num_threads()
    launch.set_num_threads(2)
    yield
    launch.set_num_threads(before)


@pytest.mark.parametrize("rows, inside, outside", [(1, 5, 1), (9, 7, 5), (5, 7, 9), (40, 3, 40)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_shared_products(shared_out, rows, inside, outside, dtype):
    a, b = ((normal(*shape) * 9).astype(dtype) for shape in ((rows, inside), (inside, outside)))
    expected = np.einsum("ik,kj->ij", a, b)
    for left in (a, np.asfortranarray(a)):
        for right in (b, np.asfortranarray(b)):
            actual = matmul.matmul(left, right)
            assert actual.flags.c_contiguous
            assert actual.dtype == dtype
            np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-3)


def test_shared_products_leave_out_blas_threads(shared_out, monkeypatch):
    seen = []
    monkeypatch.setattr(
        matmul, "_rows_times", lambda *_: seen.extend(get() for get, _ in blas._libraries())
    )
    matmul.linear(normal(32, 64), normal(64, 64), None)
    assert seen
    assert set(seen) == {1}


@pytest.mark.parametrize("rows", [1, 2, FEW_ROWS, FEW_ROWS + 1])
def test_shared_linear_and_its_gradients(shared_out, rows):
    x, weight, g = normal(rows, LONG_ROWS), normal(256, LONG_ROWS), normal(rows, 256)
    np.testing.assert_allclose(matmul.linear(x, weight, None), x @ weight.T, atol=1e-11)
    dx, dweight, dbias = matmul.linear_vjp(g, x, weight, None, 0, (True, True, True))
    np.testing.assert_allclose(dx, g @ weight, atol=1e-11)
    np.testing.assert_allclose(dweight, g.T @ x, atol=1e-11)
    np.testing.assert_allclose(dbias, g.sum(0), atol=1e-11)
