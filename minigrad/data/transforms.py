"""Transforms of samples, and augmentation: names and arguments are those of torchvision's v2.

Images are tensors (…, H, W), channels before. Random transforms draw from the default generator; in
a :class:`~minigrad.data.DataLoader` their numbers follow from the seed, the pass and the index of
the sample, whatever the number of workers.
"""

import math

from ..engine.graph import TensorBase
from ..ops.arithmetic import add, mul
from ..ops.clamp import clamp
from ..ops.creation import full, tensor
from ..ops.grid_sample import affine_grid, grid_sample
from ..ops.padding import pad
from ..ops.rearrange import flip, roll
from ..ops.sampling import randn
from ..random import default_generator, mixed
from .dataset import Dataset

__all__ = [
    "CenterCrop", "Compose", "CutMix", "GaussianNoise", "Lambda", "MixUp", "Normalize", "Pad",
    "RandomAffine", "RandomApply", "RandomCrop", "RandomErasing", "RandomHorizontalFlip",
    "RandomRotation", "RandomVerticalFlip", "Transformed",
]  # fmt: skip


class Transformed(Dataset):
    """A data set whose inputs, the first element of each sample, go through a transform.

    >>> import minigrad as mg
    >>> data = mg.data.TensorDataset(mg.ones(2, 1), mg.arange(2))
    >>> Transformed(data, lambda x: x * 3)[1]
    (tensor([3.]), tensor(1))
    """

    def __init__(self, dataset, transform):
        self.dataset = dataset
        self.transform = transform

    def __getitem__(self, index):
        sample = self.dataset[index]
        if not isinstance(sample, list | tuple):
            return self.transform(sample)
        return type(sample)((self.transform(sample[0]), *sample[1:]))

    def __len__(self):
        return len(self.dataset)


class Compose:
    """Several transforms, one after the other."""

    def __init__(self, transforms):
        self.transforms = list(transforms)

    def __call__(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x


class Lambda:
    """A function as a transform."""

    def __init__(self, lambd):
        if not callable(lambd):
            raise TypeError(f"Lambda takes a function, got {type(lambd).__name__}")
        self.lambd = lambd

    def __call__(self, x):
        return self.lambd(x)


class Normalize:
    """(x − mean) / std, a number of each for every channel.

    >>> import minigrad as mg
    >>> Normalize([1.0], [2.0])(mg.tensor([[[3.0]]]))
    tensor([[[1.]]])
    """

    def __init__(self, mean, std):
        self.mean, self.std = (tensor(v).reshape(-1, 1, 1) for v in (mean, std))
        if (self.std == 0).any():
            raise ValueError(f"std must not be 0, got {std}")

    def __call__(self, x):
        return (x - self.mean) / self.std


class Pad:
    """``padding`` pixels around an image: one number, (left and right, top and bottom), or all 4.

    The four are left, top, right, bottom. ``padding_mode`` is "constant", "edge" or "reflect".
    """

    MODES = {"constant": "constant", "edge": "replicate", "reflect": "reflect"}

    def __init__(self, padding, fill=0.0, padding_mode="constant"):
        if padding_mode not in self.MODES:
            raise ValueError(f"padding_mode must be one of {tuple(self.MODES)}")
        sides = [padding] * 4 if isinstance(padding, int) else list(padding)
        sides = sides * 2 if len(sides) == 2 else sides
        if len(sides) != 4:
            raise ValueError(f"padding must be one, two or four numbers, got {padding!r}")
        left, top, right, bottom = sides
        self.sides = [left, right, top, bottom]
        self.fill = fill
        self.mode = self.MODES[padding_mode]

    def __call__(self, x):
        return pad(x, self.sides, self.mode, self.fill if self.mode == "constant" else None)


def _cropped(x, top, left, size):
    height, width = size
    if x.shape[-2] < height or x.shape[-1] < width:
        raise ValueError(f"a crop of {size} does not fit into an image of {tuple(x.shape[-2:])}")
    return x[..., top : top + height, left : left + width]


def _pair(size):
    return (size, size) if isinstance(size, int) else tuple(size)


class CenterCrop:
    """The middle of an image."""

    def __init__(self, size):
        self.size = _pair(size)

    def __call__(self, x):
        height, width = self.size
        top, left = round((x.shape[-2] - height) / 2), round((x.shape[-1] - width) / 2)
        return _cropped(x, max(top, 0), max(left, 0), self.size)


class RandomCrop:
    """A part of an image at a random place, after padding it."""

    def __init__(self, size, padding=None, fill=0.0, padding_mode="constant"):
        self.size = _pair(size)
        self.pad = None if padding is None else Pad(padding, fill, padding_mode)

    def __call__(self, x):
        x = x if self.pad is None else self.pad(x)
        height, width = self.size
        top = _whole(max(x.shape[-2] - height, 0) + 1)
        left = _whole(max(x.shape[-1] - width, 0) + 1)
        return _cropped(x, top, left, self.size)


class RandomApply:
    """Transforms that are applied with probability ``p``."""

    def __init__(self, transforms, p=0.5):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p must be a probability, got {p!r}")
        self.transform = Compose(transforms)
        self.p = p

    def __call__(self, x):
        return self.transform(x) if _chance() < self.p else x


class RandomHorizontalFlip(RandomApply):
    """Left and right exchanged with probability ``p``."""

    axis = -1

    def __init__(self, p=0.5):
        super().__init__([self.flipped], p)

    def flipped(self, x):
        """The image, exchanged for certain."""
        return flip(x, (self.axis % x.ndim,))


class RandomVerticalFlip(RandomHorizontalFlip):
    """Top and bottom exchanged with probability ``p``."""

    axis = -2


class GaussianNoise:
    """x plus normal noise; within [0, 1] with ``clip``."""

    def __init__(self, mean=0.0, sigma=0.1, clip=True):
        if sigma < 0:
            raise ValueError(f"sigma must not be negative, got {sigma!r}")
        self.mean, self.sigma, self.clip = mean, sigma, clip

    def __call__(self, x):
        noisy = add(x, self.mean + self.sigma * randn(*x.shape, dtype=x.dtype))
        return clamp(noisy, 0.0, 1.0) if self.clip else noisy


class RandomErasing:
    """With probability ``p``, a rectangle of ``scale`` of the area becomes ``value``.

    ``ratio`` bounds its height over width. Source: Zhong et al. 2020.
    """

    TRIES = 10

    def __init__(self, p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0.0):
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"p must be a probability, got {p!r}")
        self.p, self.scale, self.ratio, self.value = p, scale, ratio, value

    def __call__(self, x):
        if _chance() >= self.p:
            return x
        rows, columns = x.shape[-2:]
        for _ in range(self.TRIES):
            area = rows * columns * _uniform(*self.scale)
            ratio = math.exp(_uniform(*map(math.log, self.ratio)))
            height, width = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < height < rows and 0 < width < columns:
                top = _whole(rows - height + 1)
                left = _whole(columns - width + 1)
                erased = x.detach().clone()
                erased[..., top : top + height, left : left + width] = self.value
                return erased
        return x


def _chance():
    """A number of [0, 1) from the default generator, without the cost of a tensor."""
    return (mixed(*default_generator.reserve(1)) >> 11) / 2**53


def _uniform(low, high):
    return low + (high - low) * _chance()


def _whole(count):
    """A whole number from 0 to below ``count``."""
    return int(count * _chance())


class RandomAffine:
    """A random rotation, shift, zoom and shear of an image, by bilinear interpolation.

    ``degrees`` (counter-clockwise) and ``shear`` are bounds, a number d being −d to d;
    ``translate`` the largest shares of width and height, ``scale`` bounds the zoom. Pixels from
    outside are 0.
    """

    def __init__(self, degrees, translate=(0.0, 0.0), scale=(1.0, 1.0), shear=0.0):
        self.degrees = (-degrees, degrees) if isinstance(degrees, int | float) else degrees
        self.translate = translate
        self.scale = scale
        self.shear = (-shear, shear) if isinstance(shear, int | float) else shear

    def __call__(self, x):
        angle, shear = (math.radians(_uniform(*bounds)) for bounds in (self.degrees, self.shear))
        zoom = _uniform(*self.scale)
        shift = [2 * _uniform(-share, share) for share in self.translate]
        rows, columns = x.shape[-2:]
        aspect = rows / columns
        cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
        lean = math.tan(shear)
        theta = tensor([[
            [cos, (cos * lean - sin) * aspect, -shift[0]],
            [sin / aspect, sin * lean + cos, -shift[1]],
        ]])  # fmt: skip
        images = x.reshape(1, -1, rows, columns)
        grid = affine_grid(theta.to(x.dtype), images.shape, align_corners=False)
        return grid_sample(images, grid, align_corners=False).reshape(x.shape)


class RandomRotation(RandomAffine):
    """A rotation by a random angle within ``degrees``."""

    def __init__(self, degrees):
        super().__init__(degrees)


class MixUp:
    """Batches of samples mixed with those of a shuffled batch: λ x + (1 − λ) x′, targets alike.

    λ is from Beta(α, α). Targets become class probabilities (N, C), which
    :class:`~minigrad.nn.CrossEntropyLoss` takes. Give it as part of ``collate_fn``, or call it on
    (x, y). Source: Zhang et al. 2018.

    >>> import minigrad as mg
    >>> x, y = MixUp(num_classes=3)(mg.rand(4, 1, 8, 8), mg.tensor([0, 1, 2, 0]))
    >>> x.shape, mg.allclose(y.sum(1), mg.ones(4))
    ((4, 1, 8, 8), True)
    """

    def __init__(self, *, num_classes, alpha=1.0):
        if alpha <= 0:
            raise ValueError(f"alpha must be positive, got {alpha!r}")
        self.num_classes = num_classes
        self.alpha = alpha

    def __call__(self, x, y):
        if not isinstance(x, TensorBase) or x.shape[:1] != y.shape[:1]:
            raise ValueError(f"a batch needs as many targets as samples: {x.shape} and {y.shape}")
        hot = y if y.is_floating_point() else _one_hot(y, self.num_classes)
        x, share = self.mixed(x, _beta(self.alpha))
        return x, _blend(hot, roll(hot, 1, 0), share)

    def mixed(self, x, share):
        """The mixed inputs, and the share of them that is the sample's own."""
        return _blend(x, roll(x, 1, 0), share), share


class CutMix(MixUp):
    """As :class:`MixUp`, but a rectangle of each image comes from the other one.

    It covers a share 1 − λ of the area where it lies within the image; targets are mixed by the
    share that is really covered. Source: Yun et al. 2019.
    """

    def mixed(self, x, share):
        rows, columns = x.shape[-2:]
        y, x_ = _whole(rows), _whole(columns)
        half = math.sqrt(1 - share) / 2
        top, bottom = max(int(y - half * rows), 0), min(int(y + half * rows), rows)
        left, right = max(int(x_ - half * columns), 0), min(int(x_ + half * columns), columns)
        mixed = x.detach().clone()
        mixed[..., top:bottom, left:right] = roll(x, 1, 0)[..., top:bottom, left:right]
        return mixed, 1 - (bottom - top) * (right - left) / (rows * columns)


def _blend(one, other, share):
    return add(mul(one, share), mul(other, 1 - share))


def _one_hot(y, classes):
    hot = full((len(y), classes), 0.0)
    return hot.scatter(1, y.reshape(-1, 1), 1.0)


def _beta(alpha):
    """A number from Beta(α, α), by two of Gamma(α, 1). Source: Marsaglia and Tsang 2000."""
    one, other = _gamma(alpha), _gamma(alpha)
    return one / (one + other)


def _gamma(alpha):
    boost = 1.0
    if alpha < 1:
        boost, alpha = _chance() ** (1 / alpha), alpha + 1
    d = alpha - 1 / 3
    while True:
        x = randn(1).item()
        v = (1 + x / math.sqrt(9 * d)) ** 3
        if v > 0 and math.log(1 - _chance()) < x * x / 2 + d - d * v + d * math.log(v):
            return max(boost * d * v, 1e-300)
