"""Normalisation as functions: buffers in place, rows that do not depend on each other, accuracy."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.kernels import launch

F = mg.nn.functional


def batch(*shape, seed=0):
    return mg.tensor(np.random.default_rng(seed).normal(size=shape).astype("float32"))


def test_running_statistics_move_in_place_and_count_as_writes():
    mean, var = mg.zeros(3), mg.ones(3)
    memory, before = mean.numpy(), mean._version
    x = batch(5, 3)
    with mg.no_grad():
        F.batch_norm(x, mean, var, training=True, momentum=0.25)
    assert mean.numpy() is memory or np.shares_memory(mean.numpy(), memory)
    assert mean._version == before + 1 == var._version
    np.testing.assert_allclose(mean.numpy(), 0.25 * x.numpy().mean(0), rtol=1e-5)
    expected = 0.75 + 0.25 * x.numpy().var(0, ddof=1)
    np.testing.assert_allclose(var.numpy(), expected, rtol=1e-5)


def test_a_write_to_statistics_that_a_graph_needs_is_noticed():
    mean, var = mg.zeros(3), mg.ones(3)
    x = batch(5, 3).requires_grad_()
    y = F.batch_norm(x, mean, var)
    F.batch_norm(x, mean, var, training=True)
    with pytest.raises(RuntimeError, match="in.place|modified"):
        y.sum().backward()


def test_running_statistics_in_half_precision():
    mean, var = mg.zeros(3, dtype="bfloat16"), mg.ones(3, dtype="bfloat16")
    x = batch(50, 3).to("bfloat16")
    y = F.batch_norm(x, mean, var, training=True)
    assert y.dtype is mg.bfloat16 is mean.dtype
    np.testing.assert_allclose(mean.float().numpy(), 0.1 * x.float().numpy().mean(0), rtol=0.02)
    wide = F.batch_norm(x, mg.zeros(3), mg.ones(3), mg.ones(3), training=True)
    assert wide.dtype is mg.bfloat16


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: F.layer_norm(x, (4,), w),
        lambda x, w: F.rms_norm(x, (4,), w),
        lambda x, w: F.group_norm(x, 1, w),
        lambda x, w: F.batch_norm(x, None, None, w, training=True),
    ],
    ids=["layer", "rms", "group", "batch"],
)
def test_half_precision_beside_float32_weights(function):
    x, weight = batch(6, 4).half(), batch(4, seed=1).requires_grad_()
    y = function(x, weight)
    exact = batch(4, seed=1).requires_grad_()
    wide = function(x.float(), exact)
    assert y.dtype is mg.float16
    np.testing.assert_allclose(y.detach().numpy(), wide.detach().numpy(), rtol=1e-3, atol=1e-3)
    y.float().sum().backward()
    wide.sum().backward()
    assert weight.grad.dtype is mg.float32
    np.testing.assert_allclose(weight.grad.numpy(), exact.grad.numpy(), rtol=1e-5, atol=1e-5)


def test_statistics_have_no_gradient():
    with pytest.raises(RuntimeError, match="no gradient for running_var"):
        F.batch_norm(batch(5, 3), mg.zeros(3), mg.ones(3, requires_grad=True))


@pytest.mark.parametrize("width", [1, 3, 8, 31, 64, 500])
@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_a_sample_does_not_depend_on_its_batch(name, width):
    x, weight = batch(40, width), batch(width, seed=1)
    y = getattr(F, name)(x, (width,), weight).numpy()
    for i in (0, 7, 39):
        alone = getattr(F, name)(x[i : i + 1], (width,), weight).numpy()
        np.testing.assert_array_equal(alone[0], y[i])


def test_a_sample_of_group_norm_does_not_depend_on_its_batch():
    x = batch(9, 6, 5, 3)
    y = F.group_norm(x, 2).numpy()
    np.testing.assert_array_equal(F.group_norm(x[4:5], 2).numpy()[0], y[4])


@pytest.mark.parametrize("offset", [0, 1e4])
def test_variances_survive_a_large_mean(offset):
    x = batch(64, 500).double() + offset
    exact = (x - x.mean(1, keepdim=True)) / x.var(1, correction=0, keepdim=True).sqrt()
    y = F.layer_norm(x.float(), (500,), eps=1e-12)
    rounding = offset * 2**-24 * 2 + 2e-6
    np.testing.assert_allclose(y.numpy(), exact.numpy(), atol=rounding * 2)
    columns = F.batch_norm(x.T.float(), None, None, training=True, eps=1e-12)
    np.testing.assert_allclose(columns.numpy(), exact.T.numpy(), atol=rounding * 2)
    planes = x.T.float().reshape(20, 25, 64).permute(0, 2, 1)
    planes = F.batch_norm(planes, None, None, training=True, eps=1e-12)
    expected = exact.T.numpy().reshape(20, 25, 64).transpose(0, 2, 1)
    np.testing.assert_allclose(planes.numpy(), expected, atol=rounding * 2)


@pytest.fixture
def threads():
    before = launch.get_num_threads()
    yield launch.set_num_threads
    launch.set_num_threads(before)


def gradients(function, *shape):
    x, weight = batch(*shape).requires_grad_(), batch(shape[1], seed=1).requires_grad_()
    y = function(x, weight)
    (y * batch(*shape, seed=2)).sum().backward()
    return [t.numpy() for t in (y.detach(), x.grad, weight.grad)]


@pytest.mark.parametrize("shape", [(300, 64), (40, 12, 9)])
@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: F.batch_norm(x, None, None, w, training=True),
        lambda x, w: F.group_norm(x, 4, w),
        lambda x, w: F.layer_norm(x.flatten(1), (x[0].numel(),)).reshape(x.shape) * w[0],
    ],
    ids=["batch", "group", "layer"],
)
def test_same_bits_for_any_number_of_threads(function, shape, threads, monkeypatch):
    monkeypatch.setattr(launch, "SPLIT_ABOVE", 1)
    threads(1)
    alone = gradients(function, *shape)
    threads(3)
    for a, b in zip(alone, gradients(function, *shape), strict=True):
        np.testing.assert_array_equal(a, b)


def test_instance_norm_follows_the_mean_over_samples():
    mean, var, x = mg.zeros(2), mg.ones(2), batch(3, 2, 5)
    F.instance_norm(x, mean, var, momentum=0.5)
    np.testing.assert_allclose(mean.numpy(), x.numpy().mean((0, 2)) / 2, rtol=1e-5)
    expected = 0.5 + x.numpy().var(2, ddof=1).mean(0) / 2
    np.testing.assert_allclose(var.numpy(), expected, rtol=1e-5)


def test_layer_norm_of_views():
    x = batch(6, 4, 5)
    y = F.layer_norm(x.permute(2, 0, 1), (4,)).numpy()
    np.testing.assert_array_equal(y, F.layer_norm(x.permute(2, 0, 1).contiguous(), (4,)).numpy())


def test_gradients_of_tiny_rows_neither_overflow_nor_vanish():
    """Their deviation of 1e-15 is cubed on the way."""
    rng = np.random.default_rng(0)
    x, g = 1e-15 * rng.standard_normal((4, 24)), rng.standard_normal((4, 24))

    def gradient(dtype):
        tiny = mg.tensor(x, dtype=dtype, requires_grad=True)
        mg.nn.functional.layer_norm(tiny, (24,), eps=1e-37).backward(mg.tensor(g, dtype=dtype))
        return tiny.grad.numpy()

    np.testing.assert_allclose(gradient(mg.float32), gradient(mg.float64), rtol=1e-4)


@pytest.mark.parametrize("shape, layout", [((6, 20), (6, 1, 20, 1)), ((3, 4, 15), (3, 2, 2, 15))])
def test_without_weight_and_bias_their_gradients_are_not_computed(rng, shape, layout):
    x, g, onto = rng.standard_normal((3, *shape)).astype(np.float32)
    k = backend.kernels_of(x)
    _, mean, variance = k.group_norm(x, None, None, layout, 1e-5)
    for added in (None, onto):
        call = g, x, None, mean, variance, layout, 1e-5, added
        whole, weight, bias = k.group_norm_vjp(*call)
        alone = k.group_norm_vjp(*call, False)
        np.testing.assert_array_equal(alone[0], whole)
        assert alone[1:] == (None, None) and weight.shape == bias.shape
        np.testing.assert_allclose(bias, g.reshape(layout).sum((0, 3)).ravel(), rtol=1e-4)
