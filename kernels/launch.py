"""Splitting work over a small thread pool of our own.

Kernels are serial, vectorised and release the interpreter lock; work above a measured threshold is
cut along the first axis. Maps give the same bits however they are cut; reductions use chunks of a
fixed size, so no result depends on the number of threads.

There are more pieces than threads, and whoever is free takes the next: a worker that wakes late
(25 µs after a short rest, 40 after a long one) or shares its core does less, and nobody waits for
one that has not begun.
"""

import os
import threading
from collections import deque
from queue import SimpleQueue

from .floating import QUIET, set_warnings

MULTIPLY_ADD = 0.06  # cost of one in a matrix product, in units of one exp
SPLIT_ABOVE = 400_000  # element costs (one exp is 1.0): about 150 µs of work, six times a hand-over
PIECES = 2  # of a large work per thread: each costs a product 2 % (its operands are copied)
SMALL_PIECES = 4  # of the smallest work that is split


class _Worker(threading.local):
    """Whether this thread is a worker: work inside work is not handed over again."""

    here = False


_worker = _Worker()


def _next(waiting):
    """The next task, or None."""
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _failure(task):
    """What running the task raises, or None."""
    try:
        task()
    except BaseException as failure:  # carried to the caller, who raises it
        return failure
    return None


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
            waiting, done = job
            while (task := _next(waiting)) is not None:
                done.put(_failure(task))

    def run(self, tasks):
        """Run all tasks, here and by the workers; raise one of their failures."""
        waiting, done = deque(tasks), SimpleQueue()
        with self.lock:
            for queue in () if self.closed else self.queues[: len(tasks) - 1]:
                queue.put((waiting, done))
        failures, elsewhere = [], len(tasks)
        while (task := _next(waiting)) is not None:
            failures.append(_failure(task))
            elsewhere -= 1
        failures += [done.get() for _ in range(elsewhere)]
        for failure in filter(None, failures):
            raise failure

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
    work = first.size * cost
    if work < SPLIT_ABOVE or _threads == 1 or _worker.here:
        if indexed:
            loop(0, *arrays, *scalars)
        else:
            loop(*arrays, *scalars)
        return
    pool, length = _the_pool(), len(first)
    parts = min(length, PIECES * pool.threads, int(SMALL_PIECES * work / SPLIT_ABOVE))
    bounds = [length * i // parts for i in range(parts + 1)]

    def task(low, high):
        start = (low,) if indexed else ()
        pieces = [a if a is None else a[low:high] for a in arrays]
        return lambda: loop(*start, *pieces, *scalars)

    pool.run([task(low, high) for low, high in zip(bounds, bounds[1:], strict=False)])
