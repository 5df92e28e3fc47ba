"""Reading elements at indices along one axis, and adding gradients back there."""

from ..engine.op import Op, Sample


class TakeAlong(Op):
    """y = x at indices along an axis.    dL/dx = zeros with g added at the indices"""

    def forward(ctx, k, x, index, *, axis):
        ctx.axis, ctx.extent = axis, x.shape[axis]
        ctx.save(index)
        return k.take_along(x, index, axis)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        return k.add_along(g, index, ctx.axis, ctx.extent), None

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("one per row", (x, rng.integers(0, 4, (3, 1))), {"axis": 1})
        yield Sample("repeated", (x, rng.integers(0, 3, (5, 4))), {"axis": 0})

    def peer(torch, x, index, *, axis):
        return x.gather(axis, index)


class AddAlong(Op):
    """y = zeros with x added at indices along an axis.    dL/dx = g at the indices"""

    def forward(ctx, k, x, index, *, axis, extent):
        ctx.axis = axis
        ctx.save(index)
        return k.add_along(x, index, axis, extent)

    def vjp(ctx, k, g):
        (index,) = ctx.saved
        return k.take_along(g, index, ctx.axis), None

    def samples(rng):
        x = rng.normal(size=(3, 4))
        yield Sample("rows", (x, rng.integers(0, 5, (3, 4))), {"axis": 1, "extent": 5})
        yield Sample("columns", (x, rng.integers(0, 2, (3, 4))), {"axis": 0, "extent": 2})

    def peer(torch, x, index, *, axis, extent):
        shape = [extent if i == axis else n for i, n in enumerate(x.shape)]
        return torch.zeros(shape, dtype=x.dtype).scatter_add(axis, index, x)
