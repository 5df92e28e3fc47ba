"""Transforms: what stays, what changes, and that chance follows from the sample alone."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import transforms as T


@pytest.fixture
def image():
    return mg.arange(2 * 6 * 8).reshape(2, 6, 8).float()


RANDOM = {
    "flip": T.RandomHorizontalFlip(), "vertical": T.RandomVerticalFlip(),
    "crop": T.RandomCrop((6, 8), padding=2), "noise": T.GaussianNoise(clip=False),
    "erasing": T.RandomErasing(), "rotation": T.RandomRotation(20),
    "affine": T.RandomAffine(10, (0.2, 0.1), (0.8, 1.2), 5),
}  # fmt: skip


@pytest.mark.parametrize("name", RANDOM)
def test_chance_follows_from_the_generator(name, image):
    transform, before = RANDOM[name], image.tolist()
    found = []
    for seed in (1, 1, *range(2, 12)):
        mg.manual_seed(seed)
        found.append(transform(image).tolist())
    assert found[0] == found[1] and any(other != found[0] for other in found[2:])
    assert image.tolist() == before
    assert np.shape(found[0]) == (2, 6, 8)


@pytest.mark.parametrize("workers", [0, 2])
def test_augmented_batches_do_not_depend_on_workers(workers):
    images = mg.data.TensorDataset(mg.rand(10, 1, 6, 6), mg.arange(10))
    data = T.Transformed(images, T.Compose([*RANDOM.values()][:2]))
    mg.manual_seed(5)
    found = [x.tolist() for x, _ in mg.data.DataLoader(data, 4, num_workers=workers)]
    mg.manual_seed(5)
    assert found == [x.tolist() for x, _ in mg.data.DataLoader(data, 4)]


def test_flips_and_crops(image):
    assert (T.RandomHorizontalFlip(1.0)(image) == image.flip(2)).all()
    assert (T.RandomVerticalFlip(1.0)(image) == image.flip(1)).all()
    assert (T.RandomHorizontalFlip(0.0)(image) == image).all()
    assert (T.CenterCrop((2, 4))(image) == image[:, 2:4, 2:6]).all()
    odd = mg.arange(5.0).reshape(1, 5, 1).expand(1, 5, 5)
    assert T.CenterCrop(2)(odd)[0, :, 0].tolist() == [2, 3]  # halves are rounded to even
    assert T.RandomCrop(4)(image).shape == (2, 4, 4)
    with pytest.raises(ValueError, match="does not fit"):
        T.RandomCrop(7)(image)


def test_padding(image):
    assert T.Pad(1)(image).shape == (2, 8, 10) and T.Pad((1, 2))(image).shape == (2, 10, 10)
    assert T.Pad((1, 2, 3, 4), fill=7.0)(image)[0, 0, 0].item() == 7.0
    assert T.Pad((1, 2, 3, 4))(image).shape == (2, 12, 12)
    assert (T.Pad(1, padding_mode="edge")(image)[:, 0, 1:-1] == image[:, 0]).all()
    with pytest.raises(ValueError, match="padding"):
        T.Pad((1, 2, 3))


def test_no_rotation_is_the_image(image):
    assert mg.allclose(T.RandomAffine(0)(image), image, atol=1e-4)


def test_a_quarter_turn_is_a_rotation_of_the_array():
    image = mg.rand(1, 7, 7)
    turned = T.RandomRotation((90, 90))(image).numpy()[0]
    np.testing.assert_allclose(turned, np.rot90(image.numpy()[0]), atol=1e-5)


def test_a_shift_moves_pixels():
    image = mg.zeros(1, 5, 5)
    image[0, 2, 2] = 1.0
    mg.manual_seed(0)
    moved = T.RandomAffine(0, translate=(0.4, 0.4))(image)
    assert moved.sum().item() == pytest.approx(1.0, abs=1e-5) and not mg.allclose(moved, image)


def test_normalising_and_functions():
    x = mg.tensor([[[2.0]], [[4.0]]])
    assert T.Normalize([1, 2], [1, 4])(x).ravel().tolist() == [1.0, 0.5]
    assert T.Compose([T.Lambda(lambda v: v + 1), T.Lambda(lambda v: v * 2)])(1) == 4
    with pytest.raises(ValueError, match="std"):
        T.Normalize([0.0], [0.0])


@pytest.mark.parametrize("kind", [T.MixUp, T.CutMix])
def test_mixed_batches(kind):
    x, y = mg.zeros(4, 1, 8, 8), mg.tensor([0, 1, 2, 0])
    x[:, 0] = y.reshape(4, 1, 1).float()
    for seed in range(5):
        mg.manual_seed(seed)
        mixed, targets = kind(num_classes=3)(x, y)
        expected = mg.tensor([0.0, 1.0, 2.0])
        assert mg.allclose(mixed.mean((1, 2, 3)), targets @ expected, atol=1e-5)
        assert mg.allclose(targets.sum(1), mg.ones(4))
    mg.nn.functional.cross_entropy(mg.rand(4, 3), targets)


def test_shares_are_from_a_beta_distribution():
    for alpha in (0.3, 2.0):
        shares = np.array([T._beta(alpha) for _ in range(600)])
        assert abs(shares.mean() - 0.5) < 0.04
        assert shares.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.2)
    with pytest.raises(ValueError, match="alpha"):
        T.MixUp(num_classes=2, alpha=0)
