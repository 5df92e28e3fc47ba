"""Every test leaves the process as it found it, and draws the same random numbers each time."""

import gc

import hypothesis
import numpy as np
import pytest

from minigrad import backend, debug, dtypes, random
from minigrad.debug.warning import settings
from minigrad.engine import modes, observe

hypothesis.settings.register_profile("minigrad", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("minigrad")

debug.lint("off")  # tests/debug switches them on



def pytest_configure():
    gc.disable()  # ten thousands of tests are collected, and none of them becomes garbage


def pytest_collection_finish():
    gc.freeze()  # no later collection looks through them
    gc.enable()


_SETTINGS = {
    "grad mode": lambda: modes.state.recording,
    "inference mode": lambda: modes.state.inference,
    "observers": lambda: observe.listeners,
    "watchers": lambda: observe.watchers,
    "level of the lints": lambda: (settings.level, settings.ignored),
    "default dtype": dtypes.get_default_dtype,
    "number of threads": backend.get_num_threads,
    "NumPy's error handling": np.geterr,
}


@pytest.fixture(autouse=True)
def _nothing_leaks():
    before = {name: read() for name, read in _SETTINGS.items()}
    yield
    leaked = [name for name, read in _SETTINGS.items() if read() != before[name]]
    assert not leaked, f"the test changed and did not restore: {', '.join(leaked)}"


@pytest.fixture(autouse=True)
def _seeded():
    before = random.get_rng_state()
    random.manual_seed(0)
    yield
    random.set_rng_state(before)


@pytest.fixture
def rng():
    """NumPy's generator, the same in every test."""
    return np.random.default_rng(0)
