"""Batch norm, ReLU and 2 × 2 max pooling as one op: what convolutional networks repeat."""

from ..engine.gradients import recomputed
from ..engine.op import Op, Sample
from .activation import relu
from .batch_norm import BatchNorm, ChannelNorm, prepared
from .pool import max_pool2d

__all__ = []


class NormRelu(Op):
    """y = max(0, x̂ · weight + bias) as :class:`BatchNorm`, or as ChannelNorm if given statistics

    With ``pool`` its largest elements of 2 × 2 windows, the place of each being kept in a byte.
    Going back, g counts where y is positive and goes on as in a batch norm.
    """

    recomputes = True

    def forward(ctx, k, x, weight, bias, mean, variance, *, eps, pool, track):
        ctx.eps, ctx.pool, ctx.fixed = eps, pool, mean is not None
        if not ctx.fixed:
            mean, variance = k.channel_moments(x)
            if track is not None:
                track(mean, variance)
        function = k.norm_relu_pool if pool else k.norm_relu
        found = function(x, weight, bias, mean, variance, eps)
        y, at = found if pool else (found, None)
        ctx.save(x, weight, bias, mean, variance, at)
        return y

    def vjp(ctx, k, g):
        *inputs, at = ctx.saved
        if k.records:
            return recomputed(ctx.composed, inputs, g)
        x, weight, bias, mean, variance = inputs
        if ctx.pool:
            found = k.norm_relu_pool_vjp(g, at, x, weight, mean, variance, ctx.eps, ctx.fixed)
        else:
            found = k.norm_relu_vjp(g, x, weight, bias, mean, variance, ctx.eps, ctx.fixed)
        gx, gw, gb = found
        return gx, gw, gb, None, None

    def composed(ctx, x, weight, bias, mean, variance):
        """The same by smaller ops."""
        if ctx.fixed:
            y = ChannelNorm.apply(x, weight, bias, mean, variance, eps=ctx.eps)
        else:
            y = BatchNorm.apply(x, weight, bias, eps=ctx.eps, track=None)
        y = relu(y)
        return max_pool2d(y, 2) if ctx.pool else y

    def samples(rng):
        numbers = rng.normal(size=3), rng.normal(size=3)
        fixed = {"constants": (3, 4)}
        given = rng.normal(size=3), rng.random(3) + 0.5
        for name, shape, pool in (
            ("columns", (4, 3), False), ("planes", (2, 3, 4), False), ("pooled", (2, 3, 2, 4), True)
        ):  # fmt: skip
            params, x = {"eps": 1e-5, "pool": pool, "track": None}, rng.normal(size=shape)
            yield Sample(name, (x, *numbers, None, None), params)
            yield Sample(f"{name}, given statistics", (x, *numbers, *given), params, **fixed)

    def peer(torch, x, weight, bias, mean, variance, *, eps, pool, track):
        functional, batch = torch.nn.functional, mean is None
        if not batch:
            mean, variance = mean.detach(), variance.detach()
        y = functional.batch_norm(x, mean, variance, weight, bias, batch, 0.1, eps).relu()
        return functional.max_pool2d(y, 2) if pool else y


def norm_relu(
    input, running_mean, running_var, weight, bias, training, momentum, eps, pool=False
):
    """ReLU of a batch norm with the same arguments; with ``pool`` then a 2 × 2 max pooling."""
    track = prepared(
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )
    given = (None, None) if training else (running_mean, running_var)
    return NormRelu.apply(input, weight, bias, *given, eps=eps, pool=pool, track=track)
