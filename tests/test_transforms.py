"""Transformations of functions, against PyTorch's and against each other."""

import numpy as np
import pytest

import minigrad as mg

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])
Y = np.array([1.0, -2.0, 0.5])


def energy(x, y):
    return (x.sin() * y).sum() + (x * x * x).sum()


def both_outputs(x, y):
    return (x * y).sum(1), (x.exp(), y * y * y)


def leaves(tree):
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, tuple) else [tree]


def equal(ours, theirs):
    ours, theirs = leaves(ours), leaves(theirs)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == tuple(b.shape)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12, atol=1e-14)


CALLS = {
    "grad": lambda m, x, y: m.func.grad(energy)(x, y),
    "grad of both": lambda m, x, y: m.func.grad(energy, argnums=(0, 1))(x, y),
    "grad and value": lambda m, x, y: m.func.grad_and_value(energy)(x, y),
    "grad with aux": lambda m, x, y: m.func.grad(
        lambda a: (energy(a, y), a * 2), has_aux=True
    )(x),
    "vjp": lambda m, x, y: m.func.vjp(lambda a, b: a * b, x, y)[1](m.ones_like(x)),
    "jvp": lambda m, x, y: m.func.jvp(lambda a, b: a.sin() * b, (x, y), (x * 2, y * 3)),
    "jacrev": lambda m, x, y: m.func.jacrev(both_outputs)(x, y),
    "jacfwd": lambda m, x, y: m.func.jacfwd(both_outputs, (0, 1))(x, y),
    "hessian": lambda m, x, y: m.func.hessian(energy)(x, y),
    "grad of grad": lambda m, x, y: m.func.grad(
        lambda a: m.func.grad(energy)(a, y).sin().sum()
    )(x),
    "jacobian of grad by another": lambda m, x, y: m.func.jacrev(m.func.grad(energy), 1)(x, y),
    "functional.vjp": lambda m, x, y: m.autograd.functional.vjp(
        lambda a, b: a * b, (x, y), m.ones_like(x)
    ),
    "functional.jvp": lambda m, x, y: m.autograd.functional.jvp(
        both_outputs_flat, (x, y), (x * 2, y)
    ),
    "functional.hvp": lambda m, x, y: m.autograd.functional.hvp(energy, (x, y), (x * 2, y)),
    "functional.vhp": lambda m, x, y: m.autograd.functional.vhp(lambda a: energy(a, y), x, x * 2),
    "functional.jacobian": lambda m, x, y: m.autograd.functional.jacobian(
        both_outputs_flat, (x, y)
    ),
    "functional.jacobian of one": lambda m, x, y: m.autograd.functional.jacobian(
        lambda a: a.exp().sum(0), x
    ),
    "functional.hessian": lambda m, x, y: m.autograd.functional.hessian(energy, (x, y)),
    "functional.hessian of one": lambda m, x, y: m.autograd.functional.hessian(
        lambda a: energy(a, y), x
    ),
}


def both_outputs_flat(x, y):
    return (x * y).sum(1), x.exp()


@pytest.mark.torch
@pytest.mark.parametrize("name", CALLS)
def test_equals_torch(name):
    import torch

    ours = CALLS[name](mg, mg.tensor(X), mg.tensor(Y))
    assert not any(t.requires_grad for t in leaves(ours))
    equal(ours, CALLS[name](torch, torch.tensor(X), torch.tensor(Y)))


@pytest.mark.torch
@pytest.mark.parametrize("name", ["grad", "jacrev", "jvp"])
def test_results_stay_in_an_outer_graph(name):
    import torch

    slopes = []
    for m in (mg, torch):
        x, y = m.tensor(X, requires_grad=True), m.tensor(Y, requires_grad=True)
        found = CALLS[name](m, x, y)
        sum(t.cos().sum() for t in leaves(found)).backward()
        slopes.append((x.grad, y.grad))
    equal(*slopes)


def test_captured_leaves_keep_the_gradient_in_the_graph():
    w = mg.tensor(2.0, requires_grad=True)
    slope = mg.func.grad(lambda x: w * x * x)(mg.tensor(3.0))
    assert slope.requires_grad
    slope.backward()
    assert w.grad.item() == 6.0


def test_dicts_of_parameters():
    parameters = {"w": mg.tensor([1.0, 2.0]), "b": mg.tensor(0.5)}
    found = mg.func.grad(lambda p, x: (p["w"] * x).sum() + p["b"] ** 2)(parameters, mg.ones(2))
    assert found["w"].tolist() == [1.0, 1.0]
    assert found["b"].item() == 1.0


def test_both_modes_give_the_same_jacobian():
    x, y = mg.tensor(X), mg.tensor(Y)
    equal(mg.func.jacrev(both_outputs)(x, y), mg.func.jacfwd(both_outputs)(x, y))
    forward = mg.autograd.functional.jacobian(both_outputs_flat, (x, y), strategy="forward-mode")
    equal(forward, mg.autograd.functional.jacobian(both_outputs_flat, (x, y)))


def test_products_equal_the_whole_hessian():
    x, v = mg.tensor(Y), mg.tensor([0.3, 2.0, -1.0], dtype=mg.float64)
    whole = mg.func.hessian(lambda a: (a.sin() * a).sum())(x)
    value, (product,) = mg.func.hvp(lambda a: (a.sin() * a).sum(), (x,), (v,))
    np.testing.assert_allclose(product.numpy(), (whole @ v).numpy(), rtol=1e-12)
    assert value.item() == pytest.approx((x.sin() * x).sum().item())


def test_what_does_not_depend_gives_zeros():
    x, y = mg.tensor(X), mg.tensor(Y)
    assert not mg.func.grad(lambda a, b: (b * b).sum())(x, y).any()
    assert mg.func.jvp(lambda a: mg.ones(2), (x,), (x,))[1].tolist() == [0.0, 0.0]
    empty = mg.func.jacrev(lambda a: a[:0])(y)
    assert empty.shape == (0, 3)


def test_create_graph():
    x = mg.tensor(Y, requires_grad=True)
    found = mg.autograd.functional.jacobian(lambda a: a**3, x, create_graph=True)
    found.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * Y)


REFUSED = {
    "0-d": lambda x: mg.func.grad(lambda a: a * 2)(x),
    "argnums=3": lambda x: mg.func.grad(lambda a: a.sum(), argnums=3)(x),
    "int64": lambda x: mg.func.grad(lambda a: a.sum())(x.long()),
    "aux": lambda x: mg.func.grad(lambda a: a.sum(), has_aux=True)(x),
    "must be tuples": lambda x: mg.func.jvp(lambda a: a, x, x),
    r"tangent 0 has shape \(2,\)": lambda x: mg.func.jvp(lambda a: a, (x,), (mg.ones(2),)),
    "expected 1 cotangents": lambda x: mg.func.vjp(lambda a: a, x)[1]((x, x)),
    "v is needed": lambda x: mg.autograd.functional.vjp(lambda a: a, x),
    r"v\[0\] has shape \(1,\)": lambda x: mg.autograd.functional.vjp(lambda a: a, x, mg.ones(1)),
    "independent": lambda x: mg.autograd.functional.jacobian(lambda a: mg.ones(1), x, strict=True),
    "single element": lambda x: mg.autograd.functional.hessian(lambda a: a, x),
    "strategy.*'up'": lambda x: mg.autograd.functional.jacobian(lambda a: a, x, strategy="up"),
    "at position 0": lambda x: mg.autograd.functional.jacobian(lambda a: a, (1.0,)),
    "must return tensors": lambda x: mg.func.grad(lambda a: 1.0)(x),
}


@pytest.mark.parametrize("match", REFUSED)
def test_refuses(match):
    with pytest.raises((RuntimeError, TypeError), match=match):
        REFUSED[match](mg.tensor(Y))
