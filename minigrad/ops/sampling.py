"""Random tensors: every draw takes the next counters of a generator, and none is recorded."""

import numpy as np

from .. import backend, dtypes, random
from ..engine.graph import TensorBase, as_array, dtype_of, new_tensor, values
from .creation import extents, placed, sized
from .operands import check_shape, only_tensors, tensor_of

__all__ = [
    "bernoulli",
    "multinomial",
    "normal",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
]


def fill(kernel, array, generator=None):
    """Fill an array by the named random kernel from the next counters of a generator."""
    if generator is not None and not isinstance(generator, random.Generator):
        raise TypeError(f"generator must be a Generator, got {type(generator).__name__}")
    per_counter = 4 if array.dtype.itemsize == 4 else 2
    generator = generator or random.default_generator
    key, counter = generator.reserve(-(-array.size // per_counter))
    getattr(backend.kernels_of(array), kernel)(array, key, counter)
    return array


def _filled(kernel, size, generator, dtype, device, requires_grad):
    """A tensor filled by one of the random kernels."""
    dtype = dtypes.check(dtype) if dtype is not None else dtypes.get_default_dtype()
    if not dtype.is_floating_point:
        raise RuntimeError(f"random floats need a floating-point dtype, got {dtype}")
    storage = np.dtype(np.float64 if dtype is dtypes.float64 else np.float32)
    array = fill(kernel, backend.empty(extents(size), storage), generator)
    return placed(array, None, dtype, device, requires_grad)


@sized
def rand(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Uniform random numbers in [0, 1)."""
    return _filled("fill_uniform", size, generator, dtype, device, requires_grad)


@sized
def randn(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Standard normal random numbers.

    >>> import minigrad as mg
    >>> mg.randn(2, 3, generator=mg.Generator().manual_seed(0)).shape
    (2, 3)
    """
    return _filled("fill_normal", size, generator, dtype, device, requires_grad)


def _like(kernel, input, dtype, device, generator, requires_grad):
    only_tensors("random numbers like a tensor", input)
    device = device or backend.device_of(input._array)
    shape, dtype = input._array.shape, dtype or dtype_of(input)
    return _filled(kernel, shape, generator, dtype, device, requires_grad)


def rand_like(input, *, dtype=None, device=None, generator=None, requires_grad=False):
    """Uniform random numbers in the shape, dtype and on the device of ``input``."""
    return _like("fill_uniform", input, dtype, device, generator, requires_grad)


def randn_like(input, *, dtype=None, device=None, generator=None, requires_grad=False):
    """Standard normal random numbers in the shape, dtype and on the device of ``input``."""
    return _like("fill_normal", input, dtype, device, generator, requires_grad)


def randint(
    low=None, high=None, size=None, *, generator=None, dtype=dtypes.int64, device=None,
    requires_grad=False,
):  # fmt: skip
    """Random integers in [low, high); ``randint(high, size)`` starts at 0.

    >>> import minigrad as mg
    >>> mg.randint(3, 5, (4,)).max().item() < 5
    True
    """
    if high is None or isinstance(high, tuple | list):
        low, high, size = 0, low, high if size is None else size
    low = 0 if low is None else low
    if size is None:
        raise TypeError("randint: size is missing; it must be a tuple such as (2, 3)")
    if not isinstance(size, tuple | list):
        raise TypeError(f"randint: size must be a tuple of ints, got {type(size).__name__}")
    return placed(_integers(low, high, size, generator), None, dtype, device, requires_grad)


def _integers(low, high, size, generator):
    if low >= high:
        raise RuntimeError(f"randint: low={low} must be below high={high}")
    array = fill("fill_uniform", np.empty(extents((size,)), np.float64), generator)
    return np.asarray(np.floor(array * (high - low)).astype(np.int64) + low)


def randint_like(input, low=0, high=None, *, dtype=None, device=None, generator=None):
    """Random integers in [low, high) in the shape and dtype of ``input``."""
    only_tensors("randint_like", input)
    low, high = (0, low) if high is None else (low, high)
    array = _integers(low, high, input._array.shape, generator)
    device = device or backend.device_of(input._array)
    return placed(array, None, dtype or dtype_of(input), device, False)


def randperm(n, *, generator=None, dtype=dtypes.int64, device=None, requires_grad=False):
    """A random order of the integers 0 to n − 1."""
    array = fill("fill_uniform", np.empty(extents((n,)), np.float64), generator)
    order = np.argsort(array, kind="stable")
    return placed(order, None, dtype, device, requires_grad)


def uniform_like(array, generator=None):
    """Uniform random numbers in the shape, width and on the backend of an array."""
    xp = backend.array_module(array)
    wide = np.float64 if array.dtype == np.float64 else np.float32
    return fill("fill_uniform", xp.empty(array.shape, wide), generator)


def normal_like(array, generator=None):
    """Standard normal random numbers in the shape, width and on the backend of an array."""
    xp = backend.array_module(array)
    wide = np.float64 if array.dtype == np.float64 else np.float32
    return fill("fill_normal", xp.empty(array.shape, wide), generator)


def exponential_like(array, generator=None):
    """Random numbers of density e⁻ˣ, x > 0, in the shape of an array."""
    xp = backend.array_module(array)
    return -xp.log1p(-uniform_like(array, generator))


def check_probability(p, argument="p"):
    """Raise RuntimeError unless every element of p lies in [0, 1]."""
    xp = backend.array_module(p)
    if not bool(xp.all((p >= 0) & (p <= 1))):
        raise RuntimeError(f"{argument} must hold probabilities in [0, 1]")


def bernoulli(input, p=None, *, generator=None):
    """1 with the probability given by each element of ``input`` (or by ``p``), else 0.

    >>> import minigrad as mg
    >>> mg.bernoulli(mg.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    x = tensor_of(input)
    chance = values(x) if p is None else np.full((), p)
    if p is None and not x.dtype.is_floating_point:
        raise RuntimeError(f"bernoulli: input must be floating point, got {x.dtype}")
    check_probability(chance, "input" if p is None else "p")
    hits = uniform_like(values(x), generator) < chance
    dtype = dtypes.float32 if x._tag else x.dtype
    made = new_tensor(as_array(hits.astype(dtype.storage)))
    return made.to(x.dtype)


def multinomial(input, num_samples, replacement=False, *, generator=None):
    """``num_samples`` class numbers per row, drawn with probabilities proportional to the row.

    ``input`` is (classes,) or (rows, classes), non-negative, not necessarily summing to 1; the
    result int64. Without ``replacement`` no class is drawn twice from a row.
    """
    x = tensor_of(input)
    weights = values(x)
    if weights.ndim not in (1, 2) or not x.dtype.is_floating_point:
        raise RuntimeError(
            "multinomial: input must be floating point with 1 or 2 dimensions, got "
            f"{x.dtype} and shape {weights.shape}"
        )
    if num_samples < 1:
        raise RuntimeError(f"multinomial: num_samples must be positive, got {num_samples}")
    classes = weights.shape[-1]
    if not replacement and num_samples > classes:
        raise RuntimeError(
            f"multinomial: cannot draw num_samples={num_samples} of {classes} classes without "
            "replacement"
        )
    xp = backend.array_module(weights)
    if not bool(xp.all(xp.isfinite(weights) & (weights >= 0))):
        raise RuntimeError("multinomial: input must hold finite numbers that are not negative")
    if not bool(xp.all(weights.sum(-1) > 0)):
        raise RuntimeError("multinomial: the probabilities of each row must have a positive sum")
    draw = _drawn_again if replacement else _drawn_once
    return new_tensor(as_array(draw(xp, weights.astype("float64"), num_samples, generator)))


def _drawn_again(xp, weights, count, generator):
    """Each draw falls into one interval of the cumulated probabilities."""
    ends = xp.cumsum(weights, axis=-1)
    chance = uniform_like(xp.empty((*weights.shape[:-1], count)), generator) * ends[..., -1:]
    return (chance[..., None] >= ends[..., None, :]).sum(-1)


def _drawn_once(xp, weights, count, generator):
    """The classes whose exponential clocks, of rates given by the weights, ring first."""
    clocks = exponential_like(weights, generator)
    with np.errstate(divide="ignore", invalid="ignore"):
        rings = xp.where(weights > 0, clocks / weights, xp.inf)
    if bool(((weights > 0).sum(-1) < count).any()):
        raise RuntimeError(
            f"multinomial: cannot draw num_samples={count} without replacement: a row has fewer "
            "classes of positive probability"
        )
    return xp.argsort(rings, axis=-1)[..., :count]


def normal(
    mean=0.0, std=1.0, size=None, *, generator=None, dtype=None, device=None, requires_grad=False
):
    """Normal random numbers of the given means and standard deviations (tensors or numbers).

    Two numbers need ``size``.
    """
    moments = [m for m in (mean, std) if isinstance(m, TensorBase)]
    lowest = values(std).min() if isinstance(std, TensorBase) and std._array.size else std
    if not isinstance(lowest, TensorBase) and lowest < 0:
        raise RuntimeError(f"normal: std must not be negative, got {lowest}")
    if size is not None:
        if moments:
            raise TypeError("normal: size is only taken with two numbers, not with tensors")
        shape = check_shape((size,))
        drawn = randn(shape, generator=generator, dtype=dtype, device=device)
        drawn = drawn * std + mean
    elif not moments:
        raise TypeError("normal: two numbers need size=, the shape to draw")
    else:
        shape = np.broadcast_shapes(*(m._array.shape for m in moments))
        kind, place = dtype_of(moments[0]), backend.device_of(moments[0]._array)
        drawn = randn(shape, generator=generator, dtype=kind, device=place)
        drawn = (drawn * std + mean).detach()
    return drawn.requires_grad_() if requires_grad else drawn
