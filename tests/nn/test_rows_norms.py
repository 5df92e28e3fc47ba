"""What is promised of normalisation (rows N) and dropout (rows D), one test a row."""

import copy
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

F = nn.functional


def test_N1_batch_norm_of_two_values():
    layer = nn.BatchNorm1d(1)
    x = mg.tensor([[0.0], [2.0]])
    with mg.no_grad():
        y = layer(x)
    np.testing.assert_allclose(y.numpy().ravel(), [-1, 1], atol=1e-5)  # the biased variance, 1
    assert layer.running_mean.item() == pytest.approx(0.1)
    assert layer.running_var.item() == pytest.approx(1.1)  # the unbiased one, 2
    expected = (x.numpy() - 0.1) / np.sqrt(1.1 + 1e-5)
    np.testing.assert_allclose(layer.eval()(x).detach().numpy(), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        layer.train()(x[:1])


def test_N1_momentum_none_is_the_average_of_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None)
    batches = [mg.randn(5, 2) for _ in range(3)]
    for x in batches:
        layer(x)
    means = np.mean([x.numpy().mean(0) for x in batches], axis=0)
    variances = np.mean([x.numpy().var(0, ddof=1) for x in batches], axis=0)
    np.testing.assert_allclose(layer.running_mean.numpy(), means, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.running_var.numpy(), variances, rtol=1e-5)


def test_N1_without_tracking_evaluation_uses_the_batch():
    layer = nn.BatchNorm1d(2, track_running_stats=False).eval()
    x = mg.randn(6, 2)
    np.testing.assert_allclose(layer(x).detach().numpy().mean(0), 0, atol=1e-6)
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_N2_layer_norm_is_the_same_alone_and_in_a_batch():
    layer, x = nn.LayerNorm((3, 17)), mg.randn(8, 3, 17)
    y = layer(x).detach().numpy()
    for i in range(8):
        np.testing.assert_array_equal(layer(x[i : i + 1]).detach().numpy()[0], y[i])
    with pytest.raises(RuntimeError, match=r"normalized_shape=\(3, 17\).*\(8, 3, 16\)"):
        layer(x[..., :16])


def test_N3_group_norm_between_layer_and_instance_norm():
    x = mg.randn(3, 4, 5)
    whole = F.layer_norm(x, (4, 5))
    np.testing.assert_allclose(nn.GroupNorm(1, 4)(x).detach().numpy(), whole.numpy(), atol=1e-6)
    single = nn.InstanceNorm1d(4)(x)
    np.testing.assert_allclose(nn.GroupNorm(4, 4)(x).detach().numpy(), single.numpy(), atol=1e-6)
    with pytest.raises(ValueError, match="divisible"):
        nn.GroupNorm(3, 4)


def test_N3_a_group_with_a_single_value_warns():
    layer = nn.GroupNorm(3, 3)
    with pytest.warns(UserWarning, match=r"num_groups=3 .*shape \(2, 3\).* single value"):
        y = layer(mg.randn(2, 3))
    np.testing.assert_allclose(y.detach().numpy(), 0, atol=1e-6)
    with pytest.raises(ValueError, match="more than 1 value"):
        layer(mg.randn(1, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(mg.randn(1, 3, 2))


def test_N4_instance_norm_has_neither_weights_nor_statistics_by_default():
    layer = nn.InstanceNorm2d(3)
    assert not layer.affine and not layer.track_running_stats and not layer.state_dict()
    y = layer.eval()(mg.randn(2, 3, 4, 5)).numpy()
    np.testing.assert_allclose(y.mean((2, 3)), 0, atol=1e-6)
    with pytest.raises(ValueError, match="more than 1 spatial element"):
        layer(mg.randn(2, 3, 1, 1))


@pytest.mark.parametrize(
    ("dtype", "epsilon"), [("float64", 2.0**-52), ("float32", 2.0**-23), ("float16", 2.0**-23)]
)
def test_N5_rms_norm_takes_the_epsilon_it_computes_with(dtype, epsilon):
    x = mg.full((1, 4), 1e-4, dtype=dtype)
    value = x[0, 0].item()
    expected = value / np.sqrt(value**2 + epsilon)
    assert nn.RMSNorm(4, dtype=dtype)(x)[0, 0].item() == pytest.approx(expected, rel=1e-3)


def test_N7_only_batch_norm_depends_on_the_batch():
    assert all(f(1).batch_size_sensitive for f in (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))
    others = (nn.LayerNorm(1), nn.RMSNorm(1), nn.InstanceNorm1d(1), nn.GroupNorm(1, 1))
    assert not any(layer.batch_size_sensitive for layer in (*others, nn.LocalResponseNorm(1)))


def test_D1_inverted_dropout():
    layer, x = nn.Dropout(0.3), mg.arange(1.0, 201.0)
    assert layer.eval()(x) is x
    layer.train()
    draws = np.stack([layer(x).numpy() for _ in range(4000)])
    kept = (x.numpy() * np.float32(1 / 0.7))[None]
    assert ((draws == 0) | np.isclose(draws, kept, rtol=1e-6)).all()
    away = np.linalg.norm(draws.mean(0) - x.numpy()) / np.linalg.norm(x.numpy())
    assert away < 0.05
    nothing = nn.Dropout(1.0)(mg.tensor([1.0, 5.0]))
    assert nothing.tolist() == [0, 0]
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(1.5)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [(nn.Dropout1d, (30, 8, 3)), (nn.Dropout2d, (30, 8, 3, 2)), (nn.Dropout3d, (30, 8, 2, 2, 2))],
)
def test_D1_channels_are_kept_or_dropped_whole(kind, shape):
    x = mg.ones(shape, requires_grad=True)
    y = kind(0.4)(x)
    channels = y.detach().numpy().reshape(240, -1)
    assert (channels == channels[:, :1]).all()
    assert {0.0, np.float32(1 / 0.6)} == set(np.unique(channels))
    assert 0.3 < (channels[:, 0] == 0).mean() < 0.5
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.detach().numpy())


@pytest.mark.parametrize("kind", [nn.AlphaDropout, nn.FeatureAlphaDropout])
def test_D1_alpha_dropout_keeps_mean_and_variance(kind):
    x = mg.randn(4000, 50)
    y = kind(0.3)(x).numpy()
    assert abs(y.mean()) < 0.02 and abs(y.var() - 1) < 0.03
    values, counts = np.unique(y, return_counts=True)
    assert counts.max() / y.size == pytest.approx(0.3, abs=0.02)
    saturated = -1.0507009873554805 * 1.6732632423543772
    scale = (0.7 / (1 + 0.3 * saturated**2)) ** 0.5
    assert values[counts.argmax()] == pytest.approx(scale * saturated, rel=1e-5)


def test_D4_mc_dropout_samples_with_batch_norm_in_evaluation():
    net = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout2d(0.5).eval(), nn.Dropout(0.5)
    )
    flags = [m.training for m in net.modules()]
    x = mg.randn(6, 4)
    with nn.mc_dropout(net), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two axes for Dropout2d
        first, second = (net(x).detach().numpy() for _ in range(2))
        assert [m.training for m in net] == [False, False, True, True]
    assert [m.training for m in net.modules()] == flags
    assert (first != second).any()
    assert net[1].num_batches_tracked.item() == 0


def test_frozen_norms_keep_their_statistics_through_train():
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.LayerNorm(8))
    assert nn.freeze_norm(net) is net
    net.train()
    assert [m.training for m in net] == [True, False, True, True]
    before = net[1].running_mean.clone()
    net(mg.randn(6, 4)).sum().backward()
    assert (net[1].running_mean == before).all() and net[1].weight.grad is not None
    assert [m.training for m in copy.deepcopy(net).train()] == [True, False, True, True]
    nn.freeze_norm(net, False).train()
    assert net[1].training


def test_N1b_only_evaluation_is_independent_of_the_batch():
    layer = nn.BatchNorm1d(3)
    x = mg.randn(64, 3) * 2 + 1
    in_training = layer(x[:4])
    for _ in range(80):
        layer(x)
    layer.eval()
    np.testing.assert_array_equal(layer(x)[:4].detach(), layer(x[:4]).detach())
    np.testing.assert_allclose(layer(x).detach(), layer.train()(x).detach(), atol=0.05)
    assert abs(in_training - layer.eval()(x[:4])).max().item() > 0.2


@pytest.mark.parametrize("p", [0.5, 0.2])
def test_D2_weight_scaling_is_the_geometric_mean_of_all_subnetworks(p):
    """Exact for a softmax over a linear layer; the arithmetic mean is something else."""
    units = 10
    x, w = mg.randn(units, dtype=mg.float64), mg.randn(units, 4, dtype=mg.float64)
    masks = mg.tensor([[i >> j & 1 for j in range(units)] for i in range(2**units)])
    kept = masks.sum(1)
    share = (1 - p) ** kept.double() * p ** (units - kept).double()
    log_p = F.log_softmax((masks * x / (1 - p)) @ w, 1)
    geometric = F.log_softmax((share.unsqueeze(1) * log_p).sum(0), 0)
    scaled = F.log_softmax(x @ w, 0)
    assert (geometric - scaled).abs().max().item() < 1e-12
    arithmetic = (share.unsqueeze(1) * log_p.exp()).sum(0)
    assert (arithmetic - scaled.exp()).abs().max().item() > 1e-3
