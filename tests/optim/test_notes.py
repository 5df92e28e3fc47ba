"""What print(optimizer) says beyond the repr."""

import math
import re

import pytest

import minigrad as mg
from minigrad import optim


def leaf():
    return mg.ones(1, requires_grad=True)


def said(optimizer):
    """The text after the repr."""
    text = str(optimizer)
    assert text.startswith(repr(optimizer))
    return text[len(repr(optimizer)) :].strip()


HALVING = {
    "AdamW": {"lr": 1e-2, "weight_decay": 0.5},
    "Lion": {"lr": 1e-2, "weight_decay": 0.5},
    "Muon": {"lr": 1e-2, "weight_decay": 0.5},
    "Adafactor": {"lr": 1e-2, "weight_decay": 0.5},
    "NAdam": {"lr": 1e-2, "weight_decay": 0.5, "decoupled_weight_decay": True},
    "SGD": {"lr": 1e-2, "weight_decay": 0.5},
    "SGD with momentum": {"lr": 1e-3, "weight_decay": 0.5, "momentum": 0.9},
    "SGD with dampening": {"lr": 1e-3, "weight_decay": 0.5, "momentum": 0.9, "dampening": 0.9},
}


@pytest.mark.parametrize("case", HALVING)
def test_B20_the_half_life_printed_is_the_one_seen(case):
    p = mg.ones(1, 1, requires_grad=True)
    optimizer = getattr(optim, case.split()[0])([p], **HALVING[case])
    pattern = r"effective weight decay (\S+) per step .*half-life (\S+) steps"
    decay, half_life = map(float, re.search(pattern, said(optimizer)).groups())
    assert half_life == pytest.approx(math.log(2) / decay, rel=5e-3)
    for _ in range(round(4 * half_life)):
        p.grad = mg.zeros(1, 1)
        optimizer.step()
    assert math.log2(p.item()) == pytest.approx(-4, abs=0.15)


def test_B20_each_group_has_its_own_line():
    groups = [{"params": [leaf()], "lr": 0.01}, {"params": [leaf()], "weight_decay": 0.0}]
    text = said(optim.AdamW(groups, weight_decay=0.1))
    assert "Group 0: effective weight decay 0.001 per step" in text and "693 steps" in text
    assert "Group 1" not in text


@pytest.mark.parametrize("name", ["Adam", "RMSprop", "Adagrad", "Adamax", "NAdam", "RAdam"])
def test_B20_decay_in_the_gradient_is_not_uniform(name):
    text = said(getattr(optim, name)([leaf()], weight_decay=0.1))
    assert "passes through the moments: not uniform" in text and "half-life" not in text
    assert said(getattr(optim, name)([leaf()])) == ""


def test_lamb_and_a_rate_of_zero():
    assert "part of the direction" in said(optim.LAMB([leaf()], weight_decay=0.1))
    assert "while lr is 0" in said(optim.AdamW([leaf()], lr=0.0))


def test_an_optimizer_of_ones_own_is_not_talked_about():
    class Own(optim.Optimizer):
        pass

    assert said(Own([leaf()], {"lr": 1.0, "weight_decay": 0.1})) == ""


@pytest.mark.parametrize("name, lr, warned", [
    ("Adam", 0.05, True), ("AdamW", 0.1, True), ("Adam", 1e-3, False), ("SGD", 0.1, False),
    ("Adadelta", 1.0, False), ("Lion", 0.1, True),
])  # fmt: skip
def test_rates_of_sgd_are_noted(name, lr, warned):
    text = said(getattr(optim, name)([leaf()], lr=lr, weight_decay=0))
    assert ("scale of SGD" in text) == warned


def test_decay_of_biases_is_noted_where_names_tell():
    net = mg.nn.Sequential(mg.nn.Linear(2, 2), mg.nn.LayerNorm(2))
    text = said(optim.AdamW(net.named_parameters()))
    assert "biases or norm parameters decay too: 2, '0.bias' first" in text
    for parameters in (net.parameters(), optim.param_groups(net, 0.1)):
        assert "biases" not in said(optim.AdamW(parameters))
    named = [(name, leaf()) for name in ("encoder.norm1.weight", "bn2.gamma", "normal_mean")]
    assert "decay too: 2, 'encoder" in said(optim.SGD(named, weight_decay=0.1))
