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


@kernel(lambda make, shape: (make.normal(shape), (Ellipsis, None)))
def index(x, where):
    """x[where]"""
    return x[where]


@kernel(lambda make, shape: (make.normal((*shape, 1)), shape, (Ellipsis, None)))
def index_adjoint(g, shape, where):
    """Zeros of ``shape`` with g added at ``where``; elements named twice receive both."""
    xp = array_module(g)
    out = xp.zeros(shape, g.dtype)
    if all(w is None or w is Ellipsis or isinstance(w, (int, slice)) for w in where):
        out[where] = g
    else:
        xp.add.at(out, where, g)
    return out


@kernel(lambda make, shape: (0, make.normal((2, *shape)), make.normal((1, *shape))))
def cat(axis, *arrays):
    """Arrays one after another along ``axis``."""
    return array_module(arrays[0]).concatenate(arrays, axis=axis)
