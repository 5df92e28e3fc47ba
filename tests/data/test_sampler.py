"""Samplers."""

import pytest

import minigrad as mg
from minigrad.data import BatchSampler, RandomSampler, Sampler, SequentialSampler


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
    with pytest.raises(TypeError, match="replacement"):
        RandomSampler([1], replacement=1)
    for bad in (0, -1, 2.5):
        with pytest.raises(ValueError, match="num_samples"):
            RandomSampler([1], num_samples=bad)


@pytest.mark.parametrize("drop_last, expected", [(False, [2, 2, 1]), (True, [2, 2])])
def test_batches(drop_last, expected):
    sampler = BatchSampler(SequentialSampler(range(5)), 2, drop_last)
    assert [len(b) for b in sampler] == expected and len(sampler) == len(expected)


@pytest.mark.parametrize("size, drop", [(0, False), (True, False), (1.5, False), (2, 1)])
def test_bad_batches(size, drop):
    with pytest.raises(ValueError, match="batch_size|drop_last"):
        BatchSampler([], size, drop)


def test_base_class():
    with pytest.raises(NotImplementedError, match="__iter__"):
        iter(Sampler())
