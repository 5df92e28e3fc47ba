"""Random tensors: their distributions, and that a generator's state decides them."""

import numpy as np
import pytest

import minigrad as mg

DRAWS = {
    "rand": lambda g: mg.rand(5, generator=g),
    "randn": lambda g: mg.randn(5, generator=g),
    "randint": lambda g: mg.randint(0, 1000, (5,), generator=g),
    "randperm": lambda g: mg.randperm(9, generator=g),
    "bernoulli": lambda g: mg.bernoulli(mg.full((40,), 0.5), generator=g),
    "multinomial": lambda g: mg.multinomial(mg.ones(9), 5, generator=g),
    "multinomial again": lambda g: mg.multinomial(mg.ones(99), 5, True, generator=g),
    "normal": lambda g: mg.normal(mg.zeros(5), 2.0, generator=g),
    "normal of numbers": lambda g: mg.normal(0.0, 1.0, (5,), generator=g),
    "uniform_": lambda g: mg.zeros(5).uniform_(2, 3, generator=g),
    "normal_": lambda g: mg.zeros(5).normal_(generator=g),
    "exponential_": lambda g: mg.zeros(5).exponential_(generator=g),
    "bernoulli_": lambda g: mg.zeros(40).bernoulli_(generator=g),
    "random_": lambda g: mg.zeros(5).random_(1000, generator=g),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_generator_decides(name):
    first = DRAWS[name](mg.Generator().manual_seed(1))
    generator = mg.Generator().manual_seed(1)
    assert DRAWS[name](generator).tolist() == first.tolist()
    assert DRAWS[name](generator).tolist() != first.tolist()


MOMENTS = {  # name: (tensor, mean, variance)
    "uniform_": (lambda: mg.zeros(20000).uniform_(-1, 3), 1.0, 16 / 12),
    "normal": (lambda: mg.normal(mg.full((20000,), 2.0), 3.0), 2.0, 9.0),
    "exponential_": (lambda: mg.zeros(20000).exponential_(0.5), 2.0, 4.0),
    "bernoulli": (lambda: mg.bernoulli(mg.full((20000,), 0.2)), 0.2, 0.16),
    "randint": (lambda: mg.randint(2, 6, (20000,)).float(), 3.5, 15 / 12),
    "random_": (lambda: mg.zeros(20000).random_(1, 4), 2.0, 8 / 12),
    "multinomial": (
        lambda: mg.multinomial(mg.tensor([1.0, 3.0]), 20000, True).float(), 0.75, 3 / 16
    ),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_moments(name):
    draw, mean, variance = MOMENTS[name]
    drawn = draw().numpy().astype(float)
    assert drawn.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / drawn.size))
    assert drawn.var() == pytest.approx(variance, rel=0.06)


def test_draws_without_replacement_are_distinct_and_weighted():
    rows = mg.tensor([[1.0, 1.0, 8.0]] * 4000)
    drawn = mg.multinomial(rows, 2).numpy()
    assert (drawn[:, 0] != drawn[:, 1]).all()
    assert (drawn[:, 0] == 2).mean() == pytest.approx(0.8, abs=0.03)
    with pytest.raises(RuntimeError, match="fewer classes of positive probability"):
        mg.multinomial(mg.tensor([1.0, 0.0]), 2)


@pytest.mark.parametrize("dtype", [mg.float64, mg.float16, mg.bfloat16])
def test_dtypes(dtype):
    model = mg.zeros(3, 2, dtype=dtype)
    for made in (mg.rand_like(model), mg.randn_like(model), mg.randint_like(model, 5)):
        assert made.dtype is dtype
        assert made.shape == (3, 2)
    assert model.normal_().dtype is dtype


def test_integers_of_a_dtype():
    drawn = mg.zeros(1000, dtype=mg.uint8).random_()
    assert drawn.dtype is mg.uint8
    assert drawn.float().mean().item() == pytest.approx(127, abs=15)


def test_a_generator_is_a_generator():
    with pytest.raises(TypeError, match="Generator, got int"):
        mg.rand(2, generator=3)


def test_randint_takes_its_bounds_by_name_and_makes_0d_tensors():
    assert mg.randint(high=5, size=(2,)).shape == (2,)
    assert mg.randint(low=1, high=2, size=(3,)).tolist() == [1, 1, 1]
    assert mg.randint(4, 5, ()).item() == 4
