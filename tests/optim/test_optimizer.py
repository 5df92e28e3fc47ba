"""What every optimizer shares: groups, validation, state, steps, printing."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.optim import SGD, Adam, AdamW, Optimizer
from minigrad.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from .common import run, start

KINDS = {
    "sgd": lambda p: SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "adam": lambda p: Adam(p, lr=0.1, amsgrad=True),
    "adamw": lambda p: AdamW(p, lr=0.1),
}


def leaf(*values):
    return mg.tensor(list(values), requires_grad=True)


def test_groups_override_defaults_and_are_live():
    a, b = leaf(1.0), leaf(1.0)
    optimizer = SGD([{"params": a}, {"params": [b], "lr": 0.5}], lr=0.1)
    a.grad, b.grad = leaf(1.0).detach(), leaf(1.0).detach()
    optimizer.step()
    assert (a.item(), b.item()) == pytest.approx((0.9, 0.5))
    optimizer.param_groups[0]["lr"] = 0.2
    optimizer.step()
    assert (a.item(), b.item()) == pytest.approx((0.7, 0.0))
    c = leaf(1.0)
    optimizer.add_param_group({"params": [c]})
    assert optimizer.param_groups[2]["lr"] == 0.1 and optimizer.param_groups[2]["params"][0] is c


def test_named_parameters():
    net = mg.nn.Linear(2, 2)
    optimizer = SGD(net.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="names"):
        SGD([("w", net.weight), net.bias])
    with pytest.raises(ValueError, match="names"):
        optimizer.add_param_group({"params": [leaf(1.0)]})


@pytest.mark.parametrize(
    "params, error, message",
    [
        ([], ValueError, "empty parameter list"),
        (leaf(1.0), TypeError, "iterable"),
        ([1.0], TypeError, "only optimize Tensors.*float"),
        ([{"params": {1}}], TypeError, "set"),
        ([leaf(1.0) * 2], ValueError, "non-leaf"),
    ],
)
def test_bad_parameters(params, error, message):
    with pytest.raises(error, match=message):
        SGD(params)


def test_duplicates_are_refused():
    p = leaf(1.0)
    with pytest.raises(ValueError, match="more than once"):
        SGD([p, p])
    with pytest.raises(ValueError, match="more than one parameter group"):
        SGD([{"params": [p]}, {"params": [p]}])
    with pytest.raises(TypeError, match="dict"):
        SGD([p]).add_param_group([leaf(1.0)])


@pytest.mark.parametrize(
    "kind, options, value",
    [
        (SGD, {"lr": -1}, "-1"),
        (SGD, {"momentum": -0.5}, "-0.5"),
        (SGD, {"weight_decay": -2.0}, "-2.0"),
        (SGD, {"lr": float("nan")}, "nan"),
        (SGD, {"nesterov": True}, "momentum=0"),
        (SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "dampening=0.1"),
        (Adam, {"betas": (0.9, 1.0)}, "index 1: 1.0"),
        (Adam, {"eps": -1e-8}, "-1e-08"),
        (AdamW, {"weight_decay": -0.1}, "-0.1"),
    ],
)
def test_bad_hyper_parameters(kind, options, value):
    with pytest.raises(ValueError, match=value):
        kind([leaf(1.0)], **options)
    with pytest.raises(ValueError, match=value):
        kind([{"params": [leaf(1.0)], **options}])


@pytest.mark.parametrize("name", KINDS)
def test_no_gradient_skips_and_zero_gradient_decays(name):
    p = leaf(1.0)
    options = {"momentum": 0.9} if name == "sgd" else {}
    optimizer = type(KINDS[name]([p]))([p], lr=0.1, weight_decay=0.1, **options)
    optimizer.step()
    assert p.item() == 1 and not optimizer.state
    p.grad = mg.zeros(1)
    optimizer.step()
    assert p.item() < 1


@pytest.mark.parametrize("name", KINDS)
def test_a_step_raises_the_version_and_records_nothing(name):
    p = leaf(1.0)
    optimizer = KINDS[name]([p])
    y = (p * p).sum()
    p.grad = mg.ones(1)
    optimizer.step()
    optimizer.step()
    assert p._version == 2 and p.is_leaf and p.requires_grad
    with pytest.raises(RuntimeError, match="modified in place"):
        y.backward()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("through_file", [False, True])
def test_resuming_is_bit_equal(name, through_file, tmp_path):
    whole = start(mg)
    optimizer = KINDS[name](whole)
    run(mg, whole, optimizer, 5, seed=0)
    saved = optimizer.state_dict()
    if through_file:
        mg.save(saved, tmp_path / "state.npz")
        saved = mg.load(tmp_path / "state.npz")
    resumed = [p.detach().clone().requires_grad_() for p in whole]
    other = KINDS[name](resumed)
    other.load_state_dict(saved)
    expected = run(mg, whole, optimizer, 5, seed=2)
    for a, b in zip(expected, run(mg, resumed, other, 5, seed=2), strict=True):
        np.testing.assert_array_equal(a, b)


def test_loading_refuses_what_does_not_fit():
    optimizer = SGD([leaf(1.0)], momentum=0.9)
    with pytest.raises(ValueError, match="number of parameter groups: 2, not 1"):
        optimizer.load_state_dict(
            SGD([{"params": [leaf(1.0)]}, {"params": [leaf(1.0)]}]).state_dict()
        )
    with pytest.raises(ValueError, match="size of optimizer's group: 2, not 1"):
        optimizer.load_state_dict(SGD([leaf(1.0), leaf(1.0)]).state_dict())
    state = optimizer.state_dict()
    state["state"] = {0: {"momentum_buffer": mg.ones(3)}}
    with pytest.raises(ValueError, match="momentum_buffer.*shape"):
        optimizer.load_state_dict(state)


def test_closure_and_hooks():
    p, seen = leaf(2.0), []
    optimizer = SGD([p], lr=0.25)
    optimizer.register_step_pre_hook(lambda o, args, kw: seen.append(("pre", p.item())))
    handle = optimizer.register_step_post_hook(lambda o, args, kw: seen.append(("post", p.item())))

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        assert optimizer.step(closure).item() == 4
    assert seen == [("pre", 2.0), ("post", 1.0)]
    handle.remove()
    optimizer.step()
    assert len(seen) == 3


def test_zero_grad():
    p = leaf(1.0)
    optimizer = SGD([p])
    p.grad = mg.ones(1)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.item() == 0
    optimizer.zero_grad()
    assert p.grad is None


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16])
def test_emulated_parameters_have_float32_state(name, dtype):
    p = mg.ones(2, dtype=dtype).requires_grad_()
    optimizer = KINDS[name]([p])
    p.grad = mg.ones(2, dtype=dtype)
    optimizer.step()
    assert p.dtype is dtype and p._version == 1
    assert {t.dtype for t in optimizer.state[p].values()} == {mg.float32}


def test_small_steps_add_up_in_the_master_weights():
    p = mg.ones(1, dtype=mg.bfloat16).requires_grad_()
    optimizer = SGD([p], lr=2.0**-10)
    for _ in range(512):
        p.grad = mg.ones(1, dtype=mg.bfloat16)
        optimizer.step()
    assert p.item() == 0.5
    with mg.no_grad():
        p.fill_(2.0)
    optimizer.step()
    assert optimizer.state[p]["master"].item() == 2.0 - 2.0**-10


def signed(p):
    """A parameter with a gradient, for the optimizers below."""
    p.grad = mg.tensor([3.0])
    return p


def test_a_subclass_gives_a_rule():
    class SignRule(Optimizer):
        def rule(self, group):
            def update(k, param, grad, state):
                param -= group["lr"] * np.sign(grad)

            return update

    p = signed(leaf(1.0))
    SignRule([p], {"lr": 0.5}).step()
    assert p.item() == 0.5 and p._version == 1
    with pytest.raises(NotImplementedError, match="rule"):
        Optimizer([p], {}).step()


def test_a_subclass_may_give_a_step():
    class Sign(Optimizer):
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.add_(p.grad.sign(), alpha=-group["lr"])

    p, seen = signed(leaf(1.0)), []
    optimizer = Sign([p], {"lr": 0.5})
    optimizer.register_step_post_hook(lambda *args: seen.append(args))
    optimizer.step()
    assert p.item() == 0.5 and seen == [(optimizer, (optimizer,), {})]


def test_hooks_of_all_optimizers_and_of_loading():
    p, calls = signed(leaf(1.0)), []
    optimizer = SGD([p], lr=0.5)

    def note(name):
        return lambda *args: calls.append(name)

    with (
        register_optimizer_step_pre_hook(note("before all")),
        register_optimizer_step_post_hook(note("after all")),
    ):
        optimizer.register_step_pre_hook(note("before"))
        optimizer.register_step_post_hook(note("after"))
        optimizer.step()
    assert calls == ["before all", "before", "after all", "after"]
    del calls[:]
    optimizer.register_state_dict_pre_hook(note("saving"))
    optimizer.register_state_dict_post_hook(lambda o, state: {**state, "extra": 1})
    optimizer.register_load_state_dict_pre_hook(lambda o, state: calls.append(state.pop("extra")))
    optimizer.register_load_state_dict_post_hook(note("loaded"))
    optimizer.load_state_dict(optimizer.state_dict())
    assert calls == ["saving", 1, "loaded"]


def test_a_pre_hook_may_replace_the_arguments():
    p = signed(leaf(1.0))
    optimizer = SGD([p], lr=0.5)
    handle = optimizer.register_step_pre_hook(lambda o, args, kw: ((o, lambda: 7), kw))
    assert optimizer.step() == 7
    handle.remove()
    optimizer.register_step_pre_hook(lambda o, args, kw: 3)
    with pytest.raises(RuntimeError, match="must return None or a tuple"):
        optimizer.step()


@pytest.mark.torch
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_repr_is_that_of_torch(name):
    torch = pytest.importorskip("torch")
    texts = []
    for lib in (mg, torch):
        a, b = (lib.zeros(1, requires_grad=True) for _ in range(2))
        optimizer = getattr(lib.optim, name)([{"params": [a], "lr": 0.5}, {"params": [b]}])
        texts.append(repr(optimizer))
    assert texts[0] == texts[1]


def test_loading_copies_the_values_of_groups():
    rate, extra = mg.tensor(0.1), [1]
    first = SGD([{"params": [leaf(1.0)], "extra": extra}], lr=rate)
    second = SGD([{"params": [leaf(1.0)], "extra": [0]}])
    second.load_state_dict(first.state_dict())
    rate.fill_(7.0)
    extra.append(2)
    (group,) = second.param_groups
    assert group["lr"].item() == pytest.approx(0.1) and group["extra"] == [1]


class Counting(Optimizer):
    """An optimizer as users of PyTorch write one, with plain numbers in its state."""

    def __init__(self, params, lr=0.5):
        super().__init__(params, {"lr": lr})

    @mg.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["step"] = state.get("step", 0) + 1
                p.sub_(p.grad, alpha=group["lr"] / state["step"])


def test_numbers_in_the_state_of_an_optimizer_of_ones_own_stay_numbers():
    optimizer, other = Counting([signed(leaf(1.0))]), Counting([leaf(1.0)])
    optimizer.step()
    other.load_state_dict(optimizer.state_dict())
    (state,) = other.state.values()
    assert state == {"step": 1} and type(state["step"]) is int


def test_zeroing_keeps_the_gradient_tensor():
    p = signed(leaf(1.0))
    gradient = p.grad
    SGD([p]).zero_grad(set_to_none=False)
    assert p.grad is gradient and gradient.item() == 0
    (p * p).sum().backward(create_graph=True)
    SGD([p]).zero_grad(set_to_none=False)
    assert p.grad.item() == 0 and not p.grad.requires_grad


@pytest.mark.parametrize("kind", [SGD, Adam, mg.optim.Adagrad])
def test_a_step_that_should_be_differentiable_is_refused(kind):
    p = signed(leaf(1.0))
    optimizer = kind([p], differentiable=True)
    with pytest.raises(NotImplementedError, match="differentiable=True"):
        optimizer.step()
    assert p.item() == 1.0


@pytest.mark.parametrize("dtype", [mg.bfloat16, mg.float16, mg.float_format(4, 3)])
def test_master_weights_follow_what_others_write(dtype):
    p = mg.tensor([1.0, -0.0, 2.0, 3.0]).to(dtype).requires_grad_()
    optimizer = SGD([p], lr=1e-3)
    for _ in range(3):
        p.grad = mg.ones_like(p)
        optimizer.step()
    with mg.no_grad():
        p[2] = 5.0
    master = optimizer.state[p]["master"]
    p.grad = mg.zeros_like(p)
    optimizer.step()
    np.testing.assert_allclose(master, [0.997, -0.003, 5.0, 2.997], atol=1e-6)


def test_what_is_recorded_during_a_step_is_older_than_its_writes():
    losses = []

    class Recording(mg.optim.Optimizer):
        def rule(self, group):
            def update(k, array, gradient, entry):
                with mg.enable_grad():
                    losses.append((p * p).sum())
                array -= gradient

            return update

    p = mg.nn.Parameter(mg.ones(2))
    p.grad = mg.ones(2)
    Recording([p], {}).step()
    with pytest.raises(RuntimeError, match="modified in place"):
        losses[0].backward()
