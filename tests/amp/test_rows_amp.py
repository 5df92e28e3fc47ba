"""What docs/behaviour.md promises of low precision, row by row."""

import fractions

import numpy as np
import pytest

import minigrad as mg
from minigrad import amp, nn

from .digits import accuracy, data, network, trained

HALVES = [mg.float16, mg.bfloat16]


@pytest.mark.parametrize("dtype, expected", [(None, 0.89998), *((d, 1.0) for d in HALVES)])
def test_A2_small_updates_stagnate_in_half_precision(dtype, expected):
    weight = mg.ones(1, dtype=dtype)
    for _ in range(1000):
        weight = weight - 1e-4
    assert weight.item() == pytest.approx(expected, abs=1e-5 if dtype is None else 0)


@pytest.mark.parametrize("dtype", HALVES)
def test_A2_master_weights_of_the_optimizer_keep_them(dtype):
    weight = mg.ones(1, dtype=dtype).requires_grad_()
    optimizer = mg.optim.SGD([weight], lr=1e-4)
    for _ in range(1000):
        weight.grad = mg.ones(1, dtype=dtype)
        optimizer.step()
    assert optimizer.state[weight]["master"].item() == pytest.approx(0.9, abs=1e-4)
    assert weight.item() == mg.tensor(optimizer.state[weight]["master"].item()).to(dtype).item()


@pytest.mark.parametrize("dtype", HALVES)
def test_A2_stochastic_rounding_keeps_them_on_average(dtype):
    weight = mg.ones(1000, dtype=dtype)
    with amp.stochastic_rounding(mg.Generator().manual_seed(0)):
        for _ in range(1000):
            weight = weight - 1e-4
    assert weight.float().mean().item() == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("dtype, stuck", [(mg.bfloat16, 256), (mg.float16, 2048)])
def test_matrix_products_accumulate_in_float32(dtype, stuck):
    """A sum of ones in the format itself ends where 1 is half a unit in the last place."""
    ones = mg.ones(1, 4096, dtype=dtype)
    assert (ones @ ones.T).item() == 4096
    total = mg.zeros(1, dtype=dtype)
    for _ in range(stuck + 10):
        total = total + 1
    assert total.item() == stuck


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("inner", [1, 7, 64, 300])
def test_matrix_products_are_exact_up_to_one_rounding(dtype, inner, rng):
    """Against fractions: a rounding of the exact sum moved by what float32 may lose of it."""
    shapes = (2, inner), (inner, 3)
    a, b = (mg.tensor(rng.normal(size=s).astype(np.float32)).to(dtype) for s in shapes)
    found = (a @ b).float().numpy()
    left, right = (
        [[fractions.Fraction(float(v)) for v in row] for row in t.float().numpy()] for t in (a, b)
    )
    for i, row in enumerate(left):
        for j in range(3):
            terms = [x * other[j] for x, other in zip(row, right, strict=True)]
            lost = float(sum(map(abs, terms))) * inner * 2.0**-24
            bounds = mg.tensor([float(sum(terms)) - lost, float(sum(terms)) + lost]).to(dtype)
            low, high = bounds.float().numpy()
            assert low <= found[i, j] <= high


def test_A4_loss_scaling_saves_float16_from_underflow():
    """A loss times 1e-5 and a learning rate times 1e5 are the same steps in exact arithmetic."""
    tiny = {"epochs": 8, "lr": 0.08, "size": 256, "loss_factor": 1e-5}
    full = accuracy(trained(network(4), **tiny))
    bfloat = accuracy(trained(network(4), mg.bfloat16, **tiny), mg.bfloat16)
    half = trained(network(4), mg.float16, **tiny)
    dynamic = amp.GradScaler(init_scale=2.0**24)
    scaled = accuracy(trained(network(4), mg.float16, amp.GradScaler(), **tiny), mg.float16)
    adapted = accuracy(trained(network(4), mg.float16, dynamic, **tiny), mg.float16)
    assert full > 0.9
    assert accuracy(half, mg.float16) < 0.2
    assert max(abs(found - full) for found in (bfloat, scaled, adapted)) <= 0.03


def activation_gradients():
    """All gradients of activations of a trained network of 8 layers, in float32."""
    model, found = trained(network(8), epochs=10, lr=0.02), []
    x, _, y, _ = data()
    hidden = x.clone().requires_grad_()
    for layer in model:
        hidden = layer(hidden)
        hidden.register_hook(lambda g: found.append(g.numpy().ravel().copy()))
    nn.functional.cross_entropy(hidden, y).backward()
    gradients = np.concatenate(found)
    return mg.tensor(gradients[gradients != 0])


def test_A6_bfloat16_loses_no_gradient_and_float16_most():
    gradients = activation_gradients()
    lost = {
        scale: ((gradients * scale).half() == 0).float().mean().item()
        for scale in (1, 8, 256, 2**16)
    }
    shares = list(lost.values())
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.2 and shares[-1] < 0.05
    assert (gradients.bfloat16() == 0).float().mean().item() == 0


def test_training_reaches_the_accuracy_of_float32():
    full = accuracy(trained(network(3)))
    assert full > 0.95
    bfloat = accuracy(trained(network(3), mg.bfloat16), mg.bfloat16)
    half = accuracy(trained(network(3), mg.float16, amp.GradScaler()), mg.float16)
    assert abs(bfloat - full) <= 0.01 and abs(half - full) <= 0.01


def test_A10_bfloat16_is_recommended():
    for backend in ("cpu", "cuda"):
        advice = amp.recommend(backend)
        assert advice["dtype"] is mg.bfloat16 and advice["scaler"] is False and advice["why"]
