"""Dropout as a module."""

import copy
from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_dropout():
    x = mg.ones(1000)
    layer = nn.Dropout(0.25)
    assert layer.eval()(x) is x
    y = layer.train()(x).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)} and 0.15 < (y == 0).mean() < 0.35
    own = [nn.Dropout(0.5, generator=mg.Generator().manual_seed(1))(x).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*own)
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(1.5)


def masks(model):
    """Which elements each Dropout of a model keeps at its first call after seeding."""
    mg.manual_seed(3)
    kept = {}
    for name, module in model.named_modules():
        if isinstance(module, mg.nn.Dropout):
            module.register_forward_hook(
                lambda _module, _inputs, y, name=name: kept.update({name: y.numpy() != 0})
            )
    model(mg.ones(64, 8))
    return kept


def test_another_layer_or_draw_does_not_change_a_mask():
    def body(first):
        return mg.nn.Sequential(OrderedDict(first=first, last=mg.nn.Dropout(0.5)))

    alone, beside = masks(body(mg.nn.Identity())), masks(body(mg.nn.Dropout(0.3)))
    assert ((alone["last"] & beside["first"]) == beside["last"]).all()
    assert not (beside["first"] == alone["last"]).all()


def test_a_module_in_the_middle_has_its_own_stream_and_copies_keep_it():
    model = mg.nn.Sequential(mg.nn.Sequential(mg.nn.Dropout(0.5)), mg.nn.Dropout(0.5))
    assert [m._path() for m in model.modules()] == ["", "0", "0.0", "1"]
    assert [m._path() for m in copy.deepcopy(model).modules()] == ["", "0", "0.0", "1"]
