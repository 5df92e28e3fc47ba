"""Layers of attention beyond single calls: dropout, copies, masks that hide everything."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_only_training_drops_weights():
    attention = nn.MultiheadAttention(4, 2, dropout=0.5)
    x = mg.randn(6, 3, 4)
    _, weights = attention(x, x, x, average_attn_weights=False)
    assert 0.2 < (weights == 0).float().mean().item() < 0.8
    _, weights = attention.eval()(x, x, x)
    assert not (weights == 0).any()
    np.testing.assert_allclose(weights.sum(-1).detach().numpy(), 1, rtol=1e-5)


def test_mc_dropout_drops_weights():
    attention = nn.MultiheadAttention(4, 2, dropout=0.5).eval()
    x = mg.randn(6, 3, 4)
    with nn.mc_dropout(attention):
        samples = [attention(x, x, x, need_weights=False)[0].detach().numpy() for _ in range(2)]
    assert not np.array_equal(*samples)


def test_masks_of_dropout_do_not_depend_on_other_layers():
    outputs = []
    for others in (0, 3):
        mg.manual_seed(1)
        model = nn.Sequential(nn.TransformerEncoderLayer(4, 2, 6, dropout=0.5))
        mg.manual_seed(2)
        x = mg.ones(5, 2, 4)
        for _ in range(others):
            nn.Dropout()(x)
        outputs.append(model(x).detach().numpy())
    assert np.array_equal(*outputs)


def test_weights_do_not_change_the_output():
    attention = nn.MultiheadAttention(8, 4, batch_first=True).double()
    x = mg.randn(2, 5, 8, dtype=mg.float64)
    mask = mg.ones(5, 5, dtype=mg.bool).triu(1)
    with_weights, weights = attention(x, x, x, attn_mask=mask)
    without, none = attention(x, x, x, attn_mask=mask, need_weights=False)
    hinted, _ = attention(x, x, x, attn_mask=mask, need_weights=False, is_causal=True)
    assert none is None
    assert weights.shape == (2, 5, 5)
    for y in (without, hinted):
        np.testing.assert_allclose(y.detach().numpy(), with_weights.detach().numpy(), rtol=1e-9)


@pytest.mark.torch
@pytest.mark.parametrize("need_weights", [True, False])
def test_queries_that_see_nothing_are_as_torchs(need_weights):
    import torch

    ours, theirs = (p.nn.MultiheadAttention(4, 2) for p in (mg, torch))
    ours.load_state_dict({name: t.numpy() for name, t in theirs.state_dict().items()})
    x, mask = np.ones((3, 2, 4), np.float32), np.zeros((3, 3), bool)
    mask[1] = True
    y, z = (
        m(*[p.tensor(x)] * 3, attn_mask=p.tensor(mask), need_weights=need_weights)[0].detach()
        for m, p in ((ours, mg), (theirs, torch))
    )
    np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("norm_first", [True, False])
def test_inference_equals_torchs_fused_path(norm_first):
    import torch

    options = {"dim_feedforward": 6, "batch_first": True, "norm_first": norm_first}
    ours, theirs = (p.nn.TransformerEncoderLayer(4, 2, **options).eval() for p in (mg, torch))
    ours.load_state_dict({name: t.numpy() for name, t in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    hides = np.array([[False, False, True], [False, False, False]])
    with mg.no_grad(), torch.no_grad():
        y = ours(mg.tensor(x), src_key_padding_mask=mg.tensor(hides)).numpy()
        z = theirs(torch.tensor(x), src_key_padding_mask=torch.tensor(hides)).numpy()
    np.testing.assert_allclose(y[~hides], z[~hides], rtol=1e-4, atol=1e-5)


def test_stacks_copy_their_layer():
    layer = nn.TransformerEncoderLayer(4, 2, 6)
    stack = nn.TransformerEncoder(layer, 2)
    first, second = stack.layers
    assert layer is not first is not second
    assert first.linear1.weight is not second.linear1.weight
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())


def test_a_causal_mask_is_recognised(monkeypatch):
    seen = []
    stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6), 1)
    monkeypatch.setattr(
        stack.layers[0], "forward", lambda x, is_causal, **_: seen.append(is_causal) or x
    )
    x, mask = mg.zeros(3, 2, 4), nn.Transformer.generate_square_subsequent_mask(3)
    for given in (mask, mask == -float("inf"), mask.T, mask[:2], None):
        stack(x, given)
    stack(x, mask, is_causal=False)
    assert seen == [True, True, False, False, False, False]


def test_the_subsequent_mask_has_a_dtype():
    mask = nn.Transformer.generate_square_subsequent_mask
    assert mask(2).dtype is mg.float32
    assert mask(2, dtype=mg.float64).dtype is mg.float64
