"""What stands under which name."""

import math
import subprocess
import sys

import pytest

import minigrad as mg


def test_layers_are_loaded_when_they_are_asked_for():
    program = (
        "import sys, minigrad as mg; "
        "assert not any(m.startswith(('minigrad.nn', 'minigrad.optim')) for m in sys.modules); "
        "mg.nn.Linear, mg.optim.SGD, mg.utils.data"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", mg._LAYER_FUNCTIONS)
def test_functions_of_layers_that_pytorch_has_at_the_top(name):
    assert getattr(mg, name) is getattr(mg.nn.functional, name)
    assert name in dir(mg)


def test_constants():
    assert (mg.inf, mg.pi, mg.e) == (math.inf, math.pi, math.e)
    assert math.isnan(mg.nan)
    x = mg.zeros(2, 3)
    assert mg.zeros_like(x, memory_format=mg.preserve_format).shape == (2, 3)
    assert x.t().contiguous(memory_format=mg.contiguous_format).is_contiguous()


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'conv4d'"):
        mg.conv4d  # noqa: B018


@pytest.mark.torch
def test_every_public_name_of_functional_is_pytorchs_or_documented():
    torch = pytest.importorskip("torch")
    ours = set(mg.nn.functional.__all__)
    more = {"distillation_loss", "focal_loss", "sigmoid_focal_loss"}
    assert {name for name in ours if not hasattr(torch.nn.functional, name)} == more
