"""Pooling and resizing: what no list of calls shows."""

import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad.kernels import registry
from minigrad.kernels.reference.resample import Table
from minigrad.nn import functional as F

rng = np.random.default_rng(0)


def tensor(*shape):
    return mg.tensor(rng.normal(size=shape))


def table(extent):
    """A random table: nearly regular windows, some entries left out."""
    taps, size = rng.integers(1, 4), rng.integers(1, 20)
    index = np.arange(size) * rng.integers(0, 3) + np.arange(taps)[:, None] - rng.integers(0, 2)
    weight = rng.normal(size=(taps, size)) * rng.integers(0, 3, (taps, size)).clip(0, 1)
    return Table(np.clip(index, 0, extent - 1), weight, extent)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_random_tables_equal_the_reference(axes):
    for _ in range(40):
        extents = rng.integers(1, 14, axes)
        x, tables = rng.normal(size=(2, 3, *extents)), tuple(map(table, extents))
        for name in ("resample", "max_pool"):
            actual, expected = (
                getattr(k, name)(x, tables) for k in (registry.CPU, registry.REFERENCE)
            )
            np.testing.assert_allclose(actual[0], expected[0], rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(actual[1], expected[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("window", [(2,), (2, 1), (3, 2, 1)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_ties_and_nans_of_wide_planes_equal_the_reference(dtype, window, monkeypatch):
    from minigrad.kernels.cpu import pool

    x = rng.choice([0.0, 1.0, 2.0, np.nan, -np.inf], (2, 3, 9, 33)).astype(dtype)
    results = []
    for few in (0, 100):  # all windows at a time, or one after the other
        monkeypatch.setattr(pool, "FEW", few)
        results.append(F.max_pool2d(mg.tensor(x), *window, return_indices=True))
    monkeypatch.setattr(registry.CPU, "max_pool", registry.REFERENCE.max_pool)
    expected = F.max_pool2d(mg.tensor(x), *window, return_indices=True)
    for result in results:
        for actual, wanted in zip(result, expected, strict=True):
            np.testing.assert_array_equal(actual.numpy(), wanted.numpy())


def test_transposed_tables_are_transposed_matrices():
    for _ in range(40):
        forth = table(rng.integers(1, 9))
        back = forth.transposed
        np.testing.assert_array_equal(back.matrix(), forth.matrix().T)
        assert back.transposed is forth


def test_weight_zero_leaves_out_what_it_would_multiply():
    x = mg.tensor([[[1.0, float("nan"), 3.0, float("inf")]]])
    assert F.interpolate(x, size=3, mode="linear", align_corners=True)[0, 0, 0] == 1
    assert F.avg_pool1d(x, 1).isnan().tolist() == x.isnan().tolist()


@pytest.mark.parametrize("width", [4, 40])  # one window after the other, or all of them at a time
def test_of_equal_elements_the_first_and_of_nans_the_last_is_taken(width):
    x = np.zeros((1, 1, 4, width))
    x[..., 0, 1] = x[..., 1, 0] = 2
    x[..., 2, 0] = x[..., 2, 1] = np.nan
    x[..., 2:, 2:4] = -np.inf
    y, at = F.max_pool2d(mg.tensor(x), 2, return_indices=True)
    assert at[0, 0, :, :2].tolist() == [[1, 2], [2 * width + 1, 2 * width + 2]]
    assert y[0, 0, 0, 0] == 2 and y[0, 0, 1, 0].isnan() and y[0, 0, 1, 1] == -float("inf")


def test_gradient_goes_to_the_largest_element_alone():
    x = mg.tensor([[3.0, 3.0, 1.0, 2.0]], requires_grad=True)
    F.max_pool1d(x, 3, 1).sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0, 0.0, 0.0]]


def test_places_are_kept_in_four_bytes_and_given_in_eight():
    y = F.max_pool2d(tensor(2, 3, 7, 6).requires_grad_(), 2)
    assert [a.dtype for a in y.grad_fn.saved] == [np.int32] and y.grad_fn.outputs is None
    assert F.max_pool2d(tensor(2, 3, 7, 6), 2, return_indices=True)[1].dtype is mg.int64


def test_unpooling_undoes_pooling():
    x = tensor(2, 3, 7, 6)
    y, at = F.max_pool2d(x, 2, return_indices=True)
    back = F.max_unpool2d(y, at, 2, output_size=x.shape)
    assert back.shape == x.shape
    assert ((back == x) | (back == 0)).all()
    assert mg.equal(F.max_pool2d(back.abs(), 2), y.abs())


def test_lp_pooling_has_no_gradient_where_all_is_zero():
    x = mg.zeros(1, 1, 4, requires_grad=True)
    F.lp_pool1d(x, 2, 2).sum().backward()
    assert x.grad.tolist() == [[[0.0] * 4]]
    with pytest.raises(ZeroDivisionError, match="norm_type must not be 0"):
        F.lp_pool1d(x, 0, 2)


FRACTIONAL = (
    (2, (2, 3)), (2, ((2, 3), (4, 3))), (2, (3, [3, 5])), (2, (2, None, (0.5, 0.6))), (2, (6, 1)),
    (2, (1, 4)), (3, (2, 3)), (3, ((2, 3, 1), (2, 3, 4))),
)  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize(("axes", "window"), FRACTIONAL)
def test_fractional_pooling_equals_torchs_for_given_samples(axes, window, batch):
    import torch

    x = rng.normal(size=(2, 3, *(6, 7, 5)[:axes]))
    samples = rng.random((len(x) if batch else 1, 3, axes))
    results = []
    for package in (mg, torch):
        t = package.tensor(x if batch else x[0], requires_grad=True)
        pool = getattr(package.nn.functional, f"fractional_max_pool{axes}d")
        options = {"return_indices": True, "_random_samples": package.tensor(samples)}
        y, at = pool(t, *window, **options)
        (y * y).sum().backward()
        results.append([y.detach(), at, t.grad])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_fractional_pooling_draws_windows_for_every_channel():
    x = mg.arange(100.0).expand(2, 3, 4, 100)
    mg.manual_seed(0)
    y = F.fractional_max_pool2d(x, 2, (3, 30))
    assert (y[..., 1:] > y[..., :-1]).all()
    assert not mg.equal(y[0, 0], y[0, 1])
    assert not mg.equal(y, F.fractional_max_pool2d(x, 2, (3, 30)))
    mg.manual_seed(0)
    assert mg.equal(y, F.fractional_max_pool2d(x, 2, (3, 30)))


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("mode", ["linear", "area"])
def test_resizing_keeps_constants(axes, mode):
    x = mg.ones(1, 1, *(5, 4, 3)[:axes])
    name = {1: "linear", 2: "bilinear", 3: "trilinear"}[axes] if mode == "linear" else mode
    for size in (1, 4, 7):
        np.testing.assert_allclose(F.interpolate(x, size, mode=name).numpy(), 1, rtol=1e-6)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_antialiasing_takes_all_elements_into_account(mode):
    x = mg.zeros(1, 1, 1, 12, requires_grad=True)
    F.interpolate(x, (1, 2), mode=mode, antialias=True).sum().backward()
    assert (x.grad != 0).all()
    np.testing.assert_allclose(x.grad.sum().item(), 2, rtol=1e-6)


def test_sampling_the_identity_grid_gives_the_image():
    x = tensor(2, 3, 4, 5)
    theta = mg.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]] * 2, dtype=mg.float64)
    for aligned in (True, False):
        grid = F.affine_grid(theta, x.shape, aligned)
        for mode in ("bilinear", "nearest", "bicubic"):
            y = F.grid_sample(x, grid, mode, "border", aligned)
            np.testing.assert_allclose(y.numpy(), x.numpy(), atol=1e-12)


def test_pixel_shuffle_is_undone():
    x = tensor(2, 18, 3, 4)
    assert mg.equal(F.pixel_unshuffle(F.pixel_shuffle(x, 3), 3), x)


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_old_names_warn(name):
    x = tensor(1, 2, 3, 4)
    with pytest.warns(UserWarning, match=f"{name} is deprecated"):
        y = getattr(F, name)(x, scale_factor=2)
    bilinear = {"mode": "bilinear", "align_corners": True} if "bilinear" in name else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mg.equal(y, F.interpolate(x, scale_factor=2, **bilinear))


def test_fractional_pooling_takes_more_samples_than_rows_and_none_at_all():
    x, samples = mg.rand(2, 4, 5), mg.rand(3, 2, 2)
    found = F.fractional_max_pool2d(x, 2, output_size=2, _random_samples=samples)
    same = F.fractional_max_pool2d(x, 2, output_size=2, _random_samples=samples[:1])
    assert found.tolist() == same.tolist()
    empty = F.fractional_max_pool3d(mg.rand(0, 1, 4, 5, 4), 2, output_size=2)
    assert empty.shape == (0, 1, 2, 2, 2)
