"""Every op equals its PyTorch peer, forward and backward."""

import numpy as np
import pytest

from .sweep import cotangents, every_case, wide

pytestmark = pytest.mark.torch
ERRORS = {"float64": 1e-10, "float32": 1e-5}


def peer_of(case, inputs, starts):
    """Outputs and gradients of the PyTorch peer on the same values."""
    import torch

    def tensor(t):
        return None if t is None else torch.tensor(t._array, requires_grad=t.requires_grad)

    peers = [tensor(t) for t in inputs]
    outputs = case.op.peer(torch, *peers, **case.params)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    pairs = [
        (t, torch.tensor(s._array))
        for t, s in zip(outputs, starts, strict=True)
        if t.requires_grad
    ]
    watched = [peers[i] for i in case.watched()]
    if not pairs or not watched:
        return outputs, [None for _ in watched]
    roots, gradients = zip(*pairs, strict=True)
    return outputs, torch.autograd.grad(roots, watched, gradients, allow_unused=True)


def assert_equal(actual, expected, error, what):
    if actual is None or expected is None:
        present = actual if expected is None else expected
        zeros = 0 if present is None else wide(present) if actual is present else present.numpy()
        assert not np.any(zeros), f"{what}: one has no gradient"
        return
    expected = expected.detach().numpy()
    assert actual.shape == expected.shape, what
    assert str(actual._array.dtype) == str(expected.dtype), what
    scale = np.abs(expected).max(initial=0) if expected.dtype.kind == "f" else 0
    np.testing.assert_allclose(
        wide(actual), expected, rtol=error, atol=error * scale, err_msg=what
    )


@pytest.mark.parametrize("dtype", ERRORS)
@every_case
def test_equals_torch(case, dtype):
    inputs = case.inputs(dtype)
    outputs = case.call(*inputs)
    starts = cotangents(outputs)
    gradients = case.gradients(outputs, inputs, starts)
    peers, peer_gradients = peer_of(case, inputs, starts)
    for kind, ours, theirs in (
        ("output", outputs, peers),
        ("gradient", gradients, peer_gradients),
    ):
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            assert_equal(a, b, ERRORS[dtype], f"{case} {dtype} {kind} {number}")
