"""The thread pool: exceptions, forks, nesting, and calls from several threads at once."""

import os
import threading

import numpy as np
import pytest

from minigrad.kernels import launch

from .test_memory import in_child


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    before = launch.get_num_threads()
    launch.set_num_threads(2)
    yield
    launch.set_num_threads(before)


def double(x, out):
    np.multiply(x, 2, out=out)


def doubled(size=1000):
    x, out = np.arange(size), np.zeros(size, int)
    launch.split(double, (x, out))
    return np.array_equal(out, 2 * x)


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_every_row_is_computed_once(threads, size):
    launch.set_num_threads(threads)
    counts = np.zeros(size, int)
    launch.split(lambda part: np.add(part, 1, out=part), (counts,))
    np.testing.assert_array_equal(counts, 1)


def test_indexed_loops_know_where_they_are():
    out = np.zeros(101, int)

    def loop(start, part, offset):
        part[:] = np.arange(start, start + len(part)) + offset

    launch.split(loop, (out,), 5, indexed=True)
    np.testing.assert_array_equal(out, np.arange(101) + 5)


def test_small_work_stays_in_the_calling_thread(monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 10**6)
    seen = []
    launch.split(lambda part: seen.append(threading.get_ident()), (np.zeros(1000),))
    assert seen == [threading.get_ident()]


@pytest.mark.parametrize("failing", [0, 500])
def test_exceptions_travel_back(failing):
    def loop(part):
        if failing in part:
            raise KeyError("row")

    with pytest.raises(KeyError, match="row"):
        launch.split(loop, (np.arange(1000),))
    assert doubled()


def test_nobody_waits_for_a_worker_that_has_not_begun():
    begun, free = threading.Event(), threading.Event()

    def hold():
        begun.set()
        assert free.wait(timeout=20)

    other = threading.Thread(target=launch._the_pool().run, args=([hold, hold],))
    other.start()
    assert begun.wait(timeout=20)
    assert doubled()
    free.set()
    other.join(timeout=20)


def test_work_inside_work_does_not_wait_for_itself():
    inner = []

    def loop(part):
        inner.append(doubled())

    launch.split(loop, (np.zeros(1000),))
    assert len(inner) >= 2
    assert all(inner)


def test_four_python_threads_at_once():
    results = []

    def work():
        for _ in range(200):
            results.append(doubled())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(50):  # while the number of threads changes
        launch.set_num_threads(1 + i % 3)
    for thread in threads:
        thread.join(timeout=20)
    assert len(results) == 800
    assert all(results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_pool_survives_a_fork():
    assert doubled()
    in_child(doubled)
    assert doubled()


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_wrong_numbers_of_threads_raise(threads):
    with pytest.raises(ValueError, match="positive int"):
        launch.set_num_threads(threads)
