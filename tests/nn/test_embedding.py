"""Tables of vectors that are looked up."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_the_padding_row_starts_at_zero_and_stays():
    table = nn.Embedding(4, 3, padding_idx=-1)
    assert table.padding_idx == 3 and not table.weight[3].any() and table.weight[2].any()
    table(mg.tensor([3, 1])).sum().backward()
    assert table.weight.grad.tolist() == [[0] * 3, [1] * 3, [0] * 3, [0] * 3]


def test_long_rows_are_shortened_where_they_are_read():
    table = nn.Embedding.from_pretrained(mg.tensor([[3.0, 4.0], [30.0, 40.0]]), max_norm=1.0)
    np.testing.assert_allclose(table(mg.tensor([0])), [[0.6, 0.8]], rtol=1e-6)
    assert table.weight[1].tolist() == [30, 40] and not table.weight.requires_grad


def test_frequent_rows_of_bags_get_smaller_gradients():
    """Each gradient is divided by how often the row is read in the whole call."""
    bag = nn.EmbeddingBag(5, 1, mode="sum", scale_grad_by_freq=True)
    (bag(mg.tensor([[0, 0, 1], [1, 1, 1]])) * mg.tensor([[1.0], [10.0]])).sum().backward()
    assert bag.weight.grad.flatten().tolist() == [1, 31 / 4, 0, 0, 0]


def test_bags_lie_in_order():
    bag = nn.EmbeddingBag(5, 1)
    with pytest.raises(RuntimeError, match=r"offsets must not decrease.*\[0, 3, 2\]"):
        bag(mg.tensor([0, 1, 2, 3]), mg.tensor([0, 3, 2]))
