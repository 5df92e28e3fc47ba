"""Reading, adding and writing at indices along one axis: an index per slice, or per element."""

import numpy as np

from ..engine.op import Op, Sample


class TakeRows(Op):
    """y = the slices of x at a vector of indices.    dL/dx = zeros with those of g added there"""

    def forward(ctx, k, x, index, *, axis):
        ctx.axis, ctx.extent = axis, x.shape[axis]
        ctx.save(index)
        return k.take_rows(x, index, axis)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        return k.add_rows(g, index, ctx.axis, ctx.extent), None

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("rows", (x, np.array([2, 0, 2, 2])), {"axis": 0})
        yield Sample("columns", (x, np.array([3, 0, 3])), {"axis": 1})
        yield Sample("none", (x, np.array([], np.int64)), {"axis": 1})

    def peer(torch, x, index, *, axis):
        return x.index_select(axis, index)


class AddRows(Op):
    """y = zeros with the slices of x added at indices along an axis.    dL/dx = g there"""

    def forward(ctx, k, x, index, *, axis, extent):
        ctx.axis = axis
        ctx.save(index)
        return k.add_rows(x, index, axis, extent)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        return k.take_rows(g, index, ctx.axis), None

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("rows", (x, np.array([1, 0, 1])), {"axis": 0, "extent": 2})
        yield Sample("columns", (x, np.array([1, 4, 1, 0])), {"axis": 1, "extent": 5})

    def peer(torch, x, index, *, axis, extent):
        shape = [extent if i == axis else n for i, n in enumerate(x.shape)]
        return torch.zeros(shape, dtype=x.dtype).index_add(axis, index, x)


class TakeAlong(Op):
    """y = x at indices along an axis.    dL/dx = zeros with g added at the indices"""

    def forward(ctx, k, x, index, *, axis):
        ctx.axis, ctx.shape = axis, x.shape
        ctx.save(index)
        return k.take_along(x, index, axis)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        return k.add_along(g, index, ctx.axis, ctx.shape), None

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("one per row", (x, rng.integers(0, 4, (3, 1))), {"axis": 1})
        yield Sample("repeated", (x, rng.integers(0, 3, (5, 4))), {"axis": 0})
        yield Sample("some columns", (x, rng.integers(0, 3, (5, 2))), {"axis": 0})

    def peer(torch, x, index, *, axis):
        return x.gather(axis, index)


class AddAlong(Op):
    """y = zeros of a shape with x added at indices along an axis.    dL/dx = g at the indices"""

    def forward(ctx, k, x, index, *, axis, shape):
        ctx.axis = axis
        ctx.save(index)
        return k.add_along(x, index, axis, shape)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        return k.take_along(g, index, ctx.axis), None

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("rows", (x, rng.integers(0, 5, (3, 4))), {"axis": 1, "shape": (3, 5)})
        yield Sample("columns", (x, rng.integers(0, 2, (3, 4))), {"axis": 0, "shape": (2, 6)})

    def peer(torch, x, index, *, axis, shape):
        return torch.zeros(shape, dtype=x.dtype).scatter_add(axis, index, x)


class MultiplyAlong(Op):
    """y = ones of a shape with x multiplied to them at indices along an axis.

    dL/dx = g at the indices · the product of all others there, exact at zeros
    """

    def forward(ctx, k, x, index, *, axis, shape):
        ctx.axis, ctx.shape = axis, shape
        ctx.save(x, index)
        return k.multiply_along(x, index, axis, shape)

    def vjp(ctx, k, g):
        x, index = ctx.saved
        zero = k.eq(x, 0.0)
        zeros, filled = k.astype(zero, g.dtype), k.where(zero, 1.0, x)
        count = k.take_along(k.add_along(zeros, index, ctx.axis, ctx.shape), index, ctx.axis)
        alone = k.astype(k.eq(count, zeros), g.dtype)  # no other is zero
        product = k.mul(g, k.multiply_along(filled, index, ctx.axis, ctx.shape))
        others = k.div(k.take_along(product, index, ctx.axis), filled)
        return k.mul(others, alone), None

    def samples(rng):
        x, index = rng.uniform(0.5, 1.5, (3, 4)), rng.integers(0, 2, (3, 4))
        yield Sample("rows", (x, index), {"axis": 1, "shape": (3, 3)})
        yield Sample("columns", (x, index), {"axis": 0, "shape": (2, 5)})

    def peer(torch, x, index, *, axis, shape):
        return torch.ones(shape, dtype=x.dtype).scatter_reduce(axis, index, x, "prod")


class PutAlong(Op):
    """y = x with values written at indices along an axis.

    dL/dx = g, 0 at the indices,  dL/dvalues = g at the indices
    """

    def forward(ctx, k, x, values, index, *, axis):
        ctx.axis = axis
        ctx.save(index)
        return k.put_along(x, values, index, axis)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        gx = k.fill_along(g, index, ctx.axis, 0.0) if ctx.needs(0) else None
        return gx, k.take_along(g, index, ctx.axis) if ctx.needs(1) else None, None

    def samples(rng):
        x = rng.normal(size=(3, 4))
        index = rng.permuted(np.tile(np.arange(4), (3, 1)), axis=1)
        yield Sample("rows", (x, rng.normal(size=(3, 2)), index[:, :2]), {"axis": 1})
        yield Sample("part", (x, rng.normal(size=(1, 2)), np.array([[2, 0]])), {"axis": 0})

    def peer(torch, x, values, index, *, axis):
        return x.scatter(axis, index, values)


class FillAlong(Op):
    """y = x with one value written at indices along an axis.    dL/dx = g, 0 at the indices"""

    def forward(ctx, k, x, index, *, axis, value):
        ctx.axis = axis
        ctx.save(index)
        return k.fill_along(x, index, axis, value)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        return k.fill_along(g, index, ctx.axis, 0.0), None

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("rows", (x, rng.integers(0, 4, (3, 2))), {"axis": 1, "value": 0.5})
        yield Sample("part", (x, rng.integers(0, 3, (2, 1))), {"axis": 0, "value": 2.0})

    def peer(torch, x, index, *, axis, value):
        return x.scatter(axis, index, value)


class _ExtremeAlong(Op, abstract=True):
    def forward(ctx, k, x, values, index, *, axis):
        ctx.axis, ctx.shape = axis, x.shape
        y = getattr(k, ctx.name)(x, values, index, axis)
        ctx.save(x, values, index, y)
        return y

    def vjp(ctx, k, g):
        x, values, index, y = ctx.saved
        own = k.astype(k.eq(x, y), g.dtype)
        given = k.astype(k.eq(values, k.take_along(y, index, ctx.axis)), g.dtype)
        share = k.div(g, k.add(own, k.add_along(given, index, ctx.axis, ctx.shape)))
        return k.mul(share, own), k.mul(k.take_along(share, index, ctx.axis), given), None

    def samples(rng):
        x, values = rng.permutation(24).reshape(2, 3, 4) * 0.1
        yield Sample("rows", (x, values, rng.integers(0, 4, (3, 4))), {"axis": 1})
        part = values[:2, :2], rng.integers(0, 3, (2, 2))
        yield Sample("part", (x, *part), {"axis": 0})


class MaximumAlong(_ExtremeAlong):
    """y = the largest of x and the values for it at indices along an axis.

    dL/d(each) = g / (number of ties) where it equals y, 0 elsewhere
    """

    def peer(torch, x, values, index, *, axis):
        return x.scatter_reduce(axis, index, values, "amax")


class MinimumAlong(_ExtremeAlong):
    """y = the smallest of x and the values for it at indices along an axis.

    dL/d(each) = g / (number of ties) where it equals y, 0 elsewhere
    """

    def peer(torch, x, values, index, *, axis):
        return x.scatter_reduce(axis, index, values, "amin")
