"""The tools of debug work on copies: everything of the caller's is the same bits afterwards."""

from contextlib import contextmanager

import minigrad as mg


def _bits(tensor):
    return None if tensor is None else (tensor.detach().numpy().tobytes(), tensor.requires_grad)


def state(model, tensors):
    """All that a tool might change: weights, gradients, buffers, flags, hooks, random numbers."""
    parameters = {n: (_bits(p), _bits(p.grad), p._writes) for n, p in model.named_parameters()}
    buffers = {name: _bits(buffer) for name, buffer in model.named_buffers()}
    modules = [(n, m.training, repr(m._hooks)) for n, m in model.named_modules()]
    given = [(_bits(t), _bits(t.grad)) for t in tensors]
    return parameters, buffers, modules, given, mg.get_rng_state(), mg.is_grad_enabled()


@contextmanager
def untouched(model, *tensors):
    """Inside, nothing of a model or of tensors may change for good."""
    before = state(model, tensors)
    yield
    assert state(model, tensors) == before


def specimen():
    """A model with whatever can be disturbed (norm, dropout, gradients), and a batch."""
    nn = mg.nn
    model = nn.Sequential(
        nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)
    )
    model[3].generator = mg.Generator().manual_seed(1)
    model[1].eval()
    x, y = mg.randn(10, 6, requires_grad=True), mg.randint(0, 3, (10,))
    nn.functional.cross_entropy(model(x), y).backward()
    model(x)  # the generator of the layer moves
    return model, (x, y)
