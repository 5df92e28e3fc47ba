"""Operators between tensors and what is no number."""

import operator

import pytest

import minigrad as mg

BINARY = "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift lt le gt ge"
FOREIGN = [slice(1), None, [1.0, 2.0], (1.0, 2.0), {}]


class Right:
    """Answers every operator of which it is the right operand."""


def _answer(self, other):
    return "right"


for _name in BINARY.split():
    _side = "" if _name in ("lt", "le", "gt", "ge") else "r"
    setattr(Right, f"__{_side}{_name.rstrip('_')}__", _answer)


@pytest.mark.parametrize("name", BINARY.split())
def test_the_right_operand_is_asked(name):
    assert getattr(operator, name)(mg.tensor([1, 2]), Right()) == "right"


@pytest.mark.parametrize("foreign", FOREIGN, ids=repr)
@pytest.mark.parametrize("name", BINARY.split())
def test_foreign_operands_are_refused(name, foreign):
    x, f = mg.tensor([1, 2]), getattr(operator, name)
    with pytest.raises(TypeError):
        f(x, foreign)
    with pytest.raises(TypeError):
        f(foreign, x)


@pytest.mark.parametrize("foreign", FOREIGN, ids=repr)
def test_equality_with_foreign_objects_is_identity(foreign):
    x = mg.tensor([1, 2])
    assert (x == foreign) is False
    assert (x != foreign) is True
    with pytest.raises(RuntimeError, match="contains numbers"):
        foreign in x  # noqa: B015


def test_functions_refuse_foreign_operands():
    with pytest.raises(TypeError, match="other must be a tensor or a number, got Right"):
        mg.add(mg.ones(2), Right())
