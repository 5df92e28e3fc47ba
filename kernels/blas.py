"""BLAS on one thread, for kernels that split their work themselves.

Between many small products, threads of BLAS wait for each other at every one of them, and on a
machine that has other work to do they wait a hundred times longer than they compute.
"""

import functools
import threading


@functools.cache
def _libraries():
    import threadpoolctl

    controllers = threadpoolctl.ThreadpoolController().lib_controllers
    return [library for library in controllers if library.user_api == "blas"]


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
            self.before = [(library, library.get_num_threads()) for library in _libraries()]
            self.before = [(library, count) for library, count in self.before if count != 1]
            for library, _ in self.before:
                library.set_num_threads(1)

    def __exit__(self, *failure):
        with self.lock:
            self.users -= 1
            if not self.users:
                for library, count in self.before:
                    library.set_num_threads(count)


single = _Single()
