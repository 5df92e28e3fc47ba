"""Data sets: indexable collections of samples."""

import itertools
import math
from bisect import bisect_right

import numpy as np

from .. import backend
from ..engine.graph import TensorBase, new_tensor
from ..ops.sampling import randperm


class Dataset:
    """Base of data sets: give ``__getitem__`` and ``__len__``."""

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Base of data sets that are read in the order they give: define ``__iter__``."""

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Samples are tuples of the rows of tensors of one length.

    >>> import minigrad as mg
    >>> TensorDataset(mg.arange(3), mg.arange(3) * 2)[1]
    (tensor(1), tensor(2))
    """

    def __init__(self, *tensors):
        for position, tensor in enumerate(tensors):
            if not isinstance(tensor, TensorBase):
                raise TypeError(
                    f"TensorDataset: argument {position} must be a tensor, got "
                    f"{type(tensor).__name__}; mg.from_numpy makes one of an array"
                )
        shapes = [t.shape for t in tensors]
        if not shapes or not all(s and s[0] == shapes[0][0] for s in shapes):
            raise ValueError(f"TensorDataset: tensors need one length, got shapes {shapes}")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)

    def batch(self, indices):
        """The rows of an index array, as a list of tensors: what collating the samples gives."""
        return [_rows(tensor, indices) for tensor in self.tensors]

    def __len__(self):
        return self.tensors[0].shape[0]


def _rows(tensor, indices):
    array = tensor._array
    xp = backend.array_module(array)
    return new_tensor(xp.take(array, xp.asarray(indices), axis=0), tensor._tag)


class Subset(Dataset):
    """The samples of a data set at some indices."""

    def __init__(self, dataset, indices):
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index):
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def batch(self, indices):
        """The rows of an index array, where the data set has a fast ``batch``."""
        return self.dataset.batch(np.asarray(self.indices)[indices])

    def __len__(self):
        return len(self.indices)


class ConcatDataset(Dataset):
    """Several data sets, one after the other."""

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset needs at least one data set")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise TypeError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))

    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} samples")
        index %= len(self)
        which = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]

    def __len__(self):
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset):
    """Several iterable data sets, read one after the other."""

    def __init__(self, datasets):
        self.datasets = list(datasets)
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise TypeError(
                    f"ChainDataset only supports IterableDataset, got {type(dataset).__name__}; "
                    "ConcatDataset joins data sets with an index"
                )

    def __iter__(self):
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self):
        return sum(map(len, self.datasets))


class StackDataset(Dataset):
    """Data sets of one length side by side: a sample is a tuple of theirs, or a dict by keyword.

    >>> StackDataset(image=["a", "b"], label=[0, 1])[1]
    {'image': 'b', 'label': 1}
    """

    def __init__(self, *args, **kwargs):
        if args and kwargs:
            raise ValueError("give data sets in order (samples are tuples) or by keyword, not both")
        if not args and not kwargs:
            raise ValueError("StackDataset needs at least one data set")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in args or kwargs.values()]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: they have {lengths} samples")
        self._length = lengths[0]

    def __getitem__(self, index):
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self):
        return self._length


def random_split(dataset, lengths, generator=None):
    """Random disjoint subsets of the given lengths, or of fractions that sum to 1."""
    size = len(dataset)
    if all(0 <= n <= 1 for n in lengths) and math.isclose(sum(lengths), 1):
        lengths = _whole(lengths, size)
    if sum(lengths) != size:
        raise ValueError(f"lengths {list(lengths)} must sum to the {size} samples, or to 1")
    order = randperm(size, generator=generator).tolist()
    ends = itertools.accumulate(lengths)
    return [Subset(dataset, order[end - n : end]) for n, end in zip(lengths, ends, strict=True)]


def _whole(fractions, size):
    """Lengths for fractions: rounded down, then what is left goes around one by one."""
    lengths = [math.floor(size * fraction) for fraction in fractions]
    for i in range(size - sum(lengths)):
        lengths[i % len(lengths)] += 1
    return lengths
