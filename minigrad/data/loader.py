"""DataLoader: batches of a data set."""

import functools
import itertools
import multiprocessing

from ..engine import observe
from ..random import Generator, default_generator, mixed
from .collate import default_collate, default_convert
from .dataset import IterableDataset, Subset, TensorDataset
from .fetch import ENDED, Job, Reader, StreamReader
from .sampler import BatchSampler, RandomSampler, SequentialSampler
from .workers import Options, Processes, Threads


class DataLoader:
    """Batches of the samples of ``dataset``, collated, in order or shuffled.

    With ``num_workers`` batches are read ahead (``prefetch_factor`` for each worker, 2 by default),
    in order, by threads; ``multiprocessing_context`` ("fork", "spawn" or a context) makes them
    processes, whose batches come back in shared memory: worth it where reading a sample computes in
    Python. ``worker_init_fn`` is called with the number of each worker as it starts, ``timeout`` is
    how many seconds a batch may take. ``pin_memory``, ``persistent_workers`` and ``in_order`` are
    accepted and ignored.

    Random numbers that a data set or ``collate_fn`` draws from the default generator follow from
    its seed, the pass, and the index of the sample or the number of the batch: they are the same
    with any number of workers. Worker processes seed Python's and NumPy's generators with
    ``get_worker_info().seed``, which differs by worker and pass. Workers of an
    :class:`IterableDataset` each read all of it, and take turns; see :func:`get_worker_info`.

    :meth:`state_dict` holds the position in a pass, from which :meth:`load_state_dict` goes on.

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
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self._iterable = isinstance(dataset, IterableDataset)
        self._check_workers(multiprocessing_context, persistent_workers)
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
        self._start = None  # the state of the generator before the pass that is running
        self._position = 0  # batches of it that were handed out
        self._resumed = None  # the state to go on from

    def _check_workers(self, context, persistent):
        count = self.num_workers
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ValueError(f"num_workers should be an int that is not negative, got {count!r}")
        if self.timeout < 0:
            raise ValueError(f"timeout should not be negative, got {self.timeout!r}")
        if count == 0 and self.prefetch_factor is not None:
            raise ValueError("prefetch_factor needs workers: set num_workers above 0")
        if count == 0 and (persistent or context is not None):
            raise ValueError(
                "persistent_workers and multiprocessing_context need workers: set num_workers "
                "above 0"
            )
        if self.prefetch_factor is not None and self.prefetch_factor < 1:
            raise ValueError(f"prefetch_factor must be positive, got {self.prefetch_factor!r}")
        if isinstance(context, str):
            context = multiprocessing.get_context(context)
        self.multiprocessing_context = context

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
        """The batches of one pass, or the rest of the pass whose state was loaded."""
        state, self._resumed = self._resumed, None
        source = self._source()
        now = source.get_state()
        if state is not None:
            source.set_state(state["start"])
        self._start = source.get_state()
        skipped = self._position = 0 if state is None else state["position"]
        batches = self._batches(source, skipped)
        if state is not None:
            source.set_state(now)
        return self._counted(batches)

    def _counted(self, batches):
        """The batches; their number is the position, until the pass is over."""
        mark = object()
        try:
            for batch in batches:
                self._position += 1
                if observe.watchers:
                    observe.watchers["batch"](self, mark)
                yield batch
        finally:
            if observe.watchers:
                observe.watchers["pass ended"](mark)
        self._start, self._position = None, 0

    def _batches(self, source, skipped):
        """The batches of a pass after some that are skipped; draws its order at once."""
        if self._takes_arrays():
            order = self.sampler.order()
            source.reserve(1)  # as below, so that the next pass has the same order either way
            return self._taken(order, skipped)
        if self._iterable:
            return self._streamed(source.reserve(1), skipped)
        batched = self.batch_sampler is not None
        order = _begun(self.batch_sampler if batched else self.sampler)
        jobs = (Job(number, indices, batched) for number, indices in enumerate(order))
        key = source.reserve(1)
        make = functools.partial(_reader, self.dataset, self.collate_fn, key)
        return self._read(make, itertools.islice(jobs, skipped, None), key)

    def _read(self, make_reader, jobs, key):
        """What readers, in workers or here, make of jobs; ``key`` is that of the pass."""
        if not self.num_workers:
            read = make_reader(0)
            return (read(job) for job in jobs)  # no map: StopIteration of a sample would end it
        kind = Threads if self.multiprocessing_context is None else Processes
        options = Options(
            self.num_workers, self.num_workers * (self.prefetch_factor or 2), self.timeout,
            self.worker_init_fn, mixed(*key, 2), self.dataset, self.multiprocessing_context,
        )  # fmt: skip
        return kind(make_reader, options).results(jobs)

    def _source(self):
        """The generator that this loader's orders come from."""
        sampler = getattr(self.batch_sampler, "sampler", self.sampler)
        own = getattr(sampler, "generator", None) or self.generator
        return own if isinstance(own, Generator) else default_generator.stream("loader")

    # going on in the middle
    def state_dict(self):
        """Where a pass is: the batches handed out, and what the order of the pass follows from.

        An iterable data set must give ``state_dict`` and ``load_state_dict`` itself (TypeError).
        Orders that do not come from a minigrad generator, such as those of a sampler that uses
        Python's ``random``, are not known to it.
        """
        state = {
            "position": self._position,
            "start": self._start,
            "now": self._source().get_state(),
        }
        if self._iterable:
            if not hasattr(self.dataset, "state_dict") or self.num_workers:
                raise TypeError(
                    "the position in an IterableDataset is known where it has state_dict() and "
                    f"load_state_dict() and is read without workers; {type(self.dataset).__name__} "
                    f"has {'them' if hasattr(self.dataset, 'state_dict') else 'none'}, "
                    f"num_workers={self.num_workers}"
                )
            state["dataset"] = self.dataset.state_dict()
        return state

    def load_state_dict(self, state_dict):
        """Let the next pass be the rest of the one that :meth:`state_dict` was taken in."""
        if self._iterable:
            self.dataset.load_state_dict(state_dict["dataset"])
        self._source().set_state(state_dict["now"])
        resumes = state_dict["start"] is not None
        self._resumed = dict(state_dict) if resumes else None
        self._start, self._position = state_dict["start"], state_dict["position"]

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
            and not any(tensor.requires_grad for tensor in dataset.tensors)
        )

    def _taken(self, order, skipped):
        size = self.batch_size
        stop = len(order) - len(order) % size if self.drop_last else len(order)
        for start in range(skipped * size, stop, size):
            yield self.dataset.batch(order[start : start + size])

    def _streamed(self, key, before):
        """Batches of consecutive samples of an iterable data set, workers taking turns.

        ``before`` batches were read already.
        """
        make = functools.partial(
            StreamReader, self.dataset, self.collate_fn, key, self.batch_size, self.drop_last,
            before,
        )  # fmt: skip
        running = max(self.num_workers, 1)
        for batch in self._read(make, itertools.count(), key):
            if batch is not ENDED:
                yield batch
                continue
            running -= 1
            if not running:
                return

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


def _reader(dataset, collate_fn, key, worker):
    """A reader of indexed samples, which is the same in every worker."""
    return Reader(dataset, collate_fn, key)


def _begun(sampler):
    """The indices of a sampler, which has drawn its order: it does when it gives the first."""
    order = iter(sampler)
    return itertools.chain(list(itertools.islice(order, 1)), order)
