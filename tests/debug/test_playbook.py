"""The playbook finds planted faults, passes healthy set-ups, and touches nothing."""

import json
import random as python_random

import numpy as np
import pytest

import minigrad as mg

from . import set_ups
from .set_ups import FAULTS, HEALTHY

SMALL = {"overfit_steps": 150, "lr_steps": 60, "repeats": 1, "run_steps": 60}


@pytest.mark.parametrize("fault", FAULTS)
def test_B2_a_planted_fault_is_found(fault):
    code, make = FAULTS[fault]
    report = make(limit=640).playbook(**SMALL)
    assert code in report.codes
    assert not report.ok


@pytest.mark.full
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("fault", FAULTS)
def test_B2_a_planted_fault_is_found_at_full_size(fault, seed):
    code, make = FAULTS[fault]
    report = make().playbook(seed=seed)
    assert code in report.codes
    assert not report.ok


@pytest.mark.parametrize("name", HEALTHY)
def test_B2_a_healthy_set_up_passes(name):
    report = HEALTHY[name]().playbook(**SMALL)
    assert report.ok, str(report)
    assert [step.skipped for step in report.steps] == [False] * 7


@pytest.mark.full
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", HEALTHY)
def test_B2_a_healthy_set_up_passes_at_full_size(name, seed):
    report = HEALTHY[name]().playbook(seed=seed)
    assert report.ok, str(report)


def test_B2_the_same_seed_gives_the_same_bytes():
    set_up = HEALTHY["digits, CNN"]()
    options = {**SMALL, "lr_steps": 20, "run_steps": 10, "overfit_steps": 10}
    first = set_up.playbook(**options)
    mg.rand(3)  # where the default generator stands does not matter
    next(iter(set_up.train))
    assert set_up.playbook(**options).to_json() == first.to_json()
    assert set_up.playbook(**options, seed=1).to_json() != first.to_json()


def state(set_up):
    """Everything of a set-up that a playbook could touch, as bytes and numbers."""
    arrays = [p.detach().numpy() for p in set_up.model.state_dict().values()]
    arrays += [p.grad.numpy() for p in set_up.model.parameters() if p.grad is not None]
    kept = set_up.optimizer.state_dict()
    arrays += [t.numpy() for entry in kept["state"].values() for t in entry.values()]
    return (
        [array.tobytes() for array in arrays], kept["param_groups"],
        [module.training for module in set_up.model.modules()],
        [module._hooks for module in set_up.model.modules()],
        set_up.train.state_dict(), mg.get_rng_state(), python_random.getstate(),
        np.random.get_state()[1].tobytes(),
    )  # fmt: skip


@pytest.mark.parametrize("own_generator", [False, True])
def test_B2_nothing_of_the_caller_is_touched(own_generator):
    set_up = HEALTHY["digits, CNN"]()
    if own_generator:
        set_up.train = mg.data.DataLoader(
            set_up.train.dataset, 64, shuffle=True, generator=mg.Generator().manual_seed(5)
        )
    batches = iter(set_up.train)
    for _ in range(2):  # in the middle of a pass, with moments and running statistics
        x, y = next(batches)
        set_up.optimizer.zero_grad()
        set_up.loss_fn(set_up.model(x), y).backward()
        set_up.optimizer.step()
    set_up.model[1].eval()
    before = state(set_up)
    expected = mg.data.DataLoader(
        set_up.train.dataset, 64, shuffle=True,
        generator=set_up.train.generator and set_up.train.generator.clone_state(),
    )  # fmt: skip
    expected.load_state_dict(set_up.train.state_dict())
    mg.random.set_rng_state(before[5])
    set_up.playbook(**{**SMALL, "lr_steps": 20, "run_steps": 10, "overfit_steps": 10})
    assert state(set_up) == before
    rest = [y.tolist() for _, y in batches]
    mg.random.set_rng_state(before[5])
    assert rest == [y.tolist() for _, y in expected]


def test_errors_in_the_data_end_it_early():
    report = FAULTS["label off by one"][1](limit=320).playbook()
    assert [step.status for step in report.steps] == ["error"] + ["skipped"] * 6
    assert "The data must be mended first." in str(report)


def test_a_step_that_does_not_fit_is_skipped_and_never_shortened():
    set_up = set_ups.digits(limit=320)
    report = set_up.playbook(budget_s=1e-9)
    assert all(step.skipped for step in report.steps)
    assert report.ok
    assert "larger budget_s" in report.steps[-1].advice
    generous = set_up.playbook(budget_s=1e6, **SMALL)
    assert len(generous.steps[2].details["losses"]) == SMALL["overfit_steps"] + 1


def test_without_an_optimizer_adam_is_suggested_for():
    set_up = set_ups.digits(limit=640)
    set_up.optimizer = set_up.val = None
    report = set_up.playbook(**SMALL)
    assert report.ok
    rate, last = report.steps[-2:]
    assert "Adam would begin with lr" in rate.advice
    assert "val_loader" in last.advice


def test_a_warmup_that_begins_at_zero_is_judged_by_its_peak():
    set_up = set_ups.digits(limit=640)
    mg.optim.lr_scheduler.WarmupCosine(set_up.optimizer, 10, 100)
    assert set_up.optimizer.param_groups[0]["lr"] == 0.0
    assert set_up.playbook(**SMALL).ok


def test_a_loss_that_diverges_at_every_rate():
    set_up = HEALTHY["diabetes, tanh"]()
    set_up.loss_fn = lambda outputs, targets: 1e15 * mg.nn.functional.mse_loss(outputs, targets)
    set_up.optimizer = mg.optim.SGD(set_up.model.parameters(), lr=0.1)
    report = set_up.playbook(**SMALL)
    assert "lr_range" in report.codes
    assert report.steps[-1].skipped


def test_the_optimizer_must_be_one():
    set_up = set_ups.digits(limit=320)
    set_up.optimizer = mg.optim.SGD
    with pytest.raises(TypeError, match="must be an Optimizer"):
        set_up.playbook()


def test_a_loss_that_uses_the_parameters_of_the_model_leaves_their_gradients_alone():
    set_up = set_ups.digits(limit=320)
    model = set_up.model

    def penalised(outputs, targets):
        penalty = sum((p**2).sum() for p in model.parameters())
        return mg.nn.functional.cross_entropy(outputs, targets) + 0.0 * penalty

    set_up.loss_fn = penalised
    set_up.playbook(**SMALL)
    assert [p.grad for p in model.parameters()] == [None] * 4


def test_loaders_that_can_be_passed_only_once_are_refused():
    set_up = set_ups.digits(limit=320)
    set_up.train = iter(set_up.train)
    with pytest.raises(TypeError, match="passed only once"):
        set_up.playbook()


def test_a_batch_that_is_no_pair_is_refused():
    set_up = set_ups.digits(limit=320)
    set_up.train = mg.data.DataLoader(set_up.train.dataset.tensors[0], 64)
    with pytest.raises(TypeError, match=r"\(\*inputs, targets\)"):
        set_up.playbook()


def test_the_report_as_json_and_as_a_file(tmp_path):
    report = FAULTS["double softmax"][1](limit=320).playbook(**SMALL)
    plain = json.loads(report.to_json())
    assert plain["ok"] is False
    assert [step["name"] for step in plain["steps"]] == [step.name for step in report.steps]
    assert set(plain["steps"][0]) >= {"status", "number", "threshold", "advice", "findings"}
    assert "seconds" not in plain["steps"][0]
    assert "seconds" in json.loads(report.to_json(times=True))["steps"][0]
    path = report.save(tmp_path / "report.json")
    assert path.read_text(encoding="utf-8") == report.to_json() + "\n"
    found = next(f for f in report.findings if f.code == "double_softmax")
    assert (found.severity, found.fix) == (
        "error", "Leave the last softmax out: the loss wants logits."
    )  # fmt: skip


def test_a_loader_that_is_none_is_refused():
    with pytest.raises(TypeError, match="must be a DataLoader or a list of batches, got NoneType"):
        mg.debug.playbook(mg.nn.Linear(1, 1), mg.nn.MSELoss(), None)


def test_the_rate_to_come_counts_where_a_warm_up_begins_at_zero():
    x = mg.randn(256, 4)
    loader = mg.data.DataLoader(mg.data.TensorDataset(x, (x[:, 0] > 0).long()), 32, shuffle=True)
    net = mg.nn.Sequential(mg.nn.Linear(4, 16), mg.nn.ReLU(), mg.nn.Linear(16, 2))
    optimizer = mg.optim.Adam(net.parameters(), lr=1e-2)
    mg.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 100)
    report = mg.debug.playbook(net, mg.nn.CrossEntropyLoss(), loader, optimizer=optimizer)
    (step,) = [step for step in report.steps if step.name == "next step"]
    assert step.details["train_loss"] < 0.7 * step.details["first_loss"]
    assert optimizer.param_groups[0]["lr"] == 0
