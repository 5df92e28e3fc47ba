"""x[where]: reading, adding and writing at ints, slices, None, Ellipsis and index arrays."""

from ..registry import array_module, kernel


def names_once(where):
    """Whether no element can be named twice: there are no arrays but masks."""
    return all(not hasattr(w, "dtype") or w.dtype == bool for w in where)


@kernel(lambda make, shape: (make.normal(shape), (Ellipsis, None)))
def index(x, where):
    """x[where], a view of a single element too"""
    found = x[where]
    return x[(*where, Ellipsis)] if isinstance(found, x.dtype.type) else found


def _twice(make, shape):
    rows = make.integers((4,), 0, 3)
    return make.normal((4, *shape)), (3, *shape), (rows,)


@kernel(_twice, notes={"sums": True})
def index_adjoint(g, shape, where):
    """Zeros of ``shape`` with g added at ``where``; elements named twice receive both."""
    xp = array_module(g)
    out = xp.zeros(shape, g.dtype)
    if names_once(where):
        out[where] = g
    else:
        xp.add.at(out, where, g)
    return out


@kernel(lambda make, shape: (make.normal((3, *shape)), make.normal((2, *shape)), (slice(0, 2),)))
def put(x, values, where):
    """x with ``values`` written at ``where``, broadcast."""
    out = x.copy()
    out[where] = values
    return out
