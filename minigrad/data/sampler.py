"""Orders in which the samples of a data set are read."""

import numpy as np

from ..dtypes import float64
from ..ops.creation import as_tensor
from ..ops.sampling import multinomial, randint, randperm
from ..random import Generator, default_generator


class Sampler:
    """Base of samplers: an iterable of indices with a length."""

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} must define __iter__")


class _Ordered(Sampler):
    """A sampler that knows its whole order as an array."""

    def order(self):
        """The indices of one pass."""
        raise NotImplementedError

    def __iter__(self):
        return iter(self.order().tolist())


class SequentialSampler(_Ordered):
    """0, 1, 2, …"""

    def __init__(self, data_source):
        self.data_source = data_source

    def order(self):
        """The indices of one pass."""
        return np.arange(len(self.data_source))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(_Ordered):
    """A new random order at each pass, or draws with ``replacement``.

    Without a ``generator`` the orders come from the default generator's stream for loaders: they
    follow from :func:`minigrad.manual_seed` alone, whatever else is drawn.
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a bool, got {replacement!r}")
        if num_samples is not None and (not isinstance(num_samples, int) or num_samples <= 0):
            raise ValueError(f"num_samples should be a positive int, got {num_samples!r}")
        if replacement and not len(data_source):
            raise ValueError("RandomSampler cannot draw with replacement from no samples")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator

    @property
    def num_samples(self):
        """How many indices one pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def order(self):
        """The indices of one pass."""
        generator = self.generator or default_generator.stream("loader")
        size, count = len(self.data_source), self.num_samples
        if self.replacement:
            return randint(0, size, (count,), generator=generator)._array
        if not size:
            return np.arange(0)
        passes = [randperm(size, generator=generator)._array for _ in range(-(-count // size))]
        return np.concatenate(passes)[:count]

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given indices in a new random order at each pass."""

    def __init__(self, indices, generator=None):
        self.indices = indices
        self.generator = generator

    def __iter__(self):
        generator = self.generator or default_generator.stream("loader")
        order = randperm(len(self.indices), generator=generator).tolist()
        return iter([self.indices[place] for place in order])

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(_Ordered):
    """``num_samples`` draws of 0, 1, …, each index as likely as its weight says.

    Weights need not sum to one.
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        if isinstance(num_samples, bool) or not isinstance(num_samples, int) or num_samples <= 0:
            raise ValueError(f"num_samples should be a positive int, got {num_samples!r}")
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a bool, got {replacement!r}")
        self.weights = as_tensor(weights, dtype=float64)
        if self.weights.ndim != 1:
            raise ValueError(f"weights should be a vector, got shape {tuple(self.weights.shape)}")
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def order(self):
        """The indices of one pass."""
        generator = self.generator or default_generator.stream("loader")
        drawn = multinomial(self.weights, self.num_samples, self.replacement, generator=generator)
        return drawn._array

    def __len__(self):
        return self.num_samples


class DistributedSampler(_Ordered):
    """The share of the samples that process ``rank`` of ``num_replicas`` reads, shuffled alike.

    Every process draws the same order from ``seed`` and the epoch, and takes each
    ``num_replicas``-th index, so that together they read all samples. Call :meth:`set_epoch` before
    every epoch. Where the shares would differ in length, some samples are read twice, or with
    ``drop_last`` left out.

    >>> [list(DistributedSampler(range(5), 2, rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self, dataset, num_replicas=None, rank=None, shuffle=True, seed=0, drop_last=False
    ):
        self.num_replicas = 1 if num_replicas is None else num_replicas
        self.rank = 0 if rank is None else rank
        if not 0 <= self.rank < self.num_replicas:
            raise ValueError(
                f"Invalid rank {self.rank}, rank should be in the interval "
                f"[0, {self.num_replicas - 1}]"
            )
        self.dataset = dataset
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0

    def set_epoch(self, epoch):
        """Let the next pass have the order of an epoch."""
        self.epoch = epoch

    def order(self):
        """The indices of one pass of this process."""
        size = len(self.dataset)
        total = len(self) * self.num_replicas
        generator = Generator().manual_seed(self.seed + self.epoch)
        indices = randperm(size, generator=generator)._array if self.shuffle else np.arange(size)
        return np.resize(indices, total)[self.rank :: self.num_replicas]

    def __len__(self):
        size, replicas = len(self.dataset), self.num_replicas
        return size // replicas if self.drop_last else -(-size // replicas)


class BatchSampler(Sampler):
    """Lists of ``batch_size`` indices of another sampler; ``drop_last`` drops a shorter last one.

    >>> list(BatchSampler(range(5), 2, False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler, batch_size, drop_last):
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive int, got {batch_size!r}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a bool, got {drop_last!r}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self):
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self):
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full + bool(rest and not self.drop_last)
