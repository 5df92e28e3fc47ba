"""The formulas of the benchmarks are those of the libraries they measure."""

import numpy as np
import pytest

import minigrad as mg
from benchmarks import conv_dispatch
from benchmarks.training import Optimizer, set_weights


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9}),
        ("Adam", {"lr": 0.01}),
        ("AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    ],
)
def test_updates_as_formulas(kind, options):
    optimizer = Optimizer(kind, options)
    rng = np.random.default_rng(0)
    p, first, second = rng.standard_normal(5), np.zeros(5), np.zeros(5)
    parameter = mg.nn.Parameter(mg.tensor(p.copy()))
    ours = optimizer.of(mg, [parameter])
    for t in range(1, 4):
        g = rng.standard_normal(5)
        parameter.grad = mg.tensor(g.copy())
        ours.step()
        p, first, second = optimizer.updated(np, p, g, first, second, t)
        np.testing.assert_allclose(parameter.detach().numpy(), p, rtol=1e-10)


def test_the_same_weights_every_time():
    def weights():
        model = mg.nn.Sequential(mg.nn.Linear(3, 4), mg.nn.BatchNorm1d(4))
        set_weights(mg, model, mg.tensor)
        return [p.detach().numpy() for p in model.parameters()]

    for a, b in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("which", conv_dispatch.PASSES)
def test_a_convolution_goes_the_way_that_is_asked_for(which):
    function = conv_dispatch.call(which, 2, 16, 8, 16, 3, 1, 1)
    chosen, expected = conv_dispatch.taken(function)
    assert chosen in conv_dispatch.WAYS
    for way in conv_dispatch.WAYS[1:]:
        went, result = conv_dispatch.taken(function, way)
        assert went in (way, "matrices")
        np.testing.assert_allclose(result, expected, atol=1e-4 * np.abs(expected).max())
    assert conv_dispatch.taken(function, "pointwise")[0] == "matrices"
