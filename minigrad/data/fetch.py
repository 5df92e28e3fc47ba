"""One batch: its samples and their collation, with random numbers that follow from what they are.

Whatever draws from the default generator while a sample is read gets numbers that follow from the
pass over the data and the index of the sample; while the batch is collated, from the pass and the
number of the batch. So transforms give the same results with any number of workers.
"""

import zlib
from dataclasses import dataclass

from ..random import Generator, drawing_from, mixed


class _Ended:
    """The end of a stream; one object, also after its way from another process."""

    def __reduce__(self):
        return "ENDED"


ENDED = _Ended()


@dataclass(frozen=True)
class Job:
    """What to read: the number of the batch in its pass, and indices, or one index alone."""

    number: int
    indices: object
    batched: bool = True


class Reader:
    """Reads batches of a data set in one thread or process."""

    def __init__(self, dataset, collate_fn, key):
        self.dataset = dataset
        self.collate_fn = collate_fn
        self.key = key  # of the pass
        self.generator = Generator()

    def __call__(self, job):
        """The batch of a job."""
        with drawing_from(self.generator):
            if job.batched:
                content = [self._sample(index) for index in job.indices]
            else:
                content = self._sample(job.indices)
            self.generator.manual_seed(mixed(*self.key, 1, job.number))
            return self.collate_fn(content)

    def _sample(self, index):
        number = index if isinstance(index, int) else zlib.crc32(repr(index).encode())
        self.generator.manual_seed(mixed(*self.key, 0, number))
        return self.dataset[index]


class StreamReader:
    """Reads batches of an iterable data set, one after the other, and :data:`ENDED` after them."""

    def __init__(self, dataset, collate_fn, key, batch_size, drop_last, before, worker):
        self.dataset = dataset
        self.collate_fn = collate_fn
        self.key = (*key, worker)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.generator = Generator()
        self.samples = None
        # samples read (the first draw is that of iter), batches made
        self.counts = [1 + before * (batch_size or 1), before]

    def __call__(self, job):
        """The next batch, whatever the job."""
        with drawing_from(self.generator):
            if self.samples is None:
                self.generator.manual_seed(mixed(*self.key, 0, 0))
                self.samples = iter(self.dataset)
            try:
                content = self._sample() if self.batch_size is None else self._samples()
            except StopIteration:
                return ENDED
            self._count(1)
            return self.collate_fn(content)

    def _count(self, kind):
        self.generator.manual_seed(mixed(*self.key, kind, self.counts[kind]))
        self.counts[kind] += 1

    def _sample(self):
        self._count(0)
        return next(self.samples)

    def _samples(self):
        content = []
        try:
            while len(content) < self.batch_size:
                content.append(self._sample())
        except StopIteration:
            if not content or self.drop_last:
                raise
        return content
