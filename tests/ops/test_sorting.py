"""Sorting: order of equals, NaN, names of results."""

import numpy as np
import pytest

import minigrad as mg

NAN = float("nan")


def test_equal_elements_keep_their_order():
    x = mg.tensor([0.0, -0.0, 1.0, 0.0, 1.0])
    assert x.argsort().tolist() == [0, 1, 3, 2, 4]
    assert x.argsort(descending=True).tolist() == [2, 4, 0, 1, 3]


def test_nan_is_the_largest():
    x = mg.tensor([1.0, NAN, 3.0, NAN, float("inf")])
    assert x.argsort().tolist() == [0, 2, 4, 1, 3]
    assert x.argsort(descending=True).tolist() == [1, 3, 4, 2, 0]
    assert x.topk(3).indices.tolist() == [1, 3, 4]
    assert x.topk(4, largest=False).indices.tolist() == [0, 2, 4, 1]
    assert x.kthvalue(3).values.item() == float("inf")


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("k", [1, 3, 40])
def test_the_first_k_are_those_of_the_whole_order(k, largest):
    rng = np.random.default_rng(k)
    x = mg.tensor(rng.integers(0, 20, (3, 200, 2)).astype(np.float32))
    x[0, 5:9, 1] = NAN
    order = x.argsort(1, descending=largest)
    assert x.topk(k, 1, largest).indices.equal(order[:, :k])


def test_results_have_names():
    x = mg.tensor([2.0, 1.0])
    for result in (x.sort(), x.topk(1), x.kthvalue(1)):
        assert result._fields == ("values", "indices")
    assert repr(x.sort()).startswith("minigrad.return_types.sort(\nvalues=tensor([1., 2.])")


def test_gradients_go_where_values_came_from():
    x = mg.tensor([2.0, 2.0, 1.0], requires_grad=True)
    (x.sort(stable=True).values * mg.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [2, 3, 1]


@pytest.mark.parametrize("right", [False, True])
def test_buckets_hold_their_values(right):
    edges = mg.tensor([0.0, 1.0, 1.0, 2.0])
    x = mg.tensor([-1.0, 0.0, 1.0, 1.5, 2.0, 3.0, NAN])
    assert mg.bucketize(x, edges, right=right).equal(mg.searchsorted(edges, x, right=right))
    expected = [0, 1, 3, 3, 4, 4, 4] if right else [0, 0, 1, 3, 3, 4, 4]
    assert mg.bucketize(x, edges, right=right).tolist() == expected
