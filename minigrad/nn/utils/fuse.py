"""A batch norm in evaluation is an affine map: it can be folded into the layer before it."""

import copy

from ...engine.modes import no_grad
from ...ops.creation import ones_like, zeros_like
from ...ops.shape import reshape
from ..parameter import Parameter


def fuse_conv_bn_eval(conv, bn, transpose=False):
    """A convolution that computes ``bn(conv(x))``, from modules in evaluation mode."""
    return _fused(conv, bn, fuse_conv_bn_weights, transpose)


def fuse_linear_bn_eval(linear, bn):
    """A linear layer that computes ``bn(linear(x))``, from modules in evaluation mode."""
    if bn.num_features not in (linear.out_features, 1):
        raise ValueError(
            f"fuse_linear_bn_eval: {bn.num_features} features of the norm do not fit "
            f"{linear.out_features} outputs of the linear layer"
        )
    return _fused(linear, bn, fuse_linear_bn_weights)


def _fused(layer, bn, fuse, *options):
    if layer.training or bn.training:
        raise ValueError(
            "a norm is fused with its running statistics: call .eval() on both modules first"
        )
    if bn.running_mean is None or bn.running_var is None:
        raise ValueError("a norm without running statistics cannot be fused")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = fuse(
        layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias,
        *options,
    )  # fmt: skip
    return fused


@no_grad()
def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose=False):
    """Weight and bias of the convolution with the norm folded in.

    ``transpose`` says that the weight is that of a transposed convolution, (in, out, …).
    """
    axis = 1 if transpose else 0
    shape = [1] * conv_w.ndim
    shape[axis] = -1
    scale = (ones_like(bn_rm) if bn_w is None else bn_w) * (bn_rv + bn_eps).rsqrt()
    bias = zeros_like(bn_rm) if conv_b is None else conv_b
    shift = zeros_like(bn_rm) if bn_b is None else bn_b
    weight = conv_w * reshape(scale, shape).to(conv_w.dtype)
    bias = (bias - bn_rm) * scale + shift
    trained = conv_w.requires_grad
    return Parameter(weight, trained), Parameter(
        bias.to(conv_w.dtype), trained if conv_b is None else conv_b.requires_grad
    )


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """Weight and bias of the linear layer with the norm folded in."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
