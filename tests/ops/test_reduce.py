"""Reductions: arguments, zeros among factors, sums of exponentials at infinity."""

import numpy as np
import pytest

import minigrad as mg


def test_variance_takes_unbiased():
    x = mg.tensor([[1.0, 2.0], [5.0, 9.0]])
    assert x.var(0, False).tolist() == x.var(0, correction=0).tolist() == [4.0, 12.25]
    assert x.var(unbiased=False).item() == x.var(False).item() == x.var(correction=0).item()
    assert x.std(0, True, True).shape == (1, 2)
    with pytest.raises(TypeError, match="not both"):
        x.var(0, True, correction=1)


@pytest.mark.parametrize(("count", "correction", "expected"), [
    (1, 1, np.nan), (0, 1, np.nan), (2, 3, np.inf), (2, 2, np.inf),
])  # fmt: skip
def test_variance_without_degrees_of_freedom(count, correction, expected):
    x = mg.arange(float(count))
    for found in (mg.var(x, correction=correction), mg.std(x, 0, correction=correction)):
        np.testing.assert_equal(found.item(), expected)


def test_deviation_of_equal_numbers_has_no_gradient():
    x = mg.ones(2, 3, requires_grad=True)
    mg.std(x, 1).sum().backward()
    assert x.grad.tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("shape", [(3000,), (40, 80), (8, 40, 10)])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_variance_takes_two_readings(rng, shape, offset):
    x = rng.normal(size=shape).astype("float32") + np.float32(offset)
    for axis in range(len(shape)):
        v, m = mg.var_mean(mg.tensor(x), axis)
        np.testing.assert_allclose(v.numpy(), x.astype(float).var(axis, ddof=1), rtol=1e-4)
        np.testing.assert_allclose(m.numpy(), x.astype(float).mean(axis), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_gradient_of_a_product_with_zeros(zeros):
    values = [2.0, 3.0, 4.0, 5.0]
    values[1 : 1 + zeros] = [0.0] * zeros
    x = mg.tensor(values, requires_grad=True)
    mg.prod(x).backward()
    assert x.grad.tolist() == [np.prod(values[:i] + values[i + 1 :]) for i in range(4)]


def test_logsumexp_of_infinities():
    rows = mg.tensor([[-np.inf, -np.inf], [np.inf, 1.0], [np.nan, 1.0], [1e4, 1e4]])
    expected = [-np.inf, np.inf, np.nan, 1e4 + np.log(2)]
    np.testing.assert_allclose(mg.logsumexp(rows, 1).numpy(), expected, rtol=1e-6)


def test_gradient_of_nansum_skips_nan():
    x = mg.tensor([1.0, np.nan, 2.0], requires_grad=True)
    mg.nansum(x).backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]


def test_truth_of_bytes_is_a_byte():
    assert mg.tensor([0, 3], dtype=mg.uint8).any().dtype is mg.uint8
