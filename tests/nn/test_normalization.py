"""Normalisation layers: state, modes and copies."""

import copy
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def test_batch_norm_counts_batches_in_training_only():
    layer = nn.BatchNorm1d(3)
    assert layer.num_batches_tracked.dtype is mg.int64 and layer.num_batches_tracked.shape == ()
    x = mg.randn(4, 3)
    layer(x), layer(x), layer.eval()(x)
    assert layer.num_batches_tracked.item() == 2
    layer.reset_running_stats()
    assert layer.num_batches_tracked.item() == 0
    assert layer.running_mean.tolist() == [0] * 3 and layer.running_var.tolist() == [1] * 3


def test_state_is_loaded_and_copied():
    layer = nn.BatchNorm2d(3)
    layer(mg.randn(4, 3, 2, 2))
    twin = nn.BatchNorm2d(3)
    twin.load_state_dict(layer.state_dict())
    for other in (twin, copy.deepcopy(layer)):
        for a, b in zip(layer.buffers(), other.buffers(), strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
            assert not np.shares_memory(a.numpy(), b.numpy())


def test_reset_parameters():
    layer = nn.LayerNorm(3)
    layer.weight.data.fill_(4.0)
    layer.reset_parameters()
    assert layer.weight.tolist() == [1] * 3 and layer.bias.tolist() == [0] * 3


def test_instance_norm_on_other_channels_warns_without_weights():
    with pytest.warns(UserWarning, match="InstanceNorm1d.3. was called on 4 channels"):
        y = nn.InstanceNorm1d(3)(mg.randn(2, 4, 5))
    assert y.shape == (2, 4, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.InstanceNorm1d(4)(mg.randn(2, 4, 5))


def test_dtype_and_device_are_taken():
    layer = nn.BatchNorm1d(3, dtype="float64", device="cpu")
    assert {t.dtype for t in layer.state_dict().values()} == {mg.float64, mg.int64}
    assert nn.LayerNorm(3, dtype=mg.float64).weight.dtype is mg.float64
    assert nn.BatchNorm1d(3).half().num_batches_tracked.dtype is mg.int64


def test_mode_restores_every_module_after_an_error():
    net = nn.Sequential(nn.BatchNorm1d(3).eval(), nn.Dropout())
    with pytest.raises(KeyError), nn.mode(net, train=True) as same:
        assert same is net and all(m.training for m in net.modules())
        raise KeyError
    assert [m.training for m in net.modules()] == [True, False, True]


def test_a_file_need_not_count_batches():
    layer = nn.BatchNorm1d(2)
    state = layer.state_dict()
    del state["num_batches_tracked"]
    assert not any(layer.load_state_dict(state))
