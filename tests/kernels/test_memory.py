"""The free list: no block is reused while a view of it lives, and the list is bounded."""

import gc
import os
import threading

import numpy as np
import pytest

from minigrad.kernels import memory

FLOAT = np.dtype("float32")
LARGE = memory.SMALL // FLOAT.itemsize
TOO_LARGE = memory.LARGEST_KEPT // FLOAT.itemsize + 1


@pytest.fixture(autouse=True)
def empty_list():
    gc.collect()
    memory.release()
    yield
    memory.release()


def address(x):
    return x.__array_interface__["data"][0]


def test_a_dead_block_is_reused():
    x = memory.empty((LARGE,), FLOAT)
    where = address(x)
    del x
    assert address(memory.empty((LARGE,), FLOAT)) == where
    assert memory.stats()["idle_bytes"] == LARGE * FLOAT.itemsize


VIEWS = {
    "slice": lambda x: x[3:7],
    "reshape": lambda x: x.reshape(2, -1),
    "chain": lambda x: x.reshape(2, -1).T[::2][1:],
    "other dtype": lambda x: x.view(np.int32),
    "reversed": lambda x: x[::-1],
    "broadcast": lambda x: np.broadcast_to(x, (2, LARGE)),
    "memoryview": memoryview,
    "frombuffer": lambda x: np.frombuffer(memoryview(x), np.uint8),
    "asarray": lambda x: np.asarray(x)[...],
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_block_is_not_reused_while_a_view_lives(name):
    x = memory.empty((LARGE,), FLOAT)
    x[:] = 1
    where, view = address(x), VIEWS[name](x)
    before = bytes(memoryview(np.ascontiguousarray(view)))
    del x
    others = [memory.empty((LARGE,), FLOAT) for _ in range(3)]
    for other in others:
        other[:] = 2
        assert address(other) != where
    assert bytes(memoryview(np.ascontiguousarray(view))) == before
    del view
    assert address(memory.empty((LARGE,), FLOAT)) == where


def test_blocks_are_aligned():
    for extra in range(5):
        assert address(memory.empty((LARGE + extra,), FLOAT)) % memory.ALIGNMENT == 0


def test_large_arrays_are_never_kept():
    x = memory.empty((TOO_LARGE,), FLOAT)
    assert memory.stats()["leased_bytes"] >= x.nbytes
    del x
    assert memory.stats()["idle_bytes"] == 0


def test_the_idle_total_is_bounded(monkeypatch):
    monkeypatch.setattr(memory, "IDLE_LIMIT", 10 * memory.SMALL)
    arrays = [memory.empty((LARGE + i,), FLOAT) for i in range(30)]
    del arrays
    assert 0 < memory.stats()["idle_bytes"] <= 10 * memory.SMALL


def test_leased_bytes_return_to_zero():
    before = memory.stats()["leased_bytes"]
    x = memory.empty_like(np.empty((4, LARGE), FLOAT))
    assert memory.stats()["leased_bytes"] == before + x.nbytes
    del x
    assert memory.stats()["leased_bytes"] == before


def test_the_peak_outlives_its_arrays():
    gc.collect()
    memory.reset_peak()
    before = memory.stats()["leased_bytes"]
    x, y = (memory.empty((LARGE,), FLOAT) for _ in range(2))
    del x, y
    assert memory.stats()["peak_leased_bytes"] == before + 2 * memory.SMALL
    memory.reset_peak()
    assert memory.stats()["peak_leased_bytes"] == memory.stats()["leased_bytes"]


def test_owns_tells_buffers_from_views():
    for x in (memory.empty((LARGE,), FLOAT), memory.empty((3,), FLOAT)):
        assert type(x.base) in memory.OWNERS
        assert type(x[1:].base) not in memory.OWNERS


def test_small_arrays_come_from_numpy():
    fresh = memory.stats()["fresh"]
    assert memory.empty((2, 3), FLOAT).base is None
    assert memory.stats()["fresh"] == fresh


def test_threads_never_share_a_block():
    failures = []

    def work(mark):
        for _ in range(300):
            x = memory.empty((LARGE,), FLOAT)
            x[::997] = mark
            if not (x[::997] == mark).all():
                failures.append(mark)

    threads = [threading.Thread(target=work, args=(mark,)) for mark in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def in_child(check):
    """Run ``check`` in a forked child; its exit status tells whether it held."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_starts_empty():
    held, dead = memory.empty((LARGE,), FLOAT), memory.empty((LARGE,), FLOAT)
    del dead

    def check():
        nonlocal held
        was_empty = memory.stats()["idle_bytes"] == 0
        del held  # goes back to the parent's list
        after = memory.stats()
        return was_empty and after["idle_bytes"] == after["leased_bytes"] == 0

    with memory._free.lock:  # as if another thread held it
        in_child(check)
