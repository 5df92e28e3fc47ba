"""In-place writes to saved arrays are noticed."""

import pytest

import minigrad as mg


def leaf(*values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


WRITES = {
    "add_": lambda t: t.add_(1.0),
    "+=": lambda t: t.__iadd__(1.0),
    "item assignment": lambda t: t.__setitem__(0, 5.0),
    "fill_": lambda t: t.fill_(2.0),
    "zero_": lambda t: t.zero_(),
    "copy_": lambda t: t.copy_(mg.zeros(2)),
    "normal_": lambda t: t.normal_(),
    "uniform_": lambda t: t.uniform_(),
    "through a view": lambda t: t[0:1].fill_(1.0),
    "through a reshaped view": lambda t: t.reshape(2, 1).fill_(1.0),
    "through detach()": lambda t: t.detach().fill_(1.0),
}
every_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)


@every_write
def test_a_saved_input_modified_in_place(write):
    x, constant = leaf(1.0, 2.0), mg.tensor([3.0, 4.0], dtype=mg.float64)
    y = (x * constant).sum()
    write(constant)
    with pytest.raises(RuntimeError, match=r"mul was modified in place: input 1, shape \(2,\)"):
        y.backward()


@every_write
def test_a_saved_leaf_modified_under_no_grad(write):
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    with mg.no_grad():
        write(x)
    with pytest.raises(RuntimeError, match="mul was modified in place: input"):
        y.backward()


def test_a_saved_output_modified_in_place():
    y = mg.tanh(leaf(1.0, 2.0))
    with mg.no_grad():
        y += 1.0
    with pytest.raises(RuntimeError, match="tanh was modified in place: output 0"):
        y.sum().backward()


def test_create_graph_looks_too():
    x, constant = leaf(1.0, 2.0), mg.tensor([3.0, 4.0], dtype=mg.float64)
    y = (x * constant).sum()
    constant.zero_()
    with pytest.raises(RuntimeError, match="modified in place"):
        mg.grad(y, x, create_graph=True)


def test_a_write_before_saving_or_to_something_else_is_fine():
    x, constant = leaf(1.0, 2.0), mg.tensor([3.0, 4.0], dtype=mg.float64)
    constant.add_(1.0)
    y = (x * constant).sum()
    constant.clone().zero_()
    y.backward()
    assert x.grad.tolist() == [4.0, 5.0]


def test_what_no_gradient_needs_may_be_written():
    x, constant = leaf(1.0, 2.0), mg.tensor([3.0, 4.0], dtype=mg.float64)
    y = (x + constant).sum()
    constant.zero_()
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_an_optimizer_step_between_forward_and_backward():
    weight = leaf(1.0, 2.0)
    loss = (weight * weight).sum()
    loss.backward(retain_graph=True)
    mg.optim.SGD([weight], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified in place"):
        loss.backward()
