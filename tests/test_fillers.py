"""Tensor methods that fill a tensor with numbers."""

import pytest

import minigrad as mg

F = mg.nn.functional
MEDIANS = {
    "cauchy_": (lambda x: x.cauchy_(1, 2), 1.0),
    "log_normal_": (lambda x: x.log_normal_(0.5, 0.25), 1.6487),
    "geometric_": (lambda x: x.geometric_(0.3), 2.0),
    "exponential_": (lambda x: x.exponential_(2.0), 0.3466),
}


@pytest.mark.parametrize(("fill", "median"), MEDIANS.values(), ids=MEDIANS)
@pytest.mark.parametrize("dtype", [mg.float32, mg.float64, mg.float16], ids=str)
def test_medians(fill, median, dtype):
    mg.manual_seed(0)
    x = mg.empty(20000, dtype=dtype)
    assert fill(x) is x
    assert x.double().median().item() == pytest.approx(median, rel=0.1)


def test_numbers_of_trials_are_whole_and_positive():
    x = mg.empty(1000, dtype=mg.int64).geometric_(0.9)
    assert x.min() == 1
    assert mg.empty(1000).geometric_(0.5).frac().abs().max() == 0


REFUSED = {
    "sigma": lambda x: x.cauchy_(0, 0),
    "std": lambda x: x.log_normal_(0, -1),
    "p must": lambda x: x.geometric_(1.0),
    "dimensions": lambda x: x.fill_diagonal_(1),
    "all must be equal": lambda x: x.new_zeros(2, 3, 3).fill_diagonal_(1),
    "does not fit": lambda x: x.fill_(1e300),
}


@pytest.mark.parametrize(("match", "fill"), REFUSED.items(), ids=REFUSED)
def test_refuses(match, fill):
    with pytest.raises(RuntimeError, match=match):
        fill(mg.zeros(3))


DIAGONALS = [((3, 3), False), ((2, 4), False), ((7, 3), False), ((7, 3), True), ((3, 3, 3), False)]


@pytest.mark.torch
@pytest.mark.parametrize(("shape", "wrap"), [*DIAGONALS, ((0, 3), False)], ids=str)
def test_diagonals(shape, wrap):
    import torch

    ours, theirs = mg.zeros(shape).fill_diagonal_(5, wrap), torch.zeros(shape)
    assert ours.tolist() == theirs.fill_diagonal_(5, wrap).tolist()


def test_python_functions_of_elements():
    x = mg.arange(3.0).apply_(lambda value: value * 2)
    assert x.tolist() == [0, 2, 4]
    assert x.map_(mg.ones(1), lambda a, b: a - b).tolist() == [-1, 1, 3]
    assert mg.ones(2, dtype=mg.bfloat16).apply_(lambda value: value + 2).tolist() == [3, 3]


TWINS = {
    "celu_": (),
    "elu_": (0.5,),
    "hardtanh_": (-0.5, 0.5),
    "leaky_relu_": (0.1,),
    "relu_": (),
    "rrelu_": (),
    "selu_": (),
    "threshold_": (0.1, 9.0),
}


@pytest.mark.parametrize(("name", "args"), TWINS.items(), ids=TWINS)
def test_activations_in_place(name, args):
    x = mg.tensor([-1.0, 0.5])
    expected = getattr(F, name.rstrip("_"))(x, *args)
    assert getattr(F, name)(x, *args) is x
    assert x.tolist() == expected.tolist()


def test_tensors_on_the_memory_of_bytes():
    memory = bytearray(8)
    x = mg.frombuffer(memory, dtype=mg.int32)
    x[1] = 258
    assert memory == bytearray([0, 0, 0, 0, 2, 1, 0, 0])
    assert mg.frombuffer(memory, dtype=mg.int16, count=1, offset=4).tolist() == [258]
    assert mg.frombuffer(bytearray(4), dtype=mg.float32, requires_grad=True).requires_grad
    with pytest.raises(ValueError, match="offset=2"):
        mg.frombuffer(memory, dtype=mg.int32, offset=2)


def test_real_and_imaginary_parts():
    x = mg.ones(2)
    assert x.real is x
    with pytest.raises(RuntimeError, match="imag"):
        _ = x.imag
