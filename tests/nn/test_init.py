"""Initial values."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.engine import graph
from minigrad.nn import Parameter, init

from ..standin import Device, xp

backend.register_backend(Device, xp)

FILLS = {
    "uniform_": ({"a": -1, "b": 3}, 4 / math.sqrt(12)),
    "normal_": ({"mean": 1, "std": 2}, 2),
    "xavier_uniform_": ({"gain": 2}, 2 * math.sqrt(2 / 500)),
    "xavier_normal_": ({}, math.sqrt(2 / 500)),
    "kaiming_uniform_": ({"nonlinearity": "relu"}, math.sqrt(2 / 300)),
    "trunc_normal_": ({"mean": 1, "std": 1, "a": 0, "b": 2}, 0.5396),
    "orthogonal_": ({"gain": 2}, 2 / math.sqrt(300)),
    "sparse_": ({"sparsity": 0.25, "std": 2}, 2 * math.sqrt(0.75)),
    "kaiming_normal_": ({"mode": "fan_out", "nonlinearity": "tanh"}, 5 / 3 / math.sqrt(200)),
}


@pytest.mark.parametrize("name", FILLS)
def test_in_place_with_the_right_spread(name):
    options, std = FILLS[name]
    p = Parameter(mg.zeros(200, 300))
    y = (p * p).sum()
    generator = mg.Generator().manual_seed(0)
    assert getattr(init, name)(p, **options, generator=generator) is p
    assert p.detach().numpy().std() == pytest.approx(std, rel=0.02)
    again = getattr(init, name)(mg.zeros(200, 300), **options, generator=generator.manual_seed(0))
    np.testing.assert_array_equal(p.detach(), again)
    with pytest.raises(RuntimeError, match="modified in place"):
        y.backward()


def test_constants():
    p = Parameter(mg.zeros(2))
    assert init.constant_(p, 3.0).tolist() == [3, 3]
    assert init.ones_(p).tolist() == [1, 1] and init.zeros_(p) is p and p.tolist() == [0, 0]


def test_bad_arguments():
    for fill in (init.xavier_normal_, init.kaiming_uniform_):
        with pytest.raises(ValueError, match="fewer than 2 dimensions"):
            fill(mg.zeros(3))
    with pytest.raises(ValueError, match="Mode fan_both not supported"):
        init.kaiming_normal_(mg.zeros(2, 2), mode="fan_both")
    with pytest.raises(ValueError, match="Unsupported nonlinearity swish"):
        init.calculate_gain("swish")
    with pytest.raises(ValueError, match="negative_slope"):
        init.calculate_gain("leaky_relu", True)
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_uniform_(mg.zeros(0, 3))


@pytest.mark.torch
def test_gains_are_those_of_torch():
    torch = pytest.importorskip("torch")
    for name in set(init.GAINS) - {"gelu", "silu"}:
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    for slope in (None, 0, 0.2, 1):
        assert init.calculate_gain("leaky_relu", slope) == torch.nn.init.calculate_gain(
            "leaky_relu", slope
        )


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
def test_eye_equals_torch(shape):
    torch = pytest.importorskip("torch")
    np.testing.assert_array_equal(
        init.eye_(mg.empty(*shape)), torch.nn.init.eye_(torch.empty(shape)).numpy()
    )


@pytest.mark.torch
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("shape", [(4, 2, 3), (2, 4, 2, 3), (4, 3, 2, 3, 3), (4, 1, 1)])
def test_dirac_equals_torch(shape, groups):
    torch = pytest.importorskip("torch")
    np.testing.assert_array_equal(
        init.dirac_(mg.ones(*shape), groups), torch.nn.init.dirac_(torch.empty(shape), groups)
    )


@pytest.mark.parametrize(
    ("fill", "shape", "match"),
    [
        (init.eye_, (2,), "2 axes"), (init.dirac_, (2, 2), "3, 4 or 5"),
        (init.orthogonal_, (3,), "2 or more"), (lambda t: init.sparse_(t, 0.1), (3,), "2 axes"),
        (lambda t: init.dirac_(t, 2), (3, 2, 2), "3 filters .* groups=2"),
        (lambda t: init.prior_bias_(t, 1.0), (1,), "pi"),
    ],
)  # fmt: skip
def test_refused(fill, shape, match):
    with pytest.raises(ValueError, match=match):
        fill(mg.empty(*shape))


def test_truncated_normal_far_from_its_interval():
    with pytest.warns(UserWarning, match="outside"):
        values = init.trunc_normal_(mg.empty(50), 5.0)
    assert values.min() >= -2 and values.max() <= 2


def test_sparse_zeros_are_spread_over_the_rows():
    zeros = (init.sparse_(mg.empty(40, 30), 0.3) == 0).numpy()
    assert (zeros.sum(0) == 12).all() and zeros.any(1).all()


def test_residual_scaling():
    weights = [mg.ones(2, 2), mg.ones(3)]
    assert init.scale_residual_(weights, 8) is weights
    assert weights[0].tolist() == [[0.25, 0.25]] * 2
    with pytest.raises(ValueError, match="layers"):
        init.scale_residual_(weights, 0)


FILLERS = {
    **{name: options for name, (options, _) in FILLS.items()},
    "constant_": {"val": 3.0}, "ones_": {}, "zeros_": {}, "eye_": {}, "prior_bias_": {"pi": 0.1},
}  # fmt: skip


@pytest.mark.parametrize("name", [*FILLERS, "dirac_"])
def test_the_same_values_on_another_backend(name):
    shape = (4, 2, 3) if name == "dirac_" else (4, 6)
    options = FILLERS.get(name, {})
    mg.manual_seed(3)
    here = getattr(init, name)(mg.zeros(*shape), **options)
    mg.manual_seed(3)
    there = graph.new_tensor(Device(np.zeros(shape, np.float32)))
    assert getattr(init, name)(there, **options) is there
    np.testing.assert_allclose(there._array.get(), here.numpy(), rtol=1e-6, atol=1e-7)
