"""Runs of one optimizer on the same gradients in minigrad and in PyTorch."""

import numpy as np

import minigrad as mg

SHAPES = ((3, 4), (4,), ())


def gradients(steps, seed=0):
    """Per step one gradient (or None) for every parameter."""
    rng = np.random.default_rng(seed)
    for step in range(steps):
        yield [
            None if step % 7 == 3 and i == 1 else rng.normal(size=s).astype(np.float32)
            for i, s in enumerate(SHAPES)
        ]


def start(lib, seed=1):
    """The same parameters as leaves of a library."""
    rng = np.random.default_rng(seed)
    return [
        lib.tensor(rng.normal(size=s).astype(np.float32), requires_grad=True) for s in SHAPES
    ]


def run(lib, parameters, optimizer, steps, seed=0):
    """Step with the gradients of a seed; returns the parameters as arrays."""
    for step in gradients(steps, seed):
        for p, g in zip(parameters, step, strict=True):
            p.grad = None if g is None else lib.tensor(g)
        optimizer.step()
    return [p.detach().numpy() for p in parameters]


def trajectory_equals_torch(torch, name, options, steps=100, rtol=1e-5):
    """Parameters and state after ``steps`` steps agree."""
    ours, theirs = start(mg), start(torch)
    a = getattr(mg.optim, name)(ours, **options)
    b = getattr(torch.optim, name)(theirs, **options)
    for x, y in zip(run(mg, ours, a, steps), run(torch, theirs, b, steps), strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=1e-6)
    saved, peer = a.state_dict(), b.state_dict()
    assert saved["param_groups"] == peer["param_groups"]
    assert list(saved["state"]) == list(peer["state"])
    for number, entry in peer["state"].items():
        assert set(saved["state"][number]) == set(entry)
        for key, value in entry.items():
            mine = saved["state"][number][key].numpy()
            assert mine.dtype == value.numpy().dtype and mine.shape == value.numpy().shape
            np.testing.assert_allclose(mine, value.numpy(), rtol=rtol, atol=1e-6)
