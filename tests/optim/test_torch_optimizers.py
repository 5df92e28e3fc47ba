"""The inputs that PyTorch tests its optimizers with give the same here, and errors are errors."""

import re

import numpy as np
import pytest

import minigrad as mg

from ..torch_cases import RAISES, Inapplicable, counterpart, report

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # samples warn freely
TOLERANCES = {"float64": 1e-9, "float32": 1e-4}
STEPS = 20

IGNORED = "is not supported for capturable=False and foreach=True"  # both switches do nothing here
ROUNDED = ("Muon",)  # there PyTorch multiplies a rate that is a float32 tensor in float32
STRICTER = {"a parameter group with duplicate parameters": ValueError}  # PyTorch only warns


def infos():
    """(name, PyTorch's description, our class) of every optimizer that both have."""
    pytest.importorskip("expecttest", reason="PyTorch's test cases need it")
    from torch.testing._internal.common_optimizers import optim_db

    for info in optim_db:
        name = info.optim_cls.__name__
        if hasattr(mg.optim, name):
            yield name, info, getattr(mg.optim, name)


def leaves(lib, name, dtype):
    """A weight and, where an optimizer takes vectors, a bias."""
    rng = np.random.default_rng(0)
    shapes = ((10, 5),) if name == "Muon" else ((10, 5), (10,))
    values = (rng.normal(size=shape).astype(dtype) for shape in shapes)
    return [lib.tensor(x).requires_grad_() for x in values]


def trajectory(lib, name, kind, kwargs, dtype):
    """The parameters after some steps of least squares."""
    weight, *bias = parameters = leaves(lib, name, dtype)
    optimizer = kind(parameters, **kwargs)
    x = lib.tensor(np.linspace(-1, 1, 5).astype(dtype))

    def closure():
        optimizer.zero_grad()
        loss = ((weight @ x + sum(bias)) ** 2).sum()
        loss.backward()
        return loss

    for _ in range(STEPS):
        optimizer.step(closure)
    return [p.detach().numpy() for p in parameters]


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_inputs(dtype):
    import torch
    from torch.testing._internal.common_optimizers import (
        _get_optim_inputs_including_global_cliquey_kwargs as inputs,
    )

    failures = []
    for name, info, kind in infos():
        for case in inputs("cpu", getattr(torch, dtype), info, skip=("differentiable",)):
            try:
                kwargs = counterpart(case.kwargs, [])
                theirs = trajectory(torch, name, info.optim_cls, case.kwargs, dtype)
                ours = trajectory(mg, name, kind, kwargs, dtype)
                rounded = name in ROUNDED and isinstance(case.kwargs.get("lr"), torch.Tensor)
                tolerance = TOLERANCES["float32" if rounded else dtype]
                for a, b in zip(ours, theirs, strict=True):
                    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
            except (AssertionError, *RAISES) as error:
                failures.append(f"{name}, {case.desc} {case.kwargs}: {error}")
    report(failures)


def wanted(error):
    """The class of an expected error and the pattern of its text."""
    for text, kind in STRICTER.items():
        if text in error.error_regex:
            return kind, text
    return error.error_type, error.error_regex


def test_errors():
    import torch

    failures = []
    for name, info, kind in infos():
        for error in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
            case = error.optimizer_error_input
            if IGNORED in error.error_regex:
                continue
            expected, pattern = wanted(error)
            try:
                params, kwargs = counterpart(case.params, []), counterpart(case.kwargs, [])
                if params is None:
                    params = leaves(mg, name, "float32")
                kind(params, **kwargs).step()
            except Inapplicable:
                continue
            except expected as found:
                if re.search(pattern, str(found)):
                    continue
                failures.append(f"{name}, {case.desc}: {found!r} is not {pattern!r}")
            except RAISES as found:
                failures.append(f"{name}, {case.desc}: {found!r} is no {expected.__name__}")
            else:
                failures.append(f"{name}, {case.desc}: must raise {pattern!r}")
    report(failures)
