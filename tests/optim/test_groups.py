"""Parameter groups made from a model."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.optim import SGD, AdamW, param_groups


def names(model, **options):
    """{whether it decays: names} of the groups of a model."""
    return {g["weight_decay"] > 0: g["param_names"] for g in param_groups(model, 0.1, **options)}


MODELS = {
    "convolution and batch norm": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)),
        ["0.weight"], ["0.bias", "1.weight", "1.bias"],
    ),
    "other norms": (
        lambda: nn.ModuleList(
            [
                nn.LayerNorm((2, 3)), nn.GroupNorm(1, 2), nn.RMSNorm(3),
                nn.InstanceNorm1d(2, affine=True),
            ]
        ),
        [], ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "3.weight", "3.bias"],
    ),
    "attention": (
        lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True),
        ["in_proj_weight", "out_proj.weight"],
        ["in_proj_bias", "bias_k", "bias_v", "out_proj.bias"],
    ),
    "recurrent": (
        lambda: nn.LSTM(2, 3, bidirectional=True),
        ["weight_ih_l0", "weight_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse"],
        ["bias_ih_l0", "bias_hh_l0", "bias_ih_l0_reverse", "bias_hh_l0_reverse"],
    ),
    "embedding": (lambda: nn.Embedding(3, 2), ["weight"], []),
    "vectors that are no biases": (
        lambda: nn.ModuleList([nn.PReLU(3), nn.ParameterList([mg.ones(2), mg.ones(2, 2)])]),
        ["0.weight", "1.0", "1.1"], [],
    ),
    "parametrized": (
        lambda: nn.utils.parametrize.register_parametrization(
            nn.utils.parametrizations.weight_norm(nn.Linear(2, 3)), "bias", nn.Identity()
        ),
        ["parametrizations.weight.original0", "parametrizations.weight.original1"],
        ["parametrizations.bias.original"],
    ),
    "parametrized norm": (
        lambda: nn.Sequential(
            nn.utils.parametrize.register_parametrization(nn.LayerNorm(3), "weight", nn.Softplus())
        ),
        [], ["0.bias", "0.parametrizations.weight.original"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MODELS)
def test_O8_biases_and_norms_by_the_type_of_their_module(case):
    make, decaying, spared = MODELS[case]
    model = make()
    found = names(model)
    assert sorted(found.get(True, [])) == sorted(decaying)
    assert sorted(found.get(False, [])) == sorted(spared)
    together = [p for g in param_groups(model, 0.1) for p in g["params"]]
    assert len(together) == len({id(p) for p in together})
    assert {id(p) for p in together} == {id(p) for p in model.parameters()}


class Tied(nn.Module):
    """A language model whose output layer shares the table of its embedding."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 2)
        self.out = nn.Linear(2, 5)
        self.out.weight = self.table.weight


def test_O8_tied_weights_are_in_one_group():
    assert names(Tied()) == {True: ["table.weight"], False: ["out.bias"]}
    spared = names(Tied(), no_decay=["auto", nn.Embedding])
    assert spared == {False: ["table.weight", "out.bias"]}


def two_layers():
    return nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1))


@pytest.mark.parametrize(
    "no_decay, spared",
    [
        (nn.Linear, ["0.weight", "0.bias", "2.weight", "2.bias"]),
        ([nn.LayerNorm], ["1.weight", "1.bias"]),
        ("0.*", ["0.weight", "0.bias"]),
        (["auto", "2.weight"], ["0.bias", "1.weight", "1.bias", "2.weight", "2.bias"]),
        (lambda name, p, module: name != "1.weight" and p.ndim < 2, ["0.bias", "1.bias", "2.bias"]),
        ([], []),
    ],
)
def test_who_does_without_may_be_said_otherwise(no_decay, spared):
    assert names(two_layers(), no_decay=no_decay).get(False, []) == spared


def test_parts_have_rates_of_their_own():
    model = nn.ModuleDict({"body": two_layers(), "head": nn.Linear(3, 1), "tail": nn.Linear(1, 1)})
    groups = param_groups(model, 0.1, lr_mult={"body": 0.1, "body.2": 0.5, "tail": 2})
    optimizer = AdamW(groups, lr=0.01)
    rates = {
        name: (group["lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for name in group["param_names"]
    }
    assert rates["body.0.weight"] == (pytest.approx(0.001), 0.1)
    assert rates["body.1.weight"] == (pytest.approx(0.001), 0)
    assert rates["body.2.bias"] == (pytest.approx(0.005), 0)
    assert rates["head.weight"] == (0.01, 0.1) and rates["tail.bias"] == (0.02, 0)
    assert set(rates) == {name for name, _ in model.named_parameters()}
    fixed = SGD([{**groups[0], "lr": 0.5}], lr=0.01)
    assert fixed.param_groups[0]["lr"] == 0.5


def test_a_beginning_of_a_name_ends_at_a_dot():
    model = nn.ModuleDict({"a": nn.Linear(1, 1), "ab": nn.Linear(1, 1)})
    groups = param_groups(model, 0, lr_mult={"a": 3})
    assert {n: g["lr_mult"] for g in groups for n in g["param_names"]} == {
        "a.weight": 3, "a.bias": 3, "ab.weight": 1, "ab.bias": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"no_decay": "hed.*"}, ValueError, "fits 'hed"),
        ({"no_decay": [nn.Conv2d]}, ValueError, "fits.*Conv2d"),
        ({"no_decay": [3]}, TypeError, "patterns.*int"),
        ({"lr_mult": {"body": 0.1}}, ValueError, "'body'"),
    ],
)
def test_what_fits_nothing_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        param_groups(two_layers(), 0.1, **options)
    with pytest.raises(TypeError, match="Module.*list"):
        param_groups([], 0.1)
