"""Every optimizer with every row of the grid: PyTorch's trajectories, state and exchange of it."""

import functools
import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.engine import graph

from ..standin import Device, xp
from .grid import CASES, EVERY, MATRICES, OF_MATRICES, SHAPES

backend.register_backend(Device, xp)

TOLERANCES = {"float64": {"rtol": 1e-10, "atol": 1e-12}, "float32": {"rtol": 1e-5, "atol": 1e-6}}
HALF, RESUMED, STEPS = 50, 75, 100
case = pytest.mark.parametrize("name, options", CASES, ids=str)
every = pytest.mark.parametrize("name, options", EVERY.items(), ids=EVERY)


class Run:
    """An optimizer of two groups on its way, in a library."""

    def __init__(self, lib, name, options, dtype, tensor):
        shapes = MATRICES if name in OF_MATRICES else SHAPES
        rng = np.random.default_rng(1)
        values = [[rng.normal(size=shape).astype(dtype) for shape in row] for row in shapes]
        self.tensor, self.dtype, self.count = tensor, dtype, 0
        groups = [[tensor(x).requires_grad_() for x in row] for row in values]
        self.parameters = [p for group in groups for p in group]
        kind = getattr(lib.optim, name)
        rate = options.get("lr", kind([tensor(values[0][0])], **options).defaults["lr"])
        self.optimizer = kind(
            [{"params": groups[0]}, {"params": groups[1], "lr": rate / 2}], **options
        )

    def advance(self, to):
        """Steps on gradients that depend on their number alone; one is missing now and then."""
        shapes = tuple(tuple(p.shape) for p in self.parameters)
        while self.count < to:
            grads = gradients(self.count, shapes, self.dtype)
            for number, (p, grad) in enumerate(zip(self.parameters, grads, strict=True)):
                p.grad = None if (self.count + number) % 7 == 3 else self.tensor(grad)
            if self.count % 40 == 30:
                for group in self.optimizer.param_groups:
                    group["lr"] *= 0.5
            self.optimizer.step()
            self.count += 1
        return self

    def continued(self, other, translate):
        """This run from where ``other`` is, through its ``state_dict``."""
        for p, q in zip(self.parameters, other.parameters, strict=True):
            p.data = translate(q.detach())
        self.optimizer.load_state_dict(translated(other.optimizer.state_dict(), translate))
        self.count = other.count
        return self.advance(RESUMED)

    def values(self):
        """The parameters as arrays."""
        return [np.array(host(p.detach())) for p in self.parameters]


@functools.cache
def gradients(step, shapes, dtype):
    """The gradients of one step."""
    rng = np.random.default_rng(step)
    return [np.asarray(rng.normal(size=shape), dtype) for shape in shapes]


def host(tensor):
    """The numbers of a tensor of any library or backend."""
    array = getattr(tensor, "_array", None)
    return array.get() if isinstance(array, Device) else tensor.numpy()


def translated(value, translate):
    """Nested dicts and lists with every tensor replaced."""
    if isinstance(value, dict):
        return {key: translated(v, translate) for key, v in value.items()}
    if isinstance(value, list):
        return [translated(v, translate) for v in value]
    return translate(value) if hasattr(value, "detach") else value


def assert_near(a, b, dtype):
    for x, y in zip(a.values(), b.values(), strict=True):
        np.testing.assert_allclose(x, y, **TOLERANCES[dtype])


def assert_same_state(ours, theirs, dtype):
    """State and groups have the same keys, dtypes, shapes and values."""
    saved, peer = ours.optimizer.state_dict(), theirs.optimizer.state_dict()
    assert saved["param_groups"] == peer["param_groups"]
    assert sorted(saved["state"]) == sorted(peer["state"])
    for number, entry in peer["state"].items():
        assert set(saved["state"][number]) == set(entry)
        for key, value in entry.items():
            mine, value = saved["state"][number][key].numpy(), value.numpy()
            assert (mine.dtype, mine.shape) == (value.dtype, value.shape), key
            np.testing.assert_allclose(mine, value, **TOLERANCES[dtype], err_msg=key)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", TOLERANCES)
@case
def test_O9_trajectory_and_exchange_of_state(name, options, dtype):
    torch = pytest.importorskip("torch")

    def ours():
        return Run(mg, name, options, dtype, mg.tensor)

    def theirs():
        return Run(torch, name, options, dtype, lambda x: torch.from_numpy(np.array(x)))

    def to_ours(tensor):
        return mg.tensor(np.array(tensor.numpy()))

    def to_theirs(tensor):
        return torch.from_numpy(np.array(tensor.numpy()))

    a, b = ours().advance(HALF), theirs().advance(HALF)
    assert_same_state(a, b, dtype)
    resumed = ours().continued(a, to_ours)
    from_theirs, from_ours = ours().continued(b, to_ours), theirs().continued(a, to_theirs)
    through_theirs = theirs().continued(b, to_theirs)
    for x, y in zip(a.advance(RESUMED).values(), resumed.values(), strict=True):
        np.testing.assert_array_equal(x, y)
    assert_near(from_theirs, b.advance(RESUMED), dtype)
    assert_near(from_ours, through_theirs, dtype)
    assert_near(a.advance(STEPS), b.advance(STEPS), dtype)


@every
def test_on_the_stand_in_for_a_gpu(name, options):
    def there(array):
        return graph.new_tensor(Device(np.array(array)))

    here = Run(mg, name, options, "float64", mg.tensor).advance(10)
    device = Run(mg, name, options, "float64", there).advance(10)
    assert all(type(p._array) is Device for p in device.parameters)
    assert_near(here, device, "float64")


@every
@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16], ids=str)
def test_emulated_parameters_have_float32_state_and_master_weights(name, options, dtype):
    def emulated(array):
        return mg.tensor(array).to(dtype)

    run = Run(mg, name, options, "float32", emulated).advance(3)
    for p in run.parameters:
        state = run.optimizer.state[p]
        assert p.dtype is dtype and "master" in state
        assert {t.dtype for t in state.values() if isinstance(t, mg.Tensor)} <= {mg.float32}


@pytest.mark.torch
@every
def test_arguments_and_printing_are_those_of_torch(name, options):
    torch = pytest.importorskip("torch")
    theirs = Run(torch, name, {}, "float32", torch.from_numpy).optimizer
    ours = Run(mg, name, {}, "float32", mg.tensor).optimizer
    assert ours.defaults == theirs.defaults
    assert list(ours.param_groups[0]) == list(theirs.param_groups[0])
    assert repr(ours) == repr(theirs)
    assert parameters(type(ours)) == parameters(type(theirs))


def parameters(kind):
    """The constructor's arguments, in order, and their defaults."""
    found = inspect.signature(kind.__init__).parameters.values()
    return [(p.name, p.kind, p.default) for p in found]
