"""What each of the element-wise optimizers promises, by hand."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import ASGD, Adadelta, Adagrad, Adamax, NAdam, RAdam, RMSprop, Rprop


def stepped(kind, grads, start=1.0, **options):
    """The values of one parameter after each gradient, and its state at the end."""
    p = mg.tensor([start], dtype=mg.float64, requires_grad=True)
    optimizer, values = kind([p], **options), []
    for grad in grads:
        p.grad = mg.tensor([grad], dtype=mg.float64)
        optimizer.step()
        values.append(p.item())
    return values, optimizer.state[p]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize(
    "kind, options, step",
    [
        (RMSprop, {"eps": 0, "alpha": 0.75}, 2),  # g / √(¼ g²)
        (RMSprop, {"eps": 0, "alpha": 0.75, "centered": True}, 1 / 0.1875**0.5),  # ¼ g² − (¼ g)²
        (Adagrad, {"eps": 0}, 1),
        (Adamax, {"eps": 0}, 1),
        (Rprop, {}, 1),
        (NAdam, {"eps": 0, "betas": (0.5, 0.9), "momentum_decay": 0}, 0.125 / 0.9375 + 1),
    ],
)
def test_the_first_step_does_not_depend_on_the_scale(kind, options, step, scale):
    values, _ = stepped(kind, [scale], 0.0, lr=0.1, **options)
    assert values == pytest.approx([-0.1 * step])


def test_rmsprop_with_momentum_repeats_its_steps():
    values, _ = stepped(RMSprop, [1.0, 0.0], 0.0, lr=0.1, alpha=0.75, eps=0, momentum=0.5)
    assert values == pytest.approx([-0.2, -0.3])


def test_adagrad_has_its_state_from_the_start_and_slows_down():
    p = mg.ones(2, requires_grad=True)
    state = Adagrad([p], initial_accumulator_value=0.5).state[p]
    assert state["step"].item() == 0 and state["sum"].tolist() == [0.5, 0.5]
    values, _ = stepped(Adagrad, [1.0, 1.0, 1.0], 0.0, lr=1.0, lr_decay=1.0, eps=0)
    steps = -np.diff([0.0, *values])
    np.testing.assert_allclose(steps, [1, 1 / 2 / 2**0.5, 1 / 3 / 3**0.5])


def test_adadelta_needs_no_rate():
    values, state = stepped(Adadelta, [3.0], 0.0, rho=0.75, eps=1e-4)
    step = (1e-4 / (0.25 * 9 + 1e-4)) ** 0.5 * 3
    assert values == pytest.approx([-step])
    assert state["acc_delta"].item() == pytest.approx(0.25 * step**2)


def test_radam_ignores_the_variance_at_first():
    values, _ = stepped(RAdam, [4.0] * 6, 0.0, lr=0.1, betas=(0.5, 0.999))
    steps = -np.diff([0.0, *values])
    np.testing.assert_allclose(steps[:5], 0.4)
    assert 0 < steps[5] < 0.1


def test_rprop_grows_shrinks_and_forgets_a_gradient_that_turned():
    values, state = stepped(Rprop, [5.0, 1.0, -1.0, -1.0], 0.0, lr=0.1, etas=(0.5, 1.5))
    np.testing.assert_allclose(np.diff([0.0, *values]), [-0.1, -0.15, 0, 0.075])
    assert state["step_size"].item() == pytest.approx(0.075)


def test_asgd_averages_after_t0():
    values, state = stepped(ASGD, [1.0] * 6, 0.0, lr=0.1, lambd=0.0, t0=3)
    np.testing.assert_allclose(values, -0.1 * np.arange(1, 7), rtol=1e-6)
    assert state["ax"].item() == pytest.approx(np.mean(values[-2:]))  # μ = 1 up to step 5, then ½
    assert state["mu"].item() == pytest.approx(1 / 3)


@pytest.mark.parametrize("kind", [NAdam, RAdam])
def test_decoupled_decay_shrinks_the_parameter(kind):
    options = {"lr": 0.1, "weight_decay": 0.5, "decoupled_weight_decay": True}
    assert stepped(kind, [0.0], 2.0, **options)[0] == pytest.approx([1.9])


@pytest.mark.parametrize(
    "kind, options, message",
    [
        (Adadelta, {"rho": 1.1}, "Invalid rho value: 1.1"),
        (Adadelta, {"eps": -1}, "Invalid epsilon value: -1"),
        (Adagrad, {"lr_decay": -0.5}, "Invalid lr_decay value: -0.5"),
        (Adagrad, {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value: -1"),
        (Adamax, {"betas": (0.0, 1.0)}, "Invalid beta parameter at index 1: 1.0"),
        (ASGD, {"weight_decay": -0.5}, "Invalid weight_decay value: -0.5"),
        (NAdam, {"momentum_decay": -0.2}, "Invalid momentum_decay value: -0.2"),
        (RAdam, {"betas": (1.0, 0.0)}, "Invalid beta parameter at index 0: 1.0"),
        (RMSprop, {"momentum": -0.1}, "Invalid momentum value: -0.1"),
        (RMSprop, {"alpha": -0.1}, "Invalid alpha value: -0.1"),
        (Rprop, {"etas": (1.0, 0.5)}, "Invalid eta values: 1.0, 0.5"),
        (Rprop, {"lr": -1.0}, "Invalid learning rate: -1.0"),
        (RMSprop, {"lr": mg.ones(2)}, "Tensor lr must be 1-element"),
    ],
)
def test_refused_options(kind, options, message):
    with pytest.raises(ValueError, match=message):
        kind([mg.ones(1, requires_grad=True)], **options)
    with pytest.raises(ValueError, match=message):
        kind([{"params": [mg.ones(1, requires_grad=True)], **options}])
