"""Parametrizations of any kind."""

import copy

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils import parametrizations, parametrize


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).T


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x

    def right_inverse(self, value):
        return value / 2


class Halved(nn.Module):
    def forward(self, x):
        return x[:1]

    def right_inverse(self, value):
        return 2 * value


def symmetric():
    return parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())


def test_a_parametrized_weight_is_computed():
    layer = symmetric()
    assert type(layer).__name__ == "ParametrizedLinear" and isinstance(layer, nn.Linear)
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    assert parametrize.is_parametrized(layer) and parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias")
    assert (layer.weight == layer.weight.T).all()
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    layer(mg.ones(2, 3)).sum().backward()
    assert layer.parametrizations.weight.original.grad.tril(-1).abs().sum() == 0
    with pytest.raises(RuntimeError, match="Symmetric has no right_inverse"):
        layer.weight = mg.ones(3, 3)


def test_assigning_goes_through_the_inverses():
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", Doubled())
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert (layer.weight == before * 2).all()
    layer.weight = mg.ones(2, 2)
    assert layer.parametrizations.weight.original.tolist() == [[0.25, 0.25]] * 2
    assert layer.weight.tolist() == [[1, 1]] * 2


def test_the_trained_tensor_stays_the_same_parameter():
    layer = nn.Linear(2, 2)
    weight = layer.weight
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert layer.parametrizations.weight.original is weight


@pytest.mark.parametrize("leave", [True, False])
def test_removing(leave):
    layer = symmetric()
    value, original = layer.weight, layer.parametrizations.weight.original
    assert parametrize.remove_parametrizations(layer, "weight", leave) is layer
    assert type(layer) is nn.Linear and sorted(layer.state_dict()) == ["bias", "weight"]
    assert isinstance(layer.weight, nn.Parameter) and layer.weight.requires_grad
    assert (layer.weight == (value if leave else original)).all()


@pytest.mark.parametrize("leave", [True, False])
def test_an_optimizer_keeps_its_parameter(leave):
    layer = nn.Linear(2, 2)
    weight = layer.weight
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert layer.parametrizations.weight.original is weight
    parametrize.remove_parametrizations(layer, "weight", leave)
    assert layer.weight is weight


def test_a_refused_parametrization_changes_nothing():
    layer = nn.Linear(2, 2)
    before = layer.weight.tolist()
    with pytest.raises(ValueError, match="gives shape"):
        parametrize.register_parametrization(layer, "weight", Halved())
    assert layer.weight.tolist() == before and type(layer) is nn.Linear


def test_cached_values_are_computed_once():
    layer = symmetric()
    assert layer.weight is not layer.weight
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert layer.weight is not layer.weight


def test_buffers_and_copies():
    module = nn.Module()
    module.register_buffer("scale", mg.ones(2))
    parametrize.register_parametrization(module, "scale", Doubled())
    assert module.scale.tolist() == [1, 1] and not list(module.parameters())
    twin = copy.deepcopy(module)
    twin.scale = mg.zeros(2)
    assert module.scale.tolist() == [1, 1] and twin.scale.tolist() == [0, 0]


def test_refused():
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="no parameter or buffer named 'other'"):
        parametrize.register_parametrization(layer, "other", Symmetric())
    with pytest.raises(ValueError, match="no parametrization of 'weight'"):
        parametrize.remove_parametrizations(layer, "weight")
    with pytest.raises(ValueError, match="gives shape"):
        parametrize.register_parametrization(layer, "weight", nn.Flatten(0))
    parametrizations.weight_norm(layer)
    with pytest.raises(ValueError, match="leave_parametrized=True"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)


def test_spectral_norm_divides_by_the_largest_singular_value():
    layer = parametrizations.spectral_norm(nn.Linear(20, 30))
    assert mg.linalg.svdvals(layer.weight)[0].item() == pytest.approx(1, abs=0.05)
    for _ in range(200):
        layer(mg.ones(1, 20))
    assert mg.linalg.svdvals(layer.eval().weight)[0].item() == pytest.approx(1, abs=1e-4)
