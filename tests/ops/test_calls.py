"""Every listed call of a public function: gradients, the stand-in for a GPU, and PyTorch."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.engine import graph
from minigrad.testing import gradcheck, gradgradcheck

from ..standin import Device, xp
from .calls import Named, listed
from .sweep import wide

backend.register_backend(Device, xp)
NAMED, REFUSED = listed("CALLS"), listed("REFUSED")
CALLS = list(NAMED.values())
ERRORS = {"float64": 1e-10, "float32": 1e-5, "float16": 4e-3, "bfloat16": 3e-2}
REFUSES = (TypeError, ValueError, IndexError, RuntimeError)


every_refusal = pytest.mark.parametrize("refusal", REFUSED.values(), ids=REFUSED)
NAMES = {id(call): name for name, call in NAMED.items()}


def over(calls):
    """Parametrise a test over some of the calls."""
    return pytest.mark.parametrize("call", calls, ids=[NAMES[id(call)] for call in calls])


with_dtypes = pytest.mark.parametrize(
    ("call", "dtype"),
    [
        pytest.param(call, dtype, id=f"{name}-{dtype}")
        for name, call in NAMED.items()
        for dtype in call.dtypes
    ],
)


def converted(value, tensor, package):
    """The argument with arrays made tensors and names made what the package calls so."""
    if isinstance(value, np.ndarray):
        return tensor(value)
    if isinstance(value, Named):
        return getattr(package, value.name)
    if type(value) in (list, tuple):
        return type(value)(converted(v, tensor, package) for v in value)
    return value


def made(call, package, tensor):
    """The results of a call on a package, ``tensor`` making its tensors."""
    args = [converted(a, tensor, package) for a in call.args]
    kwargs = {name: converted(v, tensor, package) for name, v in call.kwargs.items()}
    if call.name.startswith("."):
        return getattr(args[0], call.name[1:])(*args[1:], **kwargs)
    function = package
    for part in call.name.split("."):
        function = getattr(function, part)
    return function(*args, **kwargs)


def flat(result):
    """All results in nested tuples and lists, in order."""
    if isinstance(result, tuple | list):
        return [leaf for part in result for leaf in flat(part)]
    return [result]


def arrays(value):
    """The floating arrays among the arguments, in order."""
    if isinstance(value, np.ndarray):
        return [value] if value.dtype.kind == "f" else []
    if type(value) in (list, tuple):
        return [leaf for part in value for leaf in arrays(part)]
    return []


def leaves_of(call):
    return arrays([*call.args, *call.kwargs.values()])


DIFFERENTIABLE = [call for call in CALLS if call.differentiable and leaves_of(call)]


def as_function(call):
    """(function of the floating tensors alone, those tensors in float64)"""

    def function(*tensors):
        queue = iter(tensors)

        def tensor(array):
            return next(queue) if array.dtype.kind == "f" else mg.tensor(array)

        outputs = flat(made(call, mg, tensor))
        return tuple(t for t in outputs if isinstance(t, mg.Tensor) and t.requires_grad)

    return function, [mg.tensor(a, requires_grad=True) for a in leaves_of(call)]


def _differentiable(call):
    function, tensors = as_function(call)
    if not function(*tensors):
        pytest.skip(f"{call.name} has no floating result")
    return function, tensors


@over(DIFFERENTIABLE)
def test_gradcheck(call):
    assert gradcheck(*_differentiable(call))


@over([call for call in DIFFERENTIABLE if call.twice])
def test_gradgradcheck(call):
    assert gradgradcheck(*_differentiable(call), fast_mode=True)


@over(CALLS)
def test_inputs_are_not_mutated(call):
    kept = []

    def tensor(array):
        kept.append((mg.tensor(array), array))
        return kept[-1][0]

    made(call, mg, tensor)
    for t, array in kept:
        np.testing.assert_array_equal(wide(t), array)


@over([call for call in CALLS if call.device])
def test_equals_the_references(call):
    def tensor(array):
        return graph.new_tensor(Device(np.array(array)))

    with np.errstate(all="ignore"):  # the stand-in warns where a GPU would not
        results = flat(made(call, mg, tensor))
    for ours, device in zip(flat(made(call, mg, mg.tensor)), results, strict=True):
        if not isinstance(ours, mg.Tensor):
            assert ours == device
            continue
        assert device.dtype is ours.dtype
        close(wide(device), wide(ours), 1e-6 if ours.dtype is mg.float32 else 1e-11)


def close(actual, expected, error):
    assert actual.shape == expected.shape
    finite = expected[np.isfinite(expected)]
    scale = np.abs(finite).max(initial=0) if expected.dtype.kind == "f" else 0
    np.testing.assert_allclose(actual, expected, rtol=error, atol=error * scale)


@every_refusal
def test_refuses(refusal):
    with pytest.raises(REFUSES, match=refusal.match):
        made(refusal, mg, mg.tensor)


@pytest.mark.torch
@every_refusal
def test_torch_refuses(refusal):
    import torch

    with pytest.raises(Exception):  # noqa: B017, PT011  (PyTorch's classes of errors vary)
        made(refusal, torch, torch.tensor)


@pytest.mark.torch
def test_methods_where_torch_has_them():
    import torch

    names = {call.name for call in CALLS if "." not in call.name}
    missing = {n for n in names if hasattr(torch.Tensor, n) and not hasattr(mg.Tensor, n)}
    assert not missing


def in_dtype(array, dtype):
    """A float array as the numbers that a dtype holds, in float64 or an integer type."""
    if array.dtype.kind != "f" or dtype in ERRORS:
        return array
    if dtype == "bool":
        return array > 0
    whole = np.rint(array * 3)
    return (np.abs(whole) if dtype == "uint8" else whole).astype(dtype)


def on(package, dtype, leaves):
    """Makes a package's tensors, floating ones in ``dtype``, and keeps those as ``leaves``."""

    def tensor(array):
        t = package.tensor(in_dtype(array, dtype))
        if array.dtype.kind == "f" and dtype in ERRORS:
            t = t.to(getattr(package, dtype)).requires_grad_()
            leaves.append(t)
        return t

    return tensor


def results_of(call, package, dtype):
    """(results, gradients of the leaves) of a call on a package."""
    leaves = []
    results = flat(made(call, package, on(package, dtype, leaves)))
    if not call.differentiable:
        return results, []
    total = None
    for number, t in enumerate(results):
        if not getattr(t, "requires_grad", False):
            continue
        weights = np.cos(np.arange(t.numel()) + number).reshape(tuple(t.shape))
        part = (t * package.tensor(weights).to(t.dtype)).sum()
        total = part if total is None else total + part
    if total is None:
        return results, []
    total.backward()
    return results, [t.grad for t in leaves]


def plain(dtype):
    """The name of a dtype without its package."""
    return str(dtype).partition(".")[2]


def host(tensor):
    """A PyTorch tensor's values in NumPy, floats as float64."""
    tensor = tensor.detach()
    return tensor.double().numpy() if tensor.is_floating_point() else tensor.numpy()


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:index_reduce")  # PyTorch calls it beta, once per process
@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")  # deprecated, as once
@with_dtypes
def test_equals_torch(call, dtype):
    import torch

    try:
        theirs, their_gradients = results_of(call, torch, dtype)
    except Exception as error:  # PyTorch's classes of errors vary
        if "not implemented for" not in str(error):  # a kernel it lacks is no rule
            with pytest.raises(REFUSES):
                made(call, mg, on(mg, dtype, []))
        return
    ours, gradients = results_of(call, mg, dtype)
    error = call.error.get(dtype, ERRORS.get(dtype, 1e-5))
    for a, b in zip(ours, theirs, strict=True):
        if not isinstance(b, torch.Tensor):
            assert a == b or (a != a and b != b) or plain(a) == plain(b)
            continue
        assert plain(a.dtype) == plain(b.dtype)
        close(wide(a), host(b), error)
    for a, b in zip(gradients, their_gradients, strict=bool(their_gradients)):
        if a is None or b is None:
            present = b if a is None else a
            assert present is None or not present.any()
            continue
        close(wide(a), host(b), error * 4)
