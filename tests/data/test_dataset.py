"""Data sets and splits."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import (
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Squares(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return index**2


def test_tensor_dataset():
    data = TensorDataset(mg.arange(6).reshape(3, 2), mg.tensor([0.0, 1.0, 2.0]))
    assert len(data) == 3
    x, y = data[-1]
    assert x.tolist() == [4, 5] and y.item() == 2
    assert [t.tolist() for t in data.batch(np.array([2, 0]))] == [[[4, 5], [0, 1]], [2, 0]]
    with pytest.raises(ValueError, match=r"one length.*\(3,\).*\(2,\)"):
        TensorDataset(mg.ones(3), mg.ones(2))
    with pytest.raises(TypeError, match="argument 1 must be a tensor, got list"):
        TensorDataset(mg.ones(3), [1, 2, 3])
    with pytest.raises(ValueError, match="one length"):
        TensorDataset()


def test_half_rows_stay_half():
    rows = mg.tensor([1.5, 2.5], dtype=mg.bfloat16)
    (batch,) = TensorDataset(rows).batch(np.array([1]))
    assert batch.dtype is mg.bfloat16 and batch.tolist() == [2.5]


def test_subset_and_concat():
    data = Squares() + Subset(Squares(), [3, 1])
    assert isinstance(data, ConcatDataset) and len(data) == 7 and data.cumulative_sizes == [5, 7]
    assert [data[i] for i in (0, 4, 5, -1)] == [0, 16, 9, 1]
    for index in (7, -8):
        with pytest.raises(IndexError, match="7 samples"):
            data[index]
    with pytest.raises(ValueError, match="at least one"):
        ConcatDataset([])
    with pytest.raises(TypeError, match="IterableDataset"):
        ConcatDataset([IterableDataset()])


def test_chained_data_sets_are_read_one_after_the_other():
    class Count(IterableDataset):
        def __init__(self, n):
            self.n = n

        def __iter__(self):
            return iter(range(self.n))

        def __len__(self):
            return self.n

    data = Count(2) + Count(3)
    assert isinstance(data, ChainDataset) and len(data) == 5
    assert [batch.tolist() for batch in DataLoader(data, 4)] == [[0, 1, 0, 1], [2]]
    with pytest.raises(TypeError, match="only supports IterableDataset, got Squares"):
        ChainDataset([Squares()])


def test_stacked_data_sets_give_tuples_or_dicts():
    pair, named = StackDataset(Squares(), [5] * 5), StackDataset(a=Squares(), b=[5] * 5)
    assert pair[2] == (4, 5) and named[2] == {"a": 4, "b": 5} and len(pair) == len(named) == 5
    (batch,) = DataLoader(named, 5)
    assert batch["a"].tolist() == [0, 1, 4, 9, 16]
    with pytest.raises(ValueError, match="Size mismatch between datasets: they have .5, 1."):
        StackDataset(Squares(), [1])
    with pytest.raises(ValueError, match="at least one"):
        StackDataset()
    with pytest.raises(ValueError, match="not both"):
        StackDataset(Squares(), a=Squares())


def test_base_classes_ask_for_what_is_missing():
    with pytest.raises(NotImplementedError, match="__getitem__"):
        Dataset()[0]
    with pytest.raises(NotImplementedError, match="__iter__"):
        iter(IterableDataset())
    with pytest.raises(TypeError, match="only supports IterableDataset, got Squares"):
        IterableDataset() + Squares()


def test_random_split():
    generator = mg.Generator().manual_seed(3)
    parts = random_split(Squares(), [3, 2], generator=generator)
    assert [len(p) for p in parts] == [3, 2]
    assert sorted(v for p in parts for v in p) == [0, 1, 4, 9, 16]
    again = random_split(Squares(), [3, 2], generator=generator.manual_seed(3))
    assert [list(p) for p in parts] == [list(p) for p in again]
    assert [len(p) for p in random_split(Squares(), [0.5, 0.3, 0.2])] == [3, 1, 1]
    with pytest.raises(ValueError, match="must sum to the 5 samples"):
        random_split(Squares(), [3, 3])


@pytest.mark.torch
@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.7, 0.2, 0.1), (0.33, 0.33, 0.34), (1.0,)])
@pytest.mark.parametrize("size", [11, 100])
def test_fractions_give_the_lengths_of_torch(fractions, size):
    from minigrad.data.dataset import _whole

    torch = pytest.importorskip("torch")
    theirs = torch.utils.data.random_split(range(size), fractions)
    assert _whole(fractions, size) == [len(p) for p in theirs]
