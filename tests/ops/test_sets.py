"""Distinct elements and counts: properties and edges."""

import numpy as np
import pytest

import minigrad as mg


@pytest.mark.parametrize("dim", [None, 0, 1])
@pytest.mark.parametrize("function", [mg.unique, mg.unique_consecutive])
def test_inverse_and_counts_rebuild_the_input(function, dim):
    x = mg.tensor(np.random.default_rng(1).integers(0, 2, (6, 3)))
    found, inverse, counts = function(x, return_inverse=True, return_counts=True, dim=dim)
    rebuilt = found[inverse] if dim is None else found.index_select(dim, inverse)
    assert rebuilt.equal(x)
    assert counts.equal(mg.bincount(inverse.reshape(-1), minlength=len(counts)))


def test_distinct_elements_have_no_gradient():
    assert not mg.unique(mg.ones(2, requires_grad=True)).requires_grad


def test_emulated_halves_keep_their_dtype():
    found = mg.unique(mg.tensor([2.0, -1.0, 2.0], dtype=mg.bfloat16))
    assert found.dtype is mg.bfloat16
    assert found.tolist() == [-1, 2]


def test_histograms_count_the_last_edge():
    x = mg.tensor([0.0, 0.5, 1.0, 2.0, 2.5])
    assert mg.histc(x, 2, 0, 2).tolist() == [2, 2]
    hist, edges = mg.histogram(x, mg.tensor([0.0, 1.0, 2.0]))
    assert hist.tolist() == [2, 2]
    assert edges.tolist() == [0, 1, 2]
