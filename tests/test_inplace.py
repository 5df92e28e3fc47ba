"""In-place writes: allowed where nothing is recorded, refused or rebound elsewhere."""

import operator

import numpy as np
import pytest

import minigrad as mg

AUGMENTED = {
    "+=": (operator.iadd, operator.add),
    "-=": (operator.isub, operator.sub),
    "*=": (operator.imul, operator.mul),
    "/=": (operator.itruediv, operator.truediv),
    "**=": (operator.ipow, operator.pow),
}
every_augmented = pytest.mark.parametrize(
    ("update", "binary"), AUGMENTED.values(), ids=list(AUGMENTED)
)

WRITES = {
    "add_": lambda t: t.add_(1.0),
    "sub_": lambda t: t.sub_(1.0),
    "mul_": lambda t: t.mul_(2.0),
    "div_": lambda t: t.div_(2.0),
    "zero_": lambda t: t.zero_(),
    "fill_": lambda t: t.fill_(3.0),
    "copy_": lambda t: t.copy_(mg.zeros(2)),
    "item assignment": lambda t: operator.setitem(t, 0, 5.0),
}
every_write = pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))


def plain():
    return mg.tensor([1.0, 2.0], dtype=mg.float64)


def leaf():
    return plain().requires_grad_()


@every_augmented
def test_augmented_assignment_of_a_plain_tensor_is_in_place(update, binary):
    x = plain()
    memory = x.numpy()
    y = update(x, 2.0)
    assert y is x
    np.testing.assert_array_equal(memory, binary(plain(), 2.0).numpy())


@every_augmented
def test_augmented_assignment_on_a_leaf_raises(update, binary):
    with pytest.raises(RuntimeError, match="leaf.*requires grad.*in place"):
        update(leaf(), 2.0)
    with mg.no_grad():
        x = leaf()
        assert update(x, 2.0) is x


@every_augmented
def test_augmented_assignment_in_a_graph_binds_a_new_tensor(update, binary):
    x = leaf()
    y = kept = x * 3.0
    y = update(y, 2.0)
    assert y is not kept
    assert kept.tolist() == [3.0, 6.0]
    y.sum().backward()
    expected = leaf()
    binary(expected * 3.0, 2.0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), expected.grad.numpy())


def test_a_plain_tensor_updated_by_one_with_gradient_is_rebound():
    x, total = leaf(), mg.zeros(2, dtype=mg.float64)
    kept = total
    for _ in range(3):
        total += x * x
    assert kept.tolist() == [0.0, 0.0]
    total.sum().backward()
    assert x.grad.tolist() == [6.0, 12.0]


@every_write
def test_writes_to_a_plain_tensor(write):
    x = plain()
    write(x)
    assert x.tolist() != [1.0, 2.0]


@every_write
def test_writes_to_a_plain_tensor_that_a_graph_saved(write):
    constant = plain()
    _loss = (leaf() * constant).sum()
    write(constant)
    assert constant.tolist() != [1.0, 2.0]


@every_write
def test_writes_to_a_leaf_raise_unless_nothing_is_recorded(write):
    x = leaf()
    with pytest.raises(RuntimeError, match="leaf"):
        write(x)
    assert x.tolist() == [1.0, 2.0]
    with mg.no_grad():
        write(x)
    assert x.tolist() != [1.0, 2.0]
    assert x.requires_grad
    assert x.is_leaf


@every_write
def test_writes_in_a_graph_name_the_functional_form(write):
    y = leaf() * 1.0
    with pytest.raises(RuntimeError, match="functional form"):
        write(y)
    assert y.tolist() == [1.0, 2.0]


def test_writing_a_tensor_with_gradient_into_a_plain_one_raises():
    for write in (
        lambda t: t.add_(leaf()),
        lambda t: t.copy_(leaf()),
        lambda t: operator.setitem(t, 0, leaf()[0]),
    ):
        with pytest.raises(RuntimeError, match="functional form"):
            write(plain())


def test_views_share_writes():
    x = mg.zeros(2, 3)
    x.reshape(6)[1:3].fill_(1.0)
    x.transpose(0, 1)[2, 1] = 5.0
    assert x.tolist() == [[0.0, 1.0, 1.0], [0.0, 0.0, 5.0]]


def test_results_that_do_not_fit():
    with pytest.raises(RuntimeError, match=r"\(3, 2\).*\(2,\)"):
        plain().add_(mg.ones(3, 2, dtype=mg.float64))
    whole = mg.tensor([1, 2])
    with pytest.raises(RuntimeError, match="float32.*int64"):
        whole += 0.5
    assert whole.tolist() == [1, 2]


def test_a_result_of_a_higher_category_does_not_fit():
    x = mg.ones(2, dtype=mg.bool)
    with pytest.raises(RuntimeError, match="cast in place"):
        x += 1


def test_copies_and_data_must_fit():
    x = mg.ones(3)
    with pytest.raises(RuntimeError, match="copy_"):
        x.copy_(mg.ones(2))
    with pytest.raises(TypeError, match="int"):
        x.data = 3
