"""DataLoader."""

import pytest

import minigrad as mg
from minigrad.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    SequentialSampler,
    TensorDataset,
    random_split,
)


class Pairs(Dataset):
    """Samples like those of a TensorDataset, which take the slow path."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return mg.tensor([index, index + 1]), mg.tensor(index * 0.5)


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(5))


def tensors(size):
    rows = mg.arange(size)
    return TensorDataset(mg.stack([rows, rows + 1], 1), rows * 0.5)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("size", [1, 6, 7])
def test_the_fast_path_gives_what_the_samples_give(shuffle, drop_last, size):
    def batches(data):
        mg.manual_seed(5)
        loader = DataLoader(data, 3, shuffle, drop_last=drop_last)
        found = [batch for _ in range(2) for batch in loader]
        assert len(found) == 2 * len(loader)
        return found

    for fast, slow in zip(batches(tensors(size)), batches(Pairs(size)), strict=True):
        assert type(fast) is type(slow) is list
        for a, b in zip(fast, slow, strict=True):
            assert a.dtype is b.dtype and a.tolist() == b.tolist()


def test_a_split_takes_the_fast_path():
    part, _ = random_split(tensors(10), [6, 4])
    loader = DataLoader(part, 4)
    assert loader._takes_arrays()
    rows = [x[0].item() for xs, _ in loader for x in xs]
    assert rows == [x[0].item() for x, _ in part]


def order(loader):
    return [i for (batch,) in loader for i in batch.tolist()]


def test_order_follows_from_the_seed_alone():
    data = TensorDataset(mg.arange(20))
    mg.manual_seed(1)
    loader = DataLoader(data, 4, shuffle=True)
    first, second = order(loader), order(loader)
    assert first != second
    mg.manual_seed(1)
    mg.randn(100)
    loader = DataLoader(data, 4, shuffle=True)
    assert order(loader) == first
    state = mg.get_rng_state()
    mg.nn.functional.dropout(mg.ones(9))
    assert order(loader) == second
    mg.set_rng_state(state)
    assert order(loader) == second
    mg.manual_seed(2)
    assert order(loader) != first


def test_shuffling_does_not_change_other_draws():
    mg.manual_seed(1)
    expected = mg.randn(3).tolist()
    mg.manual_seed(1)
    order(DataLoader(TensorDataset(mg.arange(20)), shuffle=True))
    assert mg.randn(3).tolist() == expected


def test_own_generator():
    data = TensorDataset(mg.arange(20))
    orders = [
        order(DataLoader(data, shuffle=True, generator=mg.Generator().manual_seed(3)))
        for _ in range(2)
    ]
    assert orders[0] == orders[1]


def test_samplers_and_single_samples():
    data = Pairs(5)
    batches = DataLoader(data, batch_sampler=BatchSampler(SequentialSampler(data), 2, False))
    assert [len(x) for x, _ in batches] == [2, 2, 1] and batches.batch_size is None
    assert [y.item() for _, y in DataLoader(data, sampler=[3, 1])] == [1.5, 0.5]
    single = DataLoader(data, batch_size=None)
    assert len(single) == 5 and next(iter(single))[1].shape == ()
    assert [len(b) for b in DataLoader(range(5), 2, collate_fn=tuple)] == [2, 2, 1]


def test_iterable_data():
    assert [b.tolist() for b in DataLoader(Stream(), 2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in DataLoader(Stream(), 2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(), None)) == [0, 1, 2, 3, 4]
    with pytest.raises(TypeError):
        len(DataLoader(Stream()))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_workers": -1}, "num_workers"),
        ({"prefetch_factor": 2}, "num_workers above 0"),
        ({"persistent_workers": True}, "num_workers above 0"),
        ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor"),
        ({"timeout": -1}, "timeout"),
        ({"shuffle": True, "sampler": [0]}, "exclusive with shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler"),
        ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler"),
        ({"batch_size": None, "drop_last": True}, "drop_last"),
        ({"batch_size": 0}, "batch_size"),
        ({"dataset": Stream(), "shuffle": True}, "own order"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(**{"dataset": [0], **options})


def test_batches_of_samples_that_require_grad_require_it():
    data = TensorDataset(mg.zeros(4, requires_grad=True))
    assert next(iter(DataLoader(data, 2)))[0].requires_grad


def test_a_subset_sampler_gives_its_indices_as_they_are():
    assert sorted(mg.data.SubsetRandomSampler(["a", "b"])) == ["a", "b"]
