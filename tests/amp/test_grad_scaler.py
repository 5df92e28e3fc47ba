"""GradScaler: PyTorch's state machine, its errors, and what a skipped step says."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import amp, backend, nn
from minigrad.engine import graph

from ..standin import Device, xp

backend.register_backend(Device, xp)

INF, NAN = math.inf, math.nan


def model(lib, *values):
    return lib.tensor(list(values), requires_grad=True)


def stepped(lib, scaler, optimizer, p, gradient):
    """One training step whose scaled gradient is given; None: nothing was backpropagated."""
    scaler.scale(lib.tensor(1.0))
    p.grad = None if gradient is None else lib.tensor([float(gradient)])
    scaler.step(optimizer)
    scaler.update()


SETTINGS = [
    {},
    {"init_scale": 8.0, "growth_interval": 2},
    {"init_scale": 3.0, "growth_factor": 1.7, "backoff_factor": 0.3, "growth_interval": 1},
    {"init_scale": 2.0**126, "growth_factor": 4.0, "growth_interval": 1},
]


@pytest.mark.torch
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_scale_and_skips_are_those_of_torch(settings, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    pattern = rng.choice([1.0, -2.0, INF, -INF, NAN], size=60, p=[0.5, 0.3, 0.1, 0.05, 0.05])
    runs = []
    for lib in (mg, torch):
        p = model(lib, 1.0)
        optimizer = lib.optim.SGD([p], lr=2.0**10, momentum=0.5)
        scaler, trace = lib.amp.GradScaler("cpu", **settings), []
        for gradient in pattern:
            stepped(lib, scaler, optimizer, p, gradient)
            trace.append((scaler.state_dict(), p.item()))
        runs.append(trace)
    assert runs[0] == runs[1]


@pytest.mark.torch
def test_state_dicts_go_both_ways():
    torch = pytest.importorskip("torch")
    ours, theirs = amp.GradScaler(init_scale=4.0), torch.amp.GradScaler("cpu")
    theirs.load_state_dict(ours.state_dict())
    assert theirs.state_dict() == ours.state_dict()
    theirs.set_growth_interval(7)
    ours.load_state_dict(theirs.state_dict())
    assert ours.get_growth_interval() == 7 and ours.get_scale() == 4.0


def ready(**settings):
    p = model(mg, 1.0)
    return p, mg.optim.SGD([p], lr=0.5), amp.GradScaler(**settings)


def test_A3_an_infinite_gradient_skips_the_step_and_halves_the_scale():
    p, optimizer, scaler = ready()
    scaler.scale(p.sum()).backward()
    assert p.grad.item() == 65536
    p.grad = mg.tensor([INF])
    assert scaler.step(optimizer) is False
    scaler.update()
    assert p.item() == 1 and scaler.get_scale() == 32768
    assert scaler.state_dict()["_growth_tracker"] == 0


def test_steps_are_skipped_for_ever_where_the_weights_are_no_numbers():
    weight = mg.zeros(3, requires_grad=True)
    optimizer, scaler = mg.optim.SGD([weight], lr=0.1), mg.amp.GradScaler()
    for _ in range(180):  # halved until the scale is 0
        optimizer.zero_grad()
        scaler.scale((weight * math.nan).sum()).backward()
        assert not scaler.step(optimizer)
        scaler.update()
    assert scaler.get_scale() == 0 and weight.tolist() == [0, 0, 0]


def test_A3_powers_of_two_unscale_exactly(rng):
    gradient = rng.normal(size=1000).astype(np.float32)
    p = mg.zeros(1000, requires_grad=True)
    optimizer, scaler = mg.optim.SGD([p], lr=1.0), amp.GradScaler(init_scale=2.0**20)
    scaler.scale((p * mg.tensor(gradient)).sum()).backward()
    scaler.unscale_(optimizer)
    np.testing.assert_array_equal(p.grad, gradient)


def test_A3_defaults_keys_and_getters():
    scaler = amp.GradScaler()
    assert scaler.state_dict() == {
        "scale": 65536.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2000,
        "_growth_tracker": 0,
    }  # fmt: skip
    scaler.set_growth_factor(3.0)
    scaler.set_backoff_factor(0.25)
    scaler.set_growth_interval(5)
    found = scaler.get_growth_factor(), scaler.get_backoff_factor(), scaler.get_growth_interval()
    assert found == (3.0, 0.25, 5) and scaler.is_enabled()


def test_A3_outputs_may_be_lists():
    p, _, scaler = ready(init_scale=2.0)
    x, y = p.sum(), p.sum() * 3
    scaled = scaler.scale([x, (y, x)])
    assert scaled[0].item() == 2 and scaled[1][0].item() == 6 and type(scaled[1]) is tuple
    assert [t.item() for t in scaler.scale(iter([x]))] == [2.0]
    with pytest.raises(ValueError, match="Tensor or an iterable"):
        scaler.scale(3)


def test_A3_a_low_loss_of_no_axes_is_scaled_in_float32():
    _, _, scaler = ready()
    assert scaler.scale(mg.tensor(2.0, dtype=mg.float16)).dtype is mg.float32


def test_unscaling_twice_or_late_is_refused():
    p, optimizer, scaler = ready()
    scaler.scale(p.sum()).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="already been called on this optimizer"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="after step"):
        scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="since the last update"):
        scaler.step(optimizer)
    scaler.update()
    scaler.scale(p.sum())
    scaler.unscale_(optimizer)


def test_order_is_checked():
    p, optimizer, scaler = ready()
    for call in (lambda: scaler.step(optimizer), lambda: scaler.unscale_(optimizer), scaler.update):
        with pytest.raises(AssertionError, match="_scale is None"):
            call()
    scaler.scale(p.sum())
    with pytest.raises(AssertionError, match="No inf checks were recorded prior to update"):
        scaler.update()
    with pytest.raises(AssertionError, match="No inf checks were recorded for this optimizer"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="[Cc]losure"):
        scaler.step(optimizer, closure=lambda: None)


def test_bad_settings():
    with pytest.raises(AssertionError, match="growth factor"):
        amp.GradScaler(growth_factor=1.0)
    with pytest.raises(AssertionError, match="backoff factor"):
        amp.GradScaler(backoff_factor=1.0)
    with pytest.raises(RuntimeError, match="source state dict is empty"):
        amp.GradScaler().load_state_dict({})


def test_float16_gradients_are_refused_and_bfloat16_ones_are_not():
    for dtype, fits in ((mg.float16, False), (mg.bfloat16, True)):
        p = mg.ones(2, dtype=dtype).requires_grad_()
        optimizer, scaler = mg.optim.SGD([p], lr=1.0), amp.GradScaler(init_scale=4.0)
        scaler.scale(p.float().sum()).backward()
        if not fits:
            with pytest.raises(ValueError, match="unscale FP16"):
                scaler.unscale_(optimizer)
            continue
        scaler.unscale_(optimizer)
        assert p.grad.dtype is dtype and (p.grad == 1).all()


def test_a_disabled_scaler_does_nothing():
    p, optimizer, scaler = ready(enabled=False)
    loss = p.sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    assert scaler.step(optimizer) is True and p.item() == 0.5
    scaler.update()
    assert scaler.state_dict() == {} and scaler.get_scale() == 1.0 and not scaler.is_enabled()
    scaler.load_state_dict({})


def test_update_takes_a_new_scale():
    p, optimizer, scaler = ready()
    scaler.scale(p.sum())
    scaler.update(8.0)
    assert scaler.get_scale() == 8
    scaler.update(mg.tensor([4.0]))
    assert scaler.get_scale() == 4
    with pytest.raises(AssertionError, match="1-element"):
        scaler.update(mg.ones(2))


def test_two_optimizers_share_the_scale():
    a, b = model(mg, 1.0), model(mg, 1.0)
    one, two = mg.optim.SGD([a], lr=0.5), mg.optim.SGD([b], lr=0.5)
    scaler = amp.GradScaler(init_scale=4.0)
    for loss in (a.sum(), b.sum()):
        scaler.scale(loss).backward()
    b.grad = mg.tensor([NAN])
    assert scaler.step(one) is True and scaler.step(two) is False
    scaler.update()
    assert (a.item(), b.item(), scaler.get_scale()) == (0.5, 1.0, 2.0)


def test_A7_a_skipped_step_is_told_and_no_scheduler_warns():
    p, optimizer, scaler = ready()
    scheduler = mg.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    for gradient, expected in ((INF, False), (1.0, True)):
        scaler.scale(mg.tensor(1.0))
        p.grad = mg.tensor([gradient])
        if scaler.step(optimizer):
            scheduler.step()
        assert (scaler.last_skip is not None) or expected
        scaler.update()
    assert scheduler.get_last_lr() == [0.25]
    p.grad = mg.tensor([INF])
    fresh = mg.optim.SGD([p], lr=1.0)
    scheduler = mg.optim.lr_scheduler.StepLR(fresh, 1)
    scaler.scale(mg.tensor(1.0))
    assert scaler.step(fresh) is False
    scheduler.step()  # a warning would be an error here


def half_net():
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = mg.optim.SGD(net.named_parameters(), lr=0.1)
    return net, optimizer, mg.ones(3, 4), mg.tensor([0, 1, 0])


def half_loss(net, x, y):
    with amp.autocast(dtype=mg.float16):
        return nn.functional.cross_entropy(net(x), y)


def test_the_parameter_and_op_that_overflowed_in_backward_are_named():
    net, optimizer, x, y = half_net()
    scaler = amp.GradScaler(init_scale=2.0**30)
    scaler.scale(half_loss(net, x, y)).backward()
    assert scaler.step(optimizer) is False
    skip = scaler.last_skip
    assert (skip.parameter, skip.op, skip.during) == ("2.weight", "linear", "backward")
    assert set(skip.parameters) == {name for name, _ in net.named_parameters()}
    assert skip.scale == 2.0**30 and math.isfinite(skip.loss)
    assert str(skip).startswith("step skipped: non-finite gradients of 2.weight and 3 more; they")
    assert "linear" in str(skip) and "2^30" in str(skip)


def test_the_op_that_overflowed_in_forward_is_named():
    net, optimizer, x, y = half_net()
    with mg.no_grad():
        net[0].weight.fill_(3e4)
        net[0].bias.fill_(0.0)
    scaler = amp.GradScaler()
    scaler.scale(half_loss(net, x, y)).backward()
    assert scaler.step(optimizer) is False
    skip = scaler.last_skip
    assert skip.during == "forward" and skip.op in ("linear", "relu")
    assert not math.isfinite(skip.loss) and "the loss was" in str(skip)


def test_unnamed_parameters_are_numbered():
    p, optimizer, scaler = ready()
    scaler.scale(p.sum()).backward()
    p.grad = mg.tensor([NAN])
    scaler.step(optimizer)
    assert scaler.last_skip.parameter == "parameter 0 of group 0"


def test_clipping_between_unscale_and_step():
    p, optimizer, scaler = ready()
    scaler.scale((p * 10).sum()).backward()
    scaler.unscale_(optimizer)
    assert nn.utils.clip_grad_norm_([p], 1.0).item() == 10
    scaler.step(optimizer)
    assert p.item() == pytest.approx(0.5)


def test_nothing_of_the_graph_is_kept_after_update():
    p, optimizer, scaler = ready()
    loss = p.sum()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    assert not scaler._outputs and not scaler._passes


@pytest.mark.parametrize("gradient, steps", [(2.0, True), (INF, False)])
def test_on_the_stand_in(gradient, steps):
    p = graph.new_tensor(Device(np.ones(1, np.float32)), requires_grad=True)
    optimizer, scaler = mg.optim.Adam([p], lr=0.5), amp.GradScaler(init_scale=4.0)
    scaler.scale((p * gradient).sum()).backward()
    assert scaler.step(optimizer) is steps
    scaler.update()
    assert p._array.get().item() == (0.5 if steps else 1.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("strided", [0, 1])
def test_the_check_sees_every_element(dtype, strided):
    from minigrad.kernels.registry import CPU

    for bad in (INF, -INF, NAN):
        for place in (0, 5, 16, 99):
            x = np.ones((100, 1 + strided), dtype)[:, 0]
            assert CPU.unscale_(x, 0.5) and (x == 0.5).all()
            x[place] = bad
            assert not CPU.unscale_(x, 0.5)
    assert CPU.unscale_(np.zeros(0, dtype), 2.0)


def test_few_outputs_are_kept_where_update_is_never_called():
    scaler = amp.GradScaler()
    for _ in range(100):
        scaler.scale(mg.ones(1, requires_grad=True).sum())
    assert len(scaler._outputs) < 10


def test_the_loss_that_was_not_finite_is_told_after_many_others():
    p, optimizer, scaler = ready()
    for factor in (INF, *[1.0] * 50):
        scaler.scale((p * factor).sum()).backward()
    assert scaler.step(optimizer) is False
    assert (scaler.last_skip.during, scaler.last_skip.loss) == ("forward", INF)


def test_a_state_that_lacks_something_changes_nothing():
    scaler = amp.GradScaler()
    before = scaler.state_dict()
    state = {**before, "scale": 7.0}
    del state["_growth_tracker"]
    with pytest.raises(KeyError, match="_growth_tracker"):
        scaler.load_state_dict(state)
    assert scaler.state_dict() == before


@pytest.mark.skipif(mg.cuda.is_available(), reason="there is a GPU, so it is not disabled")
def test_it_is_disabled_for_a_gpu_that_is_not_there():
    with pytest.warns(UserWarning, match="CUDA is not available. Disabling"):
        scaler = amp.GradScaler("cuda")
    assert not scaler.is_enabled() and scaler.state_dict() == {} and scaler.get_scale() == 1.0
