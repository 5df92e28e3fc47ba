"""grad() and backward(): whose gradients, and what may be asked for."""

import numpy as np
import pytest

import minigrad as mg


@pytest.fixture
def x():
    return mg.tensor([1.0, 2.0], dtype=mg.float64, requires_grad=True)


def test_leaf_and_interior_inputs(x):
    y = x * 3.0
    z = (y * y).sum()
    gradients = mg.grad(z, (x, y))
    assert [g.tolist() for g in gradients] == [[18.0, 36.0], [6.0, 12.0]]
    assert x.grad is None
    assert y.grad is None


def test_the_output_itself_as_an_input(x):
    y = x.sum()
    assert mg.grad(y, y)[0].item() == 1.0


def test_several_outputs_add_up(x):
    outputs = [(x * 2.0).sum(), x * x]
    (g,) = mg.grad(outputs, x, [None, mg.tensor([1.0, 10.0], dtype=mg.float64)])
    assert g.tolist() == [4.0, 42.0]


def test_unused_inputs(x):
    other = mg.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="not used.*allow_unused=True"):
        mg.grad(x.sum(), [x, other])
    g, nothing = mg.grad(x.sum(), [x, other], allow_unused=True)
    assert g.tolist() == [1.0, 1.0]
    assert nothing is None
    _, zeros = mg.grad(x.sum(), [x, other], materialize_grads=True)
    assert zeros.tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="materialize_grads"):
        mg.grad(x.sum(), x, allow_unused=False, materialize_grads=True)


def test_the_arguments_stand_in_pytorchs_order(x):
    y = (x * x).sum()
    (g,) = mg.grad(y, x, only_inputs=True, retain_graph=True)
    assert g.tolist() == [2.0, 4.0]
    other = mg.ones(1, requires_grad=True)
    assert mg.grad(y, other, None, True, False, True, True) == (None,)
    (zeros,) = mg.grad(y, other, None, True, False, True, True, False, True)
    assert zeros.tolist() == [0.0]
    with pytest.raises(NotImplementedError, match="is_grads_batched"):
        mg.grad(y, x, is_grads_batched=True)


def test_an_input_that_requires_no_grad():
    with pytest.raises(RuntimeError, match="does not require grad"):
        mg.grad(mg.ones(1, requires_grad=True).sum(), mg.ones(1))


def test_create_graph_to_the_fourth_derivative(x):
    y = (x**4).sum()
    expected = [[4.0, 32.0], [12.0, 48.0], [24.0, 48.0], [24.0, 24.0]]
    for values in expected:
        (g,) = mg.grad(y, x, create_graph=True)
        np.testing.assert_allclose(g.detach().numpy(), values, rtol=1e-12)
        y = g.sum()


def test_a_hessian_vector_product(x):
    v = mg.tensor([1.0, -1.0], dtype=mg.float64)
    (g,) = mg.grad((x[0] ** 2 * x[1]).sum(), x, create_graph=True)
    (hv,) = mg.grad((g * v).sum(), x)
    assert hv.tolist() == [2 * 2.0 - 2 * 1.0, 2 * 1.0]


def test_results_without_create_graph_are_constants(x):
    (g,) = mg.grad((x * x).sum(), x)
    assert not g.requires_grad
    g.add_(1.0)


def test_backward_with_create_graph(x):
    (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    (second,) = mg.grad(x.grad.sum(), x)
    assert second.tolist() == [6.0, 12.0]


def test_backward_into_chosen_inputs(x):
    other = mg.ones(2, dtype=mg.float64, requires_grad=True)
    y = x * other
    z = (y * y).sum()
    z.backward(inputs=[other], retain_graph=True)
    assert x.grad is None
    assert other.grad.tolist() == [2.0, 8.0]
    z.backward(inputs=y)
    assert y.grad.tolist() == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="cannot be empty"):
        z.backward(inputs=[])


def test_only_needed_gradients_are_computed(x):
    nodes = []
    other = mg.ones(2, dtype=mg.float64, requires_grad=True)
    z = (x.exp() + other.exp()).sum()
    stop = mg.engine.observe.subscribe(lambda event, node, _: nodes.append((event, node.name)))
    try:
        mg.grad(z, other)
    finally:
        stop()
    assert [name for event, name in nodes if event == "backward"].count("exp") == 1


@pytest.mark.parametrize("start", [3.0, np.ones(2), "ones"])
def test_gradients_must_be_tensors(x, start):
    with pytest.raises(TypeError, match="tensors or None"):
        mg.grad(x * 1.0, x, start)


def test_the_number_of_gradients(x):
    with pytest.raises(RuntimeError, match="2 tensors and 1 gradient"):
        mg.grad([x.sum(), x.sum()], x, [None])


def test_grad_needs_inputs():
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="at least one"):
        mg.grad(x.sum(), [])


def test_what_is_no_tensor_is_named():
    x = mg.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="inputs must be tensors, got str"):
        mg.grad(x.sum(), "x")
    with pytest.raises(TypeError, match="outputs must be tensors, got int"):
        mg.autograd.backward(3)


def test_grad_can_be_deleted():
    x = mg.ones(2, requires_grad=True)
    x.sum().backward()
    del x.grad
    assert x.grad is None
