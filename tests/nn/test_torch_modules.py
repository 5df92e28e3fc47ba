"""The inputs that PyTorch tests its layers with give the same here, and errors are errors."""

import itertools

import pytest

import minigrad as mg

from ..torch_cases import (
    RAISES,
    Inapplicable,
    compare,
    compare_gradients,
    counterpart,
    differentiate,
    report,
    results,
)

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # samples warn freely
CASES = {"float64": 12, "float32": 4}  # of each layer in each mode

RANDOM = {  # whether only in training
    "AlphaDropout": True, "Dropout": True, "Dropout1d": True, "Dropout2d": True, "Dropout3d": True,
    "FeatureAlphaDropout": True, "FractionalMaxPool2d": False, "FractionalMaxPool3d": False,
    "RReLU": True,
}  # fmt: skip


def infos():
    """(name, PyTorch's description of the layer, our class) of every layer that both have."""
    pytest.importorskip("expecttest", reason="PyTorch's test cases need it")
    from torch.testing._internal.common_modules import module_db

    for info in module_db:
        name = info.module_cls.__name__
        if hasattr(mg.nn, name):
            yield name, info, getattr(mg.nn, name)


def cases(info, function, dtype, training, count=None):
    import torch

    torch.manual_seed(0)
    found = function(
        info, device="cpu", dtype=getattr(torch, dtype), requires_grad=True, training=training
    )
    return itertools.islice(found, count)


def check(info, kind, case, dtype, training, random):
    """Compare a layer with PyTorch's: looks, state, outputs, gradients and buffers."""
    import torch

    made, built, called = [], case.constructor_input, case.forward_input
    theirs = info.module_cls(*built.args, **built.kwargs).to(getattr(torch, dtype))
    ours = kind(*counterpart(built.args, made), **counterpart(built.kwargs, made)).to(dtype)
    theirs.train(training)
    ours.train(training)
    assert repr(ours) == repr(theirs).replace("torch.", "minigrad.")
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict({name: t.numpy() for name, t in state.items()})
    args, kwargs = counterpart(called.args, made), counterpart(called.kwargs, made)
    expected = results(theirs(*called.args, **called.kwargs))
    outputs = results(ours(*args, **kwargs))
    compare(outputs, expected, dtype, random)
    if random:
        return
    if differentiate(torch, expected):
        differentiate(mg, outputs)
    inputs = [pair for pair in made if pair[0].requires_grad and pair[0].is_leaf]
    parameters = dict(ours.named_parameters())
    pairs = [(p, parameters.pop(name)) for name, p in theirs.named_parameters()]
    assert not parameters
    compare_gradients([*inputs, *pairs], dtype)
    buffers = dict(theirs.named_buffers())
    assert list(dict(ours.named_buffers())) == list(buffers)
    compare(list(ours.buffers()), list(buffers.values()), dtype)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", CASES)
def test_inputs(dtype, training):
    failures = []
    for name, info, kind in infos():
        random = name in RANDOM and (training or not RANDOM[name])
        for case in cases(info, info.module_inputs_func, dtype, training, CASES[dtype]):
            try:
                check(info, kind, case, dtype, training, random)
            except Inapplicable:
                continue
            except (AssertionError, *RAISES) as error:
                failures.append(f"{name} {case.desc} {case.constructor_input.kwargs}: {error}")
    report(failures)


def attempt(kind, built, called, training):
    kind(*built[0], **built[1]).train(training)(*called[0], **called[1])


@pytest.mark.parametrize("training", [True, False])
def test_errors(training):
    failures = []
    for name, info, kind in infos():
        if info.module_error_inputs_func is None:
            continue
        for error in cases(info, info.module_error_inputs_func, "float32", training):
            case = error.module_error_input
            built, called = case.constructor_input, case.forward_input
            theirs = [(built.args, built.kwargs)]
            theirs.append((called.args, called.kwargs) if called else ((), {}))
            try:
                attempt(info.module_cls, *theirs, training)
            except Exception:  # noqa: BLE001  (PyTorch's classes of errors vary)
                pass
            else:
                continue  # in this mode it is none
            try:
                attempt(kind, *counterpart(theirs, []), training)
            except (Inapplicable, *RAISES):
                continue
            failures.append(f"{name} must raise {error.error_regex}: {theirs[0]}")
    report(failures)
