"""State dicts beyond tensors: extra state and hooks around saving and loading."""

import pytest

import minigrad as mg
from minigrad import nn


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return self.layer(x)

    def get_extra_state(self):
        return {"calls": self.calls}

    def set_extra_state(self, state):
        self.calls = state["calls"]


def test_extra_state_goes_with_the_tensors():
    model = nn.Sequential(Counting())
    model(mg.ones(1, 1))
    state = model.state_dict()
    assert state["0._extra_state"] == {"calls": 1}
    other = nn.Sequential(Counting())
    assert str(other.load_state_dict(state)) == "<All keys matched successfully>"
    assert other[0].calls == 1
    del state["0._extra_state"]
    with pytest.raises(RuntimeError, match="Missing.*_extra_state"):
        other.load_state_dict(state)
    with pytest.raises(RuntimeError, match="Unexpected.*_extra_state"):
        nn.Linear(1, 1).load_state_dict({**nn.Linear(1, 1).state_dict(), "_extra_state": 1})
    with pytest.raises(RuntimeError, match="override get_extra_state"):
        nn.Linear(1, 1).get_extra_state()
    with pytest.raises(RuntimeError, match="override set_extra_state"):
        nn.Linear(1, 1).set_extra_state({})


def test_state_dict_hooks():
    model, seen = nn.Sequential(nn.Linear(1, 1)), []
    model[0].register_state_dict_pre_hook(lambda m, prefix, keep: seen.append((prefix, keep)))

    def rename(module, state, prefix, metadata):
        state[prefix + "w"] = state.pop(prefix + "weight")

    handle = model[0].register_state_dict_post_hook(rename)
    assert list(model.state_dict()) == ["0.bias", "0.w"] and seen == [("0.", False)]
    state = model.state_dict()
    handle.remove()
    assert list(model.state_dict()) == ["0.weight", "0.bias"]

    def rename_back(module, state, prefix, *others):
        state[prefix + "weight"] = state.pop(prefix + "w")

    model[0].register_load_state_dict_pre_hook(rename_back)
    assert not any(model.load_state_dict(state)) and "0.w" in state


def test_a_hook_may_forgive_missing_keys():
    layer = nn.Linear(1, 1)
    layer.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    assert not layer.load_state_dict({"weight": mg.ones(1, 1)}).missing_keys
    assert layer.weight.tolist() == [[1]]


def test_set_submodule():
    model = nn.Sequential(nn.Sequential(nn.Linear(1, 1)))
    model.set_submodule("0.0", nn.Tanh())
    assert isinstance(model[0][0], nn.Tanh)
    model.set_submodule("0.extra", nn.ReLU())
    assert isinstance(model[0].extra, nn.ReLU)
    for target, module, error in (
        ("", nn.ReLU(), ValueError), ("0.0", 3, ValueError), ("1.0", nn.ReLU(), AttributeError),
        ("0.training", nn.ReLU(), AttributeError),
    ):  # fmt: skip
        with pytest.raises(error):
            model.set_submodule(target, module)
    with pytest.raises(AttributeError, match="no sub-module 'new'"):
        model.set_submodule("new", nn.ReLU(), strict=True)
