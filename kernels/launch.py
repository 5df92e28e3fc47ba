"""Splitting work over a small thread pool of our own.

Kernels are serial, vectorised and release the interpreter lock; work above a measured threshold is
cut along the first axis. Maps give the same bits however they are cut; reductions use chunks of a
fixed size, so no result depends on the number of threads.
"""

import os
import threading
from queue import SimpleQueue

from .floating import QUIET, set_warnings

SPLIT_ABOVE = 400_000  # element costs (one exp is 1.0): about 150 µs of work, six times a hand-over


class _Worker(threading.local):
    """Whether this thread is a worker: work inside work is not handed over again."""

    here = False


_worker = _Worker()


class _Pool:
    """``threads - 1`` daemon workers, each on a queue of its own; the caller works too."""

    def __init__(self, threads):
        self.threads = threads
        self.closed = False
        self.lock = threading.Lock()
        self.queues = [SimpleQueue() for _ in range(threads - 1)]
        for queue in self.queues:
            threading.Thread(target=self._work, args=(queue,), daemon=True).start()

    @staticmethod
    def _work(queue):
        _worker.here = True
        set_warnings(QUIET)
        while (job := queue.get()) is not None:
            task, done, failures = job
            try:
                task()
            except BaseException as failure:  # carried to the caller, who raises it
                failures.append(failure)
            done.release()

    def run(self, tasks):
        """Run at most ``threads`` tasks, the last one here; raise the first failure."""
        done, failures = threading.Semaphore(0), []
        with self.lock:
            handed_over = () if self.closed else tasks[:-1]
            for queue, task in zip(self.queues, handed_over, strict=False):
                queue.put((task, done, failures))
        try:
            for task in tasks[len(handed_over) :]:
                task()
        finally:
            for _ in handed_over:
                done.acquire()
        if failures:
            raise failures[0]

    def close(self):
        """Let the workers end after what they have; later calls run in the calling thread."""
        with self.lock:
            self.closed = True
            for queue in self.queues:
                queue.put(None)


def _default_threads():
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_threads = _default_threads()
_pool = None
_lock = threading.Lock()


def get_num_threads():
    """How many threads a large kernel may use."""
    return _threads


def set_num_threads(threads):
    """Use at most ``threads`` threads in kernels from now on (BLAS is not touched here)."""
    global _threads, _pool
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise ValueError(f"set_num_threads expects a positive int, got {threads!r}")
    with _lock:
        if _pool is not None:
            _pool.close()
        _pool, _threads = None, threads


def _forget_pool():
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def _the_pool():
    global _pool
    with _lock:
        if _pool is None:
            _pool = _Pool(_threads)
        return _pool


def split(loop, arrays, *scalars, cost=1.0, indexed=False):
    """Call ``loop(*arrays, *scalars)``, cut along the first axis where the work pays for it.

    All arrays share their first extent (some may be None); ``cost`` is the work per element of the
    first array in units of one float32 exp. ``loop`` must treat the first axis element by element.
    With ``indexed`` it is called as ``loop(start, *arrays, *scalars)``, ``start`` being the index
    of the first row it sees.
    """
    first = arrays[0]
    if first.size * cost < SPLIT_ABOVE or _threads == 1 or _worker.here:
        if indexed:
            loop(0, *arrays, *scalars)
        else:
            loop(*arrays, *scalars)
        return
    pool, length = _the_pool(), len(first)
    parts = min(pool.threads, length)
    bounds = [length * i // parts for i in range(parts + 1)]

    def task(low, high):
        start = (low,) if indexed else ()
        pieces = [a if a is None else a[low:high] for a in arrays]
        return lambda: loop(*start, *pieces, *scalars)

    pool.run([task(low, high) for low, high in zip(bounds, bounds[1:], strict=False)])
