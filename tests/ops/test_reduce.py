"""Arguments of reductions."""

import pytest

import minigrad as mg


def test_variance_takes_unbiased():
    x = mg.tensor([[1.0, 2.0], [5.0, 9.0]])
    assert x.var(0, False).tolist() == x.var(0, correction=0).tolist() == [4.0, 12.25]
    assert x.var(unbiased=False).item() == x.var(False).item() == x.var(correction=0).item()
    assert x.std(0, True, True).shape == (1, 2)
    with pytest.raises(TypeError, match="not both"):
        x.var(0, True, correction=1)


@pytest.mark.parametrize("x", [mg.ones(2, 3), mg.tensor(2.0)])
def test_argmax_takes_one_axis(x):
    with pytest.raises(TypeError, match="int"):
        x.argmax((0, 1))
    with pytest.raises(IndexError):
        x.argmin(5)
