"""Real data that needs no download: scikit-learn's bundled sets, and Python's own source text."""

import sysconfig
from pathlib import Path

import numpy as np

from ..engine.graph import new_tensor
from .dataset import Dataset, TensorDataset

__all__ = ["Characters", "breast_cancer", "diabetes", "digits", "iris", "wine"]


def _bundled(name, scale, seed):
    """Training and test set of scikit-learn's set of a name; a quarter is the test."""
    try:
        from sklearn import datasets, model_selection
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{name} comes with scikit-learn, which is missing: pip install 'minigrad[data]'"
        ) from error
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    classes = y.dtype.kind == "i"
    x_train, x_test, y_train, y_test = model_selection.train_test_split(
        x, y, test_size=0.25, stratify=y if classes else None, random_state=seed
    )
    x_train, x_test = scale(x_train, x_train), scale(x_test, x_train)
    kind = np.int64 if classes else np.float32
    return tuple(
        TensorDataset(new_tensor(x.astype(np.float32)), new_tensor(y.astype(kind)))
        for x, y in ((x_train, y_train), (x_test, y_test))
    )


def _standardised(x, train):
    """Columns of mean 0 and variance 1 in the training set."""
    return (x - train.mean(0)) / train.std(0)


def digits(seed=0):
    """1797 images of handwritten digits, 8×8 pixels in [−1, 1]: (N, 64), ten classes.

    Returns the training set and the test set, a quarter of each class. Source: Alpaydin and Kaynak
    1998.

    >>> train, test = digits()
    >>> len(train), len(test), train[0][0].shape
    (1347, 450, (64,))
    """
    return _bundled("digits", lambda x, train: x / 8 - 1, seed)


def breast_cancer(seed=0):
    """569 tumours, 30 standardised measures of each, benign (1) or malignant (0).

    Returns the training set and the test set. Source: Wolberg, Street and Mangasarian 1995.
    """
    return _bundled("breast_cancer", _standardised, seed)


def wine(seed=0):
    """178 wines of three growers, 13 standardised measures of each.

    Returns the training set and the test set. Source: Aeberhard and Forina 1991.
    """
    return _bundled("wine", _standardised, seed)


def iris(seed=0):
    """150 flowers of three species, four standardised measures of each.

    Returns the training set and the test set. Source: Fisher 1936.
    """
    return _bundled("iris", _standardised, seed)


def diabetes(seed=0):
    """442 patients, ten standardised measures of each, and how their illness went on (a number).

    Returns the training set and the test set; targets are standardised too. Source: Efron et al.
    2004.
    """
    train, test = _bundled("diabetes", _standardised, seed)
    values = train.tensors[1]._array
    mean, std = values.mean(), values.std()
    for part in (train, test):
        x, y = part.tensors
        part.tensors = x, new_tensor((y._array - mean) / std)
    return train, test


class Characters(Dataset):
    """Stretches of text as numbers of characters: (length,) and the same shifted by one.

    ``text`` is a string; None takes modules of Python's standard library, up to ``limit``
    characters. ``vocabulary`` holds the characters in order; ``encode`` and ``decode`` go between
    text and numbers. Stretches do not overlap.

    >>> data = Characters("abcabcabc", length=3)
    >>> data[0], data.decode(data[1][1]), len(data)
    ((tensor([0, 1, 2]), tensor([1, 2, 0])), 'bca', 2)
    """

    def __init__(self, text=None, length=64, limit=200_000):
        text = standard_library(limit) if text is None else text[:limit]
        if len(text) <= length:
            raise ValueError(f"a text of {len(text)} characters is too short for length={length}")
        self.vocabulary = "".join(sorted(set(text)))
        self.length = length
        self._places = {character: place for place, character in enumerate(self.vocabulary)}
        self.numbers = self.encode(text)._array

    def encode(self, text):
        """The numbers of the characters of a text, as a tensor; KeyError for one not in it."""
        return new_tensor(np.array([self._places[character] for character in text], np.int64))

    def decode(self, numbers):
        """The text of a tensor of numbers."""
        return "".join(self.vocabulary[number] for number in numbers.tolist())

    def __len__(self):
        return (len(self.numbers) - 1) // self.length

    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} stretches")
        start = index % len(self) * self.length
        both = self.numbers[start : start + self.length + 1]
        return new_tensor(both[:-1]), new_tensor(both[1:])


def standard_library(limit):
    """The beginning of the source text of Python's standard library, its ASCII characters."""
    text = ""
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text += path.read_text(encoding="utf-8", errors="ignore")
        if len(text) >= limit:
            break
    return "".join(character for character in text if character.isascii())[:limit]
