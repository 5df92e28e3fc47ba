"""L-BFGS: PyTorch's trajectories, its line search, and going on from a saved state."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.engine.graph import new_tensor
from minigrad.optim import LBFGS
from minigrad.optim.wolfe import Point, interpolated, strong_wolfe

from ..standin import Device, xp
from .test_grid import parameters

backend.register_backend(Device, xp)

DATA = np.random.default_rng(0)
MATRIX, TARGET = DATA.normal(size=(12, 5)), DATA.normal(size=(12, 2))


def rosenbrock(lib, dtype):
    """f(x, y) = (1 − x)² + 100 (y − x²)², x and y being two parameters."""
    x, y = (
        lib.tensor(np.array(v, dtype), requires_grad=True) for v in (-1.2, [1.0])
    )
    return [x, y], lambda: ((1 - x) ** 2 + 100 * (y - x * x) ** 2).sum()


def least_squares(lib, dtype):
    """Two parameters, a matrix and a vector, of a linear model."""
    weight = lib.tensor(np.zeros((5, 2), dtype), requires_grad=True)
    bias = lib.tensor(np.zeros(2, dtype), requires_grad=True)
    x, y = lib.tensor(MATRIX.astype(dtype)), lib.tensor(TARGET.astype(dtype))
    return [weight, bias], lambda: ((x @ weight + bias - y) ** 2).mean()


PROBLEMS = {"rosenbrock": rosenbrock, "least squares": least_squares}
OPTIONS = {
    "fixed": {"lr": 0.02, "max_iter": 4},
    "search": {"line_search_fn": "strong_wolfe", "max_iter": 6},
    "short history": {"line_search_fn": "strong_wolfe", "max_iter": 5, "history_size": 2},
    "few looks": {"line_search_fn": "strong_wolfe", "max_iter": 5, "max_eval": 3, "lr": 0.1},
    "one look": {"line_search_fn": "strong_wolfe", "max_eval": 1},
}


class Run:
    """A problem with its optimizer on one library."""

    def __init__(self, lib, problem, options, dtype="float64"):
        self.parameters, self.loss = PROBLEMS[problem](lib, dtype)
        self.optimizer = lib.optim.LBFGS(self.parameters, **options)

    def closure(self):
        self.optimizer.zero_grad()
        loss = self.loss()
        loss.backward()
        return loss

    def go(self, steps):
        """The loss before each step, and the parameters after all."""
        losses = [self.optimizer.step(self.closure).item() for _ in range(steps)]
        return losses, [p.detach().numpy() for p in self.parameters]


def flat(value):
    """A state entry of either library as numbers."""
    if isinstance(value, (list, tuple)):
        return [flat(item) for item in value if item is not None]
    return value.tolist() if hasattr(value, "tolist") else value


def assert_equal_runs(ours, theirs, rtol, atol):
    for mine, peer in zip(ours, theirs, strict=True):
        for a, b in zip(mine, peer, strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("case", OPTIONS)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-10), ("float32", 1e-5)])
def test_trajectory_and_state_are_those_of_torch(problem, case, dtype, tolerance):
    torch = pytest.importorskip("torch")
    steps = 4 if dtype == "float64" else 1  # rounding grows with every iteration
    a, b = (Run(lib, problem, OPTIONS[case], dtype) for lib in (mg, torch))
    found = a.go(steps)
    assert np.isfinite(found[0]).all()
    assert_equal_runs(found, b.go(steps), tolerance, tolerance)
    mine, peer = a.optimizer.state_dict(), b.optimizer.state_dict()
    assert mine["param_groups"] == peer["param_groups"]
    mine, peer = mine["state"][0], peer["state"][0]
    assert set(mine) == set(peer)
    assert mine["func_evals"] == peer["func_evals"] and mine["n_iter"] == peer["n_iter"]
    assert mine["d"].dtype is getattr(mg, dtype) and len(mine["ro"]) == len(peer["ro"])
    if dtype == "float64":
        for key in ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "al"):
            for x, y in zip(flat([mine[key]]), flat([peer[key]]), strict=True):
                np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-9, err_msg=key)


def to_torch(torch, value):
    if isinstance(value, mg.Tensor):
        return torch.from_numpy(value.numpy().copy())
    if isinstance(value, (list, tuple)):
        return [to_torch(torch, item) for item in value]
    if isinstance(value, dict):
        return {key: to_torch(torch, item) for key, item in value.items()}
    return value


def from_torch(torch, value):
    if isinstance(value, torch.Tensor):
        return mg.tensor(value.numpy().copy())
    if isinstance(value, list):
        return [from_torch(torch, item) for item in value]
    if isinstance(value, dict):
        return {key: from_torch(torch, item) for key, item in value.items()}
    return value


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("case", ["fixed", "search"])
@pytest.mark.parametrize("from_theirs", [False, True])
def test_states_go_over_to_torch_and_back(problem, case, from_theirs):
    torch = pytest.importorskip("torch")
    a, b = (Run(lib, problem, OPTIONS[case]) for lib in (mg, torch))
    for run in (a, b):
        run.go(2)
    fresh = Run(mg if from_theirs else torch, problem, OPTIONS[case])
    source = b if from_theirs else a
    convert = from_torch if from_theirs else to_torch
    fresh.optimizer.load_state_dict(convert(torch, source.optimizer.state_dict()))
    with mg.no_grad(), torch.no_grad():
        for p, q in zip(fresh.parameters, source.parameters, strict=True):
            p.copy_((mg.tensor if from_theirs else torch.from_numpy)(q.detach().numpy().copy()))
    assert_equal_runs(fresh.go(2), source.go(2), 1e-9, 1e-10)


@pytest.mark.parametrize("through_file", [False, True])
def test_resuming_is_bit_equal(through_file, tmp_path):
    whole = Run(mg, "rosenbrock", OPTIONS["search"])
    whole.go(2)
    saved = whole.optimizer.state_dict()
    if through_file:
        mg.save(saved, tmp_path / "state.npz")
        saved = mg.load(tmp_path / "state.npz")
    resumed = Run(mg, "rosenbrock", OPTIONS["search"])
    resumed.optimizer.load_state_dict(saved)
    with mg.no_grad():
        for p, q in zip(resumed.parameters, whole.parameters, strict=True):
            p.copy_(q)
    expected = copy.deepcopy(whole.go(2))
    assert_equal_runs(resumed.go(2), expected, 0, 0)


def test_it_finds_the_minimum():
    options = {"line_search_fn": "strong_wolfe", "max_iter": 100, "tolerance_change": 1e-18}
    run = Run(mg, "rosenbrock", options)
    run.go(1)
    assert [p.item() for p in run.parameters] == pytest.approx([1, 1], abs=1e-6)
    evaluations = run.optimizer.state[run.parameters[0]]["func_evals"]
    run.go(1)
    assert run.optimizer.state[run.parameters[0]]["func_evals"] == evaluations + 1


def test_a_parameter_without_a_gradient_stays():
    run = Run(mg, "least squares", OPTIONS["search"])
    unused = mg.ones(3, dtype=mg.float64, requires_grad=True)
    run.optimizer = LBFGS([*run.parameters, unused])
    run.go(1)
    assert unused.tolist() == [1, 1, 1] and run.parameters[0]._version


@pytest.mark.parametrize("dtype", [mg.float16, mg.bfloat16])
def test_emulated_parameters_have_float32_state(dtype):
    p = mg.tensor([3.0, -2.0]).to(dtype).requires_grad_()
    optimizer = LBFGS([p], line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert closure().item() < 1e-4 and p.dtype is dtype
    assert optimizer.state[p]["d"].dtype is mg.float32


def test_what_is_refused():
    p, q = (mg.ones(1, requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="parameter groups"):
        LBFGS([{"params": [p]}, {"params": [q]}])
    with pytest.raises(ValueError, match="parameter groups"):
        LBFGS([p]).add_param_group({"params": [q]})
    with pytest.raises(ValueError, match="learning rate: -1"):
        LBFGS([p], lr=-1)
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported.*'armijo'"):
        LBFGS([p], line_search_fn="armijo")
    with pytest.raises(TypeError, match="closure"):
        LBFGS([p]).step()


@pytest.mark.parametrize("first", [1e-3, 0.5, 3.0, 40.0])
def test_the_point_found_meets_the_strong_wolfe_conditions(first):
    def along(t):
        x = t + 0.1
        return Point(t, float(np.cos(x) + 0.02 * x * x), None, float(0.04 * x - np.sin(x)))

    start = along(0.0)
    found, looks = strong_wolfe(along, start, first, 1.0, 1e-9, 25)
    assert found.loss <= start.loss + 1e-4 * found.t * start.slope
    assert abs(found.slope) <= -0.9 * start.slope and looks <= 26


def test_cubic_interpolation_is_exact_for_cubics():
    def cubic(t):
        return Point(t, t**3 - 3 * t, None, 3 * t * t - 3)

    for a, b in ((0.0, 2.5), (2.5, 0.0)):
        assert interpolated(cubic(a), cubic(b)) == pytest.approx(1)
    assert interpolated(cubic(0.0), cubic(0.5), bounds=(0.0, 0.75)) == 0.75
    line = Point(0.0, 0.0, None, 1.0), Point(1.0, 1.0, None, 1.0)
    assert 0 <= interpolated(*line) <= 1
    assert interpolated(line[0], line[0]) == 0


def test_on_the_stand_in_for_a_gpu():
    def minimum(make):
        p = make(np.array([3.0, -2.0])).requires_grad_()
        optimizer = LBFGS([p], line_search_fn="strong_wolfe", max_iter=6)

        def closure():
            optimizer.zero_grad()
            loss = ((p - 1) ** 4).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        return p, optimizer.state[p]["n_iter"]

    (here, iterations), (there, same) = minimum(mg.tensor), minimum(
        lambda array: new_tensor(Device(array))
    )
    assert type(there._array) is Device and iterations == same == 6
    np.testing.assert_allclose(there._array.get(), here.detach(), rtol=1e-12)


@pytest.mark.torch
def test_arguments_and_printing_are_those_of_torch():
    torch = pytest.importorskip("torch")
    ours, theirs = (Run(lib, "rosenbrock", {}).optimizer for lib in (mg, torch))
    assert ours.defaults == theirs.defaults and repr(ours) == repr(theirs)
    assert parameters(LBFGS) == parameters(torch.optim.LBFGS)


def test_a_closure_that_fails_within_a_line_search_leaves_the_point_before_it():
    p = mg.tensor([3.0, 1.0], requires_grad=True)
    optimizer, points = LBFGS([p], line_search_fn="strong_wolfe"), []

    def closure():
        points.append(p.tolist())
        if len(points) == 2:
            raise KeyError
        optimizer.zero_grad()
        loss = (p**4).sum()
        loss.backward()
        return loss

    with pytest.raises(KeyError):
        optimizer.step(closure)
    assert p.tolist() == points[0] != points[-1]
