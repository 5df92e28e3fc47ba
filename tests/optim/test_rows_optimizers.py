"""What is promised of optimizers (rows O), a few tests a row."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import lr_scheduler as lrs


def leaf(*values, dtype="float64"):
    return mg.tensor(np.array(values, dtype), requires_grad=True)


def stepped(optimizer, *gradients):
    """The only parameter after steps with these gradients."""
    (p,) = optimizer.param_groups[0]["params"]
    for grad in gradients:
        p.grad = mg.tensor(np.broadcast_to(grad, p.shape).astype("float64"))
        optimizer.step()
    return p.detach().numpy()


def test_O1_momentum_begins_with_the_gradient_and_knows_no_rate():
    optimizer = optim.SGD([leaf(0.0)], lr=1.0, momentum=0.5, dampening=0.5)
    assert stepped(optimizer, 4.0) == -4  # not dampened
    (state,) = optimizer.state.values()
    assert state["momentum_buffer"].item() == 4
    optimizer.param_groups[0]["lr"] = 0.25
    assert stepped(optimizer, 4.0) == -4 - 0.25 * (0.5 * 4 + 0.5 * 4)
    assert state["momentum_buffer"].item() == 4
    nesterov = optim.SGD([leaf(0.0)], lr=1.0, momentum=0.5, nesterov=True)
    assert stepped(nesterov, 4.0) == -(4 + 0.5 * 4)


GRADS = np.array([1e-4, -0.3, 7.0, -2e5])


@pytest.mark.parametrize("kind", [optim.Adam, optim.AdamW])
def test_O2_the_first_step_is_the_rate_whatever_the_gradient(kind):
    found = stepped(kind([leaf(0.0, 0.0, 0.0, 0.0)], lr=0.01, weight_decay=0), GRADS)
    np.testing.assert_allclose(found, -0.01 * np.sign(GRADS), rtol=2e-4)


def test_O2_without_bias_correction_the_first_step_would_be_three_times_that():
    optimizer = optim.Adam([leaf(0.0)], lr=0.01, eps=1e-12)
    stepped(optimizer, 0.0)
    (state,) = optimizer.state.values()
    state["step"].fill_(1e6)  # so late that nothing is corrected
    expected = 0.01 * (1 - 0.9) / math.sqrt(1 - 0.999)
    assert -stepped(optimizer, 5.0)[0] == pytest.approx(expected, rel=1e-6)
    assert expected / 0.01 == pytest.approx(3.162, rel=1e-3)


def test_O2_the_scale_of_the_gradients_does_not_count():
    grads = np.random.default_rng(0).normal(size=(50, 4))
    runs = [
        stepped(optim.Adam([leaf(1.0, 2.0, 3.0, 4.0)], lr=0.1), *(c * grads)) for c in (1.0, 1e5)
    ]
    np.testing.assert_allclose(*runs, rtol=1e-5)


def test_O3_decay_comes_before_the_step_and_is_exact_without_gradient():
    for grads, expected in (([2.0], 0.89), ([0.0] * 50, 0.99**50)):
        optimizer = optim.AdamW([leaf(1.0)], lr=0.1, weight_decay=0.1)
        assert stepped(optimizer, *grads)[0] == pytest.approx(expected, rel=1e-8)
    assert optim.AdamW([leaf(1.0)]).defaults["weight_decay"] == 0.01


def kept(kind, scale):
    """The mean of 400 weights of 1 after 300 steps on pure noise of a scale."""
    rng = np.random.default_rng(0)
    optimizer = kind([leaf(*[1.0] * 400)], lr=1e-3, weight_decay=0.1)
    return stepped(optimizer, *(scale * rng.normal(size=(300, 400)))).mean()


def test_O4_decoupled_decay_is_uniform_and_decay_in_the_gradient_is_not():
    scales, theory = (1e-2, 1e-1, 1.0, 10.0), (1 - 1e-4) ** 300
    decoupled = [kept(optim.AdamW, scale) for scale in scales]
    np.testing.assert_allclose(decoupled, theory, rtol=5e-3)
    coupled = [kept(optim.Adam, scale) for scale in scales]
    assert coupled == sorted(coupled) and coupled[-1] - coupled[0] >= 0.2
    np.testing.assert_allclose(coupled, [0.722, 0.803, 0.972, 0.999], atol=0.01)


SCHEDULES = {
    "StepLR": lambda o: lrs.StepLR(o, 3, gamma=0.5),
    "MultiStepLR": lambda o: lrs.MultiStepLR(o, [2, 5, 5]),
    "ExponentialLR": lambda o: lrs.ExponentialLR(o, 0.9),
    "ConstantLR": lambda o: lrs.ConstantLR(o, total_iters=4),
    "LinearLR": lambda o: lrs.LinearLR(o, total_iters=6),
    "PolynomialLR": lambda o: lrs.PolynomialLR(o, total_iters=25, power=2.0),
    "LambdaLR": lambda o: lrs.LambdaLR(o, lambda k: 1 / (1 + k)),
    "MultiplicativeLR": lambda o: lrs.MultiplicativeLR(o, lambda k: 0.95),
    "CosineAnnealingLR": lambda o: lrs.CosineAnnealingLR(o, 30),
    "CosineAnnealingWarmRestarts": lambda o: lrs.CosineAnnealingWarmRestarts(o, 7),
    "WarmupCosine": lambda o: lrs.WarmupCosine(o, 5, 40, start_factor=0.1),
    "Warmup": lambda o: lrs.Warmup(lrs.ExponentialLR(o, 0.9), 5, start_factor=0.1),
    "SequentialLR": lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, total_iters=5), lrs.CosineAnnealingLR(o, 30)], [5]
    ),
    "ChainedScheduler": lambda o: lrs.ChainedScheduler(
        [lrs.ExponentialLR(o, 0.9), lrs.StepLR(o, 4, gamma=0.5)]
    ),
    "ReduceLROnPlateau": lambda o: lrs.ReduceLROnPlateau(o, patience=5),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_O5_schedules_keep_the_ratio_of_the_groups(name):
    groups = [{"params": [leaf(1.0)]}, {"params": [leaf(1.0)], "lr": 0.03}]
    optimizer = optim.AdamW(groups, lr=0.3)
    schedule = SCHEDULES[name](optimizer)
    seen = set()
    for _ in range(20):
        first, second = (group["lr"] for group in optimizer.param_groups)
        assert second == pytest.approx(first / 10, rel=1e-12) and first > 0
        seen.add(first)
        optimizer.step()
        schedule.step(*[1.0] * (name == "ReduceLROnPlateau"))
    assert len(seen) > 1


def test_O5_any_hyper_parameter_may_differ():
    groups = [{"params": [leaf(1.0)]}, {"params": [leaf(1.0)], "weight_decay": 0.0, "eps": 1e-3}]
    optimizer = optim.AdamW(groups, lr=0.1, weight_decay=0.5)
    for group in optimizer.param_groups:
        group["params"][0].grad = mg.zeros(1, dtype=mg.float64)
    optimizer.step()
    assert [group["params"][0].item() for group in optimizer.param_groups] == [0.95, 1.0]


def test_O6_gradients_add_up_until_they_are_cleared():
    p = leaf(1.0)
    optimizer = optim.SGD([p], lr=0.25)

    def backward():
        (3 * p).sum().backward()

    backward()
    backward()
    assert p.grad.item() == 6
    for _ in range(2):
        optimizer.zero_grad()
        backward()
        optimizer.step()
    assert p.grad.item() == 3 and p.item() == 1 - 2 * 0.25 * 3


def test_O7_recommended_rates_are_not_the_defaults():
    sgd, adam, adamw = (optim.recommended(kind) for kind in (optim.SGD, optim.Adam, optim.AdamW))
    assert set(sgd) == {"lr", "weight_decay", "betas", "why"}
    assert sgd["lr"] == 0.1 and "schedule" in sgd["why"] and sgd["betas"] is None
    assert adam["lr"] == 3e-4 and 1e-4 <= adamw["lr"] <= 5e-4 and "1e-4 to 5e-4" in adamw["why"]
    assert adamw["betas"] == (0.9, 0.999) and adamw["weight_decay"] == 0.01


def test_O7_every_start_can_be_used():
    for name in optim.__all__:
        kind = getattr(optim, name)
        if not isinstance(kind, type) or kind in (optim.Optimizer, optim.ASGD, optim.Rprop):
            continue
        start = optim.recommended(kind)
        why, options = start.pop("why"), {k: v for k, v in start.items() if v is not None}
        if name == "LBFGS":
            del options["weight_decay"]
        kind([mg.zeros(2, 2, requires_grad=True)], **options)
        assert why and optim.recommended(name)["lr"] == options["lr"]


def test_O7_tasks_and_what_is_not_recommended():
    assert optim.recommended(optim.AdamW, "fine-tuning")["lr"] == 1e-4
    assert optim.recommended(optim.Adam([leaf(1.0)]), "gan")["betas"] == (0.5, 0.999)
    with pytest.raises(ValueError, match="no recommendation for 'Rprop'"):
        optim.recommended(optim.Rprop)
    with pytest.raises(ValueError, match="task must be.*'poetry'"):
        optim.recommended(optim.Adam, "poetry")
    with pytest.raises(ValueError, match="LBFGS is not recommended.*take SGD or AdamW"):
        optim.recommended(optim.LBFGS, "cnn")


def test_O10_averaged_weights_are_nearer_to_the_minimum_than_the_last_ones():
    rng, net = np.random.default_rng(0), mg.nn.Linear(20, 1, bias=False)
    averages = [
        optim.swa_utils.AveragedModel(net),
        optim.swa_utils.AveragedModel(net, multi_avg_fn=optim.swa_utils.get_ema_multi_avg_fn(0.98)),
    ]
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    for step in range(400):
        noise = rng.normal(size=(1, 20)).astype("float32")
        net.weight.grad = net.weight.detach() + mg.tensor(noise)  # of ½ w² with noise
        optimizer.step()
        if step >= 100:
            for average in averages:
                average.update_parameters(net)
    last = net.weight.detach().norm()
    assert all(average.module.weight.detach().norm() < last / 3 for average in averages)


KINDS = [getattr(optim, name) for name in optim.__all__]
KINDS = [kind for kind in KINDS if isinstance(kind, type) and kind is not optim.Optimizer]


def tensors(value):
    """All tensors in a nested state."""
    if isinstance(value, mg.Tensor):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return [t for v in inner for t in tensors(v)] if isinstance(value, (dict, list)) else []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16, mg.float32, mg.float64], ids=str)
def test_A8_state_is_never_in_half_precision(kind, dtype):
    p = mg.ones(2, 3).to(dtype).requires_grad_()
    optimizer = kind([p])

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    for _ in range(2):
        optimizer.step(closure)
    wanted = mg.float64 if dtype is mg.float64 else mg.float32
    found = {t.dtype for t in tensors(optimizer.state[p]) if t.ndim}
    assert found <= {wanted} and p.dtype is dtype
    if dtype.emulated and kind is not optim.LBFGS:
        assert optimizer.state[p]["master"].dtype is mg.float32
