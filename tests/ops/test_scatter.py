"""Gathering and scattering: what calls on random numbers do not reach."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn.functional import embedding
from minigrad.testing import gradcheck


def leaf(*shape):
    return mg.randn(*shape, dtype=mg.float64, requires_grad=True)


@pytest.mark.parametrize("function", [mg.scatter, mg.scatter_add])
def test_only_the_part_of_src_that_is_read_has_a_gradient(function):
    index = mg.tensor([[0, 2], [1, 0]])
    x, src = leaf(3, 4), leaf(3, 4)
    assert gradcheck(lambda x, src: function(x, 1, index, src), [x, src])
    function(x, 1, index, src).sum().backward()
    assert src.grad.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("reduce", ["add", "multiply"])
def test_reducing_scatters_have_gradients(reduce):
    index = mg.tensor([[0, 0, 2], [1, 1, 1]])
    assert gradcheck(lambda x, s: mg.scatter(x, 1, index, s, reduce=reduce), [leaf(2, 3)] * 2)


def test_of_equal_indices_the_last_counts():
    x = mg.zeros(2).scatter(0, mg.tensor([1, 1, 1]), mg.tensor([1.0, 2.0, 3.0]))
    assert x.tolist() == [0, 3]


@pytest.mark.parametrize("values", [[2.0, 3.0, 5.0], [0.0, 3.0, 5.0], [0.0, 3.0, 0.0]])
def test_products_are_differentiated_exactly_at_zeros(values):
    index = mg.tensor([0, 0, 0])
    src = mg.tensor(values, dtype=mg.float64, requires_grad=True)
    one = mg.ones(1, dtype=mg.float64)
    one.scatter_reduce(0, index, src, "prod").sum().backward()
    a, b, c = values
    assert src.grad.tolist() == [b * c, a * c, a * b]


def test_ties_share_the_gradient():
    x = mg.tensor([1.0, 0.0], requires_grad=True)
    src = mg.tensor([1.0, 1.0, 2.0, 2.0], requires_grad=True)
    x.scatter_reduce(0, mg.tensor([0, 0, 1, 1]), src, "amax").sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [1 / 3, 0], rtol=1e-6)
    np.testing.assert_allclose(src.grad.numpy(), [1 / 3, 1 / 3, 0.5, 0.5], rtol=1e-6)


@pytest.mark.parametrize("reduce", ["amax", "amin", "sum", "prod", "mean"])
def test_nan_stays(reduce):
    src = mg.tensor([1.0, float("nan"), 2.0])
    y = mg.zeros(2).scatter_reduce(0, mg.tensor([0, 0, 1]), src, reduce)
    assert y.isnan().tolist() == [True, False]


def test_take_along_dim_refuses_what_would_wrap_around():
    with pytest.raises(IndexError, match="index 7 .*dimension 0 with size 3"):
        mg.take_along_dim(mg.zeros(3, 4), mg.tensor([[7]]), 0)


def test_index_add_takes_whole_multiples_of_integers():
    x = mg.zeros(2, dtype=mg.int64)
    with pytest.raises(RuntimeError, match="alpha=0.5"):
        x.index_add(0, mg.tensor([0]), mg.tensor([3]), alpha=0.5)


def test_written_in_place():
    x, index, ones = mg.zeros(3), mg.tensor([2, 2]), mg.ones(2)
    assert x.scatter_add_(0, index, ones) is x
    x.index_add_(0, index, ones, alpha=2).index_fill_(0, mg.tensor([0]), 7.0)
    assert x.tolist() == [7, 0, 6]
    x.index_copy_(0, mg.tensor([1]), mg.tensor([4.0])).scatter_(0, mg.tensor([0]), -1.0)
    assert x.tolist() == [-1, 4, 6]
    x.scatter_reduce_(0, index, mg.tensor([9.0, 8.0]), "amax")
    x.index_reduce_(0, mg.tensor([1]), mg.tensor([3.0]), "prod")
    assert x.tolist() == [-1, 12, 9]


def test_in_place_writes_are_not_recorded():
    with pytest.raises(RuntimeError, match="scatter_add"):
        leaf(2).scatter_add_(0, mg.tensor([0]), mg.ones(1, dtype=mg.float64))


def test_padding_has_no_gradient():
    weight = leaf(3, 2)
    embedding(mg.tensor([0, 1, 1]), weight, padding_idx=-2).sum().backward()
    assert weight.grad.tolist() == [[1, 1], [0, 0], [0, 0]]


def test_gradients_scaled_by_frequency():
    weight, index = leaf(3, 2), mg.tensor([[0, 1], [1, 1]])
    embedding(index, weight, scale_grad_by_freq=True).sum().backward()
    np.testing.assert_allclose(weight.grad.numpy(), [[1, 1], [1, 1], [0, 0]])


@pytest.mark.torch
@pytest.mark.parametrize("norm_type", [2.0, 1.0])
def test_rows_that_are_read_are_shortened(norm_type):
    import torch

    table = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    index, results = np.array([0, 2, 2]), []
    for m in (mg, torch):
        weight = m.tensor(table.copy(), requires_grad=True)
        y = m.nn.functional.embedding(m.tensor(index), weight, None, 0.8, norm_type)
        y.sum().backward()
        results.append([t.detach().numpy() for t in (y, weight, weight.grad)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
