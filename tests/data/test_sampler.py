"""Samplers."""

import pytest

import minigrad as mg
from minigrad.data import (
    BatchSampler,
    DistributedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def test_sequential_and_random():
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    sampler = RandomSampler(range(10), generator=mg.Generator().manual_seed(0))
    first, second = list(sampler), list(sampler)
    assert sorted(first) == sorted(second) == list(range(10)) and first != second
    assert all(type(i) is int for i in first)


def test_number_of_samples_and_replacement():
    long = list(RandomSampler(range(3), num_samples=5))
    assert len(long) == 5 and sorted(long[:3]) == [0, 1, 2]
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=50))
    assert len(drawn) == 50 and set(drawn) == {0, 1, 2}
    assert list(RandomSampler([])) == []
    with pytest.raises(ValueError, match="from no samples"):
        RandomSampler([], replacement=True)
    with pytest.raises(TypeError, match="replacement"):
        RandomSampler([1], replacement=1)
    for bad in (0, -1, 2.5):
        with pytest.raises(ValueError, match="num_samples"):
            RandomSampler([1], num_samples=bad)


def test_a_subset_in_random_order():
    sampler = SubsetRandomSampler([5, 7, 9, 11], generator=mg.Generator().manual_seed(0))
    orders = [tuple(sampler) for _ in range(20)]
    assert len(sampler) == 4 and len(set(orders)) > 1
    assert all(sorted(order) == [5, 7, 9, 11] for order in orders)
    assert list(SubsetRandomSampler([])) == []
    loader = mg.data.DataLoader(range(12), batch_size=4, sampler=sampler)
    assert sorted(next(iter(loader)).tolist()) == [5, 7, 9, 11]


def test_weighted_draws():
    sampler = WeightedRandomSampler([0.0, 3.0, 1.0], 4000, generator=mg.Generator().manual_seed(0))
    drawn = list(sampler)
    assert len(sampler) == len(drawn) == 4000 and type(drawn[0]) is int
    assert drawn.count(0) == 0 and 2850 < drawn.count(1) < 3150
    once = WeightedRandomSampler(mg.tensor([1.0, 2.0, 3.0]), 3, replacement=False)
    assert sorted(once) == [0, 1, 2]


@pytest.mark.parametrize("sampler", [
    lambda: SubsetRandomSampler(range(30)), lambda: WeightedRandomSampler([1.0] * 30, 30),
])  # fmt: skip
def test_orders_follow_from_the_seed_alone(sampler):
    mg.manual_seed(3)
    first = list(sampler())
    mg.manual_seed(3)
    mg.rand(5)
    assert list(sampler()) == first


def test_bad_weighted_draws():
    for bad in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match="num_samples"):
            WeightedRandomSampler([1.0], bad)
    with pytest.raises(ValueError, match="replacement"):
        WeightedRandomSampler([1.0], 1, replacement=1)
    with pytest.raises(ValueError, match=r"weights.*\(1, 2\)"):
        WeightedRandomSampler([[1.0, 2.0]], 1)


@pytest.mark.parametrize("drop_last, expected", [(False, [2, 2, 1]), (True, [2, 2])])
def test_batches(drop_last, expected):
    sampler = BatchSampler(SequentialSampler(range(5)), 2, drop_last)
    assert [len(b) for b in sampler] == expected and len(sampler) == len(expected)


@pytest.mark.parametrize("size, drop", [(0, False), (True, False), (1.5, False), (2, 1)])
def test_bad_batches(size, drop):
    with pytest.raises(ValueError, match="batch_size|drop_last"):
        BatchSampler([], size, drop)


@pytest.mark.torch
@pytest.mark.parametrize("size, replicas", [(10, 3), (9, 3), (2, 5), (7, 1)])
@pytest.mark.parametrize("drop_last", [False, True])
def test_shares_are_those_of_torch(size, replicas, drop_last):
    torch_data = pytest.importorskip("torch.utils.data")
    for rank in range(replicas):
        options = {"num_replicas": replicas, "rank": rank, "drop_last": drop_last}
        ours = DistributedSampler(range(size), shuffle=False, **options)
        theirs = torch_data.DistributedSampler(range(size), shuffle=False, **options)
        assert list(ours) == list(theirs) and len(ours) == len(theirs)


def test_shares_of_a_shuffled_epoch_cover_all_samples():
    samplers = [DistributedSampler(range(9), 3, rank, seed=4) for rank in range(3)]
    first = [list(sampler) for sampler in samplers]
    assert sorted(sum(first, [])) == list(range(9)) and first == [list(s) for s in samplers]
    for sampler in samplers:
        sampler.set_epoch(1)
    assert sorted(sum(map(list, samplers), [])) == list(range(9))
    assert first != [list(sampler) for sampler in samplers]
    with pytest.raises(ValueError, match="Invalid rank 3"):
        DistributedSampler(range(9), 3, 3)


def test_base_class():
    with pytest.raises(NotImplementedError, match="__iter__"):
        iter(Sampler())
