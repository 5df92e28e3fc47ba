"""Normalisation layers."""

import warnings

from ..engine import observe
from ..engine.modes import state
from ..ops import batch_norm, normalization
from ..ops.creation import empty, ones, zeros
from ..ops.operands import only_tensors
from .module import Module
from .parameter import Parameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
]

SMALL_BATCH = 8  # below it the statistics of a batch are mostly noise


class _Norm(Module):
    """What normalisation layers share: weights that start at one and biases at zero.

    ``batch_size_sensitive`` says whether what comes out for a sample in training depends on the
    rest of its batch.
    """

    batch_size_sensitive = False

    def _affine(self, shape, weight, bias, kind):
        """Register weight and bias of a shape, each of them None where it is not wanted."""
        for name, wanted in (("weight", weight), ("bias", bias)):
            value = Parameter(empty(*shape, **kind)) if wanted else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self):
        """Weights of one, biases of zero."""
        for name, value in (("weight", 1), ("bias", 0)):
            parameter = self._parameters.get(name)
            if parameter is not None:
                parameter.data.fill_(value)


class LayerNorm(_Norm):
    """(x − mean) / √(variance + ε) · weight + bias over the last axes, ``normalized_shape``.

    Source: Ba, Kiros and Hinton 2016.

    >>> import minigrad as mg
    >>> mg.nn.LayerNorm(2)(mg.tensor([1.0, 3.0])).detach()
    tensor([-1.0000,  1.0000])
    """

    def __init__(
        self,
        normalized_shape,
        eps=1e-5,
        elementwise_affine=True,
        bias=True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        kind = {"device": device, "dtype": dtype}
        self._affine(
            self.normalized_shape, elementwise_affine, elementwise_affine and bias, kind
        )

    def forward(self, input):
        return normalization.layer_norm(
            input, self.normalized_shape, self.weight, self.bias, self.eps
        )

    def extra_repr(self):
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


def _shape(normalized_shape):
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class RMSNorm(_Norm):
    """x / √(mean of x² + ε) · weight over the last axes, ``normalized_shape``.

    ``eps`` None is the machine epsilon. Source: Zhang and Sennrich 2019.
    """

    def __init__(
        self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None
    ):
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = empty(*self.normalized_shape, device=device, dtype=dtype)
        self.register_parameter("weight", Parameter(weight) if elementwise_affine else None)
        self.reset_parameters()

    def forward(self, input):
        return normalization.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(_Norm):
    """(x − mean) / √(variance + ε) · weight + bias over groups of the channels of (N, C, …).

    Source: Wu and He 2018.
    """

    def __init__(
        self,
        num_groups,
        num_channels,
        eps=1e-5,
        affine=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups}), "
                "which is positive"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        kind = {"device": device, "dtype": dtype}
        self._affine((num_channels,), affine, affine and bias, kind)

    def forward(self, input):
        return normalization.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """x / (k + α · mean of x² over ``size`` neighbouring channels)^β for an input (N, C, …).

    Source: Krizhevsky et al. 2012.
    """

    batch_size_sensitive = False

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input):
        return normalization.local_response_norm(
            input, self.size, self.alpha, self.beta, self.k
        )

    def extra_repr(self):
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class _RunningNorm(_Norm):
    """Statistics per channel, and buffers that follow them with ``track_running_stats``."""

    ndims = ()  # of the inputs that are taken
    _may_lack = ("num_batches_tracked",)  # older files are without it

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__()
        kind = {"device": device, "dtype": dtype}
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self._affine((num_features,), affine, affine and bias, kind)
        mean = var = count = None
        if track_running_stats:
            mean, var = zeros(num_features, **kind), ones(num_features, **kind)
            count = zeros((), dtype="int64", device=kind["device"])
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", count)

    def reset_running_stats(self):
        """Mean zero, variance one, no batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        """Weights of one, biases of zero, and running statistics from their start."""
        super().reset_parameters()
        if "running_mean" in self._buffers:
            self.reset_running_stats()

    def _check(self, input):
        only_tensors(self._get_name(), input)
        if input._array.ndim not in self.ndims:
            wanted = " or ".join(f"{n}D" for n in self.ndims)
            raise ValueError(f"expected {wanted} input (got {input._array.ndim}D input)")

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_RunningNorm):
    batch_size_sensitive = True

    def forward(self, input):
        return self._run(batch_norm.batch_norm, input)

    def _run(self, function, input, *more):
        """A function with the arguments of batch_norm, and more behind them."""
        self._check(input)
        momentum, tracking = self.momentum, self.training and self.track_running_stats
        if tracking and self.num_batches_tracked is not None:
            count = batch_norm.count_batch(self.num_batches_tracked)
            momentum = 1 / int(count) if momentum is None else momentum
        if observe.watchers and (
            self.training is not state.recording or len(input._array) < SMALL_BATCH
        ):
            observe.watchers["layer"](self, input)
        used = not self.training or self.track_running_stats
        return function(
            input,
            self.running_mean if used else None,
            self.running_var if used else None,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            0.0 if momentum is None else momentum,
            self.eps,
            *more,
        )


class BatchNorm1d(_BatchNorm):
    """(x − mean) / √(variance + ε) · weight + bias for each channel of (N, C) or (N, C, L).

    In training by the statistics of the batch, which running ones follow: running ←
    (1 − momentum) · running + momentum · batch, or their average with ``momentum=None``. In
    evaluation by the running ones. Source: Ioffe and Szegedy 2015.

    >>> import minigrad as mg
    >>> layer = mg.nn.BatchNorm1d(1)
    >>> layer(mg.tensor([[0.0], [2.0]])).detach().flatten(), layer.running_var
    (tensor([-1.0000,  1.0000]), tensor([1.1000]))
    """

    ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """(x − mean) / √(variance + ε) · weight + bias for each channel of (N, C, H, W).

    In training by the statistics of the batch, which running ones follow: running ←
    (1 − momentum) · running + momentum · batch, or their average with ``momentum=None``. In
    evaluation by the running ones. Source: Ioffe and Szegedy 2015.
    """

    ndims = (4,)


class BatchNorm3d(_BatchNorm):
    """(x − mean) / √(variance + ε) · weight + bias for each channel of (N, C, D, H, W).

    In training by the statistics of the batch, which running ones follow: running ←
    (1 − momentum) · running + momentum · batch, or their average with ``momentum=None``. In
    evaluation by the running ones. Source: Ioffe and Szegedy 2015.
    """

    ndims = (5,)


class _InstanceNorm(_RunningNorm):
    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=False,
        track_running_stats=False,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        options = momentum, affine, track_running_stats, device, dtype
        super().__init__(num_features, eps, *options, bias=bias)

    def forward(self, input):
        self._check(input)
        single = input._array.ndim == self.ndims[0]  # one sample, without a batch axis
        self._check_channels(input._array.shape[0 if single else 1])
        y = normalization.instance_norm(
            input.unsqueeze(0) if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return y.squeeze(0) if single else y

    def _check_channels(self, channels):
        if channels == self.num_features:
            return
        message = f"{self._get_name()}({self.num_features}) was called on {channels} channels"
        if self.affine:
            raise ValueError(f"{message}, which the weights are not made for")
        warnings.warn(f"{message}; without weights that makes no difference", stacklevel=4)


class InstanceNorm1d(_InstanceNorm):
    """(x − mean) / √(variance + ε) · weight + bias for each channel of each sample.

    The input is (N, C, L), or one sample without N.
    Source: Ulyanov, Vedaldi and Lempitsky 2016.
    """

    ndims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """(x − mean) / √(variance + ε) · weight + bias for each channel of each sample.

    The input is (N, C, H, W), or one sample without N.
    Source: Ulyanov, Vedaldi and Lempitsky 2016.
    """

    ndims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """(x − mean) / √(variance + ε) · weight + bias for each channel of each sample.

    The input is (N, C, D, H, W), or one sample without N.
    Source: Ulyanov, Vedaldi and Lempitsky 2016.
    """

    ndims = (4, 5)
