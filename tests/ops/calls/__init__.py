"""Calls of public functions, written once and made on minigrad and on PyTorch alike.

Each module of this package lists the ``CALLS`` of a room of ops and what it ``REFUSED``. Arrays
among the arguments become tensors; floating ones take the dtype under test. A name that begins
with a dot is a tensor method, called on the first argument; other names are dotted paths below the
package, such as ``nn.functional.pad``.
"""

import importlib
import pkgutil
from dataclasses import dataclass, field

import numpy as np

FLOATS = ("float64", "float32")
HALVES = ("float16", "bfloat16")
INTEGERS = ("int64", "int32", "uint8")
EVERY = (*FLOATS, *HALVES, *INTEGERS, "bool")


@dataclass(frozen=True)
class Named:
    """What the package itself calls by this name, a dtype mostly."""

    name: str

    def __repr__(self):
        return self.name


@dataclass(frozen=True)
class Call:
    """One call of a public function and what is asked of it.

    ``dtypes`` are those that floating arguments take in turn: where PyTorch refuses one, so must
    minigrad. ``differentiable`` False excuses from gradient checks (a function with integer
    results, say); ``twice`` False from second ones; ``device`` False from the stand-in for a GPU
    (it makes or moves memory by the name of a device). ``error`` replaces the relative error of
    float32 and float64 where the function is hard.
    """

    name: str
    args: tuple
    kwargs: dict
    dtypes: tuple = FLOATS
    differentiable: bool = True
    twice: bool = True
    device: bool = True
    error: dict = field(default_factory=dict)

    def __str__(self):
        keywords = (f"{name}={_short(value)}" for name, value in self.kwargs.items())
        return f"{self.name}({','.join([*map(_short, self.args), *keywords])})"


@dataclass(frozen=True)
class Refusal:
    """A call that raises, with a message in which ``match`` is found."""

    name: str
    args: tuple
    kwargs: dict
    match: str

    __str__ = Call.__str__


def _short(value):
    if isinstance(value, np.ndarray):
        kind = value.dtype.kind.replace("f", "")
        return "x".join(map(str, value.shape)) + kind
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_short, value)) + "]"
    return str(value)


_FACTS = ("dtypes", "differentiable", "twice", "device", "error")


def call(name, *args, **kwargs):
    """A :class:`Call` with these arguments; the keywords that are its own fields describe it."""
    facts = {fact: kwargs.pop(fact) for fact in _FACTS if fact in kwargs}
    return Call(name, args, kwargs, **facts)


def refuse(match, name, *args, **kwargs):
    """A :class:`Refusal`: ``match`` is a pattern of what the message must say."""
    return Refusal(name, args, kwargs, match)


class Draw:
    """Draws the arrays of one module's calls, the same in every process."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape):
        return np.asarray(self.rng.normal(size=shape))

    def uniform(self, low, high, *shape):
        return np.asarray(self.rng.uniform(low, high, shape))

    def integers(self, low, high, *shape):
        return np.asarray(self.rng.integers(low, high, shape, dtype=np.int64))

    def booleans(self, *shape):
        return np.asarray(self.rng.random(shape) < 0.5)

    def distinct(self, *shape):
        """Numbers at least 0.1 apart, in random order."""
        count = int(np.prod(shape))
        return (self.rng.permutation(count) - count // 2).reshape(shape) * 0.1


def listed(attribute):
    """{"room-number-call": item} over the CALLS or REFUSED of every module."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        items = getattr(importlib.import_module(f"{__name__}.{module.name}"), attribute, [])
        for number, item in enumerate(items):
            found[f"{module.name}-{number}-{item}".replace(" ", "")] = item
    return found
