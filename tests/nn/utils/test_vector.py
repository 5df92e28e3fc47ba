"""Parameters as one vector."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils import parameters_to_vector, vector_to_parameters


def test_there_and_back():
    model = nn.Sequential(nn.Linear(3, 2), nn.PReLU())
    vector = parameters_to_vector(model.parameters())
    assert vector.shape == (9,) and vector.requires_grad
    vector_to_parameters(mg.arange(9.0), model.parameters())
    assert model[0].bias.tolist() == [6, 7] and model[1].weight.tolist() == [8]
    assert parameters_to_vector(model.parameters()).tolist() == list(range(9))


def test_gradients_flow_through_the_vector():
    p = mg.ones(2, 2, requires_grad=True)
    (parameters_to_vector([p]) * mg.arange(4.0)).sum().backward()
    assert p.grad.tolist() == [[0, 1], [2, 3]]


def test_refused():
    parameters = list(nn.Linear(2, 2).parameters())
    with pytest.raises(TypeError, match="vec must be a tensor"):
        vector_to_parameters([1.0] * 6, parameters)
    with pytest.raises(RuntimeError, match="6 elements"):
        vector_to_parameters(mg.ones(5), parameters)
