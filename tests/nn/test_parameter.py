"""Parameters."""

import copy

import pytest

import minigrad as mg
from minigrad.nn import Parameter


def test_a_parameter_is_a_leaf_that_shares_memory():
    data = mg.ones(2, requires_grad=True) * 2
    p = Parameter(data)
    assert isinstance(p, mg.Tensor) and p.is_leaf and p.requires_grad
    assert p._array is data._array
    assert type(p * 1) is type(p.detach()) is mg.Tensor
    assert Parameter().shape == (0,)
    assert not Parameter(mg.ones(1), requires_grad=False).requires_grad


def test_it_shares_the_version_of_its_data():
    data = mg.ones(2)
    y = (Parameter(data) ** 2).sum()
    data.zero_()
    with pytest.raises(RuntimeError, match="modified in place"):
        y.backward()


def test_integers_cannot_be_trained():
    with pytest.raises(RuntimeError, match="floating"):
        Parameter(mg.tensor([1]))
    assert Parameter(mg.tensor([1]), requires_grad=False).dtype is mg.int64
    with pytest.raises(TypeError, match="data must be"):
        Parameter([1.0])


def test_deepcopy_keeps_the_class_and_repr_names_it():
    p = copy.deepcopy(Parameter(mg.tensor([1.0, 2.5])))
    assert type(p) is Parameter
    assert repr(p) == "Parameter containing:\ntensor([1.0000, 2.5000], requires_grad=True)"


@pytest.mark.parametrize("base", [mg.Tensor, Parameter])
def test_classes_of_users_need_no_slots(base):
    class Named(base):
        pass

    made = Named(mg.ones(2))
    made.name = "weight"
    copied = copy.deepcopy(made)
    assert type(made) is type(copied) is Named
    assert copied.requires_grad is made.requires_grad
    assert (made * 2).tolist() == [2.0, 2.0]
