"""Copies, batches and fresh passes of loaders."""

import random as python_random

import numpy as np
import pytest

import minigrad as mg
from minigrad.debug.specimen import (
    Specimen,
    class_axis,
    endless,
    fresh,
    gathered,
    laboratory,
)

nn = mg.nn


def loader(**options):
    return mg.data.DataLoader(mg.data.TensorDataset(mg.arange(10), mg.arange(10)), 4, **options)


def order(loader):
    return [number for _, y in loader for number in y.tolist()]


def test_chance_inside_the_laboratory_follows_from_its_seed_alone():
    drawn = []
    before = mg.get_rng_state(), python_random.getstate(), np.random.get_state()[1].tolist()
    for _ in range(2):
        with laboratory(3):
            drawn.append((mg.rand(2).tolist(), python_random.random(), np.random.rand()))
    assert drawn[0] == drawn[1]
    assert before == (
        mg.get_rng_state(), python_random.getstate(), np.random.get_state()[1].tolist()
    )  # fmt: skip


@pytest.mark.parametrize("own", [False, True])
def test_a_fresh_pass_has_an_order_of_its_own_and_leaves_the_loader(own):
    generator = mg.Generator().manual_seed(7) if own else None
    given = loader(shuffle=True, generator=generator)
    running = iter(given)
    next(running)
    before = given.state_dict()
    with laboratory(0):
        first = order(fresh(given))
    with laboratory(0):
        assert order(fresh(given)) == first
    assert sorted(first) == list(range(10))
    assert given.state_dict() == before
    assert len(order(running)) == 6


def test_samplers_within_batch_samplers():
    own = mg.Generator().manual_seed(7)
    sampler = mg.data.BatchSampler(mg.data.RandomSampler(range(10), generator=own), 4, False)
    given = mg.data.DataLoader(loader().dataset, batch_sampler=sampler)
    state = own.get_state()
    with laboratory(0):
        assert len(order(fresh(given))) == 10
    assert own.get_state() == state


def test_passes_without_end():
    batches = endless(loader())
    assert [len(next(batches)[0]) for _ in range(4)] == [4, 4, 2, 4]
    with pytest.raises(ValueError, match="no batch"):
        next(endless([]))


def test_samples_of_several_batches_become_one():
    assert gathered(loader(), 7)[1].tolist() == list(range(7))
    ragged = [(mg.zeros(2, 3), mg.zeros(2)), (mg.zeros(2, 5), mg.zeros(2))]
    assert gathered(ragged, 4)[0].shape == (2, 3)
    with pytest.raises(ValueError, match="no batch"):
        gathered([], 4)


@pytest.mark.parametrize(
    ("outputs", "targets", "axis"),
    [((8, 3), (8,), 1), ((8, 3, 5), (8, 5), 1), ((8, 5, 3), (8, 5), 2), ((40, 3), (8, 5), 1),
     ((8,), (8,), None), ((8, 3, 4, 5), (8,), None)],
)  # fmt: skip
def test_the_axis_of_the_classes(outputs, targets, axis):
    assert class_axis(mg.zeros(outputs), mg.zeros(targets)) == axis


def test_copies_of_model_and_optimizer_belong_together():
    model = nn.Linear(2, 1)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    specimen = Specimen(model, nn.MSELoss(), optimizer)
    assert specimen.optimizer.param_groups[0]["params"][0] is specimen.model.weight
    assert specimen.model.weight is not model.weight
    batch = mg.ones(4, 2), mg.zeros(4, 1)
    first = specimen.step(batch)
    assert specimen.loss(batch).item() < first


def test_optimizers_that_need_a_closure():
    model = nn.Linear(2, 1)
    specimen = Specimen(model, nn.MSELoss(), mg.optim.LBFGS(model.parameters()))
    batch = mg.ones(4, 2), mg.zeros(4, 1)
    first = specimen.step(batch)
    assert specimen.loss(batch).item() < 1e-3 * first


def test_dropout_of_every_kind_is_off():
    model = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.9, batch_first=True)
    specimen = Specimen(model, nn.MSELoss()).without_dropout()
    x = mg.randn(2, 3, 8)
    assert (specimen.model(x) == specimen.model(x)).all()
    assert specimen.model.training


def test_what_is_no_model_or_no_loss():
    with pytest.raises(TypeError, match="model must be an nn.Module"):
        Specimen(lambda x: x, nn.MSELoss())
    with pytest.raises(TypeError, match="loss_fn must be callable"):
        Specimen(nn.Identity(), "mse")


@pytest.mark.parametrize("batch", [mg.ones(4, 2), [mg.ones(4, 2)], {"x": 1}])
def test_what_is_no_batch_is_refused(batch):
    specimen = Specimen(mg.nn.Linear(2, 1), mg.nn.MSELoss())
    with pytest.raises(TypeError, match="a batch must be"):
        specimen.loss(batch)
