"""Modules: registries, names, state, training mode, conversions, notes, printing."""

import copy
import pickle
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.scale = nn.Parameter(mg.ones(3))
        self.register_buffer("mean", mg.zeros(3))
        self.register_buffer("scratch", mg.zeros(1), persistent=False)

    def forward(self, x):
        return self.fc(x) * self.scale - self.mean


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.blocks = nn.Sequential(Block(), nn.ReLU())
        self.head = nn.Linear(3, 2, bias=False)

    def forward(self, x):
        return self.head(self.blocks(self.first(x)))


KEYS = [
    "first.scale", "first.mean", "first.fc.weight", "first.fc.bias",
    "blocks.0.scale", "blocks.0.mean", "blocks.0.fc.weight", "blocks.0.fc.bias", "head.weight",
]  # fmt: skip


def test_names():
    net = Net()
    assert list(net.state_dict()) == KEYS
    assert [n for n, _ in net.named_parameters()] == [k for k in KEYS if "mean" not in k]
    assert [n for n, _ in net.first.named_buffers()] == ["mean", "scratch"]
    assert [n for n, _ in net.named_children()] == ["first", "blocks", "head"]
    assert [n for n, _ in net.named_modules()][:3] == ["", "first", "first.fc"]
    assert [n for n, _ in net.named_parameters(prefix="net", recurse=False)] == []
    assert [n for n, _ in net.first.named_parameters("x", recurse=False)] == ["x.scale"]
    assert net.get_submodule("blocks.0.fc") is net.blocks[0].fc
    assert net.get_parameter("head.weight") is net.head.weight
    assert net.get_buffer("first.mean") is net.first.mean
    for look in (net.get_submodule, net.get_parameter, net.get_buffer):
        with pytest.raises(AttributeError, match="nope"):
            look("blocks.nope")


def test_tied_parameters_and_modules_count_once():
    net = Net()
    net.head.weight = net.first.fc.weight
    net.again = net.first
    assert len(list(net.parameters())) == 6
    assert len(list(net.named_parameters(remove_duplicate=False))) == 10
    assert {"head.weight", "first.fc.weight", "again.fc.weight"} <= set(net.state_dict())
    assert sum(m is net.first for m in net.children()) == 1


def test_assigning_moves_between_registries():
    m = nn.Module()
    m.x = 3
    m.x = nn.Parameter(mg.ones(2))
    assert list(m._parameters) == ["x"]
    m.x = nn.ReLU()
    assert list(m._parameters) == [] and list(m._modules) == ["x"]
    m.x = None
    assert m.x is None and list(m._modules) == ["x"] and list(m.modules()) == [m]
    del m.x
    assert not hasattr(m, "x") and list(m._modules) == []
    m.register_buffer("b", mg.ones(2))
    m.b = mg.zeros(2)
    assert m._buffers["b"] is m.b and m.state_dict()["b"].sum().item() == 0


@pytest.mark.parametrize("name, value", [("weight", mg.ones(2)), ("weight", 3), ("bias", [1.0])])
def test_only_parameters_replace_parameters(name, value):
    with pytest.raises(TypeError, match="cannot assign"):
        setattr(nn.Linear(2, 2), name, value)


def test_registration_refuses():
    m = nn.Linear(2, 2)
    for name, error in ((3, TypeError), ("a.b", KeyError), ("", KeyError), ("forward", KeyError)):
        with pytest.raises(error):
            m.register_buffer(name, mg.ones(1))
        with pytest.raises(error):
            m.register_parameter(name, None)
        with pytest.raises(error):
            m.add_module(name, None)
    with pytest.raises(TypeError, match="not a Module"):
        m.add_module("x", 3)
    with pytest.raises(TypeError, match="Parameter"):
        m.register_parameter("x", mg.ones(1))
    with pytest.raises(TypeError, match="Tensor"):
        m.register_buffer("x", 3.0)


@pytest.mark.parametrize("value, what", [(nn.Parameter(), "parameters"), (nn.ReLU(), "module")])
def test_assigning_before_init(value, what):
    class Early(nn.Module):
        def __init__(self):
            self.x = value

    with pytest.raises(AttributeError, match=f"cannot assign {what} before"):
        Early()


def test_state_dict_shares_memory_and_is_detached():
    net = Net()
    state = net.state_dict()
    assert not any(t.requires_grad for t in state.values())
    assert state["head.weight"]._array is net.head.weight._array
    assert net.state_dict(keep_vars=True)["head.weight"] is net.head.weight
    assert list(net.head.state_dict(prefix="head.")) == ["head.weight"]


@pytest.mark.parametrize("kind", [lambda t: t, lambda t: t.numpy()])
def test_load_state_dict(kind):
    a, b = Net(), Net()
    a.first.mean.fill_(2.0)
    result = b.load_state_dict({k: kind(v) for k, v in a.state_dict().items()})
    assert repr(result) == "<All keys matched successfully>" and result == ([], [])
    for key, value in b.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), a.state_dict()[key].numpy())
        assert value._array is not a.state_dict()[key]._array


def test_load_state_dict_reports_everything_and_writes_nothing():
    net = Net()
    before = {k: v.numpy().copy() for k, v in net.state_dict().items()}
    state = {k: mg.ones(*v.shape) for k, v in before.items()}
    del state["first.scale"]
    state.update({"extra": mg.ones(1), "head.weight": mg.ones(2, 2), "first.mean": 3.0})
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        "Error(s) in loading state_dict for Net:\n"
        '\tMissing key(s) in state_dict: "first.scale". \n'
        '\tUnexpected key(s) in state_dict: "extra". \n'
        '\tWhile copying the parameter named "first.mean", expected a tensor or ndarray but '
        "received float. \n"
        "\tsize mismatch for head.weight: copying a param with shape (2, 2) from checkpoint, the "
        "shape in current model is (2, 3)."
    )
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[key])
    with pytest.raises(TypeError, match="dict-like"):
        net.load_state_dict("weights.npz")


def test_load_state_dict_not_strict():
    result = Net().load_state_dict({"extra": mg.ones(1)}, strict=False)
    assert result.missing_keys == KEYS and result.unexpected_keys == ["extra"]


def test_load_state_dict_assign():
    linear, weight = nn.Linear(2, 2), mg.ones(2, 2, dtype=mg.float64)
    linear.load_state_dict({"weight": weight, "bias": linear.bias}, assign=True)
    assert isinstance(linear.weight, nn.Parameter) and linear.weight.requires_grad
    assert linear.weight._array is weight._array


def test_loading_raises_the_version():
    linear = nn.Linear(2, 2)
    y = linear(mg.ones(1, 2, requires_grad=True)).sum()
    linear.load_state_dict(nn.Linear(2, 2).state_dict())
    with pytest.raises(RuntimeError, match="modified in place"):
        y.backward()


def test_train_eval_apply_and_gradients():
    net = Net()
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert net.train() is net and all(m.training for m in net.modules())
    with pytest.raises(ValueError, match="boolean"):
        net.train("yes")
    seen = []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen[0] == "Linear" and seen[-1] == "Net" and len(seen) == len(list(net.modules()))
    net(mg.ones(4, 3)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad(set_to_none=False)
    assert all(p.grad.sum().item() == 0 for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    net.requires_grad_(False)
    assert not net(mg.ones(4, 3)).requires_grad


@pytest.mark.parametrize("name", ["float64", "float16", "bfloat16", "float32"])
def test_conversions(name):
    net, dtype = Net(), getattr(mg, name)
    net.register_buffer("count", mg.tensor(3))
    kept = net.head.weight
    method = {"float64": net.double, "float16": net.half, "float32": net.float}
    assert method.get(name, net.bfloat16)() is net
    assert {p.dtype for p in net.parameters()} == {dtype} == {net.first.mean.dtype}
    assert net.count.dtype is mg.int64 and net.head.weight is kept and kept.requires_grad
    y = net(mg.ones(2, 3, dtype=dtype))
    y.sum().backward()
    assert y.dtype is dtype is kept.grad.dtype
    assert net.to(mg.ones(1)).to("cpu").head.weight.dtype is mg.float32 is kept.grad.dtype
    with pytest.raises(TypeError, match="floating"):
        net.to(mg.int64)


def test_shared_buffers_stay_shared():
    net = nn.Sequential(nn.Module(), nn.Module())
    buffer = mg.ones(2)
    net[0].register_buffer("b", buffer)
    net[1].register_buffer("b", buffer)
    net.double()
    assert net[0].b is net[1].b


def test_deepcopy():
    net = Net()
    net.head.weight = net.first.fc.weight
    other = copy.deepcopy(net)
    assert other.head.weight is other.first.fc.weight is not net.head.weight
    assert isinstance(other.head.weight, nn.Parameter) and other.head.weight.requires_grad
    assert other._modules["head"] is other.head
    np.testing.assert_array_equal(net.head.weight.detach(), other.head.weight.detach())


def test_forward_is_required():
    with pytest.raises(NotImplementedError, match='Module \\[Module\\] is missing .* "forward"'):
        nn.Module()(1)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes from Python 3.11 on")
def test_exceptions_name_the_module():
    with pytest.raises(RuntimeError, match="linear") as caught:
        Net()(mg.ones(2, 4))
    place = "in Linear (module 'first.fc' of Net): input (2, 4) float32"
    assert caught.value.__notes__ == [place]
    with pytest.raises(RuntimeError) as caught:
        nn.Linear(2, 2)(mg.ones(3))
    assert caught.value.__notes__ == ["in Linear: input (3,) float32"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes from Python 3.11 on")
def test_B17_exceptions_say_what_the_module_was_given_and_which_op_made_it():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(4, 1))
    with pytest.raises(RuntimeError, match="linear") as caught:
        net(mg.ones(5, 2))
    (note,) = caught.value.__notes__
    assert note == "in Linear (module '2' of Sequential): input (5, 3) float32, made by tanh"


def test_repr():
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Block(\n"
        "    (fc): Linear(in_features=3, out_features=3, bias=True)\n"
        "  )\n"
        "  (blocks): Sequential(\n"
        "    (0): Block(\n"
        "      (fc): Linear(in_features=3, out_features=3, bias=True)\n"
        "    )\n"
        "    (1): ReLU()\n"
        "  )\n"
        "  (head): Linear(in_features=3, out_features=2, bias=False)\n"
        ")"
    )


MODELS = {
    "chain": lambda nn: nn.Sequential(
        nn.Linear(2, 3, bias=False), nn.ReLU(inplace=True), nn.GELU("tanh"), nn.Dropout(0.1),
        nn.Softmax(dim=1), nn.LogSoftmax(1), nn.Flatten(), nn.Unflatten(1, (1, 3)), nn.Identity(),
    ),
    "list": lambda nn: nn.ModuleList(
        [nn.Sequential(nn.Tanh()), nn.Sequential(nn.Tanh()), nn.Tanh()]
    ),
    "dict": lambda nn: nn.ModuleDict({"a": nn.Sigmoid(), "b": nn.ModuleDict()}),
    "empty": lambda nn: nn.Sequential(nn.ModuleList(), nn.Sequential()),
    "loss": lambda nn: nn.ModuleList([nn.CrossEntropyLoss(), nn.MSELoss()]),
}  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("name", MODELS)
def test_repr_and_keys_are_those_of_torch(name):
    torch = pytest.importorskip("torch")
    ours, theirs = MODELS[name](nn), MODELS[name](torch.nn)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())


@pytest.mark.torch
def test_loading_message_is_that_of_torch():
    torch = pytest.importorskip("torch")
    messages = []
    for module, ones in ((nn.Linear(2, 2), mg.ones), (torch.nn.Linear(2, 2), torch.ones)):
        with pytest.raises(RuntimeError) as caught:
            module.load_state_dict({"weight": ones(3, 2), "extra": ones(1)})
        messages.append(str(caught.value).replace("torch.Size([3, 2])", "(3, 2)"))
    assert messages[0] == messages[1].replace("torch.Size([2, 2])", "(2, 2)")


def test_modules_are_pickled_with_what_they_hold():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.LSTM(3, 2))
    made = pickle.loads(pickle.dumps(net))
    assert made.state_dict().keys() == net.state_dict().keys()
    assert all((a == b).all() for a, b in zip(made.parameters(), net.parameters(), strict=True))
    assert made[1]._path() == "1" and made[1]._outermost() is made


def test_a_buffer_registers_itself():
    module = nn.Module()
    data = mg.zeros(2)
    module.mean = nn.Buffer(data)
    module.seen = nn.Buffer(mg.ones(1), persistent=False)
    assert [name for name, _ in module.named_buffers()] == ["mean", "seen"]
    assert list(module.state_dict()) == ["mean"]
    data += 1
    assert module.mean.tolist() == [1.0, 1.0]
    twin = copy.deepcopy(module)
    assert type(twin.mean) is nn.Buffer
    assert list(twin.state_dict()) == ["mean"]
    module.mean = mg.full((2,), 3.0)  # stays a buffer
    assert module.state_dict()["mean"].tolist() == [3.0, 3.0]
    module.weight = nn.Parameter(mg.zeros(2))
    module.weight = nn.Buffer(mg.ones(2))
    assert not list(module.parameters())
    assert nn.Buffer(mg.ones(2, requires_grad=True)).requires_grad
    assert nn.Buffer().shape == (0,)
