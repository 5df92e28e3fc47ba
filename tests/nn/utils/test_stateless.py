"""A module called with other parameters and buffers."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils import stateless


@pytest.fixture
def model():
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.BatchNorm1d(4), nn.Linear(4, 1))


def test_other_parameters_for_one_call(model):
    x = mg.randn(5, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    other = {name: value * 2 for name, value in model.named_parameters()}
    found = mg.func.functional_call(model, other, (x,))
    h = mg.tanh(nn.functional.linear(x, other["0.weight"], other["0.bias"]))
    h = nn.functional.batch_norm(h, None, None, other["2.weight"], other["2.bias"], training=True)
    expected = nn.functional.linear(h, other["3.weight"], other["3.bias"])
    mg.testing.assert_close(found, expected)
    found.sum().backward()
    assert model[0].weight.grad is not None  # through the product
    for name, value in model.named_parameters():
        assert value is model.get_parameter(name) and type(value) is nn.Parameter
        assert mg.equal(value, before[name])
    assert model[2].num_batches_tracked == 1


def test_gradients_through_transformations(model):
    x = mg.randn(5, 3)
    weights = {name: value.detach() for name, value in model.named_parameters()}
    found = mg.func.grad(lambda w: mg.func.functional_call(model, w, x).pow(2).mean())(weights)
    model(x).pow(2).mean().backward()
    for name, value in model.named_parameters():
        mg.testing.assert_close(found[name], value.grad)


def test_several_dicts_keywords_and_buffers(model):
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = nn.Parameter(mg.ones(1))
            self.register_buffer("calls", mg.tensor(0))

        def forward(self, x, *, shift):
            self.calls = self.calls + 1
            return self.factor * x + shift

    scale = Scale()
    dicts = ({"factor": mg.tensor([3.0])}, {"calls": mg.tensor(5)})
    assert mg.func.functional_call(scale, dicts, mg.ones(1), {"shift": 2.0}).tolist() == [5.0]
    assert scale.calls == 0 and scale.factor.tolist() == [1.0]
    with pytest.raises(ValueError, match="factor.*more than one"):
        mg.func.functional_call(scale, (dicts[0], dicts[0]), mg.ones(1), {"shift": 2.0})


def test_tied_weights():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    x, other = mg.eye(2), {"0.weight": 2 * mg.eye(2)}
    assert mg.func.functional_call(model, other, x).tolist() == [[4.0, 0.0], [0.0, 4.0]]
    loose = mg.func.functional_call(model, other, x, tie_weights=False)
    mg.testing.assert_close(loose, 2 * model[0].weight.T)
    with pytest.raises(ValueError, match="tied"):
        mg.func.functional_call(model, {**other, "1.weight": mg.eye(2)}, x)


def test_what_is_refused(model):
    x = mg.randn(5, 3)
    for strict, kind in ((False, AttributeError), (True, RuntimeError)):
        with pytest.raises(kind, match="7.weight"):
            mg.func.functional_call(model, {"7.weight": x}, x, strict=strict)
    with pytest.raises(RuntimeError, match="0.bias"):
        mg.func.functional_call(model, {"0.weight": model[0].weight}, x, strict=True)
    with pytest.raises(TypeError, match="0.weight.*float"):
        mg.func.functional_call(model, {"0.weight": 1.0}, x)


def test_the_parameters_are_back_after_an_error(model):
    kept = model[0].weight
    with pytest.raises(RuntimeError):
        mg.func.functional_call(model, {"0.weight": mg.ones(7, 7)}, mg.randn(5, 3))
    assert model[0].weight is kept


def test_the_doors():
    assert stateless.functional_call is mg.func.functional_call
    assert "functional_call" in mg.func.__all__
