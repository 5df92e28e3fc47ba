"""Workers of a loader: threads, or processes that hand their batches over in shared memory."""

import contextlib
import itertools
import pickle
import random
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing import connection, resource_tracker, shared_memory
from queue import Empty, SimpleQueue

import numpy as np

from ..engine.graph import TensorBase, new_tensor
from .collate import with_values

__all__ = ["WorkerInfo", "get_worker_info"]


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this is: ``id`` of ``num_workers``, with the ``dataset`` it reads."""

    id: int
    num_workers: int
    seed: int
    dataset: object


@dataclass(frozen=True)
class Options:
    """How many workers, how many jobs ahead, and what PyTorch's arguments say of them."""

    count: int
    ahead: int
    timeout: float
    init: object  # called with the number of the worker when it starts
    seed: int
    dataset: object
    context: object = None  # of multiprocessing

    def info(self, number):
        """What :func:`get_worker_info` gives in a worker."""
        return WorkerInfo(number, self.count, self.seed + number, self.dataset)

    def for_workers(self):
        """The options without what cannot be sent to a process."""
        return replace(self, context=None)


class _Here(threading.local):
    info = None


_here = _Here()


def get_worker_info():
    """The :class:`WorkerInfo` of the worker this runs in; None outside of workers."""
    return _here.info


def timed_out(seconds):
    """The error of a batch that did not come in time."""
    return RuntimeError(f"DataLoader timed out after {seconds} seconds")


class Workers:
    """Calls ``read(job)`` in workers, some jobs ahead: job n in worker n modulo their number."""

    def __init__(self, make_reader, options):
        self.make_reader = make_reader
        self.options = options
        self.workers = []

    def results(self, jobs):
        """The result of every job, in order; what a job raised is raised in its place."""
        waiting = deque()
        try:
            for number in range(self.options.count):
                self.workers.append(self.started(number))
            jobs = zip(itertools.cycle(self.workers), jobs)  # noqa: B905
            for worker, job in itertools.islice(jobs, self.options.ahead):
                self.send(worker, job)
                waiting.append(worker)
            while waiting:
                kind, content = self.receive(waiting.popleft())
                if kind == "error":
                    raise content
                for worker, job in itertools.islice(jobs, 1):
                    self.send(worker, job)
                    waiting.append(worker)
                yield content
        finally:
            self.close()


class Threads(Workers):
    """Workers in this process: for reading that waits, or computes in NumPy or Numba."""

    def started(self, number):
        """A new worker."""
        worker = SimpleQueue(), SimpleQueue()
        arguments = (self.make_reader, self.options, number, worker[0].get, worker[1].put)
        threading.Thread(
            target=serve, args=arguments, name=f"loader worker {number}", daemon=True
        ).start()
        return worker

    def send(self, worker, job):
        """Hand a job to a worker."""
        worker[0].put(job)

    def receive(self, worker):
        """The next answer of a worker: ("batch", it) or ("error", exception)."""
        try:
            return worker[1].get(timeout=self.options.timeout or None)
        except Empty:
            raise timed_out(self.options.timeout) from None

    def close(self):
        """Let the threads end after the job that they are doing."""
        for jobs, _ in self.workers:
            with contextlib.suppress(Empty):
                while True:
                    jobs.get_nowait()
            jobs.put(None)


class Processes(Workers):
    """Workers in processes of their own: for reading that computes in Python."""

    patience = 5.0  # seconds that a worker may still take for its last job when a pass ends early

    def started(self, number):
        """A new worker."""
        resource_tracker.ensure_running()  # one for all, so that it counts each block once
        context = self.options.context
        ours, theirs = context.Pipe()
        arguments = (self.make_reader, self.options.for_workers(), number, theirs)
        process = context.Process(target=_serve_pipe, args=arguments, daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def send(self, worker, job):
        """Hand a job to a worker."""
        process, pipe = worker
        try:
            pipe.send(job)
        except OSError:
            raise self._died(process) from None

    def receive(self, worker):
        """The next answer of a worker: ("batch", it) or ("error", exception)."""
        process, pipe = worker
        ready = connection.wait([pipe, process.sentinel], self.options.timeout or None)
        if not ready:
            self.patience = 0.0
            raise timed_out(self.options.timeout)
        try:
            if pipe not in ready and not pipe.poll():
                raise EOFError
            kind, content = pipe.recv()
        except (EOFError, OSError):
            raise self._died(process) from None
        return kind, unpacked(content) if kind == "batch" else content

    def _died(self, process):
        process.join(1)
        return RuntimeError(
            f"DataLoader worker (pid {process.pid}) exited unexpectedly with exit code "
            f"{process.exitcode}; num_workers=0 shows what went wrong"
        )

    def close(self):
        """End the processes, and release the blocks of batches that nobody took."""
        for _, pipe in self.workers:
            with contextlib.suppress(OSError):
                pipe.send(None)
        deadline = time.monotonic() + self.patience
        for process, pipe in self.workers:
            with contextlib.suppress(EOFError, OSError):
                while pipe.poll(max(deadline - time.monotonic(), 0.0)):
                    kind, content = pipe.recv()
                    if kind == "batch":
                        unpacked(content)
                process.terminate()  # it is still at it
            pipe.close()
            process.join()


def serve(make_reader, options, number, get, put):
    """The life of a worker: an answer for every job, until there is none."""
    _here.info = options.info(number)
    failure = None
    try:
        read = make_reader(number)
        if options.init is not None:
            options.init(number)
    except BaseException as error:
        failure = error
    while (job := get()) is not None:
        if failure is not None:
            put(("error", failure))
            continue
        try:
            put(("batch", read(job)))
        except BaseException as error:  # SystemExit too: whoever waits must hear of it
            put(("error", error))


def _serve_pipe(make_reader, options, number, pipe):
    """The life of a worker process, which speaks through a pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    seed = options.info(number).seed
    random.seed(seed)
    np.random.seed(seed % 2**32)

    def put(answer):
        kind, content = answer
        pipe.send((kind, packed(content) if kind == "batch" else _described(content, number)))

    serve(make_reader, options, number, pipe.recv, put)
    pipe.close()


def _described(error, number):
    """The error as its own type with the worker's traceback as text, if both can be sent."""
    text = (
        f"Caught {type(error).__name__} in DataLoader worker process {number}.\n"
        f"Original {''.join(traceback.format_exception(error))}"
    )
    if not isinstance(error, Exception):
        return RuntimeError(text)
    try:
        described = type(error)(_Lines(text))
        pickle.loads(pickle.dumps(described))
    except Exception:
        return RuntimeError(text)
    return described


class _Lines(str):
    """A text that KeyError, which shows the repr of its argument, shows as it is."""

    __repr__ = str.__str__


class _Place:
    """Where an array of a batch lies in the block."""

    __slots__ = ("offset", "shape", "dtype", "tag", "tensor")

    def __init__(self, offset, array, tag, tensor):
        self.offset, self.shape, self.dtype = offset, array.shape, array.dtype
        self.tag, self.tensor = tag, tensor

    def read(self, block):
        """The array, copied out of the block, as what it was."""
        array = np.ndarray(self.shape, self.dtype, block, self.offset).copy()
        return new_tensor(array, self.tag) if self.tensor else array


def packed(batch):
    """A batch as the name of a block of shared memory and the batch with places for its arrays."""
    arrays, size = [], 0

    def placed(value):
        nonlocal size
        tensor = isinstance(value, TensorBase)
        array = value._array if tensor else value
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            return value
        place = _Place(size, array, value._tag if tensor else None, tensor)
        arrays.append((array, size))
        size += -(-array.nbytes // 64) * 64
        return place

    skeleton = mapped(placed, batch)
    if not size:
        return None, skeleton
    block = shared_memory.SharedMemory(create=True, size=size)
    for array, offset in arrays:
        target = np.ndarray(array.shape, array.dtype, block.buf, offset)
        target[...] = array
        del target
    name = block.name
    block.close()
    return name, skeleton


def unpacked(content):
    """The batch that :func:`packed` was given; the block is gone afterwards."""
    name, skeleton = content
    if name is None:
        return mapped(lambda v: v.read(b"") if isinstance(v, _Place) else v, skeleton)
    block = shared_memory.SharedMemory(name)
    try:
        return mapped(lambda v: v.read(block.buf) if isinstance(v, _Place) else v, skeleton)
    finally:
        block.close()
        block.unlink()


def mapped(function, batch):
    """A nested batch with a function applied to everything that is no container."""
    if isinstance(batch, Mapping):
        return with_values(batch, {key: mapped(function, v) for key, v in batch.items()})
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(mapped(function, value) for value in batch))
    if isinstance(batch, list | tuple):
        return type(batch)(mapped(function, value) for value in batch)
    return function(batch)
