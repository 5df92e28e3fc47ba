"""Checkpoints hold all of a run; what does not fit changes nothing."""

import math
import random

import pytest

import minigrad as mg


def parts(width=3):
    net = mg.nn.Sequential(
        mg.nn.Linear(2, width), mg.nn.Dropout(generator=mg.Generator().manual_seed(1))
    )
    optimizer = mg.optim.Adam(net.parameters(), lr=0.1)
    schedulers = [
        mg.optim.lr_scheduler.SequentialLR(
            optimizer,
            [
                mg.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2),
                mg.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5),
            ],
            [2],
        ),
        mg.optim.lr_scheduler.ReduceLROnPlateau(optimizer),
    ]
    return {
        "model": net, "optimizer": optimizer, "scheduler": schedulers,
        "scaler": mg.amp.GradScaler(),
        "ema": mg.optim.swa_utils.AveragedModel(net),
        "loader": mg.data.DataLoader(range(10), 2, shuffle=True),
    }  # fmt: skip


def steps(made, count, batches):
    losses = []
    for _ in range(count):
        x = next(batches)
        made["optimizer"].zero_grad()
        loss = made["model"](x.reshape(1, 2).float()).square().sum()
        made["scaler"].scale(loss).backward()
        made["scaler"].step(made["optimizer"])
        made["scaler"].update()
        made["scheduler"][0].step()
        made["scheduler"][1].step(loss.item())
        made["ema"].update_parameters(made["model"])
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("stop", [1, 2, 4])
def test_everything_goes_on(tmp_path, stop):
    path = tmp_path / "run.npz"
    made = parts()
    batches = iter(made["loader"])
    steps(made, stop, batches)
    mg.save_checkpoint(path, **made)
    expected = steps(made, 5 - stop, batches)
    mg.manual_seed(77)
    other = parts()
    mg.load_checkpoint(path).restore(**other)
    assert steps(other, 5 - stop, iter(other["loader"])) == expected
    for one, two in zip(made["ema"].parameters(), other["ema"].parameters(), strict=True):
        assert one.tolist() == two.tolist()


def test_what_does_not_fit_changes_nothing(tmp_path):
    path = tmp_path / "run.npz"
    mg.save_checkpoint(path, **parts())
    other = parts()
    other["optimizer"].add_param_group({"params": [mg.zeros(1, requires_grad=True)]})
    before = {key: value.tolist() for key, value in other["model"].state_dict().items()}
    random_state = mg.get_rng_state()
    with pytest.raises(ValueError, match="number of parameter groups"):
        mg.load_checkpoint(path).restore(other["model"], other["optimizer"])
    after = {key: value.tolist() for key, value in other["model"].state_dict().items()}
    assert before == after and mg.get_rng_state() == random_state
    with pytest.raises(RuntimeError, match="shape"):
        mg.load_checkpoint(path).restore(parts(width=4)["model"])


def snapshot(made):
    """Everything that restoring may change, as text."""
    states = {
        name: [one.state_dict() for one in part] if isinstance(part, list) else part.state_dict()
        for name, part in made.items()
    }
    return str(states) + str(mg.get_rng_state())


def mutated(value, chance):
    """The value with one thing in it replaced by something of another kind."""
    places = []

    def collect(node):
        keys = list(node) if isinstance(node, dict) else range(len(node))
        for key in keys:
            places.append((node, key))
            if isinstance(node[key], dict | list):
                collect(node[key])

    collect(value)
    node, key = chance.choice(places)
    others = [None, 7, -1.5, "x", [], {}, (1, 2), mg.zeros(2, 3), {"a": [1]}, math.nan, 2**70]
    node[key] = chance.choice(others)
    return value


@pytest.mark.parametrize(
    "seed", [*range(40), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(40, 300))]
)
def test_hostile_checkpoints_change_nothing(tmp_path, seed, saved):
    path, made = saved, parts()
    content = mutated(mg.load(path), random.Random(seed))
    hostile = tmp_path / "hostile.npz"
    mg.save(content, hostile)
    mg.load_checkpoint(path).restore(**made)
    before = snapshot(made)
    try:
        mg.load_checkpoint(hostile).restore(**made)
    except (ValueError, KeyError, RuntimeError) as error:
        assert str(error) and snapshot(made) == before


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A checkpoint."""
    path, made = tmp_path_factory.mktemp("saved") / "run.npz", parts()
    steps(made, 2, iter(made["loader"]))
    mg.save_checkpoint(path, **made)
    return path


def test_generators_of_modules_are_checked(tmp_path):
    mg.save_checkpoint(tmp_path / "run.npz", **parts())
    net = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.Dropout())
    with pytest.raises(ValueError, match="generators of the modules"):
        mg.load_checkpoint(tmp_path / "run.npz").restore(net)


def test_parts_have_names(tmp_path):
    path = tmp_path / "run.npz"
    net = mg.nn.Linear(1, 1)
    mg.save_checkpoint(path, net, discriminator=mg.nn.Linear(2, 2))
    checkpoint = mg.load_checkpoint(path)
    assert checkpoint.parts == ("model", "discriminator")
    with pytest.raises(KeyError, match="holds no 'optimizer'"):
        checkpoint.restore(net, mg.optim.SGD(net.parameters()))
    with pytest.raises(TypeError, match="model must have state_dict.., got NoneType"):
        mg.save_checkpoint(tmp_path / "a.npz", None)
    with pytest.raises(TypeError, match="without state_dict"):
        mg.save_checkpoint(path, net, loader=[1, 2])
    with pytest.raises(TypeError, match="state_dict"):
        mg.save_checkpoint(path, net, sampler=7)
    assert mg.load_checkpoint(path).parts == ("model", "discriminator")


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "weights.npz"
    mg.save(mg.nn.Linear(1, 1).state_dict(), path)
    with pytest.raises(ValueError, match="no checkpoint"):
        mg.load_checkpoint(path)
    with pytest.raises(OSError):
        mg.load_checkpoint(tmp_path / "missing.npz")
    mg.save({"format": "minigrad checkpoint", "version": 9}, path)
    with pytest.raises(ValueError, match="version 9"):
        mg.load_checkpoint(path)
