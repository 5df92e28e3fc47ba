"""What tests of rooms share that compute in float32 what the definition says in float64."""

import numpy as np

ERROR = 3e-6  # of the largest element


def exactly(function, *arguments):
    """What a reference gives for the same arrays in float64."""
    return function(*(a.astype(float) if isinstance(a, np.ndarray) else a for a in arguments))


def assert_near(found, exact):
    """Float32 of that shape, off by no more than ERROR allows."""
    assert found.dtype == np.float32 and found.shape == exact.shape
    assert abs(found - exact).max() <= ERROR * abs(exact).max()


def counted(monkeypatch, room, names=("correlate", "weight_grad")):
    """The names of these functions of a room, as they are called from now on."""
    calls = []
    for name in names:
        function = getattr(room, name)
        monkeypatch.setattr(
            room, name, lambda *a, f=function, n=name, **k: calls.append(n) or f(*a, **k)
        )
    return calls
