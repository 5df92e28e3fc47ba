"""Sequential, ModuleList and ModuleDict."""

from collections import OrderedDict

import pytest

import minigrad as mg
from minigrad import nn


def chain(*kinds):
    return nn.Sequential(*(kind() for kind in kinds))


def names(container):
    return [(k, type(m).__name__) for k, m in container._modules.items()]


def test_sequential_edits():
    s = chain(nn.ReLU, nn.Tanh)
    assert s.append(nn.Sigmoid()) is s and s.insert(1, nn.Identity()) is s
    assert names(s) == [("0", "ReLU"), ("1", "Identity"), ("2", "Tanh"), ("3", "Sigmoid")]
    s[-1] = nn.GELU()
    del s[0]
    assert names(s) == [("0", "Identity"), ("1", "Tanh"), ("2", "GELU")]
    assert isinstance(s[0:2], nn.Sequential) and s[0:2][1] is s[1]
    del s[1:]
    assert len(s) == 1 and list(s) == [s[0]] and s.pop(0) is not None and len(s) == 0
    s.extend([nn.ReLU(), nn.Tanh()]).insert(-1, nn.GELU())
    assert [n for _, n in names(s)] == ["ReLU", "GELU", "Tanh"]
    assert s(mg.tensor([0.0])).item() == 0


def test_sequential_names():
    s = nn.Sequential(OrderedDict(fc=nn.Linear(2, 3), act=nn.ReLU()))
    assert list(s.state_dict()) == ["fc.weight", "fc.bias"] and s.fc is s[0]
    assert s[1:].act is s.act


@pytest.mark.parametrize("index", [2, -3])
def test_sequential_bounds(index):
    s = chain(nn.ReLU, nn.Tanh)
    with pytest.raises(IndexError, match="out of range"):
        s[index]
    with pytest.raises(IndexError):
        s.insert(index + (1 if index > 0 else 0), nn.ReLU())
    with pytest.raises(TypeError):
        s["0"]
    with pytest.raises(TypeError):
        s.append(3)


def test_module_list():
    m = nn.ModuleList([nn.Linear(1, 1)])
    m += [nn.ReLU()]
    both = m + [nn.Tanh()]
    assert len(m) == 2 and len(both) == 3 and isinstance(m[:1], nn.ModuleList)
    m.insert(0, nn.Tanh())
    assert list(m.state_dict()) == ["1.weight", "1.bias"]
    with pytest.raises(NotImplementedError):
        m(1)


def test_module_dict():
    m = nn.ModuleDict([("a", nn.ReLU()), ("b", nn.Linear(1, 1))])
    m["c"] = nn.Tanh()
    assert "a" in m and list(m) == ["a", "b", "c"] == list(m.keys()) and len(m) == 3
    assert m.pop("a") is not None and "a" not in m and not hasattr(m, "a")
    assert list(m.state_dict()) == ["b.weight", "b.bias"]
    assert dict(m.items()).keys() == {"b", "c"} and len(list(m.values())) == 2
    m.clear()
    assert len(m) == 0


def test_a_forward_assigned_after_the_first_call_counts():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = mg.randn(5, 3)
    model(x)
    model[1].forward = lambda h: h * 2
    assert model(x).tolist() == model[2](model[0](x) * 2).tolist()
    del model[1].forward
    assert model(x).tolist() == model[2](model[0](x).relu()).tolist()


def parameter_list(mg):
    return mg.nn.ParameterList([mg.zeros(2, 3), mg.nn.Parameter(mg.ones(4)), 5])


def test_parameter_lists():
    values = parameter_list(mg)
    assert list(values.state_dict()) == ["0", "1"] and len(values) == 3 and values[-1] == 5
    assert len(values[:2]) == 2 and values[:2][1] is values[1]
    values[0] = mg.ones(1)
    assert values[0].requires_grad and isinstance(values[0], mg.nn.Parameter)
    values += [mg.ones(2), "text"]
    assert [type(v).__name__ for v in values] == [
        "Parameter", "Parameter", "int", "Parameter", "str",
    ]  # fmt: skip
    with pytest.raises(IndexError, match="5 is out of range for 5"):
        values[5]


def test_parameter_dicts():
    values = mg.nn.ParameterDict({"a": mg.zeros(2), "b": mg.ones(1)})
    values["c"] = mg.ones(3)
    assert list(values) == ["a", "b", "c"] and list(reversed(values)) == ["c", "b", "a"]
    assert [name for name, _ in values.named_parameters()] == ["a", "b", "c"]
    assert values.get("d") is None and values.setdefault("d", mg.ones(4)) is not None
    assert values.popitem()[0] == "d" and values.pop("c").shape == (3,)
    assert "c" not in values and not hasattr(values, "c")
    both = values | mg.nn.ParameterDict({"e": mg.ones(1)})
    assert list(both.keys()) == ["a", "b", "e"] and len(values) == 2
    assert both["a"] is values["a"]
    assert list(values.fromkeys(["p", "q"], 1).values()) == [1, 1]
    del values["a"]
    values.clear()
    assert not list(values.parameters())
    with pytest.raises(KeyError, match="missing"):
        values["missing"]


@pytest.mark.torch
def test_containers_of_parameters_look_as_those_of_torch():
    torch = pytest.importorskip("torch")
    assert repr(parameter_list(mg)) == repr(parameter_list(torch)).replace("torch", "minigrad")
    ours, theirs = (
        repr(p.nn.ParameterDict({"a": p.zeros(2, 3), "n": 3, "h": p.ones(1).double()}))
        for p in (mg, torch)
    )
    assert ours == theirs.replace("torch", "minigrad")


def test_repeated_and_added_sequentials():
    chain = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    assert len(chain * 2) == 4 and len(3 * chain) == 6 and (chain * 2)[0] is (chain * 2)[2]
    assert [type(m).__name__ for m in chain + nn.Sequential(nn.Tanh())] == [
        "Linear", "ReLU", "Tanh",
    ]  # fmt: skip
    chain *= 2
    assert len(chain) == 4
    with pytest.raises(ValueError, match="positive"):
        chain * 0
