"""Convolutions and transposed convolutions over one, two or three axes.

Three ops that are each other's gradients: Conv, its adjoint for the input (a transposed
convolution is just that), and its adjoint for the weights. Each takes the extents of its result as
``size``; ``padding`` is how many zeros come before the input along each axis, those after it follow
from the sizes.
"""

import math

from ..engine.graph import TensorBase, dtype_of
from ..engine.op import Op, Sample
from .matmul import check_operands
from .operands import only_tensors, optional_tensors
from .shape import reshape

__all__ = []


class Conv(Op):
    """y[o] = Σ_t W[t] x[o · stride − padding + t · dilation] + b, summed over channels.

    dL/dx = conv_input_grad(g, W),  dL/dW = conv_weight_grad(g, x),  dL/db = Σ g
    """

    precision = "low"

    def forward(ctx, k, x, weight, bias, *, size, stride, padding, dilation, groups):
        ctx.window = (stride, padding, dilation, groups)
        ctx.save(x, weight)
        return k.conv(x, weight, bias, size, *ctx.window)

    def vjp(ctx, k, g):
        x, weight = ctx.saved
        window = ctx.window
        return (
            k.conv_input_grad(g, weight, None, x.shape[2:], *window) if ctx.needs(0) else None,
            k.conv_weight_grad(g, x, weight.shape[2:], *window) if ctx.needs(1) else None,
            _per_channel(k, g) if ctx.needs(2) else None,
        )

    def multiply_adds(ctx, out):
        weight = ctx.saved[1]
        return out.size * math.prod(weight.shape[1:])

    def samples(rng):
        for name, x, weight, _, params in _samples(rng):
            bias = rng.normal(size=len(weight)) if params["groups"] > 1 else None
            yield Sample(name, (x, weight, bias), params)

    def peer(torch, x, weight, bias, *, size, stride, padding, dilation, groups):
        x = _resized(torch, x, padding, _span(weight.shape[2:], size, stride, dilation))
        conv = _peer(torch, "conv{}d", size)
        return conv(x, weight, bias, stride, 0, dilation, groups)


class ConvInputGrad(Op):
    """x[o · stride − padding + t · dilation] = Σ W[t] g[o] + b over o, t and channels.

    dL/dg = conv(h, W),  dL/dW = conv_weight_grad(g, h),  dL/db = Σ h
    """

    precision = "low"

    def forward(ctx, k, g, weight, bias, *, size, stride, padding, dilation, groups):
        ctx.window = (stride, padding, dilation, groups)
        ctx.save(g, weight)
        return k.conv_input_grad(g, weight, bias, size, *ctx.window)

    def vjp(ctx, k, h):
        g, weight = ctx.saved
        window = ctx.window
        return (
            k.conv(h, weight, None, g.shape[2:], *window) if ctx.needs(0) else None,
            k.conv_weight_grad(g, h, weight.shape[2:], *window) if ctx.needs(1) else None,
            _per_channel(k, h) if ctx.needs(2) else None,
        )

    def multiply_adds(ctx, out):
        g, weight = ctx.saved
        return g.size * math.prod(weight.shape[1:])

    def samples(rng):
        for name, x, weight, g, params in _samples(rng):
            bias = rng.normal(size=x.shape[1]) if params["groups"] > 1 else None
            yield Sample(name, (g, weight, bias), {**params, "size": x.shape[2:]})

    def peer(torch, g, weight, bias, *, size, stride, padding, dilation, groups):
        conv = _peer(torch, "conv_transpose{}d", size)
        x = conv(g, weight, None, stride, 0, 0, groups, dilation)
        x = _resized(torch, x, tuple(-p for p in padding), size)
        return x if bias is None else x + bias.reshape(-1, *(1 for _ in size))


class ConvWeightGrad(Op):
    """W[t] = Σ_o g[o] x[o · stride − padding + t · dilation], summed over samples.

    dL/dg = conv(x, H),  dL/dx = conv_input_grad(g, H)
    """

    def forward(ctx, k, g, x, *, size, stride, padding, dilation, groups):
        ctx.window = (stride, padding, dilation, groups)
        ctx.save(g, x)
        return k.conv_weight_grad(g, x, size, *ctx.window)

    def vjp(ctx, k, h):
        g, x = ctx.saved
        window = ctx.window
        return (
            k.conv(x, h, None, g.shape[2:], *window) if ctx.needs(0) else None,
            k.conv_input_grad(g, h, None, x.shape[2:], *window) if ctx.needs(1) else None,
        )

    def samples(rng):
        for name, x, weight, g, params in _samples(rng):
            yield Sample(name, (g, x), {**params, "size": weight.shape[2:]})

    def peer(torch, g, x, *, size, stride, padding, dilation, groups):
        x = _resized(torch, x, padding, _span(size, g.shape[2:], stride, dilation))
        shape = (g.shape[1], x.shape[1] // groups, *size)
        gradient = getattr(torch.nn.grad, f"conv{len(size)}d_weight")
        return gradient(x, shape, g, stride, 0, dilation, groups)


def _per_channel(k, g):
    return k.sum(g, (0, *range(2, g.ndim)), False)


def _samples(rng):
    """(name, x, weight, g, parameters of Conv)"""
    for name, extents, kernel, stride, padding, dilation, groups in (
        ("line", (6,), (3,), (1,), (1,), (1,), 1),
        ("plane", (5, 4), (3, 2), (2, 1), (1, 0), (1, 2), 1),
        ("groups", (4, 3), (2, 2), (1, 1), (0, 1), (1, 1), 2),
        ("point", (2, 3), (1, 1), (1, 1), (0, 0), (1, 1), 1),
        ("space", (3, 3, 4), (2, 1, 2), (1, 2, 1), (0, 0, 1), (1, 1, 1), 1),
    ):
        size = output_size(extents, kernel, stride, padding, dilation)
        x, weight = rng.normal(size=(2, 2, *extents)), rng.normal(size=(4, 2 // groups, *kernel))
        params = {
            "size": size, "stride": stride, "padding": padding, "dilation": dilation,
            "groups": groups,
        }  # fmt: skip
        yield name, x, weight, rng.normal(size=(2, 4, *size)), params


def _peer(torch, name, size):
    return getattr(torch.nn.functional, name.format(len(size)))


def _span(kernel, size, stride, dilation):
    return tuple(
        (n - 1) * s + (k - 1) * d + 1
        for k, n, s, d in zip(kernel, size, stride, dilation, strict=True)
    )


def _resized(torch, x, low, extents):
    """x with ``low`` zeros before it (negative: cut off) and extended or cut to the extents."""
    pairs = [(p, n - p - e) for p, n, e in zip(low, extents, x.shape[2:], strict=True)]
    return torch.nn.functional.pad(x, [w for pair in reversed(pairs) for w in pair])


def output_size(extents, kernel, stride, padding, dilation):
    """How many windows fit along each axis, with equal borders on both sides; may be below 1"""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(extents, kernel, stride, padding, dilation, strict=True)
    )


def per_axis(name, argument, value, axes, least, short=True):
    """One int per axis from one for all, none below ``least``; one in a list too if ``short``."""
    given = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not all(hasattr(v, "__index__") and not isinstance(v, bool | TensorBase) for v in given):
        raise TypeError(f"{name}: {argument} must be an int or {axes} ints, got {value!r}")
    if len(given) == 1 and (short or given[0] is value):
        given *= axes
    if len(given) != axes:
        raise RuntimeError(f"{name}: {argument} must be one int or {axes} ints, got {value!r}")
    if min(given) < least:
        raise RuntimeError(f"{name}: {argument} must be at least {least}, got {value!r}")
    return tuple(v.__index__() for v in given)


def _check(name, axes, x, weight, bias, groups, transposed):
    """Raise unless the operands fit together; returns the number of groups as an int."""
    only_tensors(name, x, weight, arguments=("input", "weight"))
    optional_tensors(name, bias=bias)
    shape, w = x._array.shape, weight._array.shape
    if len(shape) not in (axes + 1, axes + 2):
        raise RuntimeError(
            f"{name}: input must have {axes + 2} dimensions (samples, channels, ...), or "
            f"{axes + 1} without samples; got shape {shape}"
        )
    if len(w) != axes + 2:
        raise RuntimeError(f"{name}: weight must have {axes + 2} dimensions, got shape {w}")
    (groups,) = per_axis(name, "groups", groups, 1, 1)
    channels, outputs = shape[-axes - 1], w[1] * groups if transposed else w[0]
    expected = w[0] if transposed else w[1] * groups
    if w[0] < 1 or w[0] % groups:
        raise RuntimeError(
            f"{name}: weight of shape {w} must have a first extent divisible by groups={groups}"
        )
    if channels != expected:
        raise RuntimeError(
            f"{name}: weight of shape {w} with groups={groups} takes {expected} channels, but "
            f"input of shape {shape} has {channels}"
        )
    if 0 in shape[-axes:] or 0 in w[2:] or 0 in (w[1:2] if transposed else ()):
        raise RuntimeError(f"{name}: extents 0 in input of shape {shape} or weight of shape {w}")
    if bias is not None and bias._array.shape != (outputs,):
        raise RuntimeError(
            f"{name}: bias must have shape ({outputs},) for weight of shape {w}, got "
            f"{bias._array.shape}"
        )
    check_operands(name, Conv, x, weight, *(() if bias is None else (bias,)))
    if x._array.dtype.kind == "b":
        raise RuntimeError(f"{name} of bools is undefined; got {dtype_of(x)}")
    return groups


def over_samples(op, ndim, x, *others, **window):
    """The op on a batch of ``ndim`` axes, or on one sample without the first of them."""
    shape = x._array.shape
    if len(shape) == ndim:
        return op.apply(x, *others, **window)
    y = op.apply(reshape(x, (1, *shape)), *others, **window)
    return reshape(y, y._array.shape[1:])


def _border(name, padding, extents, kernel, stride, dilation):
    """(zeros before the input along each axis, how many windows fit)"""
    axes = len(kernel)
    if padding == "same":
        if stride != (1,) * axes:
            raise RuntimeError(f"{name}: padding='same' needs stride 1, got {stride}")
        low = tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
        return low, extents
    if isinstance(padding, str) and padding != "valid":
        raise RuntimeError(
            f"{name}: padding must be 'same', 'valid' or numbers, got {padding!r}"
        )
    low = per_axis(name, "padding", 0 if padding == "valid" else padding, axes, 0)
    size = output_size(extents, kernel, stride, low, dilation)
    if min(size) < 1:
        raise RuntimeError(
            f"{name}: a kernel of extents {kernel} and dilation {dilation} is larger than an input "
            f"of extents {extents} with padding {low}"
        )
    return low, size


def _conv(axes):
    name = f"conv{axes}d"

    def conv(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        groups = _check(name, axes, input, weight, bias, groups, False)
        stride = per_axis(name, "stride", stride, axes, 1)
        dilation = per_axis(name, "dilation", dilation, axes, 1)
        kernel, extents = weight._array.shape[2:], input._array.shape[-axes:]
        padding, size = _border(name, padding, extents, kernel, stride, dilation)
        return over_samples(
            Conv, axes + 2, input, weight, bias, size=size, stride=stride, padding=padding,
            dilation=dilation, groups=groups,
        )  # fmt: skip

    conv.__name__ = conv.__qualname__ = name
    conv.__doc__ = f"""Sums of products of a kernel with {_WINDOWS[axes]} of the input.

    ``input`` is (samples, channels, {_AXES[axes]}) or has no axis of samples, ``weight``
    (outputs, channels / groups, {_AXES[axes]}), ``bias`` (outputs,). ``padding`` is a number of
    zeros on both sides, "valid" for none, or "same" for an output as large as the input; where
    that takes an odd number, one more comes after the input.

    >>> import minigrad as mg
    >>> x, w = mg.ones(1, 1, {", ".join("4" * axes)}), mg.ones(1, 1, {", ".join("3" * axes)})
    >>> mg.nn.functional.{name}(x, w).shape
    (1, 1, {", ".join("2" * axes)})
    """
    return conv


def _conv_transpose(axes):
    name = f"conv_transpose{axes}d"

    def conv_transpose(
        input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
    ):
        groups = _check(name, axes, input, weight, bias, groups, True)
        stride = per_axis(name, "stride", stride, axes, 1)
        dilation = per_axis(name, "dilation", dilation, axes, 1)
        padding = per_axis(name, "padding", padding, axes, 0)
        more = per_axis(name, "output_padding", output_padding, axes, 0)
        if any(m >= max(s, d) for m, s, d in zip(more, stride, dilation, strict=True)):
            raise RuntimeError(
                f"{name}: output_padding={output_padding} must be smaller than stride {stride} or "
                f"dilation {dilation}"
            )
        kernel, extents = weight._array.shape[2:], input._array.shape[-axes:]
        span = _span(kernel, extents, stride, dilation)
        size = tuple(n - 2 * p + m for n, p, m in zip(span, padding, more, strict=True))
        if min(size) < 0:
            raise RuntimeError(f"{name}: padding={padding} leaves nothing of extents {span}")
        return over_samples(
            ConvInputGrad, axes + 2, input, weight, bias, size=size, stride=stride, padding=padding,
            dilation=dilation, groups=groups,
        )  # fmt: skip

    conv_transpose.__name__ = conv_transpose.__qualname__ = name
    conv_transpose.__doc__ = f"""The adjoint of conv{axes}d: every element adds a scaled kernel.

    ``weight`` is (channels, outputs / groups, {_AXES[axes]}), ``bias`` (outputs,). ``padding``
    elements are cut off on both sides, ``output_padding`` are added at the end, to choose among the
    sizes that a convolution with a stride makes equal.
    """
    return conv_transpose


_AXES = {1: "length", 2: "height, width", 3: "depth, height, width"}
_WINDOWS = {1: "stretches", 2: "windows", 3: "boxes"}

conv1d, conv2d, conv3d = map(_conv, (1, 2, 3))
conv_transpose1d, conv_transpose2d, conv_transpose3d = map(_conv_transpose, (1, 2, 3))
