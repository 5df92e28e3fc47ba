"""Running sums, products and extremes: zeros, ties, NaN, long rows, in-place forms."""

import numpy as np
import pytest

import minigrad as mg


@pytest.mark.parametrize("zeros", [(), (1,), (0, 2)])
def test_gradient_of_cumprod_with_zeros(zeros):
    values = np.array([2.0, 3.0, 4.0, 5.0])
    values[list(zeros)] = 0
    x = mg.tensor(values, requires_grad=True)
    mg.cumprod(x, 0).sum().backward()
    expected = [
        sum(np.prod(np.delete(values[: j + 1], i)) for j in range(i, 4)) for i in range(4)
    ]
    assert x.grad.tolist() == expected


@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_the_last_of_equals_is_found(name):
    found = getattr(mg, name)(mg.tensor([1.0, 1.0, 1.0]), 0)
    assert found.indices.tolist() == [0, 1, 2]
    found = getattr(mg, name)(mg.tensor([1.0, float("nan"), 5.0, 0.0]), 0)
    assert found.indices.tolist() == [0, 1, 1, 1]
    assert np.isnan(found.values.tolist()[1:]).all()


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
@pytest.mark.parametrize("shape", [(1,), (3,), (10007,), (3, 1001), (2, 501, 3)])
def test_long_sums_are_exact_to_the_last_digit(rng, shape, dtype):
    x = mg.tensor(rng.integers(-8, 9, shape).astype(float), dtype=dtype, requires_grad=True)
    for axis in range(len(shape)):
        y = mg.cumsum(x, axis)
        np.testing.assert_array_equal(y.detach().numpy(), np.cumsum(x.detach().numpy(), axis))
        (gradient,) = mg.grad(y.sum(), [x])
        counts = np.arange(shape[axis], 0, -1.0).reshape([-1] + [1] * (len(shape) - axis - 1))
        np.testing.assert_array_equal(gradient.numpy(), np.broadcast_to(counts, shape))


def test_in_place():
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.cumsum_(0) is x
    assert x.tolist() == [[1.0, 2.0], [4.0, 6.0]]
    assert x.cumprod_(1).tolist() == [[1.0, 2.0], [4.0, 24.0]]


def test_logcumsumexp_does_not_overflow():
    x = mg.tensor([-np.inf, 1000.0, 1000.0])
    np.testing.assert_allclose(
        mg.logcumsumexp(x, 0).numpy(), [-np.inf, 1000, 1000 + np.log(2)], rtol=1e-6
    )
