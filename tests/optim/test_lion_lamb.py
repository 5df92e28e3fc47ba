"""Lion and LAMB against their formulas in NumPy."""

import numpy as np
import pytest

import minigrad as mg

SHAPES = ((3, 4), (4,), ())


def lion(p, g, state, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    """Algorithm 2 of Chen et al. 2023."""
    beta1, beta2 = betas
    m = state.setdefault("m", np.zeros_like(p))
    c = beta1 * m + (1 - beta1) * g
    state["m"] = beta2 * m + (1 - beta2) * g
    return p - lr * (np.sign(c) + weight_decay * p)


def lamb(p, g, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0):
    """Algorithm 2 of You et al. 2020."""
    beta1, beta2 = betas
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
    r = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps) + weight_decay * p
    length, of_step = np.linalg.norm(p), np.linalg.norm(r)
    return p - lr * (length / of_step if length > 0 and of_step > 0 else 1) * r


FORMULAS = {"Lion": lion, "LAMB": lamb}
OPTIONS = {
    "defaults": {},
    "decay": {"lr": 0.02, "weight_decay": 0.1, "betas": (0.8, 0.95)},
    "maximize": {"lr": 0.02, "maximize": True},
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("case", OPTIONS)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-12), ("float32", 1e-5)])
def test_trajectory_is_that_of_the_formula(name, case, dtype, tolerance):
    rng = np.random.default_rng(0)
    expected = [np.asarray(rng.normal(size=s)) for s in SHAPES]
    parameters = [mg.tensor(x.astype(dtype), requires_grad=True) for x in expected]
    optimizer = getattr(mg.optim, name)(parameters, **OPTIONS[case])
    options = {"lr": optimizer.defaults["lr"], **OPTIONS[case]}
    sign, states = -1 if options.pop("maximize", False) else 1, [{} for _ in SHAPES]
    for step in range(100):
        if step == 60:
            optimizer.param_groups[0]["lr"] = options["lr"] = options["lr"] / 2
        for i, (p, shape) in enumerate(zip(parameters, SHAPES, strict=True)):
            grad = rng.normal(size=shape).astype(dtype)
            absent = step % 7 == 3 and i == 1
            p.grad = None if absent else mg.tensor(grad)
            if not absent:
                expected[i] = FORMULAS[name](expected[i], sign * grad, states[i], **options)
        optimizer.step()
    for p, x in zip(parameters, expected, strict=True):
        np.testing.assert_allclose(p.detach(), x, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", FORMULAS)
def test_resuming_is_bit_equal(name, tmp_path):
    def advance(p, optimizer, seed):
        for grad in np.random.default_rng(seed).normal(size=(5, 3)).astype("float32"):
            p.grad = mg.tensor(grad)
            optimizer.step()
        return p.tolist()

    kind = getattr(mg.optim, name)
    p = mg.ones(3, requires_grad=True)
    optimizer = kind([p], lr=0.1)
    advance(p, optimizer, 0)
    mg.save(optimizer.state_dict(), tmp_path / "state.npz")
    q = p.detach().clone().requires_grad_()
    other = kind([q])
    other.load_state_dict(mg.load(tmp_path / "state.npz"))
    assert advance(q, other, 1) == advance(p, optimizer, 1)


def test_lion_does_not_move_where_nothing_ever_pulled():
    p = mg.ones(2, requires_grad=True)
    p.grad = mg.tensor([0.0, 2.0])
    mg.optim.Lion([p], lr=0.25).step()
    assert p.tolist() == [1, 0.75]


@pytest.mark.parametrize("start, grad", [(0.0, 3.0), (2.0, 0.0)])
def test_lamb_takes_ratio_one_where_a_norm_is_zero(start, grad):
    p = mg.full((4,), start, requires_grad=True)
    p.grad = mg.full((4,), grad)
    mg.optim.LAMB([p], lr=0.5).step()
    np.testing.assert_allclose(p.detach(), start - 0.5 * (grad > 0), rtol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize(
    "options, message",
    [
        ({"lr": -1}, "learning rate: -1"),
        ({"betas": (0.9, 1.0)}, "beta parameter at index 1: 1.0"),
        ({"weight_decay": -0.5}, "-0.5"),
    ],
)
def test_bad_hyper_parameters(name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(mg.optim, name)([mg.ones(1, requires_grad=True)], **options)
