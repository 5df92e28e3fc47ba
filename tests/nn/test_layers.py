"""Every listed layer: gradients, copies, the stand-in for a GPU, and PyTorch beside it."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend, random
from minigrad.engine import graph
from minigrad.testing import gradcheck, gradgradcheck

from ..ops.sweep import wide
from ..parity import REFUSES, arrays, close, converted, flat, host, listed, plain, weights
from ..standin import Device, xp
from ..tiers import FULL, first_of_each
from . import layers

backend.register_backend(Device, xp)
LAYERS, REFUSED = listed(layers, "LAYERS"), listed(layers, "REFUSED")
NAMES = {id(layer): name for name, layer in LAYERS.items()}
ERRORS = {"float64": 1e-9, "float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}


def over(chosen, by_element=False):
    """Parametrise a test over some of the layers: the fast tier runs the first of every class.

    One that goes through a layer ``by_element`` leaves deep ones to the full tier.
    """
    return pytest.mark.parametrize("layer", [
        pytest.param(layer, id=NAMES[id(layer)], marks=FULL if by_element and layer.deep else tier)
        for layer, tier in first_of_each(chosen, lambda layer: layer.name)
    ])  # fmt: skip


every_layer = over(LAYERS.values())
every_refusal = pytest.mark.parametrize("refusal", REFUSED.values(), ids=REFUSED)
with_dtypes = pytest.mark.parametrize(
    ("layer", "dtype"),
    [
        pytest.param(layer, dtype, id=f"{name}-{dtype}")
        for name, layer in LAYERS.items()
        for dtype in layer.dtypes
    ],
)


def values_of(name, shape):
    """Fixed numbers for a parameter, spread by its name."""
    rng = np.random.default_rng(len(name) + sum(map(ord, name)))
    return rng.normal(size=shape) * 0.4


def built(layer, package, dtype):
    """The module on a package in a dtype, its parameters set to fixed numbers."""
    kind = getattr(package, dtype)
    module = layer.made(package, lambda array: as_dtype(package.tensor(array), kind)).to(kind)
    for name, parameter in module.named_parameters():
        numbers = package.tensor(values_of(name, tuple(parameter.shape)))
        parameter.data = numbers.to(parameter.dtype)
    return module


def as_dtype(tensor, kind):
    return tensor.to(kind) if tensor.dtype.is_floating_point else tensor


def call(module, layer, package, tensor):
    """The tensors among the outputs of the module on the listed inputs."""
    inputs = [converted(value, tensor, package) for value in layer.inputs]
    options = {name: converted(v, tensor, package) for name, v in layer.options.items()}
    return [t for t in flat(module(*inputs, **options)) if isinstance(t, package.Tensor)]


def run(module, layer, package, dtype):
    """(outputs, gradients of the inputs, gradients of the parameters) of one call."""
    leaves = []

    def tensor(array):
        t = as_dtype(package.tensor(array), getattr(package, dtype))
        if t.dtype.is_floating_point:
            t.requires_grad_(layer.differentiable)
            leaves.append(t)
        return t

    module.zero_grad()
    outputs = call(module, layer, package, tensor)
    total = sum(
        (t * package.tensor(weights(t, number)).to(t.dtype)).sum()
        for number, t in enumerate(outputs)
        if t.requires_grad
    )
    if isinstance(total, package.Tensor):
        total.backward()
    return outputs, [t.grad for t in leaves], {n: p.grad for n, p in module.named_parameters()}


def agree(ours, theirs, error):
    """Both None (or a gradient of zeros), or close."""
    if ours is None or theirs is None:
        present = theirs if ours is None else ours
        assert present is None or not present.any()
    else:
        close(wide(ours), host(theirs), error)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:LSTM with projections")  # PyTorch on its kernels
@with_dtypes
def test_equals_torch(layer, dtype):
    import torch

    ours, theirs = built(layer, mg, dtype), built(layer, torch, dtype)
    for name, buffer in theirs.named_buffers():
        ours.get_buffer(name).copy_(mg.tensor(host(buffer)))
    error = layer.error.get(dtype, ERRORS[dtype])
    for training in (False,) if layer.random else (True, True, False):
        results = run(ours.train(training), layer, mg, dtype)
        expected = run(theirs.train(training), layer, torch, dtype)
        for a, b in zip(results[0], expected[0], strict=True):
            assert plain(a.dtype) == plain(b.dtype)
            close(wide(a), host(b), error)
        for a, b in zip(results[1], expected[1], strict=True):
            agree(a, b, error * 4)
        assert results[2].keys() == expected[2].keys()
        for name, gradient in results[2].items():
            agree(gradient, expected[2][name], error * 4)
        buffers = dict(theirs.named_buffers())
        assert dict(ours.named_buffers()).keys() == buffers.keys()
        for name, buffer in ours.named_buffers():
            assert plain(buffer.dtype) == plain(buffers[name].dtype)
            close(wide(buffer), host(buffers[name]), error)


@pytest.mark.torch
@every_layer
def test_looks_and_loads_as_torchs(layer):
    import torch

    ours, theirs = layer.made(mg, mg.tensor), layer.made(torch, torch.tensor)
    assert repr(ours) == repr(theirs).replace("torch.", "minigrad.")
    state, their_state = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(their_state)
    for name, tensor in state.items():
        assert plain(tensor.dtype) == plain(their_state[name].dtype)
        assert tensor.shape == tuple(their_state[name].shape)
    theirs.load_state_dict({name: torch.tensor(t.numpy()) for name, t in state.items()})
    fresh = layer.made(torch, torch.tensor).state_dict()
    ours.load_state_dict({name: t.numpy() for name, t in fresh.items()})
    for name, tensor in ours.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), fresh[name].numpy())


def spread(layer, package, count):
    """{parameter: its first values in many new modules}."""
    found = {}
    for _ in range(count):
        for name, parameter in layer.made(package, package.tensor).named_parameters():
            found.setdefault(name, []).append(parameter.detach().numpy().ravel())
    return {name: np.concatenate(values) for name, values in found.items()}


_KINDS = {type_: layer for layer in LAYERS.values() for type_ in [layer.name]}


@pytest.mark.torch
@over(list(_KINDS.values()))
def test_starts_with_values_distributed_as_torchs(layer):
    import torch

    torch.manual_seed(0)
    ours, theirs = spread(layer, mg, 40), spread(layer, torch, 40)
    for name, values in ours.items():
        expected = theirs[name]
        if np.ptp(expected) == 0:
            assert np.array_equal(values, expected)
        elif expected.size >= 300:
            assert np.isclose(values.std(), expected.std(), rtol=0.12)
            assert np.isclose(np.abs(values).max(), np.abs(expected).max(), rtol=0.3)


def as_function(layer, module):
    """(function of floating inputs and parameters, those tensors) for one module."""
    numbers = arrays([*layer.inputs, *layer.options.values()])
    leaves = [mg.tensor(a, requires_grad=True) for a in numbers]
    parameters = [p for p in module.parameters() if p.requires_grad]
    stream = random.get_rng_state()

    def function(*tensors):
        queue = iter(tensors)

        def tensor(array):
            return next(queue) if array.dtype.kind == "f" else mg.tensor(array)

        random.set_rng_state(stream)
        return tuple(t for t in call(module, layer, mg, tensor) if t.requires_grad)

    return function, [*leaves, *parameters]


def _differentiable(layer):
    module = built(layer, mg, "float64").train(layer.training)
    function, tensors = as_function(layer, module)
    if not tensors or not function(*tensors):
        pytest.skip(f"{layer.name} has nothing to differentiate")
    return function, tensors


DIFFERENTIABLE = [layer for layer in LAYERS.values() if layer.differentiable]


@over(DIFFERENTIABLE)
def test_gradcheck(layer):
    assert gradcheck(*_differentiable(layer), fast_mode=True)


@over([layer for layer in DIFFERENTIABLE if layer.twice], by_element=True)
def test_gradgradcheck(layer):
    assert gradgradcheck(*_differentiable(layer), fast_mode=True)


@over([layer for layer in LAYERS.values() if layer.device])
def test_equals_the_references(layer):
    ours = built(layer, mg, "float64").train(layer.training)
    device = copy.deepcopy(ours)
    device._apply(lambda t: graph.new_tensor(Device(graph.values(t))))
    stream = random.get_rng_state()
    with np.errstate(all="ignore"):  # the stand-in warns where a GPU would not
        there = call(device, layer, mg, lambda a: graph.new_tensor(Device(np.array(a))))
    random.set_rng_state(stream)
    for a, b in zip(call(ours, layer, mg, mg.tensor), there, strict=True):
        assert a.dtype is b.dtype
        close(wide(b), wide(a), 1e-10)
    for (name, a), b in zip(ours.named_buffers(), device.buffers(), strict=True):
        assert type(b._array) is Device, name
        close(wide(b), wide(a), 1e-10)


@every_layer
def test_copies_give_the_same(layer):
    module = built(layer, mg, "float64").eval()
    twin = copy.deepcopy(module)
    assert repr(twin) == repr(module)
    for a, b in zip(
        call(module, layer, mg, mg.tensor), call(twin, layer, mg, mg.tensor), strict=True
    ):
        np.testing.assert_array_equal(wide(a), wide(b))


def attempt(refusal, package):
    module = refusal.made(package, package.tensor)
    if refusal.inputs is not None:
        call(module, refusal, package, package.tensor)


@every_refusal
def test_refuses(refusal):
    with pytest.raises(REFUSES, match=refusal.match):
        attempt(refusal, mg)


@pytest.mark.torch
@every_refusal
def test_torch_refuses(refusal):
    import torch

    with pytest.raises(Exception):  # noqa: B017, PT011  (PyTorch's classes of errors vary)
        attempt(refusal, torch)
