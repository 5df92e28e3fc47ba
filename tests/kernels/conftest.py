"""With NUMBA_DISABLE_JIT=1 the kernels run as plain Python: for debuggers and coverage."""

import numba
import numpy as np
import pytest

from minigrad.kernels import launch

PLAIN = bool(numba.config.DISABLE_JIT)
compiled_only = pytest.mark.skipif(PLAIN, reason="says something about compiled code only")


@pytest.fixture(autouse=PLAIN)
def plain_python():
    """NumPy's scalars warn where machine integers wrap; one thread, since it knows about that."""
    before, threads = np.seterr(all="ignore"), launch.get_num_threads()
    launch.set_num_threads(1)
    yield
    launch.set_num_threads(threads)
    np.seterr(**before)
