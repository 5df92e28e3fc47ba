"""Moving elements without changing them. The same code serves every backend."""

from ..registry import array_module, kernel


@kernel(lambda make, shape: (make.normal(shape), (-1,)), allows_empty=False)
def reshape(x, shape):
    """The same elements in row-major order under another shape; a view where possible."""
    return x.reshape(shape)


@kernel(lambda make, shape: (make.normal(shape), tuple(reversed(range(len(shape))))))
def permute(x, axes):
    """The axes in another order, as a view."""
    return array_module(x).transpose(x, axes)


@kernel(lambda make, shape: (make.normal(shape), (2, *shape)))
def expand(x, shape):
    """Repeat along axes of extent 1 or new leading axes, as a read-only view."""
    return array_module(x).broadcast_to(x, shape)


@kernel(lambda make, shape: (0, make.normal((2, *shape)), make.normal((1, *shape))))
def cat(axis, *arrays):
    """Arrays one after another along ``axis``."""
    return array_module(arrays[0]).concatenate(arrays, axis=axis)


@kernel(lambda make, shape: (make.normal(shape), tuple(range(len(shape)))))
def flip(x, axes):
    """The order along some axes reversed, as a copy."""
    return array_module(x).flip(x, axes).copy()


@kernel(lambda make, shape: (make.normal(shape), (2, *shape)))
def repeated(x, shape):
    """As expand, for reading only: whether the elements share memory is left open."""
    return array_module(x).broadcast_to(x, shape)


@kernel(lambda make, shape: (make.normal(shape), (1,), (len(shape) - 1,)), min_ndim=1)
def roll(x, shifts, axes):
    """Elements moved along some axes, around the end."""
    return array_module(x).roll(x, shifts, axes)


@kernel(lambda make, shape: (make.normal(shape), 0, (0, 1)), min_ndim=2)
def diagonal(x, offset, axes):
    """A diagonal of two axes as the new last one, as a view."""
    return array_module(x).diagonal(x, offset, *axes)


@kernel(
    lambda make, shape: (make.normal(min(shape[:2])), shape[:2], 0, (0, 1)), min_ndim=2
)
def diagonal_adjoint(g, shape, offset, axes):
    """Zeros of ``shape`` with g on a diagonal of two axes."""
    xp = array_module(g)
    out = xp.zeros(shape, g.dtype)
    moved = xp.moveaxis(out, axes, (-2, -1))
    rows = xp.arange(g.shape[-1]) + max(-offset, 0)
    moved[..., rows, rows + offset] = g
    return out


@kernel(lambda make, shape: (make.normal(shape), 0), min_ndim=2)
def tril(x, diagonal):
    """Zeros above a diagonal of the last two axes."""
    return array_module(x).tril(x, diagonal)


@kernel(lambda make, shape: (make.normal(shape), 0), min_ndim=2)
def triu(x, diagonal):
    """Zeros below a diagonal of the last two axes."""
    return array_module(x).triu(x, diagonal)


@kernel(lambda make, shape: (make.normal(shape), ((1, 2),) * len(shape), 0.5))
def pad(x, widths, value):
    """``value`` around x: (before, after) along each axis."""
    shape = tuple(low + n + high for n, (low, high) in zip(x.shape, widths, strict=True))
    out = array_module(x).full(shape, value, x.dtype)
    out[tuple(slice(low, low + n) for n, (low, _) in zip(x.shape, widths, strict=True))] = x
    return out
