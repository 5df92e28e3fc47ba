"""Reading, adding and writing at indices along one axis.

Two kinds of indices: ``rows`` kernels take a vector that counts for whole slices; ``along`` kernels
take an index for every element, an array of the same axes and of no larger extents than x except
along ``axis``. An index outside [0, extent) is an IndexError.
"""

from ..registry import array_module, kernel


def check_bounds(index, axis, extent):
    """Raise an IndexError that names the first index outside [0, extent)."""
    outside = (index < 0) | (index >= extent)
    if outside.any():
        found = int(index[outside][0])
        raise IndexError(
            f"index {found} is out of bounds for dimension {axis} with size {extent}"
        )


def _places(index, axis, extent):
    """Index arrays that name, in an array of equal axes, the elements at ``index``"""
    check_bounds(index, axis, extent)
    xp = array_module(index)
    places = [
        xp.arange(n).reshape([-1 if i == a else 1 for i in range(index.ndim)])
        for a, n in enumerate(index.shape)
    ]
    places[axis] = index
    return tuple(places)


def _rows(make, shape):
    return make.normal(shape), make.integers((9,), 0, shape[0]), 0


@kernel(_rows, min_ndim=1, allows_empty=False)
def take_rows(x, index, axis):
    """The slices of x at a vector of indices along ``axis``"""
    check_bounds(index, axis, x.shape[axis])
    return array_module(x).take(x, index, axis)


@kernel(
    lambda make, shape: (make.normal((4, *shape)), make.integers((4,), 0, 3), 0, 3),
    notes={"sums": True},
)
def add_rows(g, index, axis, extent):
    """Zeros with ``extent`` slices along ``axis`` and those of g added at the indices"""
    check_bounds(index, axis, extent)
    xp = array_module(g)
    out = xp.zeros((*g.shape[:axis], extent, *g.shape[axis + 1 :]), g.dtype)
    xp.add.at(out, (slice(None),) * axis + (index,), g)
    return out


def _along(make, shape):
    return make.normal(shape), make.integers(shape, 0, shape[-1]), len(shape) - 1


def _columns(make, shape):
    index = make.integers(tuple(max(n - 1, 1) for n in shape), 0, shape[0] + 1)
    return make.normal(index.shape), index, 0, (shape[0] + 1, *shape[1:])


@kernel(_along, min_ndim=1, allows_empty=False)
def take_along(x, index, axis):
    """x at ``index`` along ``axis``"""
    return x[_places(index, axis, x.shape[axis])]


@kernel(_columns, min_ndim=1, allows_empty=False, notes={"sums": True})
def add_along(g, index, axis, shape):
    """Zeros of ``shape`` and g added at ``index`` along ``axis``"""
    xp = array_module(g)
    out = xp.zeros(shape, g.dtype)
    xp.add.at(out, _places(index, axis, shape[axis]), g)
    return out


@kernel(_columns, min_ndim=1, allows_empty=False)
def multiply_along(x, index, axis, shape):
    """Ones of ``shape`` and x multiplied to them at ``index`` along ``axis``"""
    xp = array_module(x)
    out = xp.ones(shape, x.dtype)
    places = xp.broadcast_arrays(*_places(index, axis, shape[axis]))
    turns = _turns(places, shape)
    for turn in range(int(turns.max()) + 1 if turns.size else 0):  # no place twice in a turn
        now = turns == turn
        out[tuple(place[now] for place in places)] *= x[now]
    return out


def _turns(places, shape):
    """How many earlier elements go to the same place, for each element"""
    xp = array_module(places[0])
    flat = xp.zeros(places[0].shape, "int64")
    for place, extent in zip(places, shape, strict=True):
        flat = flat * extent + place
    flat = flat.reshape(-1)
    order = xp.argsort(flat, kind="stable")
    ranked = flat[order]
    turns = xp.empty_like(flat)
    turns[order] = xp.arange(flat.size) - xp.searchsorted(ranked, ranked)
    return turns.reshape(places[0].shape)


def _writing(make, shape):
    x, index, axis = _along(make, shape)
    return x, make.normal(shape), index, axis


@kernel(_writing, min_ndim=1, allows_empty=False)
def put_along(x, values, index, axis):
    """x with ``values`` written at ``index`` along ``axis``; of equal indices the last counts"""
    xp = array_module(x)
    places = xp.broadcast_arrays(*_places(index, axis, x.shape[axis]))
    out, turns = x.copy(), _turns(places, x.shape)
    for turn in range(int(turns.max()) + 1 if turns.size else 0):
        now = turns == turn
        out[tuple(place[now] for place in places)] = values[now]
    return out


@kernel(
    lambda make, shape: (*_along(make, shape), 0.5), min_ndim=1, allows_empty=False
)
def fill_along(x, index, axis, value):
    """x with one value written at ``index`` along ``axis``"""
    out = x.copy()
    out[_places(index, axis, x.shape[axis])] = value
    return out


@kernel(_writing, min_ndim=1, allows_empty=False)
def maximum_along(x, values, index, axis):
    """The larger of x and all ``values`` for it at ``index``; NaN if there is one"""
    return _extreme_along(array_module(x).maximum, x, values, index, axis)


@kernel(_writing, min_ndim=1, allows_empty=False)
def minimum_along(x, values, index, axis):
    """The smaller of x and all ``values`` for it at ``index``; NaN if there is one"""
    return _extreme_along(array_module(x).minimum, x, values, index, axis)


def _extreme_along(choose, x, values, index, axis):
    out = x.copy()
    choose.at(out, _places(index, axis, x.shape[axis]), values)
    return out


@kernel(lambda make, shape: (make.integers(shape, 0, 4), 4))
def frequency(index, extent):
    """How often each index occurs among all of them, which lie in [0, extent)"""
    xp = array_module(index)
    return xp.bincount(index.reshape(-1), minlength=extent)[index]
