"""BLAS on one thread."""

from minigrad.kernels import blas


def counts():
    return [library.get_num_threads() for library in blas._libraries()]


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
