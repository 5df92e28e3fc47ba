"""Real data."""

import pytest

import minigrad as mg
from minigrad.data import datasets

pytest.importorskip("sklearn")

SHAPES = {
    "digits": (1347, 64, 10), "breast_cancer": (426, 30, 2), "wine": (133, 13, 3),
    "iris": (112, 4, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_classes(name):
    train, test = getattr(datasets, name)()
    count, width, classes = SHAPES[name]
    x, y = train.tensors
    assert x.shape == (count, width) and x.dtype is mg.float32 and y.dtype is mg.int64
    assert set(y.tolist()) == set(test.tensors[1].tolist()) == set(range(classes))
    assert x.abs().max().item() <= (1.0 if name == "digits" else 15.0)
    if name != "digits":
        assert mg.allclose(x.mean(0), mg.zeros(width), atol=1e-5)
    again, _ = getattr(datasets, name)()
    other, _ = getattr(datasets, name)(seed=1)
    assert (again.tensors[0] == x).all() and not (other.tensors[0] == x).all()


def test_numbers():
    train, test = datasets.diabetes()
    x, y = train.tensors
    assert y.dtype is mg.float32 and abs(y.mean().item()) < 1e-5
    assert y.std(correction=0).item() == pytest.approx(1.0, abs=1e-5)
    assert len(test) == 111


def test_characters_of_the_standard_library():
    data = datasets.Characters(length=32, limit=5000)
    x, y = data[3]
    assert x.shape == (32,) and (x[1:] == y[:-1]).all() and len(data) == 4999 // 32
    assert data.decode(data.encode("import")) == "import"
    last = len(data) - 1
    text = datasets.standard_library(5000)[last * 32 : last * 32 + 32]
    assert data.decode(data[-1][0]) == data.decode(data[last][0]) == text
    with pytest.raises(IndexError):
        data[len(data)]
    with pytest.raises(ValueError, match="too short"):
        datasets.Characters("abc", length=3)
    with pytest.raises(KeyError):
        data.encode("é")
