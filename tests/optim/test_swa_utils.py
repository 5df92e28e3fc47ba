"""Averaged models, their batch norms, and the schedule that goes with them."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.optim import swa_utils

from ..standin import Device, xp

backend.register_backend(Device, xp)


def net(lib):
    """A small network with a batch norm, the same in both libraries."""
    nn = lib.nn
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))
    rng = np.random.default_rng(0)
    state = {
        name: lib.tensor(rng.normal(size=tuple(t.shape)).astype(np.float32))
        for name, t in model.state_dict().items()
        if "running" not in name and "tracked" not in name
    }
    model.load_state_dict(state, strict=False)
    return model


def inputs(lib, count, seed=0):
    rng = np.random.default_rng(seed)
    return [lib.tensor(rng.normal(size=(n, 3)).astype(np.float32)) for n in (8, 8, 5, 4)[:count]]


WAYS = {
    "equal": lambda swa: {},
    "equal, with buffers": lambda swa: {"use_buffers": True},
    "swa function": lambda swa: {"avg_fn": swa.get_swa_avg_fn()},
    "swa lists": lambda swa: {"multi_avg_fn": swa.get_swa_multi_avg_fn()},
    "ema function": lambda swa: {"avg_fn": swa.get_ema_avg_fn(0.9)},
    "ema lists": lambda swa: {"multi_avg_fn": swa.get_ema_multi_avg_fn(0.9)},
    "ema lists, with buffers": lambda swa: {
        "multi_avg_fn": swa.get_ema_multi_avg_fn(0.5), "use_buffers": True,
    },
    "own function": lambda swa: {"avg_fn": lambda average, now, n: (average * n + now) / (n + 2)},
}  # fmt: skip


def averaged(lib, case, steps=6):
    """The state of an averaged model after some training steps."""
    model = net(lib)
    average = lib.optim.swa_utils.AveragedModel(model, **WAYS[case](lib.optim.swa_utils))
    optimizer = lib.optim.SGD(model.parameters(), lr=0.1)
    for step in range(steps):
        (x,) = inputs(lib, 1, seed=step)
        optimizer.zero_grad()
        (model(x) ** 2).mean().backward()
        optimizer.step()
        average.update_parameters(model)
    average.eval()
    (x,) = inputs(lib, 1, seed=99)
    return {**average.state_dict(), "output": average(x).detach()}


@pytest.mark.torch
@pytest.mark.parametrize("case", WAYS)
def test_averages_are_those_of_torch(case):
    torch = pytest.importorskip("torch")
    ours, theirs = averaged(mg, case), averaged(torch, case)
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        mine = ours[name].numpy()
        assert mine.dtype == value.numpy().dtype and mine.shape == tuple(value.shape)
        np.testing.assert_allclose(mine, value.numpy(), rtol=1e-5, atol=1e-6, err_msg=name)


def test_lists_with_integer_buffers_average_as_single_tensors_do(monkeypatch):
    """PyTorch refuses them here."""
    fn = swa_utils.get_swa_multi_avg_fn()
    monkeypatch.setitem(WAYS, "lists", lambda swa: {"multi_avg_fn": fn, "use_buffers": True})
    lists, single = averaged(mg, "lists"), averaged(mg, "equal, with buffers")
    for name, value in single.items():
        np.testing.assert_allclose(lists[name], value, rtol=1e-5, atol=1e-6, err_msg=name)


def test_the_model_itself_is_untouched_and_the_average_is_loaded_back():
    model = net(mg)
    average = swa_utils.AveragedModel(model)
    average.update_parameters(model)
    before = copy.deepcopy(model.state_dict())
    with mg.no_grad():
        for p in model.parameters():
            p.add_(2.0)
    average.update_parameters(model)
    assert average.n_averaged.item() == 2 and average.n_averaged.dtype is mg.int64
    for name, p in average.module.named_parameters():
        np.testing.assert_allclose(p.detach(), before[name] + 1, rtol=1e-6)
        assert p.requires_grad and p.grad is None
    other = swa_utils.AveragedModel(net(mg))
    other.load_state_dict(average.state_dict())
    assert other.n_averaged.item() == 2
    (x,) = inputs(mg, 1)
    np.testing.assert_array_equal(other(x).detach(), average(x).detach())


def test_the_average_may_live_elsewhere():
    model = net(mg)
    average = swa_utils.AveragedModel(model, device=backend.device_of_type(Device))
    for _ in range(2):
        average.update_parameters(model)
    assert all(type(t._array) is Device for t in average.state_dict().values())
    name, p = next(average.module.named_parameters())
    np.testing.assert_allclose(p._array.get(), model.get_parameter(name).detach(), rtol=1e-6)


def test_only_one_way_to_average():
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
        swa_utils.AveragedModel(net(mg), avg_fn=abs, multi_avg_fn=abs)
    for make in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match="Invalid decay value 1.5"):
            make(1.5)


@pytest.mark.torch
@pytest.mark.parametrize("pairs", [False, True])
def test_update_bn_is_that_of_torch(pairs):
    torch = pytest.importorskip("torch")
    found = []
    for lib in (mg, torch):
        model = net(lib).eval()
        batches = [(x, 0) for x in inputs(lib, 4)] if pairs else inputs(lib, 4)
        lib.optim.swa_utils.update_bn(batches, model)
        assert not model.training and model[1].momentum == 0.1
        found.append(model.state_dict())
    for name, value in found[1].items():
        np.testing.assert_allclose(found[0][name], value.numpy(), rtol=1e-5, atol=1e-6)


def test_update_bn_restores_what_it_changed_also_after_a_failure():
    model = net(mg)
    with pytest.raises(RuntimeError):
        swa_utils.update_bn([mg.zeros(4, 7)], model.eval())
    assert model[1].momentum == 0.1 and not model.training
    plain = mg.nn.Linear(2, 2)
    swa_utils.update_bn(iter(()), plain)


@pytest.mark.torch
@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 5])
@pytest.mark.parametrize("swa_lr", [0.05, [0.5, 0.01]], ids=str)
@pytest.mark.parametrize("after", [0, 3])
def test_swalr_is_that_of_torch(strategy, epochs, swa_lr, after):
    torch = pytest.importorskip("torch")
    found = []
    for lib in (mg, torch):
        groups = [{"params": [lib.zeros(1, requires_grad=True)], "lr": lr} for lr in (1.0, 0.2)]
        optimizer = lib.optim.SGD(groups)
        first = lib.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.9)
        swa = lib.optim.swa_utils.SWALR(optimizer, swa_lr, epochs, strategy)
        rates = []
        for epoch in range(10):
            optimizer.step()
            (swa if epoch >= after else first).step()
            rates.append([group["lr"] for group in optimizer.param_groups])
        found.append((rates, swa.get_last_lr(), swa.state_dict(), optimizer.param_groups[1]))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-12)
    assert set(found[1][2]) == set(found[0][2])
    assert found[0][3]["swa_lr"] == found[1][3]["swa_lr"]


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 4])
def test_swalr_has_a_closed_form_and_resumes(strategy, epochs):
    def start():
        optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        return optimizer, swa_utils.SWALR(optimizer, 0.25, epochs, strategy)

    optimizer, scheduler = start()
    expected, rates = scheduler.preview(8), [optimizer.param_groups[0]["lr"]]
    for step in range(1, 8):
        optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
        if step == 2:
            other, resumed = start()
            other.load_state_dict(optimizer.state_dict())
            resumed.load_state_dict(scheduler.state_dict())
            optimizer, scheduler = other, resumed
    assert rates == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"anneal_strategy": "exp"}, "one of 'cos' or 'linear', instead got exp"),
        ({"anneal_epochs": -1}, "equal or greater than 0, got -1"),
        ({"anneal_epochs": 1.5}, "equal or greater than 0, got 1.5"),
        ({"swa_lr": [0.1, 0.2]}, "swa_lr must have the same length"),
    ],
)
def test_bad_arguments_of_swalr(options, message):
    optimizer = mg.optim.SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
    with pytest.raises(ValueError, match=message):
        swa_utils.SWALR(optimizer, **{"swa_lr": 0.1, **options})
