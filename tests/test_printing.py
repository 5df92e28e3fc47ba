"""The repr of tensors: PyTorch's, character for character."""

import numpy as np
import pytest

import minigrad as mg

VALUES = {
    "0-d": 1.5,
    "whole": [1.0, 20.0],
    "a wide range of whole numbers": [1e5, 1.0],
    "large": [1e9, 2e9],
    "small": [1e-10],
    "mixed": [1e-5, 1.0],
    "infinite": [float("inf"), 1.0],
    "all kinds": [-float("inf"), 2.5, float("nan")],
    "zeros": [0.0, -0.0],
    "wide rows": np.arange(60, dtype="float32").reshape(2, 30) * -1.5,
    "cube": np.arange(16).reshape(2, 2, 2, 2),
    "summarised": np.arange(1001),
    "summarised rows": np.arange(9000, dtype="float32").reshape(9, 10, 100),
    "summarised bools": np.zeros(1001, bool),
    "empty rows": np.zeros((3, 0, 2), "float32"),
    "no bools": np.zeros(0, bool),
    "no integers": np.zeros((0, 3), "int64"),
    "eleven float64": np.ones(11) / 3,
}


@pytest.mark.torch
@pytest.mark.parametrize("name", VALUES)
def test_equals_torch(name):
    import torch

    expected = repr(torch.tensor(VALUES[name])).replace("torch.", "minigrad.")
    assert repr(mg.tensor(VALUES[name])) == expected


def test_a_suffix_that_is_too_long_stands_on_its_own_line():
    x = mg.full((9,), 0.5, requires_grad=True)
    lines = repr(x).split("\n")
    assert lines[1] == "       requires_grad=True)"


@pytest.fixture
def _default_options():
    yield
    mg.set_printoptions(profile="default")


@pytest.mark.torch
@pytest.mark.usefixtures("_default_options")
@pytest.mark.parametrize(
    "options",
    [
        {"precision": 2},
        {"precision": 6, "linewidth": 40},
        {"threshold": 5, "edgeitems": 1},
        {"profile": "short"},
        {"sci_mode": True},
        {"sci_mode": False, "precision": 3},
    ],
    ids=str,
)
def test_options_as_in_torch(options):
    import torch

    values = np.linspace(-1, 300, 24).reshape(4, 6).astype("float32")
    mg.set_printoptions(**options)
    torch.set_printoptions(**options)
    try:
        assert repr(mg.tensor(values)) == repr(torch.tensor(values))
    finally:
        torch.set_printoptions(profile="default")


def test_unknown_profiles_are_refused():
    with pytest.raises(ValueError, match="profile.*'loud'"):
        mg.set_printoptions(profile="loud")
