"""What stands under ``mg.debug``, and when it is loaded."""

import importlib
import subprocess
import sys

import pytest

import minigrad as mg
from minigrad import debug


@pytest.mark.parametrize("name", debug.__all__)
def test_a_function_hides_the_module_of_its_name(name):
    room = debug._ROOM_OF.get(name)
    if room is not None:
        importlib.import_module(f"minigrad.debug.{room}")
    assert callable(getattr(mg.debug, name))
    assert name in dir(mg.debug)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'anomalies'"):
        mg.debug.anomalies  # noqa: B018


def test_the_first_event_loads_the_lints_alone():
    program = """
import sys, minigrad as mg
mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=0.1)
assert "minigrad.debug.lint" in sys.modules
assert not {"minigrad.debug.playbook", "minigrad.train", "multiprocessing"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
