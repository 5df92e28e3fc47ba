"""PyTorch's own test cases, made on minigrad: what tests of layers and ops have in common."""

import numpy as np

import minigrad as mg

from .ops.sweep import wide
from .parity import Named, close, flat, host, plain, weights

TOLERANCES = {"float64": 1e-8, "float32": 1e-4, "int64": 1e-4}
RAISES = (TypeError, ValueError, IndexError, KeyError, RuntimeError)


class Inapplicable(Exception):  # noqa: N818  (no error: the case asks for what minigrad is not)
    """A case with complex numbers, layouts or other things that minigrad does not have."""


def counterpart(value, made):
    """What stands for an argument of a PyTorch case; ``made`` gathers (theirs, ours) tensors."""
    import torch

    if isinstance(value, torch.Tensor):
        return _tensor(value, made)
    if isinstance(value, torch.dtype):
        return getattr(mg, plain(value))
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, complex | torch.memory_format | torch.layout | torch.Generator):
        raise Inapplicable(value)
    if isinstance(value, torch.nn.Module):
        return _module(value)
    if isinstance(value, tuple | list):
        parts = [counterpart(v, made) for v in value]
        return parts if type(value) is list else tuple(parts)
    if isinstance(value, dict):
        return {key: counterpart(v, made) for key, v in value.items()}
    if callable(value) and value.__module__.startswith("torch"):
        return getattr(mg.nn.functional, value.__name__)
    return value


def _tensor(theirs, made):
    import torch

    for known, ours in made:
        if known is theirs:
            return ours
    if theirs.layout is not torch.strided or not hasattr(mg, plain(theirs.dtype)):
        raise Inapplicable(f"{theirs.dtype} {theirs.layout}")
    ours = mg.tensor(np.array(host(theirs))).to(getattr(mg, plain(theirs.dtype)))
    made.append((theirs, ours.requires_grad_(theirs.requires_grad)))
    return ours


def _module(theirs):
    """A module without arguments, or the encoder layer that an encoder is made of."""
    kind = getattr(mg.nn, type(theirs).__name__)
    if kind is not mg.nn.TransformerEncoderLayer:
        return kind()
    layer = kind(
        theirs.linear1.in_features, theirs.self_attn.num_heads, theirs.linear1.out_features,
        theirs.dropout.p, counterpart(theirs.activation, []), theirs.norm1.eps,
        theirs.self_attn.batch_first, theirs.norm_first, theirs.linear1.bias is not None,
    )  # fmt: skip
    return layer.to(plain(theirs.linear1.weight.dtype))


def results(value):
    """All results in nested tuples, lists and dicts, in order."""
    return flat(list(value.values()) if isinstance(value, dict) else value)


def compare(ours, theirs, dtype, random=False):
    """Assert that results are equal, or of equal shapes and dtypes where they are ``random``."""
    import torch

    for a, b in zip(ours, theirs, strict=True):
        if not isinstance(b, torch.Tensor):
            assert a == b or (a != a and b != b) or plain(a) == plain(b), f"{a} is not {b}"
            continue
        assert plain(a.dtype) == plain(b.dtype), f"{a.dtype} is not {b.dtype}"
        assert a.shape == tuple(b.shape), f"shape {a.shape} is not {tuple(b.shape)}"
        if not random:
            assert a.requires_grad == b.requires_grad, f"requires_grad is {a.requires_grad}"
            close(wide(a), host(b), TOLERANCES[dtype])


def differentiate(package, outputs):
    """Backward from a weighted sum of the outputs; False if none has a gradient."""
    parts = [
        (t * package.tensor(weights(t, number)).to(t.dtype)).sum().to(package.float64)
        for number, t in enumerate(outputs)
        if isinstance(t, package.Tensor) and t.requires_grad
    ]
    if parts:
        sum(parts).backward()
    return bool(parts)


def compare_gradients(pairs, dtype):
    """Assert that the gradients of (theirs, ours) tensors are equal; None is like zeros."""
    for theirs, ours in pairs:
        a, b = ours.grad, theirs.grad
        if a is None or b is None:
            present = b if a is None else a
            assert present is None or not present.any(), "one has no gradient"
            continue
        x, y = wide(a), host(b)
        finite = np.abs(y[np.isfinite(y)]).max(initial=1.0)  # much below 1 is rounding alone
        np.testing.assert_allclose(
            x, y, rtol=10 * TOLERANCES[dtype], atol=10 * TOLERANCES[dtype] * finite
        )


def found(package, name):
    """What a package has under a dotted name, or None."""
    try:
        return Named(name).found(package)
    except AttributeError:
        return None


def report(failures):
    """Fail with a line for every case that differs."""
    assert not failures, f"{len(failures)} cases differ:\n" + "\n".join(failures[:40])
