"""Recurrent layers beyond the listed ones: dropout between layers, packed sequences, learning."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils.rnn import pack_sequence, unpack_sequence

KINDS = (nn.RNN, nn.LSTM, nn.GRU)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@every_kind
def test_parameters_by_layer_and_direction(kind):
    layer = kind(2, 3, 2, bidirectional=True)
    names = [name for name, _ in layer.named_parameters()]
    assert names[:5] == [
        "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse",
    ]  # fmt: skip
    assert [p for part in layer.all_weights for p in part] == list(layer.parameters())
    assert len(layer.all_weights) == 4
    assert layer.flatten_parameters() is None
    bound = 1 / math.sqrt(3)
    assert all(p.detach().abs().max().item() <= bound for p in layer.parameters())


@every_kind
def test_packed_sequences_equal_each_by_itself(kind, rng):
    layer = kind(2, 3, 2, bidirectional=True)
    sequences = [mg.tensor(rng.normal(size=(n, 2)).astype("float32")) for n in (2, 5, 1, 5)]
    output, states = layer(pack_sequence(sequences, enforce_sorted=False))
    for i, (y, x) in enumerate(zip(unpack_sequence(output), sequences, strict=True)):
        alone, last = layer(x)
        np.testing.assert_allclose(y.detach().numpy(), alone.detach().numpy(), atol=1e-6)
        h = (states[0] if kind is nn.LSTM else states)[:, i]
        last = last[0] if kind is nn.LSTM else last
        np.testing.assert_allclose(h.detach().numpy(), last.detach().numpy(), atol=1e-6)


def test_states_of_another_batch_are_refused():
    packed = pack_sequence([mg.zeros(2, 2), mg.zeros(3, 2)], enforce_sorted=False)
    with pytest.raises(RuntimeError, match=r"hidden\[0\].*1, 2, 3.*1, 4, 3"):
        nn.GRU(2, 3)(packed, mg.zeros(1, 4, 3))


@every_kind
def test_dropout_falls_between_layers(kind):
    x = mg.ones(6, 4, 2)
    layer = kind(2, 30, 2, dropout=0.5)
    first = kind(2, 30)
    first.load_state_dict({k: v for k, v in layer.state_dict().items() if "l0" in k})
    second = kind(30, 30)
    second.load_state_dict(
        {k.replace("l1", "l0"): v for k, v in layer.state_dict().items() if "l1" in k}
    )
    mg.manual_seed(3)
    found = layer(x)[0]
    mg.manual_seed(3)
    stream = mg.random.default_generator.stream("dropout ")
    wanted = second(nn.functional.dropout(first(x)[0], 0.5, generator=stream))[0]
    np.testing.assert_array_equal(found.detach().numpy(), wanted.detach().numpy())
    assert not np.array_equal(layer(x)[0].detach().numpy(), found.detach().numpy())
    layer.eval()
    plain = second(first(x)[0])[0]
    np.testing.assert_array_equal(layer(x)[0].detach().numpy(), plain.detach().numpy())
    with nn.mc_dropout(layer):
        assert layer.training


@every_kind
def test_dropout_of_one_layer_warns(kind):
    with pytest.warns(UserWarning, match="between layers.*num_layers") as caught:
        kind(2, 3, dropout=0.5)
    assert caught[0].filename == __file__


@every_kind
def test_everything_is_dropped(kind):
    layer = kind(2, 3, 2, dropout=1.0)
    y, _ = layer(mg.randn(4, 3, 2))
    rest, _ = layer(mg.randn(4, 3, 2))
    np.testing.assert_array_equal(y.detach().numpy(), rest.detach().numpy())


@every_kind
def test_no_sequences(kind):
    y, states = kind(2, 3, bidirectional=True)(mg.zeros(4, 0, 2))
    h = states[0] if kind is nn.LSTM else states
    assert (y.shape, h.shape) == ((4, 0, 6), (2, 0, 3))
    y.sum().backward()


@every_kind
def test_a_cell_step_by_step_is_the_layer(kind, rng):
    layer, cell = kind(2, 3), getattr(nn, f"{kind.__name__}Cell")(2, 3)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x, state = mg.tensor(rng.normal(size=(5, 4, 2)).astype("float32")), None
    for t, row in enumerate(layer(x)[0]):
        state = cell(x[t], state)
        h = state[0] if kind is nn.LSTM else state
        np.testing.assert_allclose(h.detach().numpy(), row.detach().numpy(), atol=1e-6)


@every_kind
def test_gradient_of_the_last_state_alone(kind):
    layer = kind(2, 3)
    x = mg.randn(5, 4, 2)
    y, state = layer(x)
    (state[0] if kind is nn.LSTM else state).sum().backward()
    found = [p.grad.numpy() for p in layer.parameters()]
    layer.zero_grad()
    layer(x)[0][-1].sum().backward()
    for gradient, p in zip(found, layer.parameters(), strict=True):
        np.testing.assert_allclose(gradient, p.grad.numpy(), atol=1e-6)


def test_multiply_adds_are_counted():
    found = nn.summary(nn.LSTM(2, 4, proj_size=3), mg.zeros(5, 6, 2)).multiply_adds
    assert found == 5 * 6 * (16 * 2 + 16 * 3 + 3 * 4)


def test_parameters_may_be_replaced():
    layer = nn.RNN(2, 3)
    layer.weight_hh_l0 = nn.Parameter(mg.zeros(3, 3))
    layer.bias_ih_l0 = nn.Parameter(mg.zeros(3))
    layer.bias_hh_l0 = nn.Parameter(mg.zeros(3))
    x = mg.randn(4, 1, 2)
    wanted = mg.tanh(x @ layer.weight_ih_l0.T)
    np.testing.assert_allclose(layer(x)[0].detach().numpy(), wanted.detach().numpy(), atol=1e-6)


@pytest.mark.torch
@every_kind
@pytest.mark.parametrize("units", [8, 70, 363])
@pytest.mark.parametrize("reverse", [False, True])
def test_sizes_on_both_sides_of_every_kernel_equal_torch(kind, units, reverse, rng):
    import torch

    ours = kind(3, units, bidirectional=reverse)
    theirs = getattr(torch.nn, kind.__name__)(3, units, bidirectional=reverse)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    sequences = [rng.normal(size=(n, 3)).astype("float32") for n in (5, 5, *[3] * 20, 1)]
    y = ours(pack_sequence([mg.tensor(s) for s in sequences]))[0].data
    z = theirs(torch.nn.utils.rnn.pack_sequence([torch.tensor(s) for s in sequences]))[0].data
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), atol=2e-6)
    (y * y).sum().backward()
    (z * z).sum().backward()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        b = b.grad.numpy()
        np.testing.assert_allclose(a.grad.numpy(), b, atol=2e-5 * np.abs(b).max())


def adding_problem(rng, count, steps):
    """Sequences of (number, mark) and the sum of the two marked numbers of each."""
    numbers, marks = rng.random((steps, count)), np.zeros((steps, count))
    for sequence in range(count):
        marks[rng.choice(steps, 2, replace=False), sequence] = 1
    x = np.stack([numbers, marks], axis=2).astype("float32")
    return mg.tensor(x), mg.tensor((numbers * marks).sum(0).astype("float32"))


def losses_of(seed, max_norm):
    """The losses of plain SGD on a vanilla network whose recurrent weights are large."""
    rng = np.random.default_rng(seed)
    mg.manual_seed(seed)
    network, head = nn.RNN(2, 32), nn.Linear(32, 1)
    nn.init.normal_(network.weight_hh_l0, std=1.6 / math.sqrt(32))
    parameters = [*network.parameters(), *head.parameters()]
    for _ in range(150):
        x, target = adding_problem(rng, 32, 40)
        _, last = network(x)
        loss = nn.functional.mse_loss(head(last[0])[:, 0], target)
        yield loss.item()
        if not math.isfinite(loss.item()):
            return
        for p in parameters:
            p.grad = None
        loss.backward()
        if max_norm is not None:
            nn.utils.clip_grad_norm_(parameters, max_norm)
        with mg.no_grad():
            for p in parameters:
                p -= 0.05 * p.grad


def test_C4_clipping_rescues_a_recurrent_network():
    ruined = 0
    for seed in range(3):
        ruined += not np.max([*losses_of(seed, None)]) <= 10
        clipped = [*losses_of(seed, 1.0)]
        assert np.max(clipped) < 10
        assert np.mean(clipped[-20:]) < 0.25
    assert ruined >= 2
