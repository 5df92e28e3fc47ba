"""DataLoader: batches of a data set."""

from .collate import default_collate, default_convert
from .dataset import IterableDataset, Subset, TensorDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler


class DataLoader:
    """Batches of the samples of ``dataset``, collated, in order or shuffled.

    ``pin_memory`` and the other arguments of workers are accepted and ignored; the batches are
    made in the process itself (``num_workers=0``).

    >>> import minigrad as mg
    >>> data = mg.data.TensorDataset(mg.arange(3))
    >>> [x.tolist() for (x,) in mg.data.DataLoader(data, batch_size=2)]
    [[0, 1], [2]]
    """

    def __init__(
        self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None,
        num_workers=0, collate_fn=None, pin_memory=False, drop_last=False, timeout=0,
        worker_init_fn=None, multiprocessing_context=None, generator=None, *,
        prefetch_factor=None, persistent_workers=False, pin_memory_device="", in_order=True,
    ):  # fmt: skip
        if num_workers != 0:
            raise ValueError(
                f"num_workers={num_workers!r} is not supported: batches are made in this process, "
                "num_workers=0"
            )
        self.dataset = dataset
        self.num_workers = num_workers
        self.generator = generator
        self._iterable = isinstance(dataset, IterableDataset)
        self._check(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if sampler is None and not self._iterable:
            sampler = (
                RandomSampler(dataset, generator=generator) if shuffle
                else SequentialSampler(dataset)
            )  # fmt: skip
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        elif batch_size is not None and not self._iterable:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        batched = batch_sampler is not None or batch_size is not None
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)

    def _check(self, batch_size, shuffle, sampler, batch_sampler, drop_last):
        """Raise ValueError for arguments that exclude each other."""
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if self._iterable and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError(
                "an IterableDataset comes in its own order: shuffle, sampler and batch_sampler "
                "must not be given"
            )
        if batch_sampler is not None and (
            batch_size != 1 or shuffle or sampler is not None or drop_last
        ):
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler and "
                "drop_last"
            )
        if batch_size is None and drop_last:
            raise ValueError("batch_size=None disables batches and is exclusive with drop_last")
        if batch_size is not None and batch_sampler is None:
            BatchSampler((), batch_size, drop_last)

    def __iter__(self):
        if self._iterable:
            return self._streamed()
        if self.batch_sampler is None:
            return (self.collate_fn(self.dataset[index]) for index in self.sampler)
        if self._takes_arrays():
            return self._taken(self.sampler.order())
        return (
            self.collate_fn([self.dataset[index] for index in indices])
            for indices in self.batch_sampler
        )

    def _takes_arrays(self):
        """Whether a batch can be taken by one index array instead of sample by sample."""
        dataset = self.dataset
        while type(dataset) is Subset:
            dataset = dataset.dataset
        return (
            type(dataset) is TensorDataset
            and self.collate_fn is default_collate
            and type(self.batch_sampler) is BatchSampler
            and type(self.sampler) in (SequentialSampler, RandomSampler)
            and self.batch_sampler.sampler is self.sampler
        )

    def _taken(self, order):
        size = self.batch_size
        stop = len(order) - len(order) % size if self.drop_last else len(order)
        for start in range(0, stop, size):
            yield self.dataset.batch(order[start : start + size])

    def _streamed(self):
        """Batches of consecutive samples of an iterable data set."""
        if self.batch_size is None:
            yield from map(self.collate_fn, self.dataset)
            return
        samples = []
        for sample in self.dataset:
            samples.append(sample)
            if len(samples) == self.batch_size:
                yield self.collate_fn(samples)
                samples = []
        if samples and not self.drop_last:
            yield self.collate_fn(samples)

    def __len__(self):
        """The number of batches of one pass."""
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        if not self._iterable:
            return len(self.sampler)
        size = len(self.dataset)
        if self.batch_size is None:
            return size
        full, rest = divmod(size, self.batch_size)
        return full + bool(rest and not self.drop_last)
