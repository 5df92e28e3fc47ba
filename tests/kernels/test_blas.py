"""BLAS on one thread."""

import threading

import pytest

from minigrad.kernels import blas


def counts():
    return [get() for get, _ in blas._libraries()]


@pytest.fixture(autouse=True)
def two_threads():
    before = counts()
    blas.set_num_threads(2)
    yield
    for (_, limit), count in zip(blas._libraries(), before, strict=True):
        limit(count)


def test_one_thread_inside_and_as_before_outside():
    before = counts()
    with blas.single:
        assert set(counts()) <= {1}
        with blas.single:
            assert set(counts()) <= {1}
        assert set(counts()) <= {1}
    assert counts() == before


def test_is_restored_after_a_failure():
    before = counts()
    try:
        with blas.single:
            raise ValueError
    except ValueError:
        pass
    assert counts() == before


def test_holds_in_every_thread():
    seen = []

    def enter():
        with blas.single:
            seen.append(set(counts()))

    before = counts()
    for _ in range(2):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        assert counts() == before
    enter()
    assert all(count <= {1} for count in seen)
    assert len(seen) == 3


def test_a_number_set_inside_counts_outside():
    with blas.single:
        blas.set_num_threads(1)
    assert set(counts()) <= {1}
    with blas.single:
        blas.set_num_threads(2)
        assert set(counts()) <= {1}
    assert set(counts()) <= {2}
