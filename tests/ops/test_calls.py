"""Every listed call of a public function: gradients, the stand-in for a GPU, and PyTorch."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.engine import graph
from minigrad.testing import gradcheck, gradgradcheck

from ..parity import REFUSES, arrays, close, flat, host, listed, plain, weights
from ..standin import Device, xp
from ..tiers import FAST, FULL, first_of_each
from . import calls
from .sweep import wide

backend.register_backend(Device, xp)
NAMED, REFUSED = listed(calls, "CALLS"), listed(calls, "REFUSED")
CALLS = list(NAMED.values())
ERRORS = {"float64": 1e-10, "float32": 1e-5, "float16": 4e-3, "bfloat16": 3e-2}


NAMES = {id(call): name for name, call in {**NAMED, **REFUSED}.items()}


def over(calls, every=1, argument="call"):
    """Parametrise a test over calls: the first of every function, one of ``every``, or all."""
    return pytest.mark.parametrize(argument, [
        pytest.param(call, id=NAMES[id(call)], marks=FULL if tier and n % every else tier)
        for n, (call, tier) in enumerate(first_of_each(calls, lambda call: call.name))
    ])  # fmt: skip


every_refusal = over(REFUSED.values(), argument="refusal")


def _turn(n, dtypes):
    """The dtype that the fast tier runs the n-th call in: the first, or another, by turns."""
    return dtypes[0] if n % 2 == 0 or len(dtypes) == 1 else dtypes[1 + n // 2 % (len(dtypes) - 1)]


with_dtypes = pytest.mark.parametrize(
    ("call", "dtype"),
    [
        pytest.param(
            call, dtype, id=f"{name}-{dtype}",
            marks=FAST if dtype == _turn(n, call.dtypes) else FULL,
        )
        for n, (name, call) in enumerate(NAMED.items())
        for dtype in call.dtypes
    ],
)


def leaves_of(call):
    return arrays([*call.args, *call.kwargs.values()])


DIFFERENTIABLE = [call for call in CALLS if call.differentiable and leaves_of(call)]


def as_function(call):
    """(function of the floating tensors alone, those tensors in float64)"""

    def function(*tensors):
        queue = iter(tensors)

        def tensor(array):
            return next(queue) if array.dtype.kind == "f" else mg.tensor(array)

        outputs = flat(call.made(mg, tensor))
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


@over([call for call in DIFFERENTIABLE if call.twice], every=2)
def test_gradgradcheck(call):
    assert gradgradcheck(*_differentiable(call), fast_mode=True)


@over(CALLS, every=3)
def test_inputs_are_not_mutated(call):
    kept = []

    def tensor(array):
        kept.append((mg.tensor(array), array))
        return kept[-1][0]

    call.made(mg, tensor)
    for t, array in kept:
        np.testing.assert_array_equal(wide(t), array)


@over([call for call in CALLS if call.device], every=3)
def test_equals_the_references(call):
    def tensor(array):
        return graph.new_tensor(Device(np.array(array)))

    with np.errstate(all="ignore"):  # the stand-in warns where a GPU would not
        results = flat(call.made(mg, tensor))
    for ours, device in zip(flat(call.made(mg, mg.tensor)), results, strict=True):
        if not isinstance(ours, mg.Tensor):
            assert ours == device
            continue
        assert device.dtype is ours.dtype
        close(wide(device), wide(ours), 1e-6 if ours.dtype is mg.float32 else 1e-11)


@every_refusal
def test_refuses(refusal):
    with pytest.raises(REFUSES, match=refusal.match):
        refusal.made(mg, mg.tensor)


@pytest.mark.torch
@every_refusal
def test_torch_refuses(refusal):
    import torch

    with pytest.raises(Exception):  # noqa: B017, PT011  (PyTorch's classes of errors vary)
        refusal.made(torch, torch.tensor)


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
    results = flat(call.made(package, on(package, dtype, leaves)))
    if not call.differentiable:
        return results, []
    total = None
    for number, t in enumerate(results):
        if not getattr(t, "requires_grad", False):
            continue
        part = (t * package.tensor(weights(t, number)).to(t.dtype)).sum()
        total = part if total is None else total + part
    if total is None:
        return results, []
    total.backward()
    return results, [t.grad for t in leaves]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:index_reduce")  # PyTorch calls it beta, once per process
@pytest.mark.filterwarnings("ignore:The reduce argument of torch.scatter")  # deprecated, as once
@pytest.mark.filterwarnings("ignore:Using padding='same'")  # PyTorch copies; said once
@with_dtypes
def test_equals_torch(call, dtype):
    import torch

    try:
        theirs, their_gradients = results_of(call, torch, dtype)
    except Exception as error:  # PyTorch's classes of errors vary
        if "not implemented for" not in str(error):  # a kernel it lacks is no rule
            with pytest.raises(REFUSES):
                call.made(mg, on(mg, dtype, []))
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
