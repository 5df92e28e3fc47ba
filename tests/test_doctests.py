"""The examples in the docstrings of both packages give the output they show."""

import doctest
import importlib

import pytest

from .test_floors import EVERY

NAMES = [
    name.replace("kernels", "minigrad.kernels", 1) if name.startswith("kernels") else name
    for name in EVERY
    if not name.startswith("kernels.cuda")
]


@pytest.mark.parametrize("name", NAMES)
def test_examples(name):
    module = importlib.import_module(name)
    failures, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failures == 0
