"""BLAS on one thread, for kernels that split their work themselves.

A thread of OpenBLAS that has no more to do looks for work for some 26 ms before it sleeps, and
takes that core from the threads of :mod:`kernels.launch`. Between many small products, threads of
BLAS wait for each other at every one of them, and on a machine that has other work to do they
wait a hundred times longer than they compute. So while we use several threads, BLAS uses one.
"""

import functools
import itertools
import threading

AFFIXES = tuple(itertools.product(("", "scipy_"), ("", "64_", "_64")))


def _controls(library):
    """The functions that get and set a library's number of threads.

    OpenBLAS's own where they count for the whole process: threadpoolctl's take four times as long
    and do nothing in a second thread.
    """
    if library.internal_api == "openblas" and library.threading_layer == "pthreads":
        for prefix, suffix in AFFIXES:
            names = [f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set")]
            if all(hasattr(library.dynlib, name) for name in names):
                return tuple(getattr(library.dynlib, name) for name in names)
    return library.get_num_threads, library.set_num_threads


@functools.cache
def _libraries():
    """(get, set) of every BLAS library in the process."""
    import threadpoolctl

    controllers = threadpoolctl.ThreadpoolController().lib_controllers
    return [_controls(library) for library in controllers if library.user_api == "blas"]


class _Single:
    """A context in which BLAS uses one thread; threads of the process may share it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.users = 0
        self.before = []

    def __enter__(self):
        with self.lock:
            self.users += 1
            if self.users > 1:
                return
            self.before = []
            for get, limit in _libraries():
                count = get()
                if count != 1:
                    limit(1)
                    self.before.append((limit, count))

    def __exit__(self, *failure):
        with self.lock:
            self.users -= 1
            if not self.users:
                for limit, count in self.before:
                    limit(count)

    def set_num_threads(self, threads):
        """Let BLAS use at most ``threads`` threads outside the context from now on."""
        with self.lock:
            if self.users:
                self.before = [(limit, threads) for _, limit in _libraries()]
            else:
                for _, limit in _libraries():
                    limit(threads)


single = _Single()
set_num_threads = single.set_num_threads
