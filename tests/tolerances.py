"""How far a result may be from its reference: one table, per dtype."""

import numpy as np

#              rtol   atol
TOLERANCES = {
    "float64": (1e-12, 1e-13),
    "float32": (4e-6, 1e-6),
    "float16": (1e-3, 1e-4),
}


def tolerance(expected, sums=False):
    """rtol and atol as keyword arguments; anything that is not floating must be equal.

    The elements of long ``sums`` cancel: there the error is relative to the largest element.
    """
    rtol, atol = TOLERANCES.get(expected.dtype.name, (0, 0))
    if sums and rtol:
        atol = max(atol, rtol * np.abs(expected[np.isfinite(expected)]).max(initial=0))
    return {"rtol": rtol, "atol": atol}


def assert_close(actual, expected, what="", sums=False):
    """Same dtype, same shape, values within the tolerance of the dtype; NaN equals NaN."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, not {expected.dtype}"
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, not {expected.shape}"
    np.testing.assert_allclose(
        actual, expected, equal_nan=True, err_msg=what, **tolerance(expected, sums)
    )
