"""What calls and layers that are made on minigrad and on PyTorch alike have in common."""

import importlib
import pkgutil
from dataclasses import dataclass

import numpy as np

FLOATS = ("float64", "float32")
HALVES = ("float16", "bfloat16")
INTEGERS = ("int64", "int32", "uint8")
EVERY = (*FLOATS, *HALVES, *INTEGERS, "bool")
REFUSES = (TypeError, ValueError, IndexError, KeyError, RuntimeError)


@dataclass(frozen=True)
class Named:
    """What the package itself calls by this dotted name: a dtype, a function."""

    name: str

    def __str__(self):
        return self.name.rpartition(".")[2]

    __repr__ = __str__

    def found(self, package):
        """What a package has under the name."""
        for part in self.name.split("."):
            package = getattr(package, part)
        return package


@dataclass(frozen=True)
class Call:
    """A function by its dotted name with its arguments.

    A name that begins with a dot is a method, called on the first argument.
    """

    name: str
    args: tuple
    kwargs: dict

    def __str__(self):
        keywords = (f"{name}={_short(value)}" for name, value in self.kwargs.items())
        return f"{self.name}({','.join([*map(_short, self.args), *keywords])})"

    __repr__ = __str__

    def made(self, package, tensor):
        """The result of the call on a package, ``tensor`` making its tensors."""
        args = [converted(a, tensor, package) for a in self.args]
        kwargs = {name: converted(v, tensor, package) for name, v in self.kwargs.items()}
        if self.name.startswith("."):
            return getattr(args[0], self.name[1:])(*args[1:], **kwargs)
        return Named(self.name).found(package)(*args, **kwargs)


def calling(name, *args, **kwargs):
    """A :class:`Call` with these arguments, as an argument of another call."""
    return Call(name, args, kwargs)


def _short(value):
    if isinstance(value, np.ndarray):
        kind = value.dtype.kind.replace("f", "")
        return "x".join(map(str, value.shape)) + kind
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_short, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_short(v)}" for key, v in value.items()) + "}"
    return str(value)


def converted(value, tensor, package):
    """The argument with arrays made tensors, and names and calls what the package makes of them."""
    if isinstance(value, np.ndarray):
        return tensor(value)
    if isinstance(value, Named):
        return value.found(package)
    if isinstance(value, Call):
        return value.made(package, tensor)
    if type(value) in (list, tuple):
        return type(value)(converted(v, tensor, package) for v in value)
    if type(value) is dict:
        return {key: converted(v, tensor, package) for key, v in value.items()}
    return value


def flat(result):
    """All results in nested tuples and lists, in order."""
    if isinstance(result, tuple | list):
        return [leaf for part in result for leaf in flat(part)]
    return [result]


def arrays(value):
    """The floating arrays among the arguments, in order."""
    if isinstance(value, np.ndarray):
        return [value] if value.dtype.kind == "f" else []
    if isinstance(value, Call):
        return arrays([*value.args, *value.kwargs.values()])
    if type(value) in (list, tuple):
        return [leaf for part in value for leaf in arrays(part)]
    return []


def close(actual, expected, error):
    """Same shape, and values within an error relative to the largest finite element."""
    assert actual.shape == expected.shape
    finite = expected[np.isfinite(expected)]
    scale = np.abs(finite).max(initial=0) if expected.dtype.kind == "f" else 0
    np.testing.assert_allclose(actual, expected, rtol=error, atol=error * scale)


def plain(dtype):
    """The name of a dtype without its package."""
    return str(dtype).partition(".")[2]


def host(tensor):
    """A PyTorch tensor's values in NumPy, floats as float64."""
    tensor = tensor.detach()
    return tensor.double().numpy() if tensor.is_floating_point() else tensor.numpy()


def weights(tensor, number):
    """Fixed weights in the shape of a tensor, to make a number of it that has a gradient."""
    return np.cos(np.arange(tensor.numel()) + number).reshape(tuple(tensor.shape))


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


def listed(package, attribute):
    """{"module-number-item": item} over a list that the modules of a package have."""
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        items = getattr(
            importlib.import_module(f"{package.__name__}.{module.name}"), attribute, []
        )
        for number, item in enumerate(items):
            found[f"{module.name}-{number}-{item}".replace(" ", "")] = item
    return found
