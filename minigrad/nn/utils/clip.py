"""Clipping gradients."""

import math

import numpy as np

from ... import backend, dtypes
from ...engine import observe
from ...engine.graph import TensorBase, dtype_of, new_tensor, overwrite, values


def _gradients(parameters):
    parameters = (parameters,) if isinstance(parameters, TensorBase) else parameters
    return [p._grad for p in parameters if p._grad is not None]


def _norm(array, norm_type):
    """‖x‖_p as a Python float; the sum of squares is taken in float64."""
    k = backend.kernels_of(array)
    if norm_type == 2.0:
        return math.sqrt(k.sum_of_squares(array))
    if array.size == 0:
        return 0.0
    if norm_type == math.inf:
        return float(k.amax(k.abs(array)))
    powers = k.pow(k.abs(array.astype(np.float64)), np.asarray(norm_type))
    return float(k.sum(powers)) ** (1 / norm_type)


def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The p-norm of all tensors as one vector, ‖(‖x₁‖, ‖x₂‖, …)‖, as a 0-d tensor."""
    tensors = [tensors] if isinstance(tensors, TensorBase) else list(tensors)
    norm_type = float(norm_type)
    if not norm_type > 0:
        raise ValueError(f"norm_type must be positive or inf, got {norm_type}")
    norms = [_norm(values(t), norm_type) for t in tensors]
    total = _norm(np.array(norms), norm_type) if len(norms) != 1 else norms[0]
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            f"so it cannot be clipped (it is {total}). To clip it anyway, set "
            "`error_if_nonfinite=False`"
        )
    wide = any(dtype_of(t) is dtypes.float64 for t in tensors)
    return new_tensor(np.array(total, np.float64 if wide else np.float32))


def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Multiply the gradients by min(1, max_norm / (total_norm + 10⁻⁶))."""
    factor = float(max_norm) / (float(total_norm) + 1e-6)
    if factor >= 1:
        return
    with np.errstate(invalid="ignore"):
        for gradient in _gradients(parameters):
            scaled = values(gradient)
            backend.kernels_of(scaled).scale_(scaled, factor)
            overwrite(gradient, scaled)


def clip_grad_norm_(
    parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None
):
    """Scale all gradients so that their norm as one vector is at most ``max_norm``.

    Their direction stays. Returns the norm before clipping.

    >>> import minigrad as mg
    >>> p = mg.zeros(2, requires_grad=True)
    >>> p.grad = mg.tensor([3.0, 4.0])
    >>> mg.nn.utils.clip_grad_norm_(p, 1.0), p.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    parameters = [parameters] if isinstance(parameters, TensorBase) else list(parameters)
    if observe.watchers:
        observe.watchers["clip"](parameters)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_value_(parameters, clip_value, foreach=None):
    """Clamp every element of the gradients to ± ``clip_value``; NaN stays NaN."""
    parameters = [parameters] if isinstance(parameters, TensorBase) else list(parameters)
    if observe.watchers:
        observe.watchers["clip"](parameters)
    limit = float(clip_value)
    for gradient in _gradients(parameters):
        array = values(gradient)
        xp = backend.array_module(array)
        overwrite(gradient, xp.clip(array, -limit, limit))
