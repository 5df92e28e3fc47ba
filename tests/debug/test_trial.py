"""The tools that run a model work where its arrays are not NumPy's."""

import copy
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend, nn

from ..standin import Device, xp
from .untouched import specimen

backend.register_backend(Device, xp)
ELSEWHERE = backend.device_of_type(Device)
F = nn.functional
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def same(tool, model, *args):
    """What a tool prints: the same here and elsewhere."""
    here = tool(copy.deepcopy(model), *args)
    moved = copy.deepcopy(model).to(ELSEWHERE)
    there = tool(moved, *(a if callable(a) else _moved(a) for a in args))
    texts = str(here), str(there)
    words = [NUMBER.sub("", text).split() for text in texts]
    numbers = [[float(n) for n in NUMBER.findall(text)] for text in texts]
    assert words[0] == words[1]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-6, abs=1e-12)
    return texts[0]


def _moved(value):
    if isinstance(value, tuple):
        return tuple(map(_moved, value))
    return value.detach().to(ELSEWHERE)


@pytest.mark.parametrize("name", ["landscape", "sharpness", "underflow_report"])
def test_tools_of_a_batch(name):
    tool = getattr(mg.debug, name)
    model, batch = specimen()
    model = model[:3].append(model[4]).double()
    assert same(tool, model, F.cross_entropy, (batch[0].detach().double(), batch[1]))


def test_tools_of_inputs():
    model, batch = specimen()
    x = batch[0].detach().double()
    assert same(mg.debug.signal_propagation, model[:3].double(), x)
    dropout = nn.Sequential(nn.Dropout(), nn.Linear(6, 3)).double()
    assert same(mg.debug.subnetworks, dropout, x).startswith("64 subnetworks")


def test_anomaly():
    w = mg.zeros(2).to(ELSEWHERE).requires_grad_()
    with np.errstate(all="ignore"):  # the stand-in warns where a GPU does not
        with pytest.raises(mg.debug.AnomalyError, match="of sqrt gave inf"), mg.anomaly():
            w.sqrt().sum().backward()
        with pytest.raises(mg.debug.AnomalyError, match="log gave NaN") as error, mg.anomaly():
            (w - 1).log()
    assert type(error.value.tensors["input 0"]._array) is Device
    assert np.isnan(error.value.tensors["output"].cpu().numpy()).all()
