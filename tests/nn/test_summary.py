"""What a model is made of and what one call of it costs."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.engine import observe


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.frozen = nn.Linear(4, 3).requires_grad_(False)

    def forward(self, x):
        return {"out": [self.frozen(self.layer(self.layer(x)))], "note": "text"}


def test_rows_follow_the_calls():
    model = Twice()
    report = nn.summary(model, mg.ones(5, 4))
    assert [(row.path, row.kind) for row in report.rows] == [
        ("", "Twice"), ("layer", "Linear"), ("layer", "Linear"), ("frozen", "Linear"),
    ]  # fmt: skip
    assert [row.parameters for row in report.rows] == [0, 20, 0, 15]
    assert [row.multiply_adds for row in report.rows] == [0, 80, 80, 60]
    assert (report.parameters, report.trainable, report.multiply_adds) == (35, 20, 220)
    assert report.rows[0].output == ((5, 3),)


def test_saved_bytes_are_counted_once():
    """Two ops that keep the same array keep it once, and parameters count nowhere."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8))
    report = nn.summary(model, mg.ones(16, 4))
    assert [row.saved_bytes for row in report.rows[1:]] == [16 * 4 * 4, 16 * 8 * 4, 0]
    halves = nn.summary(model.bfloat16(), mg.ones(16, 4, dtype=mg.bfloat16))
    assert halves.saved_bytes == report.saved_bytes // 2


def test_everything_is_as_before():
    model = nn.Sequential(nn.Linear(4, 4))
    nn.summary(model, mg.ones(1, 4))
    try:
        nn.summary(model, mg.ones(1, 5))
    except RuntimeError:
        assert not observe.listeners
    assert not any(hooks for m in model.modules() for hooks in (m._hooks or {}).values())
    with mg.no_grad():
        assert nn.summary(model, mg.ones(1, 4)).saved_bytes


@pytest.mark.parametrize(
    ("layer", "shape", "count"),
    [
        (lambda: nn.Conv2d(4, 6, 3, padding=1, groups=2), (2, 4, 5, 5), 2 * 6 * 25 * 2 * 9),
        (lambda: nn.ConvTranspose1d(4, 6, 3, stride=2), (2, 4, 5), 2 * 4 * 5 * 6 * 3),
        (lambda: nn.Bilinear(4, 4, 3), (5, 4), 5 * 3 * 16),
    ],
)
def test_multiply_adds(layer, shape, count):
    inputs = [mg.ones(*shape)] * (2 if len(shape) == 2 else 1)
    assert nn.summary(layer(), *inputs).multiply_adds == count
