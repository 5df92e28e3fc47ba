"""Running sums, products and extremes along one axis, from its start or from its end."""

from ..registry import array_module, kernel


def _along(make, shape):
    return make.normal(shape), -1


def _turned(function):
    """``function(x, axis, reverse)`` from one that runs forwards."""

    def run(x, axis, reverse):
        xp = array_module(x)
        return xp.flip(function(xp.flip(x, axis), axis), axis) if reverse else function(x, axis)

    return run


def _accumulated(name):
    def run(x, axis):
        floating = x.dtype.kind == "f"
        y = getattr(array_module(x), name)(x, axis=axis, dtype="float64" if floating else "int64")
        return y.astype(x.dtype) if floating else y

    return _turned(run)


_cumsum = _accumulated("cumsum")
_cumprod = _accumulated("cumprod")


@kernel(_along, min_ndim=1, notes={"sums": True})
def cumsum(x, axis, reverse=False):
    """yᵢ = Σ xⱼ over j <= i, or j >= i if ``reverse``, in float64; integers give int64"""
    return _cumsum(x, axis, reverse)


@kernel(lambda make, shape: (make.uniform(shape, 0.5, 1.5), -1), min_ndim=1)
def cumprod(x, axis, reverse=False):
    """yᵢ = Π xⱼ over j <= i, or j >= i if ``reverse``, in float64; integers give int64"""
    return _cumprod(x, axis, reverse)


def _slice(x, axis, low, high):
    where = [slice(None)] * x.ndim
    where[axis] = slice(low, high)
    return x[tuple(where)]


def _scan(combine, axis, *parts):
    """Every element combined with all before it, in log₂ n steps of doubled reach.

    ``combine(earlier, later)`` joins two lists of parts and is associative.
    """
    xp = array_module(parts[0])
    extent, reach = parts[0].shape[axis], 1
    while reach < extent:
        earlier = [_slice(p, axis, 0, extent - reach) for p in parts]
        later = [_slice(p, axis, reach, extent) for p in parts]
        joined = combine(earlier, later)
        parts = [
            xp.concatenate([_slice(p, axis, 0, reach), new], axis=axis)
            for p, new in zip(parts, joined, strict=True)
        ]
        reach *= 2
    return parts


def _positions(x, axis):
    xp = array_module(x)
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    return xp.zeros(x.shape, "int64") + xp.arange(x.shape[axis]).reshape(shape)


def _running_extreme(x, axis, wins):
    def combine(earlier, later):
        (a, i), (b, j) = earlier, later
        xp = array_module(a)
        taken = (b != b) | ((a == a) & wins(b, a))
        return xp.where(taken, b, a), xp.where(taken, j, i)

    return _scan(combine, axis, x, _positions(x, axis))[1]


@kernel(_along, min_ndim=1)
def cummax_index(x, axis):
    """The index of the last occurrence of the largest element so far; NaN is the largest"""
    return _running_extreme(x, axis, lambda b, a: b >= a)


@kernel(_along, min_ndim=1)
def cummin_index(x, axis):
    """The index of the last occurrence of the smallest element so far, or of NaN"""
    return _running_extreme(x, axis, lambda b, a: b <= a)


@kernel(
    lambda make, shape: (make.normal(shape), make.uniform(shape, 0, 1), -1),
    min_ndim=1,
    notes={"sums": True, "nonfinite": "0 · inf depends on the order of the products"},
)
def recurrence(x, a, axis, reverse=False):
    """yᵢ = xᵢ + aᵢ yᵢ₋₁, or xᵢ + aᵢ yᵢ₊₁ if ``reverse``; the first y is the first x"""
    xp = array_module(x)

    def combine(earlier, later):
        (x, a), (x_later, a_later) = earlier, later
        return x_later + a_later * x, a * a_later

    parts = [xp.flip(p, axis) if reverse else p for p in (x, a)]
    y = _scan(combine, axis, *parts)[0]
    return xp.flip(y, axis) if reverse else y.copy()


@kernel(_along, min_ndim=1)
def logcumsumexp(x, axis):
    """yᵢ = ln Σ exp(xⱼ) over j <= i, without overflow"""
    xp = array_module(x)
    return _scan(lambda a, b: [xp.logaddexp(a[0], b[0])], axis, x.copy())[0]


@kernel(lambda make, shape: (make.normal(shape), -1, 1, 0.5), min_ndim=1)
def shift(x, axis, by, fill):
    """yᵢ = xᵢ₋₁ for ``by`` 1 and xᵢ₊₁ for ``by`` −1; ``fill`` where there is no such x"""
    xp = array_module(x)
    if not x.shape[axis]:
        return x.copy()
    border = xp.full_like(_slice(x, axis, 0, 1), fill)
    if by == 1:
        return xp.concatenate([border, _slice(x, axis, 0, -1)], axis=axis)
    return xp.concatenate([_slice(x, axis, 1, None), border], axis=axis)
