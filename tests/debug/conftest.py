"""What the tests of the lints share."""

import pytest

from minigrad import debug


@pytest.fixture
def lints_on():
    """The lints warn, as they do outside of the tests."""
    with debug.lint("warn"):
        yield
