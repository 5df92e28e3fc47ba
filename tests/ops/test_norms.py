"""Norms at zero, and distances that come from a product of matrices."""

import math

import numpy as np
import pytest

import minigrad as mg


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, math.inf])
def test_norm_of_zeros_has_no_gradient(p):
    x = mg.zeros(3, requires_grad=True)
    mg.norm(x, p).backward()
    assert x.grad.tolist() == [0.0] * 3


def test_extremes_share_the_gradient():
    x = mg.tensor([2.0, -2.0, 1.0], requires_grad=True)
    mg.linalg.vector_norm(x, math.inf).backward()
    assert x.grad.tolist() == [0.5, -0.5, 0.0]


@pytest.mark.parametrize("rows", [3, 40])
def test_distance_of_equal_rows_has_no_gradient(rows):
    x = mg.ones(rows, 2, requires_grad=True)
    mg.cdist(x, mg.ones(1, 2)).sum().backward()
    assert not x.grad.numpy().any()


def test_both_ways_to_euclidean_distances(rng):
    a, b = mg.tensor(rng.normal(size=(30, 5))), mg.tensor(rng.normal(size=(4, 5)))
    exact = mg.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    np.testing.assert_allclose(mg.cdist(a, b).numpy(), exact.numpy(), rtol=1e-12)


def test_renorm_in_place():
    x = mg.tensor([[3.0, 4.0], [0.3, 0.4]])
    np.testing.assert_allclose(x.renorm_(2, 0, 1.0).numpy(), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)
